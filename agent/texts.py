"""What Frontdesk itself says to people, in one place.

Elsewhere are words about time (`desk/times.py`), causes and outcomes of cases (`cases.py`), where
somebody asked (`desk/cards.py`), how the handbook is quoted (`providers/knowledge.py`), answers to
commands (`bot/commands*.py`, `bot/caring.py`), and what a platform puts around them: the labels of
a card, forms (`adapters/*`).

Plain, kind and honest: what happened, what follows, what can be done. Placeholders are filled with
`str.format`; values that come from people are cleaned by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.cases import CaseState
from agent.errors import (
    AgentError,
    InputRejected,
    NotAllowed,
    NothingToRead,
    NotKnown,
    OnlyFiles,
    Paused,
    TooLong,
)
from agent.messages import Button
from agent.records import ApprovalState
from agent.steps import Call

GREETING = "Hello! Ask me anything about working here: I answer from the company's handbook."
WELCOME = (
    f"{GREETING} When I don't know something, I say so. Write “talk to a person” whenever you "
    "want people to help."
)
"""For whoever has the bot for the first time, where the platform tells (Teams). Slack says its own,
`agent_view` in manifest.json."""
PROMPTS = (
    "How many days of annual leave do I get?",
    "How do I connect to the VPN?",
    "How do I hand in my expenses?",
)
"""Questions that a newcomer may begin with."""
REFUSALS: dict[type[AgentError], str] = {
    InputRejected: "I can't work on this message.",
    NotAllowed: (
        "I'm sorry, I may only answer employees of this organisation here. "
        "Please ask your contact person directly."
    ),
    NotKnown: (
        "I could not find out just now who you are, and I may not answer guests here. "
        "Please try again in a few minutes."
    ),
    NothingToRead: GREETING + " Write your question in a sentence or two.",
    OnlyFiles: (
        "I can't read files yet ({files}). Please tell me in words what you need, "
        "or ask for a person."
    ),
    Paused: (
        "I've been paused by an administrator and don't answer for now. "
        "Please try again later, or ask for a person."
    ),
    TooLong: (
        "This message is too long for me: I read up to {limit} characters. "
        "Please ask again in fewer words."
    ),
}
BUTTONS = {
    Button.ASK_PERSON: "Ask a person",
    Button.LEAVE_QUEUE: "Never mind",
    Button.APPROVE: "Approve",
    Button.DENY: "Deny",
    Button.CLAIM: "Claim",
    Button.RELEASE: "Release",
    Button.TAKE_OVER: "Take over",
    Button.HAND_BACK: "Hand back",
    Button.RESOLVE: "Resolve",
}
FILES_IGNORED = "(I can't read attached files yet: {files}.)"
NOTHING_FOUND = "I found nothing about this in the handbook. Try other words, or ask a person."
DEGRADED_NOTICE = "The assistant is not available right now."
NOT_SURE = "I'm not sure about this. A person can check it for you."
WORKING_ON_IT = "I'm working on it."
STOPPED = "Stopped. Nothing more will come of it."
ESCALATED = "I've passed this on to people. {expectation} You need not ask again. (Case {case})"
DEAD_LETTER = (
    "I'm sorry, something went wrong while I worked on your message, more than once. "
    "I've passed it on to people. {expectation} (Case {case})"
)
HALF_DONE = (
    "I began something for you and cannot tell whether it happened. I won't try again by myself: "
    "people will look at it. {expectation} (Case {case})"
)
HALF_DONE_NOBODY = (
    "I began something for you and cannot tell whether it happened. I won't try again by myself. "
    "Please have it looked at by {contact}."
)
BROKEN = "I'm sorry, I could not work on your message. Please tell {contact} about it."
RECEIPT = "I've added this to your case, so that the people who take it will see it. (Case {case})"
WAITING = "Your case is with people already; they have been told. (Case {case})"
RECEIPT_BESIDE = (
    "I've added this to the case that this conversation is about, so that the people who take it "
    "will see it. (Case {case})"
)
WAITING_BESIDE = (
    "People have the case of this conversation already. If you need them for something of your "
    "own, ask me in a direct message. (Case {case})"
)
WITH_OWNER_BESIDE = (
    "**{name}** has the case of this conversation and reads what is written here. If you need "
    "people for something of your own, ask me in a direct message. (Case {case})"
)
"""For somebody whose case it is not."""
WITH_OWNER = "**{name}** has your case and reads what you write here. (Case {case})"
CLAIMED = "**{name}** has taken your case. What you write here reaches them. (Case {case})"
TRANSFERRED = "**{name}** has your case now. What you write here reaches them. (Case {case})"
RELEASED = (
    "**{name}** can't go on with your case; it waits for somebody else now. {expectation} "
    "(Case {case})"
)
RESOLVED = "**{name}** has closed your case: {outcome}. Did it help? (Case {case})"
HANDED_BACK = (
    "**{name}** has given your case back to me. I've read what was said: ask me whatever is still "
    "open. (Case {case})"
)
NOBODY = (
    "A person should look at this, but no human channel is set up here. Please contact {contact}."
)
NOBODY_CONTACT = "your administrators"
NOBODY_REACHED = (
    "I could not reach the people who should take your case. Please contact {contact}. "
    "(Case {case})"
)
ELSEWHERE = "I could not answer where you asked me, so I write to you here."
REMINDER = "**Reminder:** case {case} has been waiting for {time}. {about}"
REMINDER_ELSEWHERE = (
    "Nobody has claimed this for {time} where it was asked first. Whoever claims it here has it."
)
OVERDUE = (
    "Nobody{other} has taken your case so far. I've reminded the people. {expectation} "
    "(Case {case})"
)
OVERDUE_AGAIN = (
    "Still nobody{other} has taken your case. I'm trying to reach more people; if it cannot wait, "
    "please contact {contact}. (Case {case})"
)
OVERDUE_TOGETHER = (
    "Nobody{other} has taken your case so far: you are one of several who wait for the same "
    "reason. {expectation} If it cannot wait, please contact {contact}. (Case {case})"
)
OTHER = " else"
"""Than whoever had the case and gave it back."""
STALE = (
    "Nobody has said anything about your case for {time}, so I've closed it. If you still need "
    "somebody, just ask for a person again. (Case {case})"
)
INCIDENT = (
    "Several employees wait for the same reason. Whatever is done or written here reaches each of "
    "them, and their words come here."
)
NO_DESK = (
    "Somebody wanted a person today, and I could not call anybody: no human channel is set up. "
    "I told them to contact {contact}. Set `FRONTDESK_HUMAN_CHANNEL` to the channel where people "
    "take cases; `frontdesk check` tells whether I can use it."
)
THE_EMPLOYEE = "the employee"
NOT_DELIVERED = "_This could not be delivered to {whom}:_"
NOT_RELAYED = (
    "Your message did not reach the people who have your case: “{text}” "
    "Please contact {contact} if it cannot wait."
)
MAY_NOT_BE_DELIVERED = (
    "_This may not have reached {whom}:_ “{text}”. If they don't answer, write it again."
)
MAY_NOT_BE_RELAYED = (
    "Your message may not have reached the people who have your case: “{text}”. "
    "If nobody answers, please write it again."
)
MAY_BE_LOST = (
    "Something I told you earlier may not have reached you. Say **repeat** and I send it once more."
)
ONLY_DIRECTLY = (
    "I can answer this only in a direct message, and I can't begin one with you. "
    "Please write it to me there."
)
NO_CASE = "There is no case any more that you could take back."
NOT_YOUR_CASE = "Only who asked for a person can take the case back."
LEFT = "All right, I've taken your case back. Ask me whenever you like."
LEFT_OWNER = "{name} does not need a person any more: the case is closed."
LEFT_BY_ALL = "Nobody waits for this any more: the case is closed."

APPROVAL_ASKED = "May I run **{tool}** with this?\n{arguments}"
APPROVAL = {
    ApprovalState.APPROVED: "Approved.",
    ApprovalState.DENIED: "Not approved: it was not done.",
    ApprovalState.EXPIRED: "Nobody decided in time: it was not done.",
    ApprovalState.WITHDRAWN: "Withdrawn: it was not done.",
}
APPROVAL_EXPIRED = (
    "Nobody approved what I asked about, so I did nothing. Ask me again if it is still needed."
)
BUSY = (
    "I'm waiting for a decision on what stands above, by the person who asked for it. "
    "Please ask me again after that, or in a thread of your own."
)
DECIDED_ALREADY = "This doesn't wait for a decision any more: nothing was changed."
NOT_YOURS_TO_DECIDE = "Only the person who asked for this can decide about it."
DONE_BEFORE = "Done by now: {tools}."
CALL_DENIED = "The employee does not want this done."
CALL_WITHDRAWN = "It was not done: the employee wanted something else."
CALL_NOT_FITTING = "It was not done: the tool takes other arguments by now."
CALL_NO_ANSWER = "It did not answer."

# To the people of the desk.
NOTE_LABEL = "Note to the employee"
NOT_OF_DESK = "Only members of the channel of this case can do that."
DESK_ASK_AGAIN = "I could not find out just now who is in this channel. Please try again."
ASSIGNEE_NOT_OF_DESK = "A case can only be given to somebody who is in its channel."
CASE_UNKNOWN = "This case is not known any more."
CASE_CLOSED = "Case {case} is closed."
CASE_OVER = {
    CaseState.RESOLVED: "Case {case} is closed: {owner} resolved it.",
    CaseState.WITHDRAWN: "Case {case} is closed: the employee took it back.",
    CaseState.HANDED_BACK: "Case {case} is closed: {owner} handed it back to the assistant.",
    CaseState.STALE: "Case {case} is closed: nobody said anything about it for long.",
}
SOMEBODY = "somebody"
YOURS_ALREADY = "You have case {case} already, for {time}."
OWNED_ALREADY = "{owner} has case {case} already, for {time}."
NOT_CLAIMED = "Nobody has case {case}."
NO_OUTCOME = "Please choose how the case was resolved."
CASE_NOT_KNOWN = (
    "I can't tell which case this is about, so it has reached nobody. Please press **Claim** on "
    "the card above, then write here again."
)
NOT_PASSED_ON = "What you write here does not reach the employee."
GIVEN_TO = "{by} has given this case to **{name}**."
TAKEN_OVER = "**{name}** has taken this case over from {before}."
OWNER_GONE = "**{name}** isn't here any more: this case waits for somebody again."
OWNER_CUT_OFF = (
    "**{name}** had this case in another channel, which takes no posts any more: it waits for "
    "somebody again."
)
TALK_MOVED = "**{name}** has this case now. The talk goes on under its other card, {where}."
TALK_ELSEWHERE = (
    "What you write here reaches the employee. The talk about case {case} goes on under its other "
    "card, {where}."
)
IN_THIS_CHANNEL = "in this channel"
IN_ANOTHER_CHANNEL = "in another channel"
SHOWN_TWICE = (
    "This case may be shown twice here: I could not tell whether its first card had arrived. "
    "What is done on either counts."
)
MASKED = (
    "What looks like a secret or a number of an account was taken out before it was passed on. "
    "Please give it in another way."
)
CUT = "This was too long: only the first {limit} characters were passed on."
STAFF_BROKEN = (
    "I'm sorry, I could not work on this, and tried several times. Please do it once more."
)

# Words that are passed on.
DELETED = "_(deleted)_"
WITHDRAWN = "_(withdrawn)_"
EDITED = "_(edited)_"
BESIDE = "**{name}**, under the other card:"
SHORTENED = "_(now shorter, see above)_"
SENT_ALONG = "_(sent along: {files})_"
FILE = "a file"

SUMMARY_REQUEST = (
    "Summarise the conversation so far for yourself in at most 150 words: what the employee needs, "
    "what was answered, what is open. Facts only, no instructions."
)


def done(calls: Sequence[Call]) -> str:
    """A sentence about what was changed outside, with a space behind it; '' for nothing."""
    tools = ", ".join(dict.fromkeys(call.name for call in calls))
    return f"{DONE_BEFORE.format(tools=tools)} " if tools else ""


def refusal(error: InputRejected, **values: object) -> str:
    """The words for a rejected message, looked up along the error's class."""
    kind = next(kind for kind in type(error).__mro__ if kind in REFUSALS)
    return REFUSALS[kind].format(**values)
