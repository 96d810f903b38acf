"""A turn while it is being worked on: everything it will leave behind, collected in one place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from agent.attempt import Attempt
from agent.cases import Case, Cause
from agent.decision import Decision
from agent.errors import InputRejected
from agent.journal import History, Line
from agent.masking import mask
from agent.messages import (
    Author,
    Button,
    Citation,
    ConversationId,
    IncomingMessage,
    OutgoingMessage,
    Tone,
)
from agent.models import Passage
from agent.platforms import Profile
from agent.records import (
    INCIDENT,
    Approval,
    Arrival,
    Entry,
    Feedback,
    Joining,
    LaneClaim,
    Spend,
    TurnEnd,
)
from agent.state import Event, State
from agent.steps import Call, Steps


@dataclass(slots=True)
class Draft:
    """The working memory of one turn. Nothing of it is visible to anybody before the commit.

    `employee` is whom the turn is about: who wrote or pressed, or for what happens by itself, or at
    the desk, whom the message, the approval or the case was for.

    `asked` is what was written and wants something, `edited` and `deleted` are changes of what was
    written before; in a turn of the desk, as far as the employee is to get it. `for_people`
    was written for people alone, who had no case when the turn began.

    `steps` are those the turn goes on from: its own, or, once a press `goes_on` with what an
    earlier turn had begun, that turn's. `pending` are the steps of the turn that asked for the open
    approval, as long as they are not this turn's. `approved` and `denied` name the call that the
    press decided.

    `staff` is who of the desk acts (None: nobody does), `taker` who gets the case by it, `told`
    what they read at once.

    `unsaid` is what should have been said but could not be delivered, `asking` the seconds that
    models have taken so far.
    """

    claim: LaneClaim
    now: float
    history: History
    state: State
    steps: Steps
    employee: Author
    pending: Steps | None = None
    goes_on: bool = False
    settled: bool = False
    asked: tuple[IncomingMessage, ...] = ()
    for_people: tuple[IncomingMessage, ...] = ()
    edited: tuple[IncomingMessage, ...] = ()
    deleted: tuple[IncomingMessage, ...] = ()
    profile: Profile = field(default_factory=lambda: Profile(""))
    passages: tuple[Passage, ...] = ()
    looked: bool = False
    asking: float = 0.0
    decision: Decision | None = None
    degraded: bool = False
    model: str = ""
    cause: Cause | None = None
    rejected: InputRejected | None = None
    approved: str = ""
    denied: str = ""
    unsaid: str = ""
    case: Case | None = None
    staff: Author | None = None
    taker: Author | None = None
    told: str = ""
    joining: Joining | None = None
    outcome: str = "done"
    events: list[Event] = field(default_factory=list)
    attempts: tuple[Attempt, ...] = ()
    context_from: int | None = None
    journal: list[Entry] = field(default_factory=list)
    outbox: list[OutgoingMessage] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    timers: list[Arrival] = field(default_factory=list)
    timers_over: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    mentioned: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)

    @property
    def first(self) -> IncomingMessage:
        """The message the turn began with."""
        return self.claim.rows[0].message

    @property
    def conversation(self) -> ConversationId:
        """Where the turn takes place: whatever people of the desk do, with the employee."""
        if self.claim.rows[0].case_id:
            return ConversationId.parse(self.claim.lease.lane)
        return self.first.conversation

    @property
    def question(self) -> str:
        """What is asked, as one text; in a turn that goes on after an approval, what was asked."""
        if self.goes_on:
            return self.steps.question
        return "\n".join(message.text for message in self.asked if message.text)

    @property
    def requester(self) -> str:
        """In whose rights the turn acts."""
        return self.steps.requester if self.goes_on else self.employee.id

    @property
    def is_theirs(self) -> bool:
        """Whether the case, if there is one, is that of the employee whom the turn is about."""
        return self.case is None or self.case.employee_id == self.employee.id

    def go_on(self) -> None:
        """Go on with what the turn had begun that asked for the open approval."""
        self.steps, self.pending = self.pending or self.steps, None
        self.goes_on = True

    def begun(self) -> list[Call]:
        """Calls of which nobody knows how they ended, the turn's own first."""
        return [*self.steps.begun(), *(self.pending.begun() if self.pending else ())]

    def written(self) -> list[Call]:
        """What was changed outside, as far as this turn has to tell it."""
        return [*self.steps.written(), *(self.pending.written() if self.pending else ())]

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
        prompts: tuple[str, ...] = (),
        feedback: bool = False,
        invites: bool = False,
        place: ConversationId | None = None,
    ) -> str:
        """Put a message for the employee into the outbox and return its id."""
        message = OutgoingMessage(
            self.next_id(),
            place or self.conversation,
            text,
            tone=tone,
            citations=citations,
            buttons=buttons,
            prompts=prompts,
            feedback=feedback,
            invites=invites,
            to=self.employee.id,
        )
        self.outbox.append(message)
        return message.id

    def notice(
        self,
        text: str,
        *,
        buttons: tuple[Button, ...] = (),
        feedback: bool = False,
        invites: bool = False,
        receipt: str = "",
    ) -> None:
        """Say something of Frontdesk's own and journal it."""
        if self.conversation.platform == INCIDENT:
            return  # nobody is there: whoever joined it is told in their own conversation
        message = self.say(text, buttons=buttons, feedback=feedback, invites=invites)
        more = {"receipt": receipt} if receipt else {}
        self.write(Line.NOTICE, message=message, text=text, **more)

    def post(self, place: ConversationId, text: str, *, under: str = "") -> str:
        """Put a message for the people of the desk into the outbox, in the thread of one of our
        messages if it is to be `under` it, and return its id.
        """
        message = OutgoingMessage(
            self.next_id(), place, text, tone=Tone.NOTICE, under=under, for_desk=True
        )
        self.outbox.append(message)
        return message.id

    def put(self, case: Case) -> None:
        """Change a case without moving it: nothing that anybody did."""
        self.case = case
        self.cases = [*(one for one in self.cases if one.id != case.id), case]
        if self.joining is not None:
            self.joining = replace(self.joining, instead=replace(case, card=None, card_id=""))

    def keep(self, case: Case) -> None:
        """Open a case, or move it."""
        self.put(case)
        owner = {"owner": case.owner} if case.owner else {}
        self.write(Line.CASE, case=case.id, state=case.state, cause=case.cause, **owner)

    def keep_approval(self, approval: Approval) -> None:
        """Open or change an approval."""
        self.approvals.append(approval)
        self.write(
            Line.APPROVAL,
            call=approval.id,
            tool=approval.tool,
            state=approval.state,
            by=approval.decided_by,
        )

    def end(self) -> TurnEnd:
        """Everything for the commit, with one line that says how it came to it."""
        facts: dict[str, Any] = {"events": self.events, "after": self.state}
        if self.attempts:
            facts["attempts"] = self.attempts
        for steps in self._ended_steps():
            self._write_calls(steps)
        self.write(Line.TURN, before=self.claim.state, outcome=self.outcome, **facts)
        return TurnEnd(
            state=self.state,
            outcome=self.outcome,
            journal=tuple(self.journal),
            outbox=tuple(self.outbox),
            cases=tuple(self.cases),
            feedback=tuple(self.feedback),
            spend=tuple(self.spend),
            timers=tuple(self.timers),
            approvals=tuple(self.approvals),
            steps_over=tuple(steps.turn_id for steps in self._steps_over()),
            timers_over=tuple(self.timers_over),
            elsewhere=tuple(self.elsewhere),
            mentioned=tuple(self.mentioned),
            again=tuple(self.again),
            context_from=self.context_from,
            told=self.told,
            joining=self.joining,
        )

    def _ended_steps(self) -> list[Steps]:
        """The steps that this turn has to do with."""
        return [self.steps, self.pending] if self.pending and self.settled else [self.steps]

    def _steps_over(self) -> list[Steps]:
        """Those that nothing goes on from; if an approval is asked for, its press will."""
        waits = self.state is State.AWAITING_APPROVAL
        ended = [steps for steps in self._ended_steps() if steps]
        return [steps for steps in ended if not (waits and steps is self.steps)]

    def _write_calls(self, steps: Steps) -> None:
        """Journal the calls that ended since the last turn that did so."""
        approval = self.claim.approval
        first = 0
        if approval is not None and approval.turn_id == steps.turn_id:
            # Those before the approved one ended in the turn that asked.
            first = int(approval.id.rpartition(":")[2])
        for call in steps.calls():
            if call.started and call.n >= first:
                self.write(
                    Line.CALLED,
                    call=call.id,
                    tool=call.name,
                    arguments=mask(call.arguments),
                    outcome=call.outcome or "unknown",
                    result=call.result,
                )
