"""The turn engine: from claimed rows to everything the turn leaves behind.

`Engine.run` walks the state machine: the rows become an event, the table says which effects
follow, each effect is one method of one of the rooms below, and an effect that learns something new
(a model's answer) returns the next event, until nothing follows. A turn reads the world through
ports and changes nothing but through its tools: all it does is return a `TurnEnd`, which the worker
commits as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from agent import screening, texts
from agent.acting import Acting
from agent.answering import Answering
from agent.asides import BESIDE, Asides
from agent.cases import Cause
from agent.desk import Desk, DeskPlace
from agent.detours import Detours
from agent.draft import Draft
from agent.intake import Intake
from agent.journal import Line, read
from agent.messages import Author
from agent.platforms import Command
from agent.policy import Policy, wants_person
from agent.ports import Adapter, Clock, Knowledge, Tool, Turns
from agent.records import Claim, Feedback, TurnEnd
from agent.recovery import Ladder
from agent.state import Effect, Event, step
from agent.steps import Steps


class Engine:
    """Works off one claim at a time; holds no state of its own between turns."""

    def __init__(
        self,
        *,
        clock: Clock,
        ladder: Ladder,
        adapters: Mapping[str, Adapter],
        knowledge: Knowledge,
        turns: Turns,
        tools: Sequence[Tool] = (),
        policy: Policy,
        desk_place: DeskPlace,
        commands: Callable[[Command], Awaitable[str]],
    ) -> None:
        """Everything it may use is a port. `desk_place` may be filled in while it runs; `commands`
        answers commands that were written as messages.
        """
        self._clock = clock
        self._policy = policy
        self.intake = Intake(adapters, policy)
        self.desk_place = desk_place
        acting = self._acting = Acting(tools, turns, clock, policy)
        desk = Desk(adapters, clock, desk_place)
        answering = Answering(
            clock=clock,
            ladder=ladder,
            knowledge=knowledge,
            acting=acting,
            policy=policy,
            place=desk_place,
        )
        asides = self._asides = Asides(adapters, clock, commands)
        detours = Detours(adapters, clock, desk_place, desk)
        rooms = (self, answering, acting, desk, detours, asides)
        self._performers: Mapping[Effect, Callable[[Draft], Awaitable[Event | None]]] = {
            effect: getattr(room, effect.value)
            for effect in Effect
            for room in rooms
            if hasattr(room, effect.value)
        }

    async def run(self, claim: Claim) -> TurnEnd:
        """Work on claimed rows until the conversation rests. Rows that failed too often are given
        up: a canned text and a case.

        Raises:
            LeaseLost: another worker has the lane.
            AgentError: it could not be brought to an end now; what its tools did is in its steps.
        """
        draft = self._begin(claim)
        if claim.rows[0].attempts > self._policy.max_attempts:
            if draft.first.kind in BESIDE:
                return self.last_words(claim)  # nothing that people at the desk could help with
            await self._give_up(draft)
        else:
            event = await self.intake.first_event(draft)
            await self._follow(draft, self._acting.unless_half_done(draft, event))
        self._asides.mention_lost(draft)
        return draft.end()

    def last_words(self, claim: Claim) -> TurnEnd:
        """The end of a turn that cannot even be given up in order: its author is told, no more."""
        draft = self._begin(claim)
        draft.outcome = "dead_letter"
        draft.notice(texts.BROKEN.format(contact=self.desk_place.contact))
        return draft.end()

    def _begin(self, claim: Claim) -> Draft:
        now, approval = self._clock.now(), claim.approval
        draft = Draft(
            claim=claim,
            now=now,
            history=read(claim.history),
            state=claim.state,
            steps=Steps(claim.turn_id, claim.steps, now),
            employee=_whom_it_is_about(claim),
            case=claim.case,
        )
        if approval is not None:
            draft.pending = Steps(approval.turn_id, claim.steps, now)
        if claim.undelivered is not None and claim.undelivered.to:
            draft.unsaid = claim.undelivered.text
        return draft

    async def _follow(self, draft: Draft, event: Event | None) -> None:
        while event is not None:
            event = wants_person(event, desk=self.desk_place.channel is not None)
            draft.state, effects = step(draft.state, event)
            draft.events.append(event)
            draft.outcome = event.value
            event = None
            for effect in effects:
                event = await self._performers[effect](draft)

    async def _give_up(self, draft: Draft) -> None:
        draft.cause = Cause.HALF_DONE if draft.begun() else Cause.DEAD_LETTER
        folded = screening.fold(draft.claim.rows, draft.history)
        draft.asked = folded.asked
        self.intake.keep_said(draft, folded)
        await self._follow(draft, Event.GAVE_UP)

    # Effects that need no room of their own

    async def refuse(self, draft: Draft) -> None:
        """Tell why the message is not worked on."""
        if draft.rejected is not None:
            draft.outcome = draft.rejected.code
            words = screening.words_for(draft.rejected, draft.asked, self._policy)
            draft.notice(texts.done(draft.written()) + words)

    async def say_stopped(self, draft: Draft) -> None:
        """Tell that nothing more comes, and what had been done by then."""
        draft.notice(texts.done(draft.written()) + texts.STOPPED)

    async def keep_feedback(self, draft: Draft) -> None:
        """Keep a verdict on one of our messages, and what was said to it."""
        given = draft.first
        about, who, verdict, comment = given.about, given.author.id, given.detail, given.text
        draft.feedback.append(Feedback(about, who, verdict, comment))
        said = {"comment": comment} if comment else {}
        draft.write(Line.RATED, message=about, author=who, verdict=verdict, **said)


def _whom_it_is_about(claim: Claim) -> Author:
    """Who wrote or pressed; for what happens by itself, whom the message or approval was for."""
    author = claim.rows[0].message.author
    if claim.undelivered is not None:
        author = Author(claim.undelivered.to)
    elif not author.id and claim.approval is not None:
        author = Author(claim.approval.approvers[0])
    for entry in reversed(claim.history if not author.name else ()):
        if entry.kind == Line.SAID and entry.data.get("author") == author.id:
            return Author(author.id, str(entry.data["name"]))
    return author
