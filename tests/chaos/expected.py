"""What people have to see in the end of a story, and what else they may see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.messages import ConversationId, OutgoingMessage
from tests.support.chats import Shown, read_markdown


@dataclass(frozen=True, slots=True)
class Expected:
    """What tells the one answer to something a person did, among what is visible: `answer` is a
    pattern, `place` where to look (the whole channel if it has no thread). `id` is that of what was
    written, '' for a press. `most` is how often the answer may be there; more than once only for
    what a person had to do again.
    """

    place: ConversationId
    answer: str
    id: str = ""
    most: int = 1


@dataclass(frozen=True, slots=True)
class Allowed:
    """A way in which a run may end other than the one without a crash: `lines` is a pattern of the
    lines of `verdict.picture` that may differ. `late`: only if something had to be brought again
    later than at once. `at`: only if the process died at a point that fits this pattern.
    """

    lines: str
    late: bool = False
    at: str = ""


def found(shown: Sequence[Shown], answer: str) -> list[int]:
    """Which of some messages have a pattern in them: their positions."""
    pattern = re.compile(answer, re.DOTALL)
    return [number for number, one in enumerate(shown) if pattern.search(one.text)]


def fits(message: OutgoingMessage, expected: Expected) -> bool:
    """Whether a message is one that was expected."""
    card = message.card
    words = f"Case {card.case_id} {card.summary}" if card else read_markdown(message.text)[0]
    return re.search(expected.answer, words, re.DOTALL) is not None


def answer_to(text: str) -> str:
    """The pattern of the model's answer to the first word of a text."""
    return rf"Answer to .*\b{text.partition(' ')[0]}\b"
