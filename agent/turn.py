"""The turn engine: from claimed rows to everything the turn leaves behind.

`Engine.run` walks the state machine: the rows become an event, the table says which effects
follow, each effect is one method here, and an effect that learns something new (a model's answer)
returns the next event, until nothing follows. It reads the world through ports and changes
nothing: all it does is return a `TurnEnd`, which the worker commits as a whole or not at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from agent import desk, output, prompt, screening, texts
from agent.attempt import Question
from agent.cases import CaseState, Cause
from agent.decision import Decision, commit_point, parse_decision, parse_summary
from agent.draft import Draft
from agent.errors import StorageError
from agent.intake import Intake
from agent.journal import History, Line, read
from agent.messages import Button, ConversationId, Tone
from agent.models import Passage
from agent.policy import Policy, judge, wants_person
from agent.ports import Adapter, Clock, Knowledge
from agent.records import Claim, Feedback, TurnEnd
from agent.recovery import Ladder, Outcome
from agent.state import Effect, Event, State, step
from agent.text import one_line

PERMALINK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class DeskPlace:
    """Where people are: the human channel (None: there is none) and whom to name without one."""

    channel: ConversationId | None = None
    contact: str = texts.NOBODY_CONTACT


class Engine:
    """Works off one claim at a time; holds no state of its own between turns."""

    def __init__(
        self,
        *,
        clock: Clock,
        ladder: Ladder,
        adapters: Mapping[str, Adapter],
        knowledge: Knowledge,
        policy: Policy,
        desk_place: DeskPlace,
    ) -> None:
        """Everything it may use is a port. `desk_place` may change while it runs."""
        self._clock = clock
        self._ladder = ladder
        self._intake = Intake(adapters, policy)
        self._adapters = adapters
        self._knowledge = knowledge
        self._policy = policy
        self.desk_place = desk_place
        self._performers: Mapping[Effect, Callable[[Draft], Awaitable[Event | None]]] = {
            effect: getattr(self, f"_{effect.value}")
            for effect in Effect
            if hasattr(self, f"_{effect.value}")
        }

    async def run(self, claim: Claim) -> TurnEnd:
        """Work on claimed rows until the conversation rests.

        Raises:
            AgentError: it could not be brought to an end now; nothing has happened.
        """
        draft = self._begin(claim)
        if claim.rows[0].attempts > self._policy.max_attempts:
            return await self._give_up(draft)
        event = await self._intake.first_event(draft)
        await self._follow(draft, event)
        return draft.end()

    async def give_up(self, claim: Claim) -> TurnEnd:
        """The end of a turn whose rows failed too often: a canned text and a case."""
        return await self._give_up(self._begin(claim))

    async def interrupted(self, claim: Claim) -> TurnEnd:
        """The end of a turn that a control overtook: what was said is kept, nothing is answered."""
        draft = self._begin(claim)
        folded = screening.fold(claim.rows, draft.history)
        draft.profile = await self._intake.who(draft.first)
        self._intake.keep_said(draft, folded)
        draft.outcome = "interrupted"
        return draft.end()

    def last_words(self, claim: Claim) -> TurnEnd:
        """The end of a turn that cannot even be given up in order: its author is told, no more."""
        draft = self._begin(claim)
        draft.outcome = "dead_letter"
        draft.notice(texts.BROKEN.format(contact=self.desk_place.contact))
        return draft.end()

    def _begin(self, claim: Claim) -> Draft:
        return Draft(
            claim=claim,
            now=self._clock.now(),
            history=read(claim.history),
            state=claim.state,
            case=claim.case,
        )

    async def _follow(self, draft: Draft, event: Event | None) -> None:
        while event is not None:
            event = wants_person(event, desk=self.desk_place.channel is not None)
            draft.state, effects = step(draft.state, event)
            draft.events.append(event)
            draft.outcome = event.value
            event = None
            for effect in effects:
                event = await self._performers[effect](draft)

    async def _give_up(self, draft: Draft) -> TurnEnd:
        draft.cause = Cause.DEAD_LETTER
        folded = screening.fold(draft.claim.rows, draft.history)
        draft.asked = folded.asked
        self._intake.keep_said(draft, folded)
        await self._follow(draft, Event.GAVE_UP)
        return draft.end()

    # Asking a model

    async def _ask_model(self, draft: Draft) -> Event:
        await self._fold_history(draft)
        question = "\n".join(message.text for message in draft.asked)
        draft.passages = await self._search(question)
        asked = prompt.Asked(
            tuple(message.text for message in draft.asked), draft.profile, draft.passages
        )
        known = frozenset(passage.id for passage in draft.passages)
        outcome = await self._ladder.climb(
            Question(
                prompt.build(draft.history, asked, self._policy),
                parse=lambda text: parse_decision(text, known),
                commit_point=lambda text: commit_point(text, known),
            )
        )
        return self._judge(draft, outcome)

    def _judge(self, draft: Draft, outcome: Outcome[Decision]) -> Event:
        draft.spend.extend(outcome.spend)
        draft.attempts = outcome.attempts
        draft.model, draft.degraded = outcome.model, outcome.degraded
        if outcome.value is not None:
            draft.decision = outcome.value
            event, draft.cause = judge(
                outcome.value, degraded=outcome.degraded, policy=self._policy
            )
            return event
        if outcome.models_tried:
            draft.cause = Cause.NOTHING_TO_OFFER
            return Event.GAVE_UP
        return Event.UNSURE

    async def _search(self, question: str) -> tuple[Passage, ...]:
        try:
            return tuple(await self._knowledge.search(question, self._policy.passages))
        except StorageError:
            return ()  # an answer without passages is worse than one with, and better than none

    async def _fold_history(self, draft: Draft) -> None:
        """Begin a new episode, or fold what no longer fits the window into a summary."""
        said = draft.history.said
        rested = draft.now - draft.claim.last_at > self._policy.episode
        fresh = bool(said) and (draft.claim.state is State.CLOSED or rested)
        folding = said if fresh else prompt.overflow(draft.history, self._policy)
        if not folding:
            return
        upto = folding[-1].seq
        summary = await self._summarise(draft, replace(draft.history, said=folding))
        if summary:
            draft.write(Line.SUMMARY, text=summary, upto=upto)
        elif not fresh:
            return  # the window cuts what does not fit; the next turn tries again
        if fresh:
            draft.write(Line.NEW_EPISODE)
        kept = tuple(one for one in said if one.seq > upto)
        draft.history = History(summary=summary, said=kept, receipts=draft.history.receipts)
        draft.context_from = upto + 1

    async def _summarise(self, draft: Draft, history: History) -> str:
        if not self._ladder.has_models:
            return ""
        question = Question(
            prompt.build_summary(history, self._policy), parse_summary, lambda _: False
        )
        try:
            async with self._clock.timeout(self._policy.summary):
                outcome = await self._ladder.climb(question, resorts=False)
        except TimeoutError:
            return ""
        draft.spend.extend(outcome.spend)
        return outcome.value or ""

    # Saying something

    async def _reply(self, draft: Draft) -> None:
        self._answer(draft, "")

    async def _reply_and_offer(self, draft: Draft) -> None:
        if draft.decision is None:
            draft.notice(self._with_files(draft, texts.NOTHING_FOUND), buttons=self._offer())
            return
        if draft.degraded and self._ladder.has_models:
            self._answer(draft, texts.DEGRADED_NOTICE)
        elif draft.degraded:
            self._answer(draft, "")
        else:
            self._answer(draft, texts.NOT_SURE)

    def _answer(self, draft: Draft, remark: str) -> None:
        decision = draft.decision
        if decision is None:
            return
        text = output.check(decision)
        shown = self._with_files(draft, f"_{remark}_\n\n{text}" if remark else text)
        message = draft.say(
            shown,
            tone=Tone.DEGRADED if draft.degraded else Tone.ANSWER,
            citations=output.sources(decision, draft.passages),
            buttons=self._offer(),
            feedback=True,
        )
        draft.write(
            Line.ANSWERED,
            message=message,
            text=text,
            action=decision.action,
            confidence=decision.confidence,
            citations=[
                {"id": passage.id, "title": passage.title, "section": passage.section}
                for passage in draft.passages
                if passage.id in decision.citations
            ],
            thinking=one_line(decision.thinking, 300),
            model=draft.model,
        )

    def _offer(self) -> tuple[Button, ...]:
        return (Button.ASK_PERSON,) if self.desk_place.channel else ()

    def _with_files(self, draft: Draft, text: str) -> str:
        names = screening.files_of(draft.asked)
        return f"{text}\n\n{texts.FILES_IGNORED.format(files=names)}" if names else text

    async def _refuse(self, draft: Draft) -> None:
        if draft.rejected is not None:
            draft.outcome = draft.rejected.code
            draft.notice(screening.words_for(draft.rejected, draft.asked, self._policy))

    async def _say_stopped(self, draft: Draft) -> None:
        draft.notice(texts.STOPPED)

    # The desk

    async def _open_case(self, draft: Draft) -> None:
        channel = self.desk_place.channel
        if channel is None:
            return
        adapter = self._adapters[draft.conversation.platform]
        link = ""
        with contextlib.suppress(TimeoutError):
            # The employee waits to be told; people find the conversation without a link too.
            async with self._clock.timeout(PERMALINK_SECONDS):
                link = await adapter.permalink(draft.first)
        case = desk.open_case(draft, link)
        draft.outbox.append(desk.card_message(case, channel, draft.next_id()))
        draft.keep(replace(case, card_id=draft.outbox[-1].id))

    async def _say_escalated(self, draft: Draft) -> None:
        if draft.case is None:
            return
        dead = draft.cause is Cause.DEAD_LETTER
        text = (texts.DEAD_LETTER if dead else texts.ESCALATED).format(case=draft.case.id)
        draft.notice(text, buttons=(Button.LEAVE_QUEUE,))

    async def _say_waiting(self, draft: Draft) -> None:
        if draft.case is not None:
            text = texts.WAITING.format(case=draft.case.id)
            draft.notice(text, buttons=(Button.LEAVE_QUEUE,))

    async def _say_nobody(self, draft: Draft) -> None:
        draft.notice(texts.NOBODY.format(contact=self.desk_place.contact))

    async def _relay_to_desk(self, draft: Draft) -> None:
        case, channel = draft.case, self.desk_place.channel
        if case is None or channel is None:
            await self._say_nobody(draft)  # the desk was taken away while the case was open
            return
        for text in desk.relayed(draft, case):
            draft.outbox.append(desk.under_card(case, channel, draft.next_id(), text))
            draft.write(Line.RELAYED, message=draft.outbox[-1].id, case=case.id)

    async def _receipt(self, draft: Draft) -> None:
        case = draft.case if self.desk_place.channel else None
        if case is not None and case.id not in draft.history.receipts:
            text = texts.RECEIPT.format(case=case.id)
            draft.notice(text, buttons=(Button.LEAVE_QUEUE,), receipt=case.id)

    async def _close_case(self, draft: Draft) -> None:
        if draft.case is None:
            return
        draft.keep(desk.moved(draft.case, CaseState.WITHDRAWN))
        if channel := self.desk_place.channel:
            draft.outbox.append(desk.card_edit(draft.case, channel, draft.next_id()))

    async def _say_left(self, draft: Draft) -> None:
        draft.notice(texts.LEFT)

    # What is only written down

    async def _keep_feedback(self, draft: Draft) -> None:
        message = draft.first
        draft.feedback.append(Feedback(message.about, message.author.id, message.detail))
        draft.write(
            Line.RATED, message=message.about, author=message.author.id, verdict=message.detail
        )

    async def _find_another_way(self, draft: Draft) -> None:
        draft.write(Line.FAILED, code=draft.first.detail, message=draft.first.about)
