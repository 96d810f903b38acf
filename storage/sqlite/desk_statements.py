"""The statements of the desk: which case something is about, and how many cases there are. What
`statements.py` says of its own is true for these.
"""

# --- under which card --------------------------------------------------------------------------

# A card by our name of it, in its channel only: what a press says is not to be trusted. An edit of
# it has a name of its own.
CASE_OF_MESSAGE = """
SELECT cases.id, cases.lane FROM outbox JOIN cases ON cases.id = outbox.case_id
WHERE outbox.message_id = :message AND outbox.destination = :place AND outbox.case_id != ''
"""

# A card by the platform's id of it, which is what its thread is named after.
CASE_OF_REF = """
SELECT cases.id, cases.lane FROM outbox JOIN cases ON cases.id = outbox.case_id
WHERE outbox.destination = :place AND outbox.ref = :ref AND outbox.ref != ''
    AND outbox.replaces = '' AND outbox.case_id != ''
"""

# Whether there is a card in a channel whose id nobody knows yet.
AWAITED = """
SELECT 1 FROM outbox
WHERE destination = ? AND case_id != '' AND ref = '' AND replaces = ''
    AND state IN ('pending', 'sending', 'unconfirmed')
LIMIT 1
"""

# The same for a card that will be there in a moment; nobody knows whether the others ever are.
ON_ITS_WAY = """
SELECT 1 FROM outbox
WHERE destination = ? AND case_id != '' AND ref = '' AND replaces = ''
    AND state IN ('pending', 'sending', 'unconfirmed') AND state != 'unconfirmed'
LIMIT 1
"""

# Whose card it is of which nobody knows whether it is there, and came to be so since a moment; and
# not if the post above the thread was written at another moment, as far as that is known.
UNCONFIRMED_CARD = """
SELECT lane, case_id, message_id FROM outbox
WHERE destination = :place AND case_id != '' AND ref = '' AND replaces = ''
    AND state IN ('pending', 'sending', 'unconfirmed') AND state = 'unconfirmed'
    AND settled_at > :since
    AND (:root_at = 0 OR :root_at BETWEEN queued_at - :apart AND settled_at + :apart)
LIMIT 1
"""

# A card of which nobody knew whether it arrived. One that was never sent did not.
ARRIVED = """
UPDATE outbox SET state = 'sent', ref = :ref, doubtful = 0, next_at = NULL, reason = '',
    settled_at = :now
WHERE message_id = :message AND destination = :place AND case_id != '' AND ref = ''
    AND replaces = '' AND (state IN ('sending', 'unconfirmed') OR (state = 'pending' AND doubtful))
RETURNING lane, turn_id
"""

# --- what waits in a thread of the desk --------------------------------------------------------

DESK_ROWS = """
SELECT id, key, class, kind, not_before, accepted_at,
    iif(json_valid(payload), json_extract(payload, '$.about'), '') AS about,
    iif(json_valid(payload), json_extract(payload, '$.about_ref'), '') AS about_ref,
    iif(json_valid(payload), json_extract(payload, '$.direct'), 0) AS direct,
    iif(json_valid(payload), json_extract(payload, '$.thread_at'), 0) AS thread_at
FROM inbox WHERE lane = :lane AND state = 'waiting' ORDER BY class, id LIMIT :limit
"""

MOVE_ROW = "UPDATE inbox SET lane = :lane, case_id = :case WHERE id = :id"

DROP_ROW = "DELETE FROM inbox WHERE id = ?"

LOOK_AGAIN = "UPDATE lanes SET ready_at = :at WHERE lane = :lane"

NOTHING_WAITS = "DELETE FROM lanes WHERE lane = ?"

# --- cases -------------------------------------------------------------------------------------

_CASE = """id, lane, cause, state, employee_id, opened_at, owner, card_id, card, channel, copies,
    owner_name, claimed_at, released_at, closed_at, outcome, note, incident, reminders, looks"""

OPEN_CASE = f"""
SELECT {_CASE} FROM cases
WHERE lane = ? AND state IN ('waiting', 'claimed') ORDER BY opened_at DESC LIMIT 1
"""  # noqa: S608 a constant

# Whether people have a case, or may have one in a moment: something is being worked off, or will be
# soon. What only waits for its time opens none.
PEOPLE_MAY_READ = """
SELECT 1 FROM cases WHERE lane = :lane AND state IN ('waiting', 'claimed')
UNION ALL
SELECT 1 FROM inbox
WHERE lane = :lane AND state = 'waiting' AND kind NOT IN ('expire', 'look')
LIMIT 1
"""

CASE = f"SELECT {_CASE} FROM cases WHERE id = ?"  # noqa: S608 a constant

OPEN_CASES = f"""
SELECT {_CASE} FROM cases WHERE state IN ('waiting', 'claimed') ORDER BY opened_at, id
"""  # noqa: S608 a constant

JOINED = """
SELECT lane, id FROM cases
WHERE incident = :case AND incident != '' AND state IN ('waiting', 'claimed')
ORDER BY opened_at LIMIT :limit
"""

WRITE_CASE = f"""
INSERT INTO cases ({_CASE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET lane = excluded.lane, cause = excluded.cause,
    state = excluded.state, employee_id = excluded.employee_id, opened_at = excluded.opened_at,
    owner = excluded.owner, card_id = excluded.card_id, card = excluded.card,
    channel = excluded.channel, copies = excluded.copies, owner_name = excluded.owner_name,
    claimed_at = excluded.claimed_at, released_at = excluded.released_at,
    closed_at = excluded.closed_at, outcome = excluded.outcome, note = excluded.note,
    incident = excluded.incident, reminders = excluded.reminders, looks = excluded.looks
"""  # noqa: S608 a constant

OTHERS_OF_CAUSE = """
SELECT 1 FROM cases
WHERE cause = :cause AND opened_at >= :since AND id != :case AND lane NOT GLOB 'incident:*'
LIMIT :most
"""

# One pass over an index that holds all of it. The clock may have been set back meanwhile.
CASE_TIMES = """
SELECT cause, sum(claimed_at > 0), total(iif(claimed_at > 0, max(0, claimed_at - opened_at), 0)),
    sum(state = 'resolved' AND closed_at > 0),
    total(iif(state = 'resolved' AND closed_at > 0, max(0, closed_at - opened_at), 0))
FROM cases WHERE lane NOT GLOB 'incident:*' GROUP BY cause
"""

# The cards of open cases, where people write about them. Told so, SQLite begins with the cases.
DESK_THREADS = """
SELECT cases.id, outbox.destination, outbox.ref, outbox.settled_at
FROM cases CROSS JOIN outbox ON outbox.case_id = cases.id
WHERE cases.state IN ('waiting', 'claimed') AND outbox.case_id != '' AND outbox.ref != ''
    AND outbox.replaces = '' AND outbox.destination GLOB :lanes
"""
