"""The port Knowledge over SQLite's full-text index."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence

from agent.models import Passage
from storage.sqlite import lookups as sql
from storage.sqlite.reader import Reader
from storage.sqlite.words import informative_words
from storage.sqlite.writer import Writer

COUNT_PASSAGES = "SELECT count(*) FROM knowledge"
DOCUMENTS = "SELECT source, digest FROM knowledge_documents ORDER BY source"


class SqliteKnowledge:
    """Documents as passages with a full-text index; see `agent.ports.Knowledge`.

    The number of passages is remembered, for the weights of words and so that an empty knowledge
    costs a turn nothing. Other processes load documents too: the memory holds as long as the
    writer, which every turn uses before it searches, has seen nobody else write.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Search through `reader`, change through `writer`."""
        self._writer = writer
        self._reader = reader
        self._changes = 0
        self._size = 0
        self._size_as_of: object = None
        self._believed_at = 0
        self._believed = 0

    async def search(self, query: str, limit: int) -> Sequence[Passage]:
        if limit < 1 or self._surely_empty():
            return []
        words = informative_words(query)
        if not words:
            return []
        size = await self._count()
        return await self._reader.run(lambda db: find(db, words, size, limit)) if size else []

    async def replace(self, source: str, digest: str, passages: Sequence[Passage]) -> bool:
        rows = [(source, p.title, p.section, p.text, p.link, p.owner, p.updated) for p in passages]
        try:
            return await self._writer.run(lambda db: _replace(db, source, digest, rows))
        finally:
            self._changes += 1

    async def remove(self, source: str) -> bool:
        """Take a document out; False if there was none of this name.

        Raises:
            StoreUnavailable: nothing was removed.
        """
        try:
            return await self._writer.run(lambda db: _remove(db, source))
        finally:
            self._changes += 1

    async def documents(self) -> Mapping[str, str]:
        """The digest of every document by its source.

        Raises:
            StoreUnavailable: the database could not be read.
        """
        return dict(await self._reader.run(lambda db: db.execute(DOCUMENTS).fetchall()))

    def _now(self) -> object:
        """Equal as long as the documents are the same, as far as this process has noticed."""
        return self._changes, self._writer.others_version

    def _surely_empty(self) -> bool:
        """Whether there was nothing, and the last commit saw no change. Each of its jobs may have
        been the claim of a turn: so many searches go by it, the next one looks.
        """
        if self._believed_at != self._writer.batches:
            self._believed_at, self._believed = self._writer.batches, 0
        self._believed += 1
        empty = self._size == 0 and self._size_as_of == self._now()
        return empty and self._believed <= self._writer.jobs

    async def _count(self) -> int:
        as_of = self._now()
        if not self._size or self._size_as_of != as_of:
            self._size = await self._reader.run(_count)
            self._size_as_of = as_of
        return self._size


def find(db: sqlite3.Connection, words: Sequence[str], size: int, limit: int) -> list[Passage]:
    """The passages that fit the words best, of `size` in all, at most `limit`.

    Candidates are those that SQLite's bm25 ranks highest for any of the words. What a passage is
    worth is the share of the words that it contains, each word weighted by how rare it is: so the
    score means the same in every knowledge and for every question, and a word that no passage
    knows says that the question is about something else.
    """
    anything = " OR ".join(f'"{word}"' for word in words)
    ranked = db.execute(sql.RANK_PASSAGES, (anything, limit)).fetchall()
    share = dict.fromkeys((rowid for (rowid,) in ranked), 0.0)
    wanted = f",{','.join(map(str, share))},"
    total = 0.0
    for word in words:
        parameters = {"wanted": wanted, "word": f'"{word}"'}
        frequency, containing = db.execute(sql.WORD_IN_PASSAGES, parameters).fetchone()
        weight = _rarity(frequency, size)
        total += weight
        for rowid in map(int, (containing or "").split(",") if containing else ()):
            share[rowid] += weight
    return [_passage(db, f"p{n}", rowid, share[rowid] / total) for n, rowid in enumerate(share, 1)]


def _passage(db: sqlite3.Connection, name: str, rowid: int, score: float) -> Passage:
    row = db.execute(sql.READ_PASSAGE, (rowid,)).fetchone()
    title, section, text, link, owner, updated = row
    return Passage(name, title, section, text, link, owner, updated, score)


def _rarity(frequency: int, size: int) -> float:
    """The inverse document frequency of bm25, in the form that is never negative."""
    return math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))


def _count(db: sqlite3.Connection) -> int:
    count: int = db.execute(COUNT_PASSAGES).fetchone()[0]
    return count


def _replace(
    db: sqlite3.Connection, source: str, digest: str, rows: Sequence[tuple[str, ...]]
) -> bool:
    if db.execute(sql.DIGEST_OF, (source,)).fetchone() == (digest,):
        return False
    db.execute(sql.DROP_PASSAGES, (source,))
    db.executemany(sql.WRITE_PASSAGE, rows)
    db.execute(sql.WRITE_DOCUMENT, (source, digest))
    return True


def _remove(db: sqlite3.Connection, source: str) -> bool:
    db.execute(sql.DROP_PASSAGES, (source,))
    return db.execute(sql.DROP_DOCUMENT, (source,)).rowcount > 0
