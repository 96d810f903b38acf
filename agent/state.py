"""The state machine of a conversation: one table and one pure function.

Five states are resting states and are the only ones the database ever sees:

- IDLE: nothing is asked of us.
- AWAITING_APPROVAL: a tool call waits for a person's yes or no.
- ESCALATED: a case is open and nobody has claimed it yet.
- WITH_HUMAN: a person has claimed the case; the bot is mute and relays.
- CLOSED: the episode is over; the next message begins a new one with a fresh context.

Two are transient and live in the memory of a running turn: THINKING (a model is asked) and ACTING
(tools run). If the process dies in one of them, the database still holds the resting state from
before, the inbox rows are not done, and the turn runs again.

Rules:

1. Everything that may ever happen is a row of `TABLE`: (state, event) -> (next state, effects).
   Effects are what the turn engine performs, in this order. The model can cause nothing that is
   not an effect of a row: this is the whole of its action space.
2. A pair that is not in the table is illegal: `step` raises `IllegalTransition` and nothing
   changes. Illegal is not the same as ignored: what is deliberately ignored stands in `NO_OPS`.
3. There are no guards in the table. Whether a confidence of 0.31 is ANSWERED or UNSURE is decided
   in `agent/policy.py`, which turns facts into one event; the table only says what follows.
4. The machine does not know platforms, models or people; events carry no data. Data travels
   beside it, in the turn.

The README's table and diagram are generated from `TABLE` and compared with it by a test.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from agent.errors import IllegalTransition


class State(StrEnum):
    """Where a conversation stands."""

    IDLE = "idle"
    THINKING = "thinking"
    ACTING = "acting"
    AWAITING_APPROVAL = "awaiting_approval"
    ESCALATED = "escalated"
    WITH_HUMAN = "with_human"
    CLOSED = "closed"


TRANSIENT: Final = frozenset({State.THINKING, State.ACTING})
RESTING: Final = frozenset(State) - TRANSIENT


class Event(StrEnum):
    """What happens to a conversation."""

    WROTE = "wrote"  # the employee wrote something
    REJECTED = "rejected"  # screening refused the message
    NOBODY_THERE = "nobody_there"  # a person is wanted, but none can be called: no human channel
    VANISHED = "vanished"  # every message of the turn was deleted before it was answered
    ANSWERED = "answered"  # a model answered and policy accepts it
    UNSURE = "unsure"  # an answer below the confidence, or a degraded one with something to offer
    FINISHED = "finished"  # a model answered and the employee is done
    GAVE_UP = "gave_up"  # nothing to offer, the model wants a person, or a half-done write
    PERSON_ASKED = "person_asked"  # the employee wants a person
    TOOLS_ASKED = "tools_asked"  # a model wants tools run
    TOOLS_DONE = "tools_done"  # their results are there
    APPROVAL_NEEDED = "approval_needed"  # a tool call needs a person's yes
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"  # nobody decided in time
    INTERJECTED = "interjected"  # somebody else wrote while one person has to decide
    RETRACTED = "retracted"  # what the approval is about was deleted
    STOPPED = "stopped"  # the employee wants the bot to stop
    LEFT_QUEUE = "left_queue"  # the employee does not need a person any more
    CORRECTED = "corrected"  # the employee edited or deleted what had been relayed
    CLAIMED = "claimed"  # a person took the case
    TRANSFERRED = "transferred"  # it goes from one person to another
    RELEASED = "released"  # the person gave it back to the channel
    HANDED_BACK = "handed_back"  # the person gave it back to the bot
    RESOLVED = "resolved"
    STAFF_WROTE = "staff_wrote"  # a person wrote in the case's thread
    STAFF_CORRECTED = "staff_corrected"  # a person edited or deleted what they wrote there
    NOTED = "noted"  # a person wrote a note there, which stays there
    STAFF_REFUSED = "staff_refused"  # what a person wants is not possible: they are told why
    OWNER_GONE = "owner_gone"  # whoever has the case cannot act any more
    OVERDUE = "overdue"  # nobody claimed the case in time
    WENT_STALE = "went_stale"  # nobody said anything about it for long
    LOOKED = "looked"  # the time came to look at the case, and nothing has to be done
    GATHERED = "gathered"  # cases join an incident
    SHOWN = "shown"  # the case is shown on the card of an incident
    DESK_MISSING = "desk_missing"  # somebody wanted a person, and there is no human channel
    RATED = "rated"  # the employee pressed a feedback button
    NOT_DELIVERED = "not_delivered"  # one of our messages could not be delivered
    REPEAT_ASKED = "repeat_asked"  # the employee wants once more what may not have arrived
    NEWCOMER = "joined"  # the employee has the bot for the first time
    COMMANDED = "commanded"  # the employee wrote a command


class Effect(StrEnum):
    """What the turn engine does; each name is one method of one of its rooms (`agent/turn.py`)."""

    ASK_MODEL = "ask_model"
    RUN_TOOLS = "run_tools"
    ASK_APPROVAL = "ask_approval"
    SETTLE_APPROVAL = "settle_approval"
    SAY_EXPIRED = "say_expired"
    SAY_BUSY = "say_busy"
    REPLY = "reply"
    REPLY_AND_OFFER = "reply_and_offer"
    REFUSE = "refuse"
    SAY_STOPPED = "say_stopped"
    OPEN_CASE = "open_case"
    SAY_ESCALATED = "say_escalated"
    RELAY_TO_DESK = "relay_to_desk"
    RELAY_TO_EMPLOYEE = "relay_to_employee"
    RECEIPT = "receipt"
    SAY_WAITING = "say_waiting"
    SAY_NOBODY = "say_nobody"
    TAKE_CASE = "take_case"
    SAY_CLAIMED = "say_claimed"
    RELEASE_CASE = "release_case"
    SAY_RELEASED = "say_released"
    WATCH_CASE = "watch_case"
    REMIND_DESK = "remind_desk"
    SAY_OVERDUE = "say_overdue"
    SAY_STALE = "say_stale"
    TELL_STAFF = "tell_staff"
    UPDATE_CARD = "update_card"
    KEEP_CARD = "keep_card"
    CLOSE_CASE = "close_case"
    SAY_LEFT = "say_left"
    SAY_RESOLVED = "say_resolved"
    MARK_HAND_BACK = "mark_hand_back"
    SAY_HANDED_BACK = "say_handed_back"
    SAY_NO_DESK = "say_no_desk"
    KEEP_FEEDBACK = "keep_feedback"
    FIND_ANOTHER_WAY = "find_another_way"
    SEND_AGAIN = "send_again"
    SAY_WELCOME = "say_welcome"
    ANSWER_COMMAND = "answer_command"


S, E, F = State, Event, Effect
Follows = tuple[State, tuple[Effect, ...]]
WITH_PEOPLE: Final = (S.ESCALATED, S.WITH_HUMAN)
OPENED: Final = (F.OPEN_CASE, F.WATCH_CASE, F.SAY_ESCALATED)

TABLE: Final[dict[tuple[State, Event], Follows]] = {
    # A conversation at rest, not in anybody's hands.
    (S.IDLE, E.WROTE): (S.THINKING, (F.ASK_MODEL,)),
    (S.IDLE, E.REJECTED): (S.IDLE, (F.REFUSE,)),
    (S.IDLE, E.PERSON_ASKED): (S.ESCALATED, OPENED),
    (S.IDLE, E.GAVE_UP): (S.ESCALATED, OPENED),
    (S.IDLE, E.NOBODY_THERE): (S.IDLE, (F.SAY_NOBODY,)),
    (S.IDLE, E.STOPPED): (S.IDLE, (F.SAY_STOPPED,)),
    (S.CLOSED, E.WROTE): (S.THINKING, (F.ASK_MODEL,)),
    (S.CLOSED, E.REJECTED): (S.CLOSED, (F.REFUSE,)),
    (S.CLOSED, E.PERSON_ASKED): (S.ESCALATED, OPENED),
    (S.CLOSED, E.GAVE_UP): (S.ESCALATED, OPENED),
    (S.CLOSED, E.NOBODY_THERE): (S.CLOSED, (F.SAY_NOBODY,)),
    (S.CLOSED, E.STOPPED): (S.CLOSED, (F.SAY_STOPPED,)),
    # A model is asked.
    (S.THINKING, E.ANSWERED): (S.IDLE, (F.REPLY,)),
    (S.THINKING, E.UNSURE): (S.IDLE, (F.REPLY_AND_OFFER,)),
    (S.THINKING, E.FINISHED): (S.CLOSED, (F.REPLY,)),
    (S.THINKING, E.GAVE_UP): (S.ESCALATED, OPENED),
    (S.THINKING, E.NOBODY_THERE): (S.IDLE, (F.SAY_NOBODY,)),
    (S.THINKING, E.TOOLS_ASKED): (S.ACTING, (F.RUN_TOOLS,)),
    # Tools run.
    (S.ACTING, E.TOOLS_DONE): (S.THINKING, (F.ASK_MODEL,)),
    (S.ACTING, E.APPROVAL_NEEDED): (S.AWAITING_APPROVAL, (F.ASK_APPROVAL,)),
    (S.ACTING, E.GAVE_UP): (S.ESCALATED, OPENED),
    (S.ACTING, E.NOBODY_THERE): (S.IDLE, (F.SAY_NOBODY,)),
    # A tool call waits for a person's yes or no; if they write something else, they withdraw it.
    (S.AWAITING_APPROVAL, E.APPROVED): (S.ACTING, (F.SETTLE_APPROVAL, F.RUN_TOOLS)),
    (S.AWAITING_APPROVAL, E.DENIED): (S.ACTING, (F.SETTLE_APPROVAL, F.RUN_TOOLS)),
    (S.AWAITING_APPROVAL, E.EXPIRED): (S.IDLE, (F.SETTLE_APPROVAL, F.SAY_EXPIRED)),
    (S.AWAITING_APPROVAL, E.WROTE): (S.THINKING, (F.SETTLE_APPROVAL, F.ASK_MODEL)),
    (S.AWAITING_APPROVAL, E.INTERJECTED): (S.AWAITING_APPROVAL, (F.SAY_BUSY,)),
    (S.AWAITING_APPROVAL, E.RETRACTED): (S.IDLE, (F.SETTLE_APPROVAL,)),
    (S.AWAITING_APPROVAL, E.REJECTED): (S.AWAITING_APPROVAL, (F.REFUSE,)),
    (S.AWAITING_APPROVAL, E.STOPPED): (S.IDLE, (F.SETTLE_APPROVAL, F.SAY_STOPPED)),
    (S.AWAITING_APPROVAL, E.PERSON_ASKED): (S.ESCALATED, (F.SETTLE_APPROVAL, *OPENED)),
    (S.AWAITING_APPROVAL, E.GAVE_UP): (S.ESCALATED, (F.SETTLE_APPROVAL, *OPENED)),
    (S.AWAITING_APPROVAL, E.NOBODY_THERE): (S.IDLE, (F.SETTLE_APPROVAL, F.SAY_NOBODY)),
    # A case is open and waits for somebody.
    (S.ESCALATED, E.WROTE): (S.ESCALATED, (F.RELAY_TO_DESK, F.RECEIPT)),
    (S.ESCALATED, E.REJECTED): (S.ESCALATED, (F.REFUSE,)),
    (S.ESCALATED, E.PERSON_ASKED): (S.ESCALATED, (F.SAY_WAITING,)),
    (S.ESCALATED, E.GAVE_UP): (S.ESCALATED, (F.RELAY_TO_DESK, F.SAY_WAITING)),
    (S.ESCALATED, E.NOBODY_THERE): (S.ESCALATED, (F.SAY_NOBODY,)),
    (S.ESCALATED, E.CLAIMED): (S.WITH_HUMAN, (F.TAKE_CASE, F.WATCH_CASE, F.SAY_CLAIMED)),
    (S.ESCALATED, E.STAFF_WROTE): (
        S.WITH_HUMAN,
        (F.TAKE_CASE, F.WATCH_CASE, F.RELAY_TO_EMPLOYEE),
    ),
    (S.ESCALATED, E.OVERDUE): (S.ESCALATED, (F.REMIND_DESK, F.WATCH_CASE, F.SAY_OVERDUE)),
    # A person has the case; the bot is mute.
    (S.WITH_HUMAN, E.WROTE): (S.WITH_HUMAN, (F.RELAY_TO_DESK,)),
    (S.WITH_HUMAN, E.REJECTED): (S.WITH_HUMAN, (F.REFUSE,)),
    (S.WITH_HUMAN, E.PERSON_ASKED): (S.WITH_HUMAN, (F.SAY_WAITING,)),
    (S.WITH_HUMAN, E.GAVE_UP): (S.WITH_HUMAN, (F.RELAY_TO_DESK, F.SAY_WAITING)),
    (S.WITH_HUMAN, E.NOBODY_THERE): (S.WITH_HUMAN, (F.SAY_NOBODY,)),
    (S.WITH_HUMAN, E.STAFF_WROTE): (S.WITH_HUMAN, (F.RELAY_TO_EMPLOYEE,)),
    (S.WITH_HUMAN, E.TRANSFERRED): (S.WITH_HUMAN, (F.TAKE_CASE, F.WATCH_CASE, F.SAY_CLAIMED)),
    (S.WITH_HUMAN, E.RELEASED): (S.ESCALATED, (F.RELEASE_CASE, F.WATCH_CASE, F.SAY_RELEASED)),
    (S.WITH_HUMAN, E.OWNER_GONE): (
        S.ESCALATED,
        (F.RELEASE_CASE, F.WATCH_CASE, F.SAY_RELEASED, F.RELAY_TO_DESK),
    ),
    # People have the case, whether or not somebody has claimed it.
    **{(state, E.CORRECTED): (state, (F.RELAY_TO_DESK,)) for state in WITH_PEOPLE},
    **{(state, E.STAFF_CORRECTED): (state, (F.RELAY_TO_EMPLOYEE,)) for state in WITH_PEOPLE},
    **{(state, E.SHOWN): (state, (F.KEEP_CARD,)) for state in WITH_PEOPLE},
    **{(state, E.GATHERED): (state, (F.UPDATE_CARD,)) for state in WITH_PEOPLE},
    **{(state, E.LOOKED): (state, (F.WATCH_CASE,)) for state in WITH_PEOPLE},
    **{(state, E.LEFT_QUEUE): (S.IDLE, (F.CLOSE_CASE, F.SAY_LEFT)) for state in WITH_PEOPLE},
    **{
        (state, E.HANDED_BACK): (S.IDLE, (F.MARK_HAND_BACK, F.CLOSE_CASE, F.SAY_HANDED_BACK))
        for state in WITH_PEOPLE
    },
    **{(state, E.RESOLVED): (S.CLOSED, (F.CLOSE_CASE, F.SAY_RESOLVED)) for state in WITH_PEOPLE},
    **{(state, E.WENT_STALE): (S.CLOSED, (F.CLOSE_CASE, F.SAY_STALE)) for state in WITH_PEOPLE},
    # The lane of an incident, which has nobody to talk with: cases join, and a card is opened.
    (S.IDLE, E.GATHERED): (S.ESCALATED, (F.OPEN_CASE, F.WATCH_CASE)),
    (S.CLOSED, E.GATHERED): (S.ESCALATED, (F.OPEN_CASE, F.WATCH_CASE)),
    # In every resting state alike, because it is beside the conversation. A verdict is kept. What
    # did not arrive is tried another way, and sent again if the employee says 'repeat': also while
    # people have the case, because the bot itself offered that word. A newcomer is welcomed, a
    # command answered. Whoever at the desk wants what is not possible is told why (the case is
    # over, a colleague has it, they are not of the desk).
    **{(state, E.RATED): (state, (F.KEEP_FEEDBACK,)) for state in RESTING},
    **{(state, E.NOT_DELIVERED): (state, (F.FIND_ANOTHER_WAY,)) for state in RESTING},
    **{(state, E.REPEAT_ASKED): (state, (F.SEND_AGAIN,)) for state in RESTING},
    **{(state, E.NEWCOMER): (state, (F.SAY_WELCOME,)) for state in RESTING},
    **{(state, E.COMMANDED): (state, (F.ANSWER_COMMAND,)) for state in RESTING},
    **{(state, E.STAFF_REFUSED): (state, (F.TELL_STAFF,)) for state in RESTING},
    **{(state, E.DESK_MISSING): (state, (F.SAY_NO_DESK,)) for state in RESTING},
}

NO_OPS: Final = frozenset(
    {
        # Everything that was asked is gone again: nothing to do, wherever we are.
        *((state, E.VANISHED) for state in RESTING),
        # Nothing is running, and a person has the case or will have it.
        (S.ESCALATED, E.STOPPED),
        (S.WITH_HUMAN, E.STOPPED),
        # The case was already left, or is over.
        *(
            (state, event)
            for state in (S.IDLE, S.CLOSED, S.AWAITING_APPROVAL)
            for event in (E.LEFT_QUEUE, E.SHOWN)
        ),
        # A note stays among the people of the desk.
        *((state, E.NOTED) for state in RESTING),
        *(
            (state, event)
            for state in (S.IDLE, S.CLOSED, S.ESCALATED, S.WITH_HUMAN)
            for event in (E.APPROVED, E.DENIED, E.EXPIRED)
        ),
    }
)


def step(state: State, event: Event) -> Follows:
    """The next state and the effects of an event.

    Raises:
        IllegalTransition: the table has no such row; nothing has changed.
    """
    if (state, event) in NO_OPS:
        return state, ()
    try:
        return TABLE[state, event]
    except KeyError:
        raise IllegalTransition(f"{event} is not possible in state {state}") from None
