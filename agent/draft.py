"""A turn while it is being worked on: everything it will leave behind, collected in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.attempt import Attempt
from agent.cases import Case, Cause
from agent.decision import Decision
from agent.errors import InputRejected
from agent.journal import History, Line
from agent.messages import Button, Citation, ConversationId, IncomingMessage, OutgoingMessage, Tone
from agent.models import Passage
from agent.ports import Profile
from agent.records import Claim, Entry, Feedback, Spend, TurnEnd
from agent.state import Event, State


@dataclass(slots=True)
class Draft:
    """The working memory of one turn. Nothing of it is visible to anybody before the commit."""

    claim: Claim
    now: float
    history: History
    state: State
    asked: tuple[IncomingMessage, ...] = ()
    profile: Profile = field(default_factory=lambda: Profile(""))
    passages: tuple[Passage, ...] = ()
    decision: Decision | None = None
    degraded: bool = False
    model: str = ""
    cause: Cause | None = None
    rejected: InputRejected | None = None
    case: Case | None = None
    outcome: str = "done"
    events: list[Event] = field(default_factory=list)
    attempts: tuple[Attempt, ...] = ()
    context_from: int | None = None
    journal: list[Entry] = field(default_factory=list)
    outbox: list[OutgoingMessage] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)

    @property
    def first(self) -> IncomingMessage:
        """The message the turn began with."""
        return self.claim.rows[0].message

    @property
    def conversation(self) -> ConversationId:
        """Where the turn takes place."""
        return self.first.conversation

    def write(self, line: Line, **data: Any) -> None:
        """Add a journal line."""
        self.journal.append(Entry(line, data, self.now, self.claim.turn_id))

    def next_id(self) -> str:
        """An id for the next outgoing message, the same in every retry of the turn."""
        return f"{self.claim.turn_id}.{len(self.outbox) + 1}"

    def say(
        self,
        text: str,
        *,
        tone: Tone = Tone.NOTICE,
        citations: tuple[Citation, ...] = (),
        buttons: tuple[Button, ...] = (),
        feedback: bool = False,
    ) -> str:
        """Put a message for the employee into the outbox and return its id."""
        message = OutgoingMessage(
            self.next_id(),
            self.conversation,
            text,
            tone=tone,
            citations=citations,
            buttons=buttons,
            feedback=feedback,
        )
        self.outbox.append(message)
        return message.id

    def notice(self, text: str, *, buttons: tuple[Button, ...] = (), receipt: str = "") -> None:
        """Say something of Frontdesk's own and journal it."""
        message = self.say(text, buttons=buttons)
        more = {"receipt": receipt} if receipt else {}
        self.write(Line.NOTICE, message=message, text=text, **more)

    def keep(self, case: Case) -> None:
        """Open or change a case."""
        self.case = case
        self.cases.append(case)
        self.write(Line.CASE, case=case.id, state=case.state, cause=case.cause)

    def end(self) -> TurnEnd:
        """Everything for the commit, with one line that says how it came to it."""
        facts: dict[str, Any] = {"events": self.events, "after": self.state}
        if self.attempts:
            facts["attempts"] = self.attempts
        self.write(Line.TURN, before=self.claim.state, outcome=self.outcome, **facts)
        return TurnEnd(
            state=self.state,
            outcome=self.outcome,
            journal=tuple(self.journal),
            outbox=tuple(self.outbox),
            cases=tuple(self.cases),
            feedback=tuple(self.feedback),
            spend=tuple(self.spend),
            context_from=self.context_from,
        )
