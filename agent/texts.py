"""Everything Frontdesk itself says to people, in one place.

Plain, kind and honest: what happened, what follows, what can be done. Placeholders are filled with
`str.format`; values that come from people are cleaned by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

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
}
FILES_IGNORED = "(I can't read attached files yet: {files}.)"
NOTHING_FOUND = "I found nothing about this in the handbook. Try other words, or ask a person."
DEGRADED_NOTICE = "The assistant is not available right now."
NOT_SURE = "I'm not sure about this. A person can check it for you."
STOPPED = "Stopped. Nothing more will come of it."
ESCALATED = (
    "I've passed this on to people. Somebody will get back to you; you need not ask again. "
    "(Case {case})"
)
DEAD_LETTER = (
    "I'm sorry, something went wrong while I worked on your message, more than once. "
    "I've passed it on to people. (Case {case})"
)
HALF_DONE = (
    "I began something for you and cannot tell whether it happened. I won't try again by myself: "
    "people will look at it. (Case {case})"
)
HALF_DONE_NOBODY = (
    "I began something for you and cannot tell whether it happened. I won't try again by myself. "
    "Please have it looked at by {contact}."
)
BROKEN = "I'm sorry, I could not work on your message. Please tell {contact} about it."
RECEIPT = "I've added this to your case, so that the people who take it will see it. (Case {case})"
WAITING = "Your case is with people already; they have been told. (Case {case})"
NOBODY = (
    "A person should look at this, but no human channel is set up here. Please contact {contact}."
)
NOBODY_CONTACT = "your administrators"
NOBODY_REACHED = (
    "I could not reach the people who should take your case. Please contact {contact}. "
    "(Case {case})"
)
ELSEWHERE = "I could not answer where you asked me, so I write to you here."
NOT_DELIVERED = "_This could not be delivered to the employee:_"
NOT_RELAYED = (
    "Your message did not reach the people who have your case: “{text}” "
    "Please contact {contact} if it cannot wait."
)
MAY_BE_LOST = (
    "Something I told you earlier may not have reached you. Say **repeat** and I send it once more."
)
ONLY_DIRECTLY = (
    "I can answer this only in a direct message, and I can't begin one with you. "
    "Please write it to me there."
)
LEFT = "All right, I've taken your case back. Ask me whenever you like."

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
DONE_BEFORE = "Done by now: {tools}."
CALL_DENIED = "The employee does not want this done."
CALL_WITHDRAWN = "It was not done: the employee wanted something else."
CALL_NOT_FITTING = "It was not done: the tool takes other arguments by now."
CALL_NO_ANSWER = "It did not answer."

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
