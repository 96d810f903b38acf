"""The port Records over SQLite: read-only views for people."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from agent.cases import Case, CaseState, CaseTimes, Cause
from agent.messages import SAFE_IN_ID, ConversationId
from agent.records import Recent, TimelineItem
from storage.sqlite import desk_statements as desk
from storage.sqlite import lookups as sql
from storage.sqlite.cases import CAUSES, case_of
from storage.sqlite.codec import data_of
from storage.sqlite.reader import Reader

# Each is one pass over an index of exactly the rows it counts, or over a small table.
COUNTS = {
    "rows_waiting": """SELECT count(*) FROM inbox
        WHERE state = 'waiting' AND kind NOT IN ('look', 'expire')""",
    "timers": """SELECT count(*) FROM inbox
        WHERE state = 'waiting' AND kind IN ('look', 'expire')""",
    "lanes": "SELECT count(*) FROM lanes",
    "outbox_pending": """SELECT count(*) FROM outbox
        WHERE state IN ('pending', 'sending') AND state = 'pending'""",
    "outbox_sending": """SELECT count(*) FROM outbox
        WHERE state IN ('pending', 'sending') AND state = 'sending'""",
    "outbox_unconfirmed": "SELECT count(*) FROM outbox WHERE state = 'unconfirmed'",
    "outbox_dead": "SELECT count(*) FROM outbox WHERE state = 'dead' AND NOT elsewhere",
    "cases_open": "SELECT count(*) FROM cases WHERE state IN ('waiting', 'claimed')",
    "cases_waiting": """SELECT count(*) FROM cases
        WHERE state IN ('waiting', 'claimed') AND state = 'waiting'""",
    "documents": "SELECT count(*) FROM knowledge_documents",
}


Post = tuple[str, float]
"""The platform's id of a post, and when it was accepted."""

RECENT_ROWS = 20_000
"""Rows of the inbox that are looked through for conversations that were active lately: days of a
large company, and some hundredths of a second."""


@dataclass(slots=True)
class _Recently:
    """The newest posts of conversations, and of the desk by case and channel; `threads` are the
    cards of open cases.
    """

    threads: Sequence[tuple[str, str, str, float]]
    lanes: dict[str, Post] = field(default_factory=dict)
    desk: dict[tuple[str, str], Post] = field(default_factory=dict)

    def newest_first(self, limit: int) -> list[Recent]:
        """The threads of open cases before all others: somebody relies on them, however long ago
        the last word was. But most are never theirs.
        """
        cards = [
            Recent(
                replace(ConversationId.parse(place), thread=ref),
                *self.desk.get((case_id, place), (ref, posted_at)),
            )
            for case_id, place, ref, posted_at in self.threads
        ]
        cards.sort(key=lambda one: one.accepted_at, reverse=True)
        first = cards[: limit // 2]
        others = [Recent(ConversationId.parse(lane), *post) for lane, post in self.lanes.items()]
        return first + others[: limit - len(first)]


class SqliteRecords:
    """What happened and what is there; see `agent.ports.Records`."""

    def __init__(self, reader: Reader) -> None:
        """Ask through `reader`."""
        self._reader = reader

    async def timeline(self, lane: str) -> Sequence[TimelineItem]:
        rows = await self._reader.run(lambda db: db.execute(sql.TIMELINE, (lane,)).fetchall())
        return [TimelineItem(at, kind, turn, data_of(data)) for at, kind, turn, data in rows]

    async def latest_lane(
        self, platform: str, author_id: str, channel: str, but: str = ""
    ) -> str | None:
        place = quote(channel, safe=SAFE_IN_ID) if channel else "*"
        lanes = f"{quote(platform, safe=SAFE_IN_ID)}:*:{place}:*"
        wanted = {"author": author_id, "lanes": lanes, "but": but}

        def look(db: sqlite3.Connection) -> str | None:
            found = db.execute(sql.LATEST_LANE, wanted).fetchall()
            newest_first = sorted(found, key=lambda one: one[1], reverse=True)
            lanes = (lane for lane, _ in newest_first)
            return next((lane for lane in lanes if _is_for(db, lane, author_id)), None)

        return await self._reader.run(look)

    async def recent(self, platform: str, limit: int) -> Sequence[Recent]:
        lanes = f"{quote(platform, safe=SAFE_IN_ID)}:*"

        def look(db: sqlite3.Connection) -> _Recently:
            found = _Recently(db.execute(desk.DESK_THREADS, {"lanes": lanes}).fetchall())
            wanted = {"rows": RECENT_ROWS, "lanes": lanes}
            for lane, message_id, accepted_at, case_id, key in db.execute(sql.NEWEST_POSTS, wanted):
                if len(found.lanes) >= limit:
                    break
                post = (message_id, accepted_at)
                if case_id:
                    found.desk.setdefault((case_id, _place_of(key)), post)
                else:
                    found.lanes.setdefault(lane, post)
            return found

        return (await self._reader.run(look)).newest_first(limit)

    async def open_cases(self) -> Sequence[Case]:
        rows = await self._reader.run(lambda db: db.execute(desk.OPEN_CASES).fetchall())
        return [case for row in rows if (case := case_of(row)) is not None]

    async def case(self, case_id: str) -> Case | None:
        row = await self._reader.run(lambda db: db.execute(desk.CASE, (case_id,)).fetchone())
        return case_of(row) if row else None

    async def case_under(self, card: ConversationId) -> Case | None:
        wanted = {"place": str(replace(card, thread="")), "ref": card.thread}

        def look(db: sqlite3.Connection) -> tuple[Any, ...] | None:
            found = db.execute(desk.CASE_OF_REF, wanted).fetchone()
            return db.execute(desk.CASE, (found[0],)).fetchone() if found else None

        row = await self._reader.run(look)
        return case_of(row) if row else None

    async def case_times(self) -> Sequence[CaseTimes]:
        rows = await self._reader.run(lambda db: db.execute(desk.CASE_TIMES).fetchall())
        return [CaseTimes(Cause(cause), *times) for cause, *times in rows if cause in CAUSES]

    async def counts(self) -> Mapping[str, int]:
        def count(db: sqlite3.Connection) -> dict[str, int]:
            return {name: db.execute(query).fetchone()[0] for name, query in COUNTS.items()}

        return await self._reader.run(count)


def _place_of(key: str) -> str:
    """The channel in which a post was written, as its key tells (`IncomingMessage.key`)."""
    return ":".join([*key.split(":")[:3], ""])


def _is_for(db: sqlite3.Connection, lane: str, author: str) -> bool:
    """Whether what somebody wants may be said in a conversation. Where people talk with somebody
    else, or did, they would hear it, and so would that one.
    """
    cases = db.execute(sql.CASES_IN, {"lane": lane}).fetchall()
    has_one = any(CaseState(state).is_open for employee, state in cases if employee == author)
    return has_one or all(employee in ("", author) for employee, _ in cases)
