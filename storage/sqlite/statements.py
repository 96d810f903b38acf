"""Every statement of the hot path, in the order of a message's way. Those beside it are in
`lookups.py`.

They are constants, so that SQLite prepares each one once. A test reads the query plan of each and
allows no scan: what a turn costs must not grow with what is stored. Parameters are named after
what they mean; `schema.py` explains `ready_at` and `next_at`.
"""

from agent.messages import DESK_KINDS
from agent.state import WITH_PEOPLE

# What people do about a case, and the states of a lane in which they have one.
_DESK_KINDS = ", ".join(sorted(f"'{kind}'" for kind in DESK_KINDS))
_WITH_PEOPLE = ", ".join(f"'{state}'" for state in WITH_PEOPLE)

# --- start -------------------------------------------------------------------------------------

# What a process that died left behind. Its leases are void, so that its turns run again at once.
# What it was sending may have been sent; the lines behind it are intact. That a moment is known
# follows from the rest of the condition, but only said so it leads to the index.

FREE_LANES = """
UPDATE lanes SET epoch = epoch + 1, lease_owner = NULL, ready_at = :now
WHERE lease_owner IS NOT NULL AND ready_at IS NOT NULL
"""

DOUBT_DELIVERIES = """
UPDATE outbox SET state = 'pending', doubtful = 1, next_at = :now
WHERE state = 'sending' AND next_at IS NOT NULL
"""

# --- accept ------------------------------------------------------------------------------------

LANE_IS_KNOWN = "SELECT 1 FROM lanes WHERE lane = ?"

ACCEPT_ROW = """
INSERT INTO inbox (key, lane, class, kind, message_id, author, not_before, accepted_at, payload,
    case_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO NOTHING
"""

# A lane that a worker has is left alone: the commit that ends the turn looks for what came. So is
# one whose utterances wait for a retry: a new utterance behind them is not due before they are.
WAKE_LANE = """
INSERT INTO lanes (lane, ready_at) VALUES (:lane, :due)
ON CONFLICT (lane) DO UPDATE SET ready_at = excluded.ready_at
WHERE lease_owner IS NULL AND (ready_at IS NULL OR (ready_at > excluded.ready_at AND NOT EXISTS (
    SELECT 1 FROM inbox
    WHERE lane = :lane AND state = 'waiting' AND class = 'utterance'
        AND :class = 'utterance' AND id < :row
)))
"""

# What people do about a case does not wait for the first retry of what was written before it. Later
# ones keep their time: else who presses again and again would wear the words' attempts out.
BRING_FORWARD = f"""
UPDATE inbox SET not_before = :now
WHERE lane = :lane AND state = 'waiting' AND class = 'utterance' AND id < :row
    AND not_before > :now AND attempts < 2
    AND (SELECT state FROM lanes WHERE lane = :lane) IN ({_WITH_PEOPLE})
"""  # noqa: S608 a constant

# --- claim and lease ---------------------------------------------------------------------------

CLAIM_LANE = """
UPDATE lanes SET epoch = epoch + 1, lease_owner = :owner, ready_at = :until
WHERE lane = :lane AND ready_at <= :now
RETURNING epoch, state, context_from, last_at
"""

# The columns of a waiting row, the same wherever rows are claimed.
_WAITING = (
    "id, attempts, accepted_at, payload, class, kind, message_id, author, not_before, key, case_id"
)

# 'control' sorts before 'utterance', so the control that overtakes is the first row. Controls that
# are not due do not wait in line; an utterance that is not due holds back those behind it.
WAITING_ROWS = f"""
SELECT {_WAITING}
FROM inbox
WHERE lane = :lane AND state = 'waiting' AND (class = 'utterance' OR not_before <= :now)
ORDER BY class, id LIMIT :limit
"""  # noqa: S608 a constant

EARLIER_WORDS = f"""
SELECT {_WAITING}
FROM inbox
WHERE lane = :lane AND state = 'waiting' AND class = 'utterance' AND id < :before
ORDER BY id LIMIT :limit
"""  # noqa: S608 a constant

LATER_CHANGES = f"""
SELECT {_WAITING}
FROM inbox
WHERE lane = :lane AND state = 'waiting' AND kind IN ('edit', 'delete') AND id > :after
ORDER BY id
"""  # noqa: S608 a constant

# Without being told, SQLite might walk through everything that the author ever wrote.
TAKEN_OVER = f"""
SELECT {_WAITING}
FROM inbox INDEXED BY inbox_waiting
WHERE lane = :lane AND state = 'waiting' AND class = 'utterance' AND id < :before
    AND author = :author AND case_id = :case
ORDER BY id
"""  # noqa: S608 a constant

WAS_DONE = "SELECT 1 FROM inbox WHERE key = ? AND state = 'done'"

CLAIM_ROW = "UPDATE inbox SET attempts = attempts + 1, claim_epoch = ? WHERE id = ?"

HISTORY = """
SELECT seq, turn_id, kind, at, data FROM journal
WHERE lane = :lane AND seq >= :since ORDER BY seq DESC LIMIT :limit
"""

OPEN_APPROVAL = """
SELECT id, turn_id, tool, arguments, approvers, state, asked_at, expires_at, message_id, decided_by
FROM approvals WHERE lane = ? AND state = 'open'
"""

WITHDRAW = "UPDATE approvals SET state = 'withdrawn' WHERE lane = ? AND state = 'open'"

STEPS_OF = """
SELECT turn_id, n, kind, state, at, data, rows FROM steps WHERE turn_id = ? ORDER BY n
"""

# The rows of a turn that has steps: the last output of its model knows them all.
ROWS_OF_STEPS = """
SELECT rows FROM steps WHERE turn_id = ? AND kind = 'model' ORDER BY n DESC LIMIT 1
"""

# A control that cannot be read is about nothing.
UNDELIVERED = """
SELECT payload FROM outbox
WHERE message_id = iif(json_valid(:control), json_extract(:control, '$.about'), NULL)
"""

# Posts of which nobody knows whether they arrived, where their reader was to find them: that may
# not be where the turn was. Only what has words can be sent again.
UNCONFIRMED_OF = """
SELECT payload, mentioned FROM outbox
WHERE destination = :lane AND state = 'unconfirmed'
    AND payload != '' AND under = '' AND replaces = ''
ORDER BY id DESC LIMIT :limit
"""

# Which of our messages a press is on, by the platform's id of it; an edit has the same one.
PRESSED = """
SELECT message_id FROM outbox
WHERE destination = :lane AND replaces = '' AND ref != ''
    AND ref = iif(json_valid(:control), json_extract(:control, '$.about_ref'), NULL)
"""

LEASE_HOLDS = "SELECT 1 FROM lanes WHERE lane = ? AND epoch = ? AND lease_owner = ?"

RENEW = "UPDATE lanes SET ready_at = ? WHERE lane = ? AND epoch = ? AND lease_owner = ?"

WAITING_CONTROLS = """
SELECT kind FROM inbox
WHERE lane = :lane AND state = 'waiting' AND class = 'control' AND not_before <= :now
    AND claim_epoch IS NOT :epoch
"""

# What a control took over ends with it, whatever becomes of it meanwhile.
CHANGE_OF_CLAIMED = """
SELECT 1 FROM inbox AS change
WHERE change.lane = :lane AND change.state = 'waiting' AND change.kind IN ('edit', 'delete')
    AND change.claim_epoch IS NOT :epoch
    AND EXISTS (
        SELECT 1 FROM inbox AS post
        WHERE post.lane = :lane AND post.state = 'waiting' AND post.class = 'utterance'
            AND post.claim_epoch = :epoch AND post.message_id = change.message_id
            AND post.case_id = change.case_id
    )
    AND NOT EXISTS (
        SELECT 1 FROM inbox AS control
        WHERE control.lane = :lane AND control.state = 'waiting' AND control.class = 'control'
            AND control.claim_epoch = :epoch
    )
LIMIT 1
"""

# --- steps -------------------------------------------------------------------------------------

WRITE_STEP = """
INSERT INTO steps (turn_id, n, kind, call_id, state, at, data, rows)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (turn_id, n) DO UPDATE SET kind = excluded.kind, call_id = excluded.call_id,
    state = excluded.state, at = excluded.at, data = excluded.data, rows = excluded.rows
"""

STEPS_OVER = "DELETE FROM steps WHERE turn_id = ?"

TIMER_OVER = "UPDATE inbox SET state = 'done', payload = '' WHERE key = ? AND state = 'waiting'"

# --- the end of a turn -------------------------------------------------------------------------

ROWS_DONE = """
UPDATE inbox SET state = 'done', payload = ''
WHERE lane = ? AND state = 'waiting' AND claim_epoch = ?
"""

ROW_BURIED = """
UPDATE inbox SET state = 'done', payload = '' WHERE id = ? AND state = 'waiting' AND claim_epoch = ?
"""

ROWS_BACK = """
UPDATE inbox SET claim_epoch = NULL, not_before = :retry_at, attempts = attempts - :unblamed
WHERE lane = :lane AND state = 'waiting' AND claim_epoch = :epoch
"""

# The earliest of two moments of which either may be missing; 9e999 is how SQLite writes infinity.
# What has to come after words that wait for a retry does not count: the lane is due with these.
_NEXT_READY = f"""nullif(min(
    ifnull((SELECT min(not_before) FROM inbox
            WHERE lane = :lane AND state = 'waiting' AND class = 'control'
                AND NOT ({{state}} IN ({_WITH_PEOPLE}) AND kind IN ({_DESK_KINDS})
                    AND case_id != '' AND EXISTS (
                        SELECT 1 FROM inbox AS words
                        WHERE words.lane = :lane AND words.state = 'waiting'
                            AND words.class = 'utterance' AND words.id < inbox.id))), 9e999),
    ifnull((SELECT not_before FROM inbox
            WHERE lane = :lane AND state = 'waiting' AND class = 'utterance'
            ORDER BY id LIMIT 1), 9e999)), 9e999)"""  # noqa: S608 a constant

END_TURN = f"""
UPDATE lanes SET state = :state, version = version + 1, last_at = :now, lease_owner = NULL,
    context_from = ifnull(:context_from, context_from),
    ready_at = {_NEXT_READY.format(state=":state")}
WHERE lane = :lane AND epoch = :epoch AND lease_owner = :owner
RETURNING ready_at
"""  # noqa: S608 a constant

REST_LANE = f"""
UPDATE lanes SET lease_owner = NULL, ready_at = {_NEXT_READY.format(state="lanes.state")}
WHERE lane = :lane AND epoch = :epoch AND lease_owner = :owner
"""  # noqa: S608 a constant

WRITE_JOURNAL = "INSERT INTO journal (lane, turn_id, kind, at, data) VALUES (?, ?, ?, ?, ?)"

WRITE_APPROVAL = """
INSERT INTO approvals (id, lane, turn_id, call_id, tool, arguments, approvers, state, asked_at,
    expires_at, message_id, decided_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET lane = excluded.lane, turn_id = excluded.turn_id,
    call_id = excluded.call_id, tool = excluded.tool, arguments = excluded.arguments,
    approvers = excluded.approvers, state = excluded.state, asked_at = excluded.asked_at,
    expires_at = excluded.expires_at, message_id = excluded.message_id,
    decided_by = excluded.decided_by
"""

WRITE_FEEDBACK = """
INSERT INTO feedback (message_id, author, verdict, comment, lane, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (message_id, author) DO UPDATE SET verdict = excluded.verdict,
    comment = excluded.comment, at = excluded.at
"""

WRITE_SPEND = """
INSERT INTO spend (lane, turn_id, at, model, input_total, cache_read, cache_write, output,
    reasoning, estimated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# --- outbox ------------------------------------------------------------------------------------

DESTINATION_OF = "SELECT destination FROM outbox WHERE message_id = ?"

REF_OF = "SELECT ref FROM outbox WHERE message_id = ?"

SOMEBODY_IN_LINE = """
SELECT 1 FROM outbox WHERE destination = ? AND state IN ('pending', 'sending') LIMIT 1
"""

WRITE_OUTBOX = """
INSERT INTO outbox (message_id, lane, turn_id, destination, under, replaces, payload, case_id,
    queued_at, state, next_at, owner, sending_since)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# The columns of a delivery, the same wherever rows are taken for sending.
_DELIVERY = (
    "id, lane, message_id, payload, attempts, doubtful, sending_since, queued_at, under, replaces"
)

# A row whose sender was given up may have been sent. `platforms` is a list as `outbox.listed` makes
# it, and `among` whether what is taken is for one of them or for none. What is passed over is read
# in the index's order all the same: no more than what waits, and only while it does.
TAKE_DUE = f"""
UPDATE outbox SET doubtful = doubtful OR state = 'sending', state = 'sending', owner = :owner,
    sending_since = :now, next_at = :until
WHERE id IN (
    SELECT id FROM outbox
    WHERE next_at <= :now
        AND sign(instr(:platforms, '|' || substr(destination, 1, instr(destination, ':')))) = :among
    ORDER BY next_at LIMIT :limit
)
RETURNING {_DELIVERY}
"""  # noqa: S608 a constant

TAKE_NEXT = f"""
UPDATE outbox SET state = 'sending', owner = :owner, sending_since = :now, next_at = :until
WHERE id = (
    SELECT id FROM outbox WHERE destination = :destination AND state IN ('pending', 'sending')
    ORDER BY id LIMIT 1
) AND state = 'pending'
RETURNING {_DELIVERY}
"""  # noqa: S608 a constant

SETTLE = """
UPDATE outbox SET state = :state, attempts = attempts + 1, doubtful = :doubtful,
    next_at = :next_at, ref = :ref, reason = :reason, settled_at = :settled_at
WHERE id = :id AND state = 'sending' AND owner = :owner AND sending_since = :since
RETURNING destination, turn_id
"""

TOLD_ELSEWHERE = "UPDATE outbox SET elsewhere = 1 WHERE message_id = ? AND state = 'dead'"

MENTIONED = "UPDATE outbox SET mentioned = 1 WHERE message_id = ? AND state = 'unconfirmed'"

SEND_AGAIN = """
UPDATE outbox SET state = 'pending', doubtful = 0, next_at = NULL, reason = '', settled_at = 0,
    mentioned = 0
WHERE message_id = ? AND state = 'unconfirmed' AND payload != ''
RETURNING destination
"""

SENDING_IN_LINE = """
SELECT 1 FROM outbox
WHERE destination = ? AND state IN ('pending', 'sending') AND state = 'sending'
"""

# Only the first of a line has a time; it is due now, unless it was the first before and waits.
_FIRST = """(
    SELECT id FROM outbox WHERE destination = :destination AND state IN ('pending', 'sending')
    ORDER BY id LIMIT 1
)"""
LINE_UP = f"""
UPDATE outbox SET next_at = iif(id = {_FIRST}, ifnull(next_at, :now), NULL)
WHERE destination = :destination AND state IN ('pending', 'sending')
    AND (next_at IS NOT NULL OR id = {_FIRST})
"""  # noqa: S608 a constant

# --- due ---------------------------------------------------------------------------------------

# Without the lanes of these platforms, a list as for TAKE_DUE.
DUE_LANES = """
SELECT lane FROM lanes
WHERE ready_at <= :now AND NOT instr(:platforms, '|' || substr(lane, 1, instr(lane, ':')))
ORDER BY ready_at LIMIT :limit
"""

NEXT_LANE = "SELECT min(ready_at) FROM lanes WHERE ready_at > ?"

NEXT_DELIVERY = "SELECT min(next_at) FROM outbox WHERE next_at > ?"

LANE_READY = "SELECT ready_at FROM lanes WHERE lane = ?"
