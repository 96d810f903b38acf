"""Acting: tools run here, each call at most once, whatever fails in between.

A model's output that asks for calls is committed as a step before anything happens, and a call
that changes something is committed as started before its first byte. So a turn that runs again
knows what it did: it does not ask the model again, and a write that was started without a result is
never repeated (unless its tool says that a repeated call id does nothing): people are told instead.

A call that needs a person's yes ends the turn in AWAITING_APPROVAL. The press that decides begins a
new turn, which goes on from the same steps.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from pydantic import ValidationError
from pydantic_core import from_json
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from agent import output, texts
from agent.cases import Cause
from agent.defects import report
from agent.draft import Draft
from agent.errors import SchemaMismatch, StoreUnavailable, ToolFailed, ToolUnknown
from agent.journal import Line
from agent.masking import mask
from agent.messages import Author, Button, IncomingMessage, Kind, OutgoingMessage, Tone
from agent.models import Risk, ToolCall, ToolSpec
from agent.policy import Policy
from agent.ports import Clock, Tool, Turns
from agent.records import Approval, ApprovalState, Arrival, StepKind, StepState
from agent.state import Event
from agent.steps import Call, Wanted
from agent.text import clean

log = logging.getLogger(__name__)

READ_TRIES = 2
TRY_AGAIN = 1.0
"""Seconds before a read is tried again."""
RESULT_CHARACTERS = 8000
"""Of one result, for the model and the journal."""
RESULT_MASKED = 100_000
"""Of one result that are looked at for secrets at all."""
APPROVABLE_CHARACTERS = 2000
"""Of the arguments of a call that must be approved: nobody says yes to what cannot be read."""
RECORD_AGAIN = 0.5
RECORD_TRIES = 30
"""How often, and every how many seconds, it is tried to record what a write did: unrecorded, it
would have to be taken for unknown."""

LETS_BE = frozenset(
    {
        Event.NOT_DELIVERED,
        Event.RATED,
        Event.LEFT_QUEUE,
        Event.INTERJECTED,
        Event.NEWCOMER,
        Event.COMMANDED,
        # What people of the desk do, and what happens to a case by itself.
        *(Event.CLAIMED, Event.TRANSFERRED, Event.RELEASED, Event.HANDED_BACK, Event.RESOLVED),
        *(Event.STAFF_WROTE, Event.STAFF_CORRECTED, Event.NOTED, Event.STAFF_REFUSED),
        *(Event.OVERDUE, Event.WENT_STALE),
        *(Event.LOOKED, Event.GATHERED, Event.SHOWN, Event.DESK_MISSING),
    }
)
"""What happens beside the turn that had begun something: that one will tell."""

LATE = frozenset({Event.VANISHED, Event.REJECTED, Event.REPEAT_ASKED})
"""What lets it be, unless it is the very turn that had begun it."""

SETTLED_BY: Mapping[Event, ApprovalState] = {
    Event.APPROVED: ApprovalState.APPROVED,
    Event.DENIED: ApprovalState.DENIED,
    Event.EXPIRED: ApprovalState.EXPIRED,
}
"""Any other event withdraws an open approval."""


class Acting:
    """The performers of everything about tools; holds no state between turns."""

    def __init__(self, tools: Sequence[Tool], turns: Turns, clock: Clock, policy: Policy) -> None:
        """Steps are written through `turns`, in the lease of the turn."""
        self._tools = {tool.name: tool for tool in tools}
        self.specs = tuple(
            ToolSpec(tool.name, tool.description, tool.arguments.model_json_schema())
            for tool in tools
        )
        """The tools as a model sees them."""
        self._turns = turns
        self._clock = clock
        self._policy = policy

    def read_calls(self, draft: Draft, calls: Sequence[ToolCall]) -> Wanted:
        """What a model wants done, checked.

        Raises:
            SchemaMismatch: a tool that does not exist, arguments that do not fit, too many calls.
        """
        left = self.calls_left(draft)
        if len(calls) > left:
            raise SchemaMismatch(f"calls: at most {left} more, then answer with the JSON object")
        return Wanted(tuple(self._checked(call) for call in calls))

    def calls_left(self, draft: Draft) -> int:
        """How many calls the turn may still make."""
        made = [call for call in draft.steps.calls() if call.outcome != "withdrawn"]
        return self._policy.tool_calls - len(made)

    def _checked(self, call: ToolCall) -> ToolCall:
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools) or "none; answer with the JSON object"
            raise SchemaMismatch(f"calls: there is no tool of this name; the tools are {known}")
        try:
            arguments = tool.arguments.model_validate_json(call.arguments)
        except ValidationError as error:
            places = "; ".join(
                f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['type']}"
                for one in error.errors(include_input=False, include_url=False)
            )
            raise SchemaMismatch(f"calls: arguments of {call.name}: {places}") from None
        text = arguments.model_dump_json()
        if tool.needs_approval and len(text) > APPROVABLE_CHARACTERS:
            limit = APPROVABLE_CHARACTERS
            raise SchemaMismatch(f"calls: arguments of {call.name}: over {limit} characters")
        return ToolCall(call.id, call.name, text)

    def unless_half_done(self, draft: Draft, event: Event) -> Event:
        """The event, unless something was begun of which nobody knows how it ended, and which this
        turn would end or leave behind: then people must look, whatever else is asked.
        """
        begun = draft.begun()
        if not begun or event in LETS_BE:
            return event
        if event in LATE and not draft.steps.begun():
            return event  # a late or strange press: what the approval is about stays as it is
        goes_on = event is Event.APPROVED or (event is Event.WROTE and draft.case is None)
        if goes_on and draft.steps.begun() == begun and all(self._is_harmless(c) for c in begun):
            return event
        draft.cause = Cause.HALF_DONE
        return Event.GAVE_UP

    def _is_harmless(self, call: Call) -> bool:
        """Whether a call that was begun may be made again."""
        tool = self._tools.get(call.name)
        return tool is not None and (tool.risk is Risk.READ or tool.idempotent)

    # Effects

    async def run_tools(self, draft: Draft) -> Event:
        """Run what is asked for and has no result yet, one after the other."""
        for call in draft.steps.open_calls():
            event = await self._next(draft, call)
            if event is not None:
                await self._save(draft)
                return event
        await self._save(draft)
        return Event.TOOLS_DONE

    async def ask_approval(self, draft: Draft) -> None:
        """Ask whoever may decide, with the exact arguments, and set the time limit."""
        call = draft.steps.open_calls()[0]
        expires_at = draft.now + self._policy.approval
        text = _question(call.name, call.arguments)
        message = draft.say(text, buttons=(Button.APPROVE, Button.DENY))
        draft.write(Line.NOTICE, message=message, text=text)
        draft.keep_approval(
            Approval(
                id=call.id,
                turn_id=call.turn_id,
                tool=call.name,
                arguments=call.arguments,
                approvers=(draft.requester,),
                state=ApprovalState.OPEN,
                asked_at=draft.now,
                expires_at=expires_at,
                message_id=message,
            )
        )
        draft.timers.append(Arrival(_expiry(draft, call.id), not_before=expires_at))

    async def settle_approval(self, draft: Draft) -> None:
        """Close the open approval, and take the buttons from its message."""
        approval = draft.claim.approval
        if approval is None:
            return
        state = SETTLED_BY.get(draft.events[-1], ApprovalState.WITHDRAWN)
        steps = draft.pending or draft.steps
        if any(call.made for call in steps.calls() if call.id == approval.id):
            state = ApprovalState.APPROVED  # by a press whose turn did not come to its end
        if draft.pending is not None:
            draft.pending.withdraw(texts.CALL_WITHDRAWN)
        draft.settled = True
        draft.keep_approval(replace(approval, state=state, decided_by=draft.employee.id))
        draft.timers_over.append(_expiry(draft, approval.id).key)
        text = f"{_question(approval.tool, approval.arguments)}\n\n_{texts.APPROVAL[state]}_"
        draft.outbox.append(
            OutgoingMessage(
                draft.next_id(),
                draft.conversation,
                text,
                tone=Tone.NOTICE,
                replaces=approval.message_id,
            )
        )

    async def say_busy(self, draft: Draft) -> None:
        """Tell that somebody else has to decide first."""
        draft.notice(texts.BUSY)

    async def say_expired(self, draft: Draft) -> None:
        """Tell that the time to decide is over."""
        draft.notice(texts.APPROVAL_EXPIRED)

    # One call

    async def _next(self, draft: Draft, call: Call) -> Event | None:
        """Bring one call to its result; an event if the turn cannot go on to the next."""
        tool = self._tools.get(call.name)
        if call.id == draft.denied:
            draft.steps.finish(call, "denied", texts.CALL_DENIED)
        elif tool is None:
            draft.steps.finish(call, "failed", "there is no such tool any more")
        elif tool.needs_approval and call.id != draft.approved:
            return Event.APPROVAL_NEEDED
        else:
            outcome, result = await self._run(draft, call, tool)
            if outcome == "unknown":
                # It stays started: whatever becomes of this turn, it is never made again.
                draft.cause = Cause.HALF_DONE
                return Event.GAVE_UP
            draft.steps.finish(call, outcome, result)
        return None

    async def _run(self, draft: Draft, call: Call, tool: Tool) -> tuple[str, str]:
        writes = tool.risk is Risk.WRITE
        try:
            arguments = tool.arguments.model_validate_json(call.arguments)
        except ValidationError:  # the tool has changed since they were checked
            return "failed", texts.CALL_NOT_FITTING
        if writes:
            draft.steps.start(call)
        await self._mark(draft, call)
        calling = partial(tool.call, arguments, call_id=call.id, requester=draft.requester)
        task = asyncio.ensure_future(self._attempt(tool, calling))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not writes:
                task.cancel()
                await asyncio.wait({task})
                raise
            # What was begun is finished and written down; its own time limit bounds the wait.
            outcome: str
            outcome, result = await task
            if outcome != "unknown":
                draft.steps.finish(call, outcome, result)
                await self._save(draft)
            raise

    async def _mark(self, draft: Draft, call: Call) -> None:
        """Commit what is known before a call begins. If the turn is cancelled meanwhile, the mark
        may stand there although nothing has begun: it is taken back.
        """
        saving = asyncio.ensure_future(self._save(draft))
        try:
            await asyncio.shield(saving)
        except asyncio.CancelledError:
            await asyncio.wait({saving})
            if saving.exception() is None:
                draft.steps.finish(call, "withdrawn", texts.CALL_WITHDRAWN)
                await self._save(draft)
            raise

    async def _attempt(self, tool: Tool, calling: Callable[[], Awaitable[str]]) -> tuple[str, str]:
        """Call a tool, as the top of a task of its own: outcome and result, never an exception."""
        harmless = tool.risk is Risk.READ or tool.idempotent
        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            wait=wait_fixed(TRY_AGAIN),
            stop=stop_after_attempt(READ_TRIES if harmless else 1),
            retry=retry_if_exception_type((ToolUnknown, TimeoutError)),
            reraise=True,
        )
        try:
            result: str = await retrying(self._in_time, tool, calling)
            return "ok", _shown(str(result))
        except ToolFailed as error:
            return "failed", _shown(str(error))
        except (ToolUnknown, TimeoutError):
            return ("failed" if tool.risk is Risk.READ else "unknown"), texts.CALL_NO_ANSWER
        except Exception as error:  # noqa: BLE001 the top of a task
            report(log, f"the tool {tool.name} broke its promise", error)
            return ("failed" if tool.risk is Risk.READ else "unknown"), texts.CALL_NO_ANSWER

    async def _in_time(self, tool: Tool, calling: Callable[[], Awaitable[str]]) -> str:
        async with self._clock.timeout(tool.seconds):
            return await calling()

    async def _save(self, draft: Draft) -> None:
        """Commit the steps that are not committed yet.

        Raises:
            LeaseLost: another worker has the lane; the steps are its now.
            StoreUnavailable: not even after many tries.
        """
        unsaved = draft.steps.unsaved()
        if not unsaved:
            return
        done = any(one.kind is StepKind.CALL and one.state is StepState.DONE for one in unsaved)
        tries = RECORD_TRIES if done else 1
        while True:
            tries -= 1
            try:
                await self._turns.step(draft.claim.lease, unsaved)
            except StoreUnavailable:
                if not tries:
                    raise
                await self._clock.sleep(RECORD_AGAIN)
            else:
                draft.steps.saved()
                return


def _question(tool: str, arguments: str) -> str:
    values = from_json(arguments)
    lines = [f"- {name}: {output.harmless(str(value))}" for name, value in values.items()]
    return texts.APPROVAL_ASKED.format(tool=tool, arguments="\n".join(lines))


def _expiry(draft: Draft, call_id: str) -> IncomingMessage:
    """What comes when the time to decide about a call is over."""
    nobody = Author("")
    return IncomingMessage(
        draft.conversation, call_id, Kind.EXPIRE, nobody, about=call_id, sent_at=draft.now
    )


def _shown(text: str) -> str:
    """What a tool said, fit to be stored and shown to a model; masked as a whole, then cut."""
    whole = text[:RESULT_MASKED].encode("utf-8", "replace").decode()
    return mask(clean(whole))[:RESULT_CHARACTERS]
