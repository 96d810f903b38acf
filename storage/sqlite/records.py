"""The port Records over SQLite: read-only views for people."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pydantic_core import from_json

from agent.messages import SAFE_IN_ID, ConversationId
from agent.records import Recent, TimelineItem
from storage.sqlite import lookups as sql
from storage.sqlite.reader import Reader

# Each is one pass over an index of exactly the rows it counts, or over a small table.
COUNTS = {
    "rows_waiting": "SELECT count(*) FROM inbox WHERE state = 'waiting'",
    "lanes": "SELECT count(*) FROM lanes",
    "outbox_pending": """SELECT count(*) FROM outbox
        WHERE state IN ('pending', 'sending') AND state = 'pending'""",
    "outbox_sending": """SELECT count(*) FROM outbox
        WHERE state IN ('pending', 'sending') AND state = 'sending'""",
    "outbox_unconfirmed": "SELECT count(*) FROM outbox WHERE state = 'unconfirmed'",
    "outbox_dead": "SELECT count(*) FROM outbox WHERE state = 'dead' AND NOT elsewhere",
    "cases_open": "SELECT count(*) FROM cases WHERE state IN ('waiting', 'claimed')",
    "documents": "SELECT count(*) FROM knowledge_documents",
}


RECENT_ROWS = 20_000
"""Rows of the inbox that are looked through for conversations that were active lately: days of a
large company, and some hundredths of a second."""


class SqliteRecords:
    """What happened and what is there; see `agent.ports.Records`."""

    def __init__(self, reader: Reader) -> None:
        """Ask through `reader`."""
        self._reader = reader

    async def timeline(self, lane: str) -> Sequence[TimelineItem]:
        rows = await self._reader.run(lambda db: db.execute(sql.TIMELINE, (lane,)).fetchall())
        return [TimelineItem(at, kind, turn, from_json(data)) for at, kind, turn, data in rows]

    async def latest_lane(self, platform: str, author_id: str, channel: str) -> str | None:
        place = quote(channel, safe=SAFE_IN_ID) if channel else "*"
        lanes = f"{quote(platform, safe=SAFE_IN_ID)}:*:{place}:*"
        row = await self._reader.run(
            lambda db: db.execute(sql.LATEST_LANE, {"author": author_id, "lanes": lanes}).fetchone()
        )
        return row[0] if row else None

    async def recent(self, platform: str, limit: int) -> Sequence[Recent]:
        lanes = f"{quote(platform, safe=SAFE_IN_ID)}:*"

        def look(db: sqlite3.Connection) -> dict[str, tuple[str, float]]:
            newest: dict[str, tuple[str, float]] = {}
            wanted = {"rows": RECENT_ROWS, "lanes": lanes}
            for lane, message_id, accepted_at in db.execute(sql.NEWEST_POSTS, wanted):
                if len(newest) >= limit:
                    break
                newest.setdefault(lane, (message_id, accepted_at))
            return newest

        found = await self._reader.run(look)
        return [Recent(ConversationId.parse(lane), *row) for lane, row in found.items()]

    async def counts(self) -> Mapping[str, int]:
        def count(db: sqlite3.Connection) -> dict[str, int]:
            return {name: db.execute(query).fetchone()[0] for name, query in COUNTS.items()}

        return await self._reader.run(count)
