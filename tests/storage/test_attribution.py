"""Whose turns are whose in a conversation of several people."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.cases import CaseState
from storage.sqlite.attribution import Message, Share, Told, desk_turns, share_of


def told(*lines: tuple[str, str, dict[str, Any]]) -> list[Told]:
    """Journal lines, numbered from 1: turn, kind, data."""
    return [Told(seq, *line) for seq, line in enumerate(lines, 1)]


def said(turn: str, who: str) -> tuple[str, str, dict[str, Any]]:
    return turn, "said", {"author": who}


def answered(turn: str) -> tuple[str, str, dict[str, Any]]:
    return turn, "answered", {"message": f"{turn}.1"}


def message(name: str, turn: str, replaces: str = "") -> Message:
    return Message(int(name.replace(".", "").lstrip("t")), "lane", turn, name, "", replaces, True)


def ada(
    lines: list[Told], *messages: Message, own: tuple[str, ...] = (), quoted: bool = False
) -> Share:
    """What of it is Ada's."""
    return share_of("ada", own, lines, messages, quoted=quoted)


def test_alone_everything_is_hers() -> None:
    """Also what happened by itself; what tells whose it was goes last."""
    lines = told(said("t1", "ada"), answered("t1"), ("t2", "failed", {}))
    share = ada(lines, message("t1.1", "t1"), message("t9.1", "t9"))
    assert share.lines == [2, 3, 1]
    assert [one.message_id for one in share.messages] == ["t1.1", "t9.1"]
    assert share.turns == {"t1", "t2", "t9"}


def test_among_others_her_turns_are_hers() -> None:
    """What was said to Bob stays, in the journal and in the outbox."""
    lines = told(said("t1", "ada"), answered("t1"), said("t2", "bob"), answered("t2"))
    share = ada(lines, message("t1.1", "t1"), message("t2.1", "t2"))
    assert share.lines == [2, 1]
    assert [one.message_id for one in share.messages] == ["t1.1"]


def test_what_happens_by_itself_is_whose_it_refers_to() -> None:
    """Bob has spoken since; her message that did not arrive, and her call, are still hers."""
    lines = told(
        said("t1", "ada"),
        said("t2", "bob"),
        ("t3", "failed", {"message": "t1.1"}),
        ("t4", "called", {"call": "t1:2"}),
        ("t5", "failed", {"message": "t2.1"}),
    )
    share = ada(lines, message("t1.1", "t1"), message("t2.1", "t2"), message("t3.1", "t3"))
    assert share.turns == {"t1", "t3", "t4"}
    assert [one.message_id for one in share.messages] == ["t1.1", "t3.1"]


def test_what_happens_by_itself_is_whose_who_spoke_last() -> None:
    """A time limit ends, of nobody in particular."""
    lines = told(said("t1", "bob"), said("t2", "ada"), ("t3", "notice", {}), said("t4", "bob"))
    assert ada(lines).turns == {"t2", "t3"}


def test_a_press_is_hers() -> None:
    """A turn without words, which her row began."""
    lines = told(said("t1", "bob"), ("t2", "called", {"call": "t1:1"}))
    assert ada(lines, own=("t2",)).turns == {"t2"}
    assert ada(lines).turns == set()


def test_an_edit_of_her_message_is_hers() -> None:
    """Whoever's turn it was in, it repeats what she was told."""
    lines = told(said("t1", "ada"), said("t2", "bob"))
    share = ada(lines, message("t1.1", "t1"), message("t2.1", "t2", replaces="t1.1"))
    assert [one.message_id for one in share.messages] == ["t1.1", "t2.1"]


def test_what_mixes_people_goes_with_her() -> None:
    """A summary goes if she spoke, or if others' lines repeat her; else it is the others'."""
    mixed = ("t2", "summary", {"text": "x"})
    assert ada(told(said("t1", "ada"), said("t2", "bob"), mixed)).lines == [3, 1]
    assert ada(told(said("t2", "bob"), mixed), quoted=True).lines == [2]
    assert ada(told(said("t2", "bob"), mixed)).lines == []


def test_of_strangers_nothing_goes() -> None:
    """Nobody's words at all are left in a lane: nothing says that it was hers alone."""
    assert ada(told(("t1", "turn", {"x": 1}))).lines == []


def staff(turn: str, who: str, kind: str = "staff", post: str = "17.1") -> Any:
    return turn, kind, {"id": post, "author": who, "case": "C1"}


def test_what_people_tell_another_is_not_hers() -> None:
    """Ada spoke last in a thread in which somebody at the desk answers Bob, whose case it is."""
    lines = told(said("t1", "bob"), said("t2", "ada"), staff("t3", "slack:eve"))
    assert ada(lines).turns == {"t2"}
    assert ada(lines, own=tuple(desk_turns("slack:ada", {"C2"}, lines))).turns == {"t2"}


def test_what_people_tell_her_is_hers() -> None:
    """Also when Bob spoke last."""
    lines = told(said("t1", "ada"), said("t2", "bob"), staff("t3", "slack:eve"))
    own = tuple(desk_turns("slack:ada", {"C1"}, lines))
    assert ada(lines, own=own).turns == {"t1", "t3"}


def test_what_is_done_about_her_case_is_hers() -> None:
    """What people press and what time brings, also when Bob spoke last; not what he says
    meanwhile, and not the reminder of his own case.
    """
    moved, reminded = {"case": "C1", "state": "claimed"}, ("turn", {"events": ["overdue"]})
    lines = told(
        said("t1", "ada"),
        ("t1", "case", {"case": "C1", "state": "waiting"}),
        said("t2", "bob"),
        ("t3", *reminded),
        ("t4", "turn", {"events": ["looked"]}),
        ("t5", "case", moved),
        said("t6", "bob"),
        ("t6", "case", {**moved, "state": "waiting"}),
        ("t7", "case", {**moved, "state": "stale"}),
        ("t8", *reminded),
        ("t9", "case", {"case": "C2", "state": "waiting"}),
        ("t10", *reminded),
    )
    assert desk_turns("slack:ada", {"C1"}, lines) == {"t3", "t5", "t7"}


def test_what_she_does_at_the_desk_is_hers() -> None:
    """Her words and what she made of them, and the turn in which she took the case; but not what
    happened to it while she had it.
    """
    taken = {"owner": "slack:ada", "state": CaseState.CLAIMED.value}
    lines = told(
        staff("t1", "slack:ada", post="17.1"),
        staff("t2", "teams:ada", post="17.2"),
        staff("t3", "", kind="staff_edited", post="17.1"),
        staff("t4", "", kind="staff_edited", post="17.2"),
        staff("t5", "", kind="staff_deleted", post="17.1"),
        ("t6", "case", taken),
        ("t7", "case", {**taken, "owner": "slack:eve"}),
        ("t8", "case", {**taken, "state": CaseState.RESOLVED.value}),
    )
    assert desk_turns("slack:ada", (), lines) == {"t1", "t3", "t5", "t6"}


def test_what_tells_whose_it_was_goes_last() -> None:
    """If the process dies in between, the rest is found again."""
    lines = told(
        said("t1", "ada"),
        staff("t2", "slack:eve"),
        ("t2", "case", {"owner": "slack:eve"}),
        ("t2", "relayed", {"case": "C1"}),
        answered("t1"),
    )
    assert ada(lines).lines == [4, 5, 1, 2, 3]


KINDS = st.sampled_from(["said", "answered", "turn", "failed", "summary", "notice"])
LINES = st.lists(st.tuples(st.sampled_from("abcdef"), KINDS, st.sampled_from(["ada", "bob"])))


@given(LINES)
def test_what_another_said_never_goes(lines: list[tuple[str, str, str]]) -> None:
    """Unless it was in a turn of hers, which the store never makes."""
    owner: dict[str, str] = {}
    journal = []
    for turn, kind, who in lines:
        data = {"author": owner.setdefault(turn, who)} if kind == "said" else {"x": 1}
        journal.append((turn, kind, data))
    share = ada(told(*journal))
    for seq in share.lines:
        turn, kind, data = journal[seq - 1]
        assert kind != "said" or data["author"] == "ada"
    hers = {n for n, (_, kind, data) in enumerate(journal, 1) if data.get("author") == "ada"}
    assert hers <= set(share.lines)
