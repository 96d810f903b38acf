"""The tables, as migrations. One that was ever released is never edited: a change is a new one.

Rows refer to each other without foreign keys: every row is written by the one writer in the same
commit as what it refers to, and a check at each insert would be paid by every message.

Two columns are worth knowing before reading `statements.py`:

- `lanes.ready_at` is when a lane wants a worker: the earliest due time of its waiting rows, NULL
  if none waits. While a worker has the lane (`lease_owner`) it is the end of its lease instead.
  So one indexed comparison finds the lanes to claim, those of dead workers too.
- `outbox.next_at` is the same for deliveries. Only the first unsettled row of a destination has
  one; those behind it have NULL until it is their turn. While a row is being sent it is the moment
  at which its sender is given up.
"""

from __future__ import annotations

from urllib.parse import unquote

from pydantic_core import to_json
from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("frontdesk")

LANES = """
CREATE TABLE lanes (
    lane TEXT PRIMARY KEY,
    state TEXT NOT NULL DEFAULT 'idle'
        CHECK (state IN ('idle', 'awaiting_approval', 'escalated', 'with_human', 'closed')),
    version INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT,
    ready_at REAL,
    context_from INTEGER NOT NULL DEFAULT 0,
    last_at REAL NOT NULL DEFAULT 0,
    CHECK (lease_owner IS NULL OR ready_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX lanes_ready ON lanes (ready_at) WHERE ready_at IS NOT NULL;
"""

INBOX = """
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    class TEXT NOT NULL CHECK (class IN ('control', 'utterance')),
    kind TEXT NOT NULL,
    message_id TEXT NOT NULL,
    author TEXT NOT NULL,
    not_before REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done')),
    claim_epoch INTEGER,
    accepted_at REAL NOT NULL,
    payload TEXT NOT NULL,
    CHECK (state = 'waiting' OR payload = '')
) STRICT;
CREATE INDEX inbox_waiting ON inbox (lane, class, id) WHERE state = 'waiting';
CREATE INDEX inbox_changes ON inbox (lane, id)
    WHERE state = 'waiting' AND kind IN ('edit', 'delete');
CREATE INDEX inbox_authors ON inbox (author, lane) WHERE class = 'utterance';
"""

JOURNAL = """
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    lane TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX journal_lane ON journal (lane, seq);
CREATE TABLE steps (
    turn_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('model', 'call')),
    call_id TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('started', 'done')),
    at REAL NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (turn_id, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE spend (
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    at REAL NOT NULL,
    model TEXT NOT NULL,
    input_total INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    estimated INTEGER NOT NULL CHECK (estimated IN (0, 1))
) STRICT;
"""

OUTBOX = """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    destination TEXT NOT NULL,
    under TEXT NOT NULL,
    replaces TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('pending', 'sending', 'sent', 'unconfirmed', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    doubtful INTEGER NOT NULL DEFAULT 0 CHECK (doubtful IN (0, 1)),
    next_at REAL,
    owner TEXT NOT NULL DEFAULT '',
    sending_since REAL NOT NULL DEFAULT 0,
    queued_at REAL NOT NULL,
    settled_at REAL NOT NULL DEFAULT 0,
    ref TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    CHECK (state != 'sending' OR next_at IS NOT NULL)
) STRICT;
CREATE INDEX outbox_line ON outbox (destination, id) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_due ON outbox (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_trouble ON outbox (state) WHERE state IN ('unconfirmed', 'dead');
"""

DESK = """
CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    lane TEXT NOT NULL,
    cause TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'resolved', 'withdrawn')),
    employee_id TEXT NOT NULL,
    opened_at REAL NOT NULL,
    owner TEXT NOT NULL,
    card_id TEXT NOT NULL,
    card TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cases_open ON cases (lane, opened_at) WHERE state IN ('waiting', 'claimed');
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    lane TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    approvers TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'denied', 'expired', 'withdrawn')),
    asked_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    decided_by TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX approvals_open ON approvals (lane) WHERE state = 'open';
CREATE TABLE feedback (
    message_id TEXT NOT NULL,
    author TEXT NOT NULL,
    verdict TEXT NOT NULL,
    lane TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (message_id, author)
) STRICT, WITHOUT ROWID;
CREATE TABLE settings (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at REAL NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;
"""

KNOWLEDGE = """
CREATE TABLE knowledge_documents (
    source TEXT PRIMARY KEY,
    digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE knowledge (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    section TEXT NOT NULL,
    text TEXT NOT NULL,
    link TEXT NOT NULL,
    owner TEXT NOT NULL,
    updated TEXT NOT NULL
) STRICT;
CREATE INDEX knowledge_source ON knowledge (source);
"""

# Words are compared by their English stems and without accents.
TOKENIZER = "porter unicode61 remove_diacritics 2"


@MIGRATIONS(name="0001_first_tables")
def first_tables(db: Database) -> None:
    """Everything the first version knows."""
    for script in (LANES, INBOX, JOURNAL, OUTBOX, DESK, KNOWLEDGE):
        db.executescript(script)
    db.table("knowledge").enable_fts(
        ["title", "section", "text"], create_triggers=True, tokenize=TOKENIZER
    )


# A case of before has its card in the configured human channel, and says so with ''. There was no
# approval yet.
DETAILS = """
ALTER TABLE cases ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN rows TEXT NOT NULL DEFAULT '[]';
ALTER TABLE outbox ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0 CHECK (elsewhere IN (0, 1));
"""


@MIGRATIONS(name="0002_cards_and_approvals")
def cards_and_approvals(db: Database) -> None:
    """Where the card of a case is, which message asks for an approval, what a step is made of,
    what was told another way.
    """
    db.executescript(DETAILS)


# A platform may only know its own ids: whoever presses on a message of ours names it by `ref`.
PLATFORMS = """
CREATE TABLE conversation_references (
    platform TEXT NOT NULL,
    channel TEXT NOT NULL,
    person TEXT NOT NULL,
    reference TEXT NOT NULL,
    kept_at REAL NOT NULL,
    PRIMARY KEY (platform, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX references_person ON conversation_references (platform, person) WHERE person != '';
CREATE INDEX references_latest ON conversation_references (platform, kept_at);
ALTER TABLE outbox ADD COLUMN mentioned INTEGER NOT NULL DEFAULT 0 CHECK (mentioned IN (0, 1));
ALTER TABLE feedback ADD COLUMN comment TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_unconfirmed ON outbox (destination, id) WHERE state = 'unconfirmed';
CREATE INDEX outbox_refs ON outbox (destination, ref) WHERE ref != '';
"""


@MIGRATIONS(name="0003_another_platform")
def another_platform(db: Database) -> None:
    """How channels are reached, who was told that a message may not have arrived, and messages
    by the ids that their platform gave them.
    """
    db.executescript(PLATFORMS)


# SQLite cannot change the CHECK of a column: the table is written anew. What people of the desk
# wrote is found by the case, and nobody wrote it in a conversation of their own. A case is counted
# by its cause, for floods and for metrics, from an index that holds all of what is asked.
CASES = """
ALTER TABLE cases RENAME TO cases_before;
DROP INDEX cases_open;
CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    lane TEXT NOT NULL,
    cause TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('waiting', 'claimed', 'resolved', 'withdrawn', 'handed_back', 'stale')
    ),
    employee_id TEXT NOT NULL,
    opened_at REAL NOT NULL,
    owner TEXT NOT NULL,
    card_id TEXT NOT NULL,
    card TEXT NOT NULL,
    channel TEXT NOT NULL DEFAULT '',
    copies TEXT NOT NULL DEFAULT '[]',
    owner_name TEXT NOT NULL DEFAULT '',
    claimed_at REAL NOT NULL DEFAULT 0,
    released_at REAL NOT NULL DEFAULT 0,
    closed_at REAL NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    incident TEXT NOT NULL DEFAULT '',
    reminders INTEGER NOT NULL DEFAULT 0,
    looks INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO cases (id, lane, cause, state, employee_id, opened_at, owner, card_id, card, channel)
    SELECT id, lane, cause, state, employee_id, opened_at, owner, card_id, card, channel
    FROM cases_before;
DROP TABLE cases_before;
CREATE INDEX cases_open ON cases (lane, opened_at) WHERE state IN ('waiting', 'claimed');
CREATE INDEX cases_joined ON cases (incident, opened_at)
    WHERE incident != '' AND state IN ('waiting', 'claimed');
CREATE INDEX cases_causes ON cases (cause, opened_at, lane, state, claimed_at, closed_at);

ALTER TABLE inbox ADD COLUMN case_id TEXT NOT NULL DEFAULT '';
DROP INDEX inbox_authors;
CREATE INDEX inbox_authors ON inbox (author, lane)
    WHERE (class = 'utterance' OR kind = 'ask_person') AND case_id = '';

ALTER TABLE outbox ADD COLUMN case_id TEXT NOT NULL DEFAULT '';
UPDATE outbox SET case_id = cases.id FROM cases
    WHERE cases.card_id != '' AND outbox.message_id = cases.card_id;
CREATE INDEX outbox_cards ON outbox (case_id) WHERE case_id != '';
CREATE INDEX outbox_awaited ON outbox (destination)
    WHERE case_id != '' AND ref = '' AND replaces = ''
        AND state IN ('pending', 'sending', 'unconfirmed');
"""


# A case of before has no timer, and nothing but a timer makes the next one. It is due at once; a
# lane that somebody has is looked at when its lease is over. Key and payload are those of
# `agent.desk.waiting.timer`.
FIRST_LOOK = """
INSERT INTO inbox (key, lane, class, kind, message_id, author, not_before, accepted_at, payload)
VALUES (:key, :lane, 'control', 'look', :name, '', :opened_at, :opened_at, :payload)
"""
LOOK_SOON = """
INSERT INTO lanes (lane, ready_at) VALUES (:lane, :opened_at)
ON CONFLICT (lane) DO UPDATE SET ready_at = min(ifnull(ready_at, 9e999), excluded.ready_at)
WHERE lease_owner IS NULL
"""


@MIGRATIONS(name="0004_the_desk")
def the_desk(db: Database) -> None:
    """What people do about a case, and which case a row or a card is about."""
    db.executescript(CASES)
    still_open = db.query(
        "SELECT id, lane, opened_at FROM cases WHERE state IN ('waiting', 'claimed')"
    )
    for case in list(still_open):
        _look_at(db, case["id"], case["lane"], case["opened_at"])


def _look_at(db: Database, case_id: str, lane: str, opened_at: float) -> None:
    names = ("platform", "tenant", "channel", "thread")
    place = dict(zip(names, map(unquote, lane.split(":")), strict=False))
    name = f"look-{case_id}-0"
    look = {"conversation": place, "id": name, "kind": "look", "author": {"id": ""}}
    row = {
        "key": f"{lane.rpartition(':')[0]}:{name}::look",
        "lane": lane,
        "name": name,
        "opened_at": opened_at,
        "payload": to_json({**look, "about": case_id}).decode(),
    }
    db.execute(FIRST_LOOK, row)
    db.execute(LOOK_SOON, row)
