"""Folding: edits and deletions of messages that are not answered yet are applied to them, so that a
turn answers what was meant in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.journal import History
from agent.messages import IncomingMessage, Kind
from agent.records import Row


@dataclass(frozen=True, slots=True)
class Folded:
    """A run of utterances after folding: `asked` wants an answer (in order), `edited` and
    `deleted` concern what is history already or vanished unanswered.
    """

    asked: tuple[IncomingMessage, ...]
    edited: tuple[IncomingMessage, ...] = ()
    deleted: tuple[IncomingMessage, ...] = ()


def fold(rows: Sequence[Row], history: History, *, every_edit: bool = False) -> Folded:
    """Fold a claimed run of utterances. `every_edit`: edits of what is not in the history count.

    Platforms promise no order: an edit may come before its message, which is then known already, or
    before an older edit. Revisions of one message grow.
    """
    asked: dict[str, IncomingMessage] = {}
    edited: dict[str, IncomingMessage] = {}
    deleted: list[IncomingMessage] = []
    new_here = not history.said and not history.summary
    for row in rows:
        message = row.message
        is_edit = message.kind is Kind.EDIT
        if message.kind is Kind.DELETE:
            asked.pop(message.id, None)
            edited.pop(message.id, None)
            deleted.append(message)
        elif message.id in history.gone:
            continue  # it was deleted before it came in
        elif history.has(message.id) or (every_edit and is_edit and message.id not in asked):
            known = edited.get(message.id)
            if is_edit and message.revision > (
                known.revision if known else history.revision(message.id)
            ):
                edited[message.id] = message
        elif message.id in asked:
            if is_edit and message.revision > asked[message.id].revision:
                asked[message.id] = replace(message, kind=Kind.MESSAGE)
        elif message.id in edited:  # its edit came first
            asked[message.id] = replace(edited.pop(message.id), kind=Kind.MESSAGE)
        elif message.kind is Kind.MESSAGE or (
            # An edit that brings the bot in for the first time is a question like any other.
            is_edit and (message.mentions_bot or (message.direct and new_here))
        ):
            asked[message.id] = replace(message, kind=Kind.MESSAGE) if is_edit else message
    return Folded(tuple(asked.values()), tuple(edited.values()), tuple(deleted))
