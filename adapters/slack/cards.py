"""A case as the human channel sees it.

People are named and never mentioned: a card must not call anybody. What people wrote stands there
as they wrote it, and what was written in Markdown as Markdown looks. Slack takes about 13 200
characters in one message (github.com/slackapi/bolt-js, issue 2509), so each part has its room.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.slack import mrkdwn
from adapters.slack.blocks import Block, plain_text, section
from agent.cases import OUTCOMES, CaseCard, CaseState, Outcome

MAX_HEADER = 150
MAX_NAME = 120
MAX_TEXT = 1200
"""Characters of the reason, the summary and the note, each."""
MAX_QUOTE = 2400
"""Characters of the transcript and of what the bot would have said, each."""
STATES = {
    CaseState.WAITING: (":hourglass_flowing_sand:", "waiting"),
    CaseState.CLAIMED: (":raised_hand:", "claimed"),
    CaseState.RESOLVED: (":white_check_mark:", "resolved"),
    CaseState.WITHDRAWN: (":leftwards_arrow_with_hook:", "withdrawn by the employee"),
    CaseState.HANDED_BACK: (":leftwards_arrow_with_hook:", "handed back to the assistant"),
    CaseState.STALE: (":zzz:", "closed: nobody said anything for long"),
}
BY_OWNER = frozenset({CaseState.CLAIMED, CaseState.RESOLVED, CaseState.HANDED_BACK})
"""States that somebody has brought about."""


def blocks(card: CaseCard) -> list[Block]:
    """The card without its buttons."""
    emoji = STATES[card.state][0]
    head = (f"{emoji} {_stands(card)}", _joined(card), _who(card))
    shown: list[Block] = [
        {"type": "header", "text": plain_text(f"Case {card.case_id}"[:MAX_HEADER])},
        section("\n".join(line for line in head if line)),
    ]
    for title, text in (("Note", card.note), ("Why", card.reason), ("About", card.summary)):
        if text.strip():
            shown.append(section(f"*{title}:* {mrkdwn.write(_cut(text, MAX_TEXT))}"))
    if said := _latest(card.transcript):
        shown.append(section(f"*So far*\n{_quoted(said)}"))
    if draft := card.draft.strip():
        sure = f" (confidence {card.confidence:.2f})" if card.confidence is not None else ""
        quoted = _quoted(_cut(draft, MAX_QUOTE).splitlines())
        shown.append(section(f"*The assistant would have said{sure}*\n{quoted}"))
    return shown


def text(card: CaseCard) -> str:
    """The card in one line, for notifications and where blocks are not shown."""
    name = mrkdwn.escape(_name(card))
    stands = f" ({_stands(card)})" if card.state is not CaseState.WAITING else ""
    about = f": {mrkdwn.write(_cut(card.summary, MAX_TEXT))}" if card.summary.strip() else ""
    return f"Case {card.case_id}" + (f" from {name}" if name else "") + stands + about


def _stands(card: CaseCard) -> str:
    """Where the case stands, who brought it there, and how it ended."""
    outcome = OUTCOMES[Outcome(card.outcome)] if card.outcome in set(Outcome) else card.outcome
    by = _cut(card.owner, MAX_NAME) if card.state in BY_OWNER else ""
    words = STATES[card.state][1] + (f" by {by}" if by else "")
    return mrkdwn.escape(words + (f": {outcome}" if outcome else ""))


def _joined(card: CaseCard) -> str:
    """For how many cases the card of an incident stands."""
    cases = "1 case" if card.joined == 1 else f"{card.joined} cases"
    return f":rotating_light: this card is for {cases} of one cause" if card.joined else ""


def _who(card: CaseCard) -> str:
    """Who asked, where, and the way there."""
    name, place = mrkdwn.escape(_name(card)), mrkdwn.escape(card.place)
    who = " in ".join([*([f"*{name}*"] if name else []), *([place] if place else [])])
    way = mrkdwn.link(card.permalink, "open the conversation") if card.permalink else ""
    return " · ".join(one for one in (who, way) if one)


def _name(card: CaseCard) -> str:
    """What the employee is called; the platform's id if nobody knows."""
    return _cut(card.employee_name.strip() or card.employee_ref.partition(":")[2], MAX_NAME)


def _latest(lines: Iterable[str]) -> list[str]:
    """As many of the last lines as there is room for."""
    said = "\n".join(lines)
    kept = said if len(said) <= MAX_QUOTE else "…" + said[1 - MAX_QUOTE :]
    return kept.strip().splitlines()


def _quoted(lines: Iterable[str]) -> str:
    return "\n".join(f"> {mrkdwn.write(line)}" for line in lines)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"
