"""The turn engine: from claimed rows to everything the turn leaves behind.

`Engine.run` walks the state machine: the rows become an event, the table says which effects
follow, each effect is one method of one of the rooms below, and an effect that learns something new
(a model's answer) returns the next event, until nothing follows. A turn reads the world through
ports and changes nothing but through its tools: all it does is return a `TurnEnd`, which the worker
commits as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from agent import screening, texts
from agent.acting import Acting
from agent.answering import Answering
from agent.asides import BESIDE, Asides
from agent.cases import Cause
from agent.desk.desk import Desk
from agent.desk.incidents import Incidents
from agent.desk.joining import is_incident
from agent.desk.place import DeskPlace
from agent.desk.relay import Relay
from agent.desk.staff import Staff
from agent.desk.waiting import Waiting
from agent.detours.detours import Detours
from agent.draft import Draft
from agent.folding import Folded, fold
from agent.intake import Intake
from agent.journal import Line, read
from agent.messages import Author, Kind
from agent.platforms import Command
from agent.policy import Policy, wants_person
from agent.ports import Adapter, Clock, Knowledge, Tool, Turns
from agent.records import Feedback, LaneClaim, Spend, TurnEnd
from agent.recovery import Ladder
from agent.state import WITH_PEOPLE, Effect, Event, step
from agent.steps import Steps

BY_ITSELF = frozenset({Kind.LOOK, Kind.GATHER, Kind.SHOWN})
"""What happens to a case without anybody's doing."""


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
        self.desk_place = desk_place
        self._acting = Acting(tools, turns, clock, policy)
        self._asides = Asides(adapters, clock, commands, desk_place)
        self._staff = Staff(adapters, clock, desk_place)
        self._waiting = Waiting(adapters, clock, desk_place)
        self.intake = Intake(adapters, policy, self._waiting.owner_is_gone)
        desk = Desk(adapters, clock, desk_place)
        relay = Relay(desk_place, policy, desk.say_nobody, desk.link_to)
        detours = Detours(adapters, clock, desk_place)
        self._incidents = Incidents(desk_place, desk, relay, detours, self._waiting)
        answering = Answering(
            clock=clock,
            ladder=ladder,
            knowledge=knowledge,
            acting=self._acting,
            policy=policy,
            place=desk_place,
        )
        rooms = (self, answering, self._acting, desk, relay, detours, self._asides, self._waiting)
        # In the lane of an incident its own performers come first; in any other lane they perform
        # only the effects that no other room has: what a case that joined one needs of it.
        self._performers = _performers(*rooms, self._incidents)
        self._in_incidents = _performers(self._incidents, *rooms)

    async def run(self, claim: LaneClaim, spent: list[Spend] | None = None) -> TurnEnd:
        """Work on claimed rows until the conversation rests. Rows that failed too often are given
        up: a canned text and a case. `spent` is what models were asked in vain before, by a turn
        that was cancelled; if this one is, it is what was used until then.

        Raises:
            LeaseLost: another worker has the lane.
            AgentError: it could not be brought to an end now; what its tools did is in its steps.
        """
        draft = self._begin(claim, spent)
        if claim.rows[0].attempts > self._policy.max_attempts:
            row = claim.rows[0]
            if row.case_id or row.message.kind in BESIDE | BY_ITSELF:
                # Nothing that people at the desk could help with.
                return self.last_words(claim, spent)
            await self._give_up(draft)
        else:
            event = await self._first_event(draft)
            await self._follow(draft, self._acting.unless_half_done(draft, event))
        if draft.case is not None:
            self.intake.keep_said(draft, Folded(draft.for_people))
        self._asides.mention_unconfirmed(draft)
        return draft.end()

    def last_words(self, claim: LaneClaim, spent: list[Spend] | None = None) -> TurnEnd:
        """The end of a turn that cannot even be given up in order: whoever wanted something is
        told, no more. What people of the desk did changes nothing of the case. One that could not
        be looked at is looked at later.
        """
        # The history is not needed, and may be what every attempt broke at.
        draft, row = self._begin(replace(claim, history=()), spent), claim.rows[0]
        draft.outcome = "dead_letter"
        if row.message.kind in BY_ITSELF:
            self._waiting.look_later(draft)
        elif row.case_id:
            self._tell_people(draft)
        else:
            draft.notice(texts.BROKEN.format(contact=self.desk_place.contact))
        return draft.end()

    def _tell_people(self, draft: Draft) -> None:
        """Tell people that nothing came of what they did: in the thread of the card, because by now
        nobody waits for a press any more.
        """
        case, first = draft.case, draft.first
        channel = self.desk_place.channel_of(case)
        if case is not None and case.incident:
            return  # they did it on the card of an incident, for many cases at once
        if first.kind.is_control and case is not None and channel is not None and case.card_id:
            draft.post(channel, texts.STAFF_BROKEN, under=case.card_id)
        else:
            draft.post(first.conversation, texts.STAFF_BROKEN)

    async def _first_event(self, draft: Draft) -> Event:
        """What the claimed rows mean, as whoever knows about their kind reads them."""
        if draft.first.kind is Kind.LOOK:
            return await self._waiting.look(draft)
        if draft.first.kind in BY_ITSELF:
            return self._incidents.first_event(draft)
        if draft.claim.rows[0].case_id:
            return await self._staff.first_event(draft)
        return await self.intake.first_event(draft)

    def _begin(self, claim: LaneClaim, spent: list[Spend] | None = None) -> Draft:
        now, approval = self._clock.now(), claim.approval
        draft = Draft(
            claim=claim,
            now=now,
            history=read(claim.history),
            state=claim.state,
            steps=Steps(claim.turn_id, claim.steps, now),
            employee=_whom_it_is_about(claim),
            case=claim.case,
            spend=[] if spent is None else spent,
        )
        if approval is not None:
            draft.pending = Steps(approval.turn_id, claim.steps, now)
        if claim.undelivered is not None and claim.undelivered.to:
            draft.unsaid = claim.undelivered.text
        return draft

    async def _follow(self, draft: Draft, event: Event | None) -> None:
        performers = self._performers
        if is_incident(draft.conversation):
            performers = self._in_incidents
        while event is not None:
            event = wants_person(event, desk=self._can_call(draft))
            draft.state, effects = step(draft.state, event)
            draft.events.append(event)
            draft.outcome = event.value
            event = None
            for effect in effects:
                event = await performers[effect](draft)

    def _can_call(self, draft: Draft) -> bool:
        """Whether there are people to call: not if they should have the case of this conversation
        already, and it cannot be read.
        """
        is_lost = draft.state in WITH_PEOPLE and draft.case is None
        return self.desk_place.channel is not None and not is_lost

    async def _give_up(self, draft: Draft) -> None:
        draft.cause = Cause.HALF_DONE if draft.begun() else Cause.DEAD_LETTER
        folded = fold(draft.claim.rows, draft.history)
        draft.asked, draft.edited, draft.deleted = folded.asked, folded.edited, folded.deleted
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


def _performers(*rooms: object) -> dict[Effect, Callable[[Draft], Awaitable[Event | None]]]:
    """The method that performs each effect: of its name, in the first of these that has one."""
    return {
        effect: next(getattr(room, effect.value) for room in rooms if hasattr(room, effect.value))
        for effect in Effect
    }


def _whom_it_is_about(claim: LaneClaim) -> Author:
    """Who wrote or pressed; for what happens by itself, or at the desk, whom the case, the message
    or the approval was for.
    """
    row, case = claim.rows[0], claim.case
    author, theirs = row.message.author, case.employee_id if case is not None else ""
    if row.case_id or row.message.kind in BY_ITSELF:
        author = Author(theirs)
    elif claim.undelivered is not None:
        author = Author(claim.undelivered.to or theirs)
    elif not author.id and claim.approval is not None:
        author = Author(claim.approval.approvers[0])
    for entry in reversed(claim.history if not author.name else ()):
        if entry.kind == Line.SAID and entry.data.get("author") == author.id:
            return Author(author.id, str(entry.data["name"]))
    return author
