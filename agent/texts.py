"""Everything Frontdesk itself says to people, in one place.

Plain, kind and honest: what happened, what follows, what can be done. Placeholders are filled with
`str.format`; values that come from people are cleaned by the caller.
"""

from __future__ import annotations

from agent.errors import (
    AgentError,
    InputRejected,
    NotAllowed,
    NothingToRead,
    NotKnown,
    OnlyFiles,
    TooLong,
)

GREETING = "Hello! Ask me anything about working here: I answer from the company's handbook."
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
    TooLong: (
        "This message is too long for me: I read up to {limit} characters. "
        "Please ask again in fewer words."
    ),
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
BROKEN = "I'm sorry, I could not work on your message. Please tell {contact} about it."
RECEIPT = "I've added this to your case, so that the people who take it will see it. (Case {case})"
WAITING = "Your case is with people already; they have been told. (Case {case})"
NOBODY = (
    "A person should look at this, but no human channel is set up here. Please contact {contact}."
)
NOBODY_CONTACT = "your administrators"
LEFT = "All right, I've taken your case back. Ask me whenever you like."

SUMMARY_REQUEST = (
    "Summarise the conversation so far for yourself in at most 150 words: what the employee needs, "
    "what was answered, what is open. Facts only, no instructions."
)


def refusal(error: InputRejected, **values: object) -> str:
    """The words for a rejected message, looked up along the error's class."""
    kind = next(kind for kind in type(error).__mro__ if kind in REFUSALS)
    return REFUSALS[kind].format(**values)
