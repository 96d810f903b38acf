"""The journal read back into a conversation."""

from __future__ import annotations

from typing import Any

import pytest

from agent.journal import READERS, History, Line, Relayed, read
from agent.records import Entry


def lines(*entries: tuple[Line | str, dict[str, Any]]) -> list[Entry]:
    """Journal lines numbered from 1."""
    return [
        Entry(kind, data, at=float(seq), seq=seq) for seq, (kind, data) in enumerate(entries, 1)
    ]


def said(number: int, text: str = "Words.") -> tuple[Line, dict[str, Any]]:
    """An utterance of the employee."""
    return Line.SAID, {"id": f"m{number}", "author": "U1", "name": "Ada", "text": text}


def answered(number: int, text: str = "An answer.") -> tuple[Line, dict[str, Any]]:
    """An answer of the bot."""
    return Line.ANSWERED, {"message": f"t{number}.1", "text": text}


def texts(history: History) -> list[str]:
    """What was said, in order."""
    return [one.text for one in history.said]


def test_a_conversation() -> None:
    """Words of both sides in order, the bot's without an author."""
    history = read(lines(said(1, "Leave?"), answered(1, "27 days."), ("turn", {}), said(2, "Ok.")))
    assert texts(history) == ["Leave?", "27 days.", "Ok."]
    assert [one.author for one in history.said] == ["U1", "", "U1"]
    assert history.has("m1")
    assert not history.has("m9")


@pytest.mark.parametrize("kind", sorted(READERS))
@pytest.mark.parametrize(
    "data",
    [
        {"text": 5},
        {"id": [], "message": [], "post": {}, "case": [], "staff": [], "upto": ""},
        {"post": "p", "messages": 5, "case": "C1", "staff": "U1", "id": {}},
    ],
)
def test_a_line_that_says_something_else(kind: str, data: dict[str, Any]) -> None:
    """The conversation is known without it: what is not as any version wrote it blocks nobody."""
    assert texts(read(lines(said(1), (kind, data), answered(1)))) == ["Words.", "An answer."]


def test_edits_and_deletions() -> None:
    """They are applied, and those of messages that are not here change nothing."""
    history = read(
        lines(
            said(1, "Leav?"),
            said(2, "A secret."),
            (Line.EDITED, {"id": "m1", "text": "Leave?"}),
            (Line.EDITED, {"id": "m9", "text": "Elsewhere."}),
            (Line.DELETED, {"id": "m2"}),
            (Line.DELETED, {"id": "m9"}),
        )
    )
    assert texts(history) == ["Leave?"]


def test_a_summary_takes_the_place_of_what_it_tells() -> None:
    """What was summarised, and what a thread held before, is not told twice."""
    history = read(
        lines(
            (Line.EARLIER, {"messages": [{"from": "Ada", "text": "Before."}]}),
            said(1, "Old."),
            answered(1),
            said(2, "Newer."),
            (Line.SUMMARY, {"text": "They met.", "upto": 3}),
        )
    )
    assert history.summary == "They met."
    assert history.earlier == ()
    assert texts(history) == ["Newer."]


def test_what_a_thread_held_before() -> None:
    """It is kept as it was read."""
    messages = [{"from": "Ada", "text": "Before."}]
    assert read(lines((Line.EARLIER, {"messages": messages}))).earlier == tuple(messages)


def test_receipts() -> None:
    """Which cases had their one receipt is remembered, across summaries too."""
    history = read(
        lines(
            (Line.NOTICE, {"message": "t1.1", "text": "Added.", "receipt": "C1"}),
            (Line.NOTICE, {"message": "t1.2", "text": "Stopped."}),
            (Line.SUMMARY, {"text": "They met.", "upto": 2}),
        )
    )
    assert history.receipts == {"C1"}
    assert history.said == ()


def by_people(number: int, text: str, **more: object) -> tuple[Line, dict[str, Any]]:
    """Words of a person of the desk."""
    who = {"author": "slack:U9", "name": "Linus", "case": "C1"}
    return Line.STAFF, {"id": f"slack:C9:{number}", "text": text, **who, **more}


def changed(number: int, text: str, **more: object) -> tuple[Line, dict[str, Any]]:
    """An edit of them."""
    return Line.STAFF_EDITED, {"id": f"slack:C9:{number}", "text": text, "revision": "2", **more}


def test_words_of_people() -> None:
    """They are part of the conversation, as a colleague's; notes and what was refused are not."""
    history = read(
        lines(
            said(1),
            by_people(1, "Hello"),
            by_people(2, "// be kind", note=True),
            by_people(3, "Too late", refused=True),
        )
    )
    assert texts(history) == ["Words.", "Hello"]
    assert [one.by_staff for one in history.said] == [False, True]
    assert [one.text for one in history.notes] == ["// be kind"]
    assert [one.text for one in history.refused] == ["Too late"]
    assert history.has("slack:C9:2")
    assert history.find("slack:C9:9") is None


def test_people_change_what_they_wrote() -> None:
    """Words stay where they were said, a note that becomes words is said only then."""
    history = read(
        lines(
            by_people(1, "Room twelve"),
            by_people(2, "// blue", note=True),
            by_people(3, "Secret"),
            said(1, "Thanks."),
            changed(1, "Room thirteen"),
            changed(2, "blue"),
            changed(3, "// Secret", note=True),
            changed(9, "Nowhere"),
        )
    )
    assert texts(history) == ["Room thirteen", "Thanks.", "blue"]
    assert [one.seq for one in history.said] == [1, 4, 6]
    assert [one.text for one in history.notes] == ["// Secret"]
    assert history.revision("slack:C9:1") == "2"


def test_changes_that_were_refused() -> None:
    """What the employee reads on stays said; what they never read is as it was changed."""
    refused: dict[str, Any] = {"refused": True}
    history = read(
        lines(
            by_people(1, "Room twelve"),
            by_people(2, "Secret"),
            by_people(3, "// blue", note=True),
            by_people(4, "Too late", refused=True),
            by_people(5, "Much too late", refused=True),
            by_people(6, "Room one"),
            changed(1, "Room thirteen", refused=True),
            changed(3, "blue", refused=True),
            changed(4, "Far too late", refused=True),
            changed(6, "// Room one", note=True, refused=True),
            (Line.STAFF_DELETED, {"id": "slack:C9:2", **refused}),
            (Line.STAFF_DELETED, {"id": "slack:C9:5", **refused}),
        )
    )
    assert texts(history) == ["Room twelve", "Secret", "Room one"]
    assert [one.text for one in history.refused] == ["Far too late", "blue"]
    assert (history.notes, history.gone) == ((), frozenset())


def test_people_delete_what_they_wrote() -> None:
    """Words and notes go; what comes late after its deletion is known to be gone."""
    gone = [(Line.STAFF_DELETED, {"id": f"slack:C9:{n}"}) for n in (1, 2, 9)]
    history = read(lines(by_people(1, "Oops"), by_people(2, "// oops", note=True), *gone))
    assert (history.said, history.notes) == ((), ())
    assert history.gone == {"slack:C9:9"}


def test_a_hand_back() -> None:
    """Its place in the conversation is marked, with who did it."""
    history = read(lines(said(1), (Line.HANDED_BACK, {"case": "C1", "name": "Linus"}), said(2)))
    _, mark, _ = history.said
    assert (mark.handed_back, mark.name, mark.text, mark.author) == (True, "Linus", "", "")


def test_where_words_were_passed_on() -> None:
    """The latest line of a post counts; older versions did not say whose words they were."""
    line = {"post": "m1", "case": "C1", "to": "desk", "place": "slack:T1:C9:", "under": "t0.1"}
    history = read(
        lines(
            (Line.RELAYED, {"message": "t0.9", "case": "C1"}),
            (Line.RELAYED, {**line, "messages": [], "text": "**Ada:** Hi"}),
            (Line.RELAYED, {**line, "messages": ["t1.1", "t1.2"]}),
        )
    )
    relayed = Relayed("m1", "C1", "desk", ("t1.1", "t1.2"), "slack:T1:C9:", "t0.1")
    assert history.relays == {"m1": relayed}
    assert history.relay_of("t1.2") == relayed
    assert history.relay_of("t0.9") is None


def test_what_people_were_told() -> None:
    """Each learns once why a case is not theirs; other asides are about nothing of the kind."""
    told = {"message": "t1.1", "text": "Over.", "case": "C1", "staff": "slack:U9"}
    history = read(lines((Line.ASIDE, told), (Line.ASIDE, {"message": "t2.1", "text": "Hi"})))
    assert history.told == {("C1", "slack:U9", "Over.")}
    assert history.said == ()
