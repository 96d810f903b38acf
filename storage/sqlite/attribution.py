"""Whose is what in a conversation: which turns a person's words and the answers to them are in.

Pure: journal lines and outbox rows in, the turns, lines and messages to be erased out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from agent.cases import CaseState
from agent.journal import Line
from agent.state import Event

MIXED = frozenset({Line.SUMMARY, Line.EARLIER})
"""Lines that tell of everybody who took part."""
STAFF = frozenset({Line.STAFF, Line.STAFF_EDITED, Line.STAFF_DELETED})
"""What people of the desk said."""
TELLING = frozenset({Line.SAID, Line.STAFF, Line.CASE})
"""Lines that tell whose turn it was."""
OPEN = frozenset(state for state in CaseState if state.is_open)
REFERENCES = ("message", "call")
"""Where a line names one of our messages, or a tool call ('{turn_id}:{n}')."""


class Told(NamedTuple):
    """A journal line that still says something."""

    seq: int
    turn_id: str
    kind: str
    data: Mapping[str, Any]


class Message(NamedTuple):
    """An outbox row that still has words."""

    id: int
    lane: str
    turn_id: str
    message_id: str
    under: str
    replaces: str
    settled: bool


class Share(NamedTuple):
    """What a person has in a conversation. `spoke`: whether they said anything in it. `lines` are
    in the order in which they go: what tells whose turn it was goes last.
    """

    spoke: bool
    turns: frozenset[str]
    lines: list[int]
    messages: list[Message]


def share_of(
    person: str,
    own_turns: Collection[str],
    lines: Sequence[Told],
    messages: Sequence[Message],
    *,
    quoted: bool,
) -> Share:
    """What of a conversation is to go for a person.

    Args:
        person: the platform's user id.
        own_turns: turns that began with a row of this person, whatever the journal says of them.
        lines: the journal of the conversation, in order.
        messages: the outbox rows of the conversation, in order.
        quoted: lines of others repeat what the person wrote.

    A turn is the person's who spoke in it. What happens by itself (a time limit, a message that
    could not be delivered) is taken for that of whose turn it refers to, and of who spoke last. If
    nobody else ever spoke, all of it is the person's.
    """
    speakers = {line.turn_id: line.data.get("author") for line in lines if line.kind == Line.SAID}
    spoke = person in speakers.values()
    if spoke and set(speakers.values()) == {person}:
        turns = {line.turn_id for line in lines} | {one.turn_id for one in messages}
    else:
        turns = _turns_of(person, set(own_turns), speakers, lines, messages)
    mixes = MIXED if spoke or quoted else frozenset()
    gone = [line for line in lines if line.turn_id in turns or line.kind in mixes]
    gone.sort(key=lambda line: line.kind in TELLING)
    return Share(
        spoke,
        frozenset(turns | set(own_turns)),
        [line.seq for line in gone],
        _messages_of(turns, messages),
    )


def desk_turns(person: str, cases: Collection[str], lines: Sequence[Told]) -> set[str]:
    """The turns in which a person of the desk ('platform:user') said something, or took a case, and
    those in which anybody there said something about one of `cases`.
    """
    turns = _turns_about(cases, lines)
    posts: set[object] = set()
    for line in lines:
        said = line.kind == Line.STAFF and person == line.data.get("author")
        taken = line.kind == Line.CASE and (person, CaseState.CLAIMED) == (
            line.data.get("owner"),
            line.data.get("state"),
        )
        posts |= {line.data.get("id")} if said else set()
        changed = line.kind in STAFF and line.data.get("id") in posts
        if said or taken or changed:
            turns.add(line.turn_id)
    return turns


def _turns_about(cases: Collection[str], lines: Sequence[Told]) -> set[str]:
    """The turns in which people, or time, did something about one of `cases`, or said something;
    not those in which somebody spoke in the conversation: these are theirs.
    """
    spoken = {line.turn_id for line in lines if line.kind == Line.SAID}
    turns: set[str] = set()
    still_open: object = None
    for line in lines:
        case, state = line.data.get("case"), line.data.get("state")
        if line.kind == Line.CASE:
            still_open = case if state in OPEN else None
        reminded = line.kind == Line.TURN and Event.OVERDUE in line.data.get("events", ())
        told = line.kind in (Line.CASE, Line.STAFF) and case in cases
        if told or (reminded and still_open in cases):
            turns.add(line.turn_id)
    return turns - spoken


def _turns_of(
    person: str,
    own: set[str],
    speakers: Mapping[str, object],
    lines: Sequence[Told],
    messages: Sequence[Message],
) -> set[str]:
    turns = own | {turn for turn, speaker in speakers.items() if speaker == person}
    turn_of = {one.message_id: one.turn_id for one in messages}
    spoken = {*speakers, *(line.turn_id for line in lines if line.kind in STAFF)}
    last: object = None
    for line in lines:
        last = speakers.get(line.turn_id, last)
        by_itself = line.turn_id not in spoken
        if by_itself and (last == person or turns & _referred(line, turn_of)):
            turns.add(line.turn_id)
    return turns


def _referred(line: Told, turn_of: Mapping[str, str]) -> set[str]:
    """The turns that a line refers to."""
    names = [str(line.data[name]) for name in REFERENCES if name in line.data]
    return {turn_of.get(name) or name.partition(":")[0] for name in names}


def _messages_of(turns: Collection[str], messages: Sequence[Message]) -> list[Message]:
    """The messages of turns, and the later edits of these."""
    found: dict[str, Message] = {}
    for one in messages:
        if one.turn_id in turns or one.replaces in found:
            found[one.message_id] = one
    return list(found.values())
