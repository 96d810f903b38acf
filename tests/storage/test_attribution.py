"""Whose turns are whose in a conversation of several people."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from storage.sqlite.attribution import Message, Share, Told, share_of


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
