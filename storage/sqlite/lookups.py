"""The statements beside the hot path, which somebody waits for too: knowledge, records, settings,
references. What `statements.py` says of its own is true for these.
"""

# --- knowledge ---------------------------------------------------------------------------------

# The weights of title, section and text: a word in a heading says more about its passage, and
# the section's tells passages of one page apart.
RANK_PASSAGES = """
SELECT rowid FROM knowledge_fts WHERE knowledge_fts MATCH ?
ORDER BY bm25(knowledge_fts, 2.0, 6.0, 1.0) LIMIT ?
"""

# How many passages contain a word, and which of the given ones do.
WORD_IN_PASSAGES = """
SELECT count(*), group_concat(iif(instr(:wanted, ',' || rowid || ','), rowid, NULL))
FROM knowledge_fts WHERE knowledge_fts MATCH :word
"""

READ_PASSAGE = """
SELECT title, section, text, link, owner, updated FROM knowledge WHERE id = ?
"""

DIGEST_OF = "SELECT digest FROM knowledge_documents WHERE source = ?"

DROP_PASSAGES = "DELETE FROM knowledge WHERE source = ?"

DROP_DOCUMENT = "DELETE FROM knowledge_documents WHERE source = ?"

WRITE_PASSAGE = """
INSERT INTO knowledge (source, title, section, text, link, owner, updated)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

WRITE_DOCUMENT = """
INSERT INTO knowledge_documents (source, digest) VALUES (?, ?)
ON CONFLICT (source) DO UPDATE SET digest = excluded.digest
"""

# --- records -----------------------------------------------------------------------------------

TIMELINE = "SELECT at, kind, turn_id, data FROM journal WHERE lane = ? ORDER BY seq"

# ids are quoted in lanes, so that no character of one means anything to GLOB. Who has asked for a
# person has talked, too, though in no words of theirs.
LATEST_LANE = """
SELECT lane, max(id) FROM inbox
WHERE author = :author AND (class = 'utterance' OR kind = 'ask_person') AND case_id = ''
    AND message_id != :but AND lane GLOB :lanes
GROUP BY lane
"""

# Every case that a conversation ever had. Those that are over its journal tells: only open ones are
# found by their lane.
CASES_IN = """
SELECT employee_id, state FROM cases WHERE lane = :lane AND state IN ('waiting', 'claimed')
UNION ALL
SELECT cases.employee_id, cases.state FROM journal
    CROSS JOIN cases ON cases.id = iif(json_valid(data), json_extract(data, '$.case'), '')
WHERE journal.lane = :lane AND journal.kind = 'case'
"""

# The newest rows of the inbox, as many as are looked through, newest first. That they are bounded
# by their ids spares every accept an index that only this would use. What was said at the desk is
# in the lane of its case; where it was said, its key tells.
NEWEST_POSTS = """
SELECT lane, message_id, accepted_at, case_id, key FROM inbox
WHERE id > (SELECT max(id) FROM inbox) - :rows
    AND class = 'utterance' AND kind = 'message' AND key GLOB :lanes
    AND (case_id != '' OR lane GLOB :lanes)
ORDER BY id DESC
"""

# --- settings ----------------------------------------------------------------------------------

READ_SETTINGS = "SELECT scope, name, value FROM settings"

WRITE_SETTING = """
INSERT INTO settings (scope, name, value, changed_by, changed_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value,
    changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""

DROP_SETTING = "DELETE FROM settings WHERE scope = ? AND name = ?"

# --- references --------------------------------------------------------------------------------

KEEP_REFERENCE = """
INSERT INTO conversation_references (platform, channel, person, reference, kept_at)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (platform, channel) DO UPDATE SET person = excluded.person,
    reference = excluded.reference, kept_at = excluded.kept_at
"""

FIND_REFERENCE = "SELECT reference FROM conversation_references WHERE platform = ? AND channel = ?"

LATEST_REFERENCE = """
SELECT reference FROM conversation_references WHERE platform = ? ORDER BY kept_at DESC LIMIT 1
"""

DROP_REFERENCE = "DELETE FROM conversation_references WHERE platform = ? AND channel = ?"
