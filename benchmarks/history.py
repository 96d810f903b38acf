"""A database with years behind it: conversations as Frontdesk itself would have left them.

Rows are made inside SQLite, by the statements below and not by turns, which would take an hour.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from benchmarks.fake_slack import TEAM, Place
from benchmarks.load import PEOPLE
from storage import migrate

EACH = 10
"""Messages of an employee in each conversation, all answered."""
SPAN = 30 * 86_400.0
"""Seconds over which they are spread; the newest conversations were active within the hour."""

# One row for each message, in the order in which they were accepted. Conversations take turns, so
# that what belongs to one of them lies scattered over the whole file.
MESSAGES = """
CREATE TEMP TABLE messages AS
WITH RECURSIVE numbers (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM numbers WHERE id < :messages)
SELECT id, (id - 1) % :conversations AS talk, :now - :span * (1 - id * 1.0 / :messages) AS at,
    '' AS person, '' AS ts, '' AS lane
FROM numbers
"""
PEOPLE_AND_TIMES = """
UPDATE messages SET person = printf('0BENCH%03d', talk % :people),
    ts = printf('%d.%06d', at, id % 1000000)
"""
LANES_OF = """
UPDATE messages SET lane = 'slack:' || :team || ':D' || person || ':' || (
    SELECT root.ts FROM messages AS root WHERE root.rowid = messages.talk + 1
)
"""

INBOX = """
INSERT INTO inbox (id, key, lane, class, kind, message_id, author, not_before, attempts, state,
    claim_epoch, accepted_at, payload)
SELECT id, 'slack:' || :team || ':D' || person || ':' || ts || '::', lane, 'utterance', 'message',
    ts, 'U' || person, at, 1, 'done', 1 + id / :conversations, at, ''
FROM messages
"""
JOURNAL = """
INSERT INTO journal (lane, turn_id, kind, at, data)
SELECT lane, 't' || id, kind, at,
    CASE kind
    WHEN 'said' THEN json_object('id', ts, 'author', 'U' || person, 'name', 'Person U' || person,
        'text', printf(:question, id))
    WHEN 'answered' THEN json_object('message', 't' || id || '.1', 'text', :answer,
        'action', 'continue', 'confidence', 0.9, 'citations', json('[]'), 'thinking', '',
        'model', 'echo:')
    WHEN 'turn' THEN :turn
    ELSE json_object('message', 't' || id || '.1', 'ref', printf('1790000000.%06d', id)) END
FROM messages CROSS JOIN (
    SELECT 'said' AS kind UNION ALL SELECT 'answered' UNION ALL SELECT 'turn'
    UNION ALL SELECT 'delivered'
)
"""
OUTBOX = """
INSERT INTO outbox (id, message_id, lane, turn_id, destination, under, replaces, payload, state,
    attempts, owner, sending_since, queued_at, settled_at, ref)
SELECT id, 't' || id || '.1', lane, 't' || id, lane, '', '', json_object('id', 't' || id || '.1',
    'conversation', json_object('platform', 'slack', 'tenant', :team, 'channel', 'D' || person,
        'thread', substr(lane, -17)),
    'text', :answer, 'tone', 'plain', 'citations', json('[]'), 'buttons', json('[]'),
    'feedback', json('true'), 'card', NULL, 'under', '', 'replaces', ''),
    'sent', 1, 'bench', at, at, at, printf('1790000000.%06d', id)
FROM messages
"""
LANES = """
INSERT INTO lanes (lane, version, epoch, last_at)
SELECT lane, count(*), count(*), max(at) FROM messages GROUP BY lane
"""
STATEMENTS = (MESSAGES, PEOPLE_AND_TIMES, LANES_OF, INBOX, JOURNAL, OUTBOX, LANES)

QUESTION = "How do I reset the token of laptop %d? It says that the device is unknown to it."
ANSWER = (
    "A new token is on the self-service page, under *Devices*. Choose your laptop, then *Renew*: "
    "the code arrives on your phone within a minute and is valid for ten. If the page says that "
    "the device is unknown, bring it to the service point on the second floor."
)
TURN = (
    '{"before":"idle","outcome":"answered","events":["wrote","answered"],"after":"idle",'
    '"attempts":[{"model":"echo:","rung":1,"hedged":false,"outcome":"ok","calls":1,'
    '"seconds":1.2345,"first_token":0.4321}]}'
)


def write_history(path: Path, conversations: int) -> None:
    """Make a new database with so many conversations of `EACH` messages."""
    migrate(f"sqlite:///{path}")
    wanted = {
        "conversations": conversations,
        "messages": conversations * EACH,
        "now": time.time(),
        "span": SPAN,
        "people": PEOPLE,
        "team": TEAM,
        "question": QUESTION,
        "answer": ANSWER,
        "turn": TURN,
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        # If this dies, the file is made anew.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN")
        indexes = _drop_indexes(db)
        for statement in STATEMENTS:
            db.execute(statement, wanted)
        for index in indexes:
            db.execute(index)
        db.execute("COMMIT")


def newest(path: Path, conversations: int) -> list[Place]:
    """Where the conversations are that were active last."""
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT lane FROM lanes ORDER BY last_at DESC LIMIT ?"
        lanes = [lane for (lane,) in db.execute(query, (conversations,))]
    return [Place(*lane.split(":")[2:]) for lane in lanes]


def _drop_indexes(db: sqlite3.Connection) -> list[str]:
    """Drop what can be built faster afterwards, and return how."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    found = db.execute(query).fetchall()
    for name, _ in found:
        db.execute(f"DROP INDEX {name}")
    return [sql for _, sql in found]
