"""Answering: a model is asked, and what it says becomes a message, a doubt, calls, or a case."""

from __future__ import annotations

from dataclasses import replace

from agent import output, prompt, screening, texts
from agent.acting import Acting
from agent.attempt import Question
from agent.decision import Decision, commit_point, parse_decision, parse_summary
from agent.desk.place import DeskPlace
from agent.draft import Draft
from agent.errors import StorageError
from agent.journal import History, Line
from agent.messages import Button, Tone
from agent.models import Passage, Prompt
from agent.policy import Policy, judge
from agent.ports import Clock, Knowledge
from agent.recovery import Climbed, Ladder
from agent.state import Event, State
from agent.steps import Wanted
from agent.text import one_line


class Answering:
    """The performers of everything that a model has a part in; no state between turns."""

    def __init__(
        self,
        *,
        clock: Clock,
        ladder: Ladder,
        knowledge: Knowledge,
        acting: Acting,
        policy: Policy,
        place: DeskPlace,
    ) -> None:
        """`acting` knows the tools; `place` whether there are people to offer."""
        self._clock = clock
        self._ladder = ladder
        self._knowledge = knowledge
        self._acting = acting
        self._policy = policy
        self._place = place

    # Asking a model

    async def ask_model(self, draft: Draft) -> Event:
        """Ask the ladder, unless an earlier attempt of the turn knows what is to be done."""
        if draft.steps.question != draft.question:
            draft.steps.withdraw(texts.CALL_WITHDRAWN)  # the question was changed meanwhile
        if draft.steps.open_calls():
            return Event.TOOLS_ASKED
        if not draft.looked:
            await self._look(draft)
        known = frozenset(passage.id for passage in draft.passages)
        question: Question[Decision | Wanted] = Question(
            self._prompt(draft),
            parse=lambda text: parse_decision(text, known),
            commit_point=lambda text: commit_point(text, known),
            read_calls=lambda calls: self._acting.read_calls(draft, calls),
        )
        begun = self._clock.monotonic()
        left = max(self._policy.turn - draft.asking, self._policy.first_token)
        outcome = await self._ladder.climb(question, within=left, wasted=draft.spend)
        draft.asking += self._clock.monotonic() - begun
        return self._judge(draft, outcome)

    async def _look(self, draft: Draft) -> None:
        """Everything that is read once per turn."""
        if not draft.steps:
            await self._fold_history(draft)
        draft.passages = await self._search(draft.question)
        draft.looked = True

    def _prompt(self, draft: Draft) -> Prompt:
        asked = prompt.Asked(
            tuple(message.text for message in draft.asked if message.text),
            draft.profile,
            draft.passages,
            question=draft.question,
            steps=draft.steps.as_messages(),
            tools=self._acting.specs,
            may_call=self._acting.calls_left(draft) > 0,
        )
        return prompt.build(draft.history, asked, self._policy)

    def _judge(self, draft: Draft, outcome: Climbed[Decision | Wanted]) -> Event:
        draft.spend.extend(outcome.spend)
        draft.attempts += outcome.attempts
        draft.model, draft.degraded = outcome.model, outcome.degraded
        if isinstance(outcome.value, Wanted):
            draft.steps.want(
                outcome.value,
                question=draft.question,
                requester=draft.requester,
                rows=tuple(sorted(row.id for row in draft.claim.rows)),
            )
            return Event.TOOLS_ASKED
        draft.decision = outcome.value
        event, draft.cause = judge(
            outcome.value,
            degraded=outcome.degraded,
            models_tried=outcome.models_tried,
            policy=self._policy,
        )
        return event

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
                outcome = await self._ladder.climb(question, resorts=False, wasted=draft.spend)
        except TimeoutError:
            return ""
        draft.spend.extend(outcome.spend)
        return outcome.value or ""

    # Saying something

    async def reply(self, draft: Draft) -> None:
        """Say what the model decided."""
        self._answer(draft, "")

    async def reply_and_offer(self, draft: Draft) -> None:
        """Say it with its doubt, or that there is nothing to say, and offer a person."""
        if draft.decision is None:
            text = f"{texts.done(draft.written())}{texts.NOTHING_FOUND}"
            draft.notice(self._with_files(draft, text), buttons=self._offer())
            return
        if draft.degraded and self._ladder.has_models:
            self._answer(draft, f"{texts.done(draft.written())}{texts.DEGRADED_NOTICE}")
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
        return (Button.ASK_PERSON,) if self._place.channel else ()

    def _with_files(self, draft: Draft, text: str) -> str:
        names = screening.files_of(draft.asked)
        return f"{text}\n\n{texts.FILES_IGNORED.format(files=names)}" if names else text
