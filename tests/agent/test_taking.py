"""Which of the rows that wait in a lane make the next turn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.messages import DESK_KINDS, UTTERANCES, Kind
from agent.state import RESTING, WITH_PEOPLE, State
from agent.taking import LONGEST_RUN, rows_of_turn, turn_id_of

NOW = 100.0


@dataclass(frozen=True)
class Row:
    """A row that waits."""

    id: int
    kind: Kind = Kind.MESSAGE
    author: str = "ada"
    case_id: str = ""
    message_id: str = ""
    attempts: int = 0
    not_before: float = 0.0


@dataclass
class Lane:
    """What waits in a lane, in order, and what turns that wrote steps were made of."""

    rows: list[Row]
    steps: dict[str, set[int]] = field(default_factory=dict)

    def head(self) -> tuple[Sequence[Row], Sequence[Row]]:
        """As many as one look shows."""
        due = [row for row in self.rows if row.kind.is_control and row.not_before <= NOW]
        controls = due[:LONGEST_RUN]
        return controls, self.words()[: LONGEST_RUN - len(controls)]

    def words(self) -> list[Row]:
        """Every utterance."""
        return [row for row in self.rows if row.kind in UTTERANCES]

    def words_before(self, row_id: int) -> Sequence[Row]:
        """Those that were said before."""
        return [row for row in self.words() if row.id < row_id][:LONGEST_RUN]

    def words_of(self, control: Row) -> Sequence[Row]:
        """What its author had said."""
        theirs = [row for row in self.words() if row.id < control.id]
        who = control.author, control.case_id
        return [row for row in theirs if (row.author, row.case_id) == who]

    def changes_after(self, row_id: int) -> Sequence[Row]:
        """Edits and deletions that came later."""
        changes = (Kind.EDIT, Kind.DELETE)
        return [row for row in self.words() if row.id > row_id and row.kind in changes]

    def made_of(self, turn_id: str) -> Collection[int]:
        """Of which rows a turn was made that wrote steps."""
        return self.steps.get(turn_id, ())


def taken(*rows: Row, state: State = State.IDLE, steps: set[int] | None = None) -> list[int]:
    """The ids of the rows of the next turn; `steps`: those of the turn of the first row."""
    known = {f"t{rows[0].id}": steps} if steps else {}
    return [row.id for row in rows_of_turn(Lane(list(rows), known), state, NOW)]


@pytest.mark.parametrize(
    ("why", "rows", "ids"),
    [
        ("nothing waits", [], []),
        ("a run of one author", [Row(1), Row(2), Row(3, author="bob"), Row(4)], [1, 2]),
        ("the desk is somebody else", [Row(1), Row(2, case_id="C1")], [1]),
        ("the first waits for its retry", [Row(1, not_before=NOW + 1), Row(2, author="bob")], []),
        ("a later one waits for its time", [Row(1), Row(2, not_before=NOW + 1), Row(3)], [1]),
        ("it was tried: alone", [Row(1, attempts=1), Row(2)], [1]),
        (
            "changes of what is taken",
            [Row(1, message_id="a"), Row(2, author="bob"), Row(3, Kind.EDIT, message_id="a")],
            [1, 3],
        ),
        (
            "… not of what is not",
            [Row(1, message_id="a"), Row(2, author="bob"), Row(3, Kind.DELETE, message_id="b")],
            [1],
        ),
        ("a control overtakes", [Row(1), Row(2, Kind.FEEDBACK)], [2]),
        ("but not before its time", [Row(1), Row(2, Kind.EXPIRE, not_before=NOW + 1)], [1]),
        ("the older control first", [Row(1, Kind.APPROVE), Row(2, Kind.DENY)], [1]),
        ("a press in time", [Row(1, Kind.EXPIRE, not_before=NOW), Row(2, Kind.APPROVE)], [2]),
        ("what interrupts first of all", [Row(1, Kind.FEEDBACK), Row(2, Kind.STOP)], [2]),
        (
            "… and takes over what its author said before",
            [Row(1), Row(2, author="bob"), Row(3, Kind.STOP), Row(4)],
            [3, 1],
        ),
    ],
)
def test_what_is_taken(why: str, rows: list[Row], ids: list[int]) -> None:
    """The next turn takes what its lane shows first, and no more than belongs together."""
    assert [row.id for row in rows_of_turn(Lane(rows), State.IDLE, NOW)] == ids, why


def test_what_has_steps_is_taken_together() -> None:
    """A turn that did something is made of the same rows in each of its attempts."""
    tried = [Row(n, attempts=1) for n in (1, 2, 3)]
    assert taken(*tried, steps={1, 3}) == [1, 3]


@pytest.mark.parametrize("state", sorted(RESTING))
def test_an_act_waits_behind_words(state: State) -> None:
    """While people have a case what they do about it keeps the order of what is said; before, it
    overtakes as any control does.
    """
    act = Row(3, Kind.RESOLVE, "linus", "C1")
    rows = [Row(1), Row(2, author="bob"), act, Row(4)]
    assert taken(*rows, state=state) == ([1] if state in WITH_PEOPLE else [3])
    assert taken(act, Row(4), state=state) == [3], "nothing was said before it"


@pytest.mark.parametrize(
    ("control", "ids"),
    [(Row(2, Kind.FEEDBACK), [2]), (Row(2, Kind.RESOLVE), [2]), (Row(2, Kind.LOOK, "", "C1"), [2])],
)
def test_other_controls_overtake_words(control: Row, ids: list[int]) -> None:
    """Only what somebody does about a case waits, not what happens by itself."""
    rows = [Row(1), control, Row(3, Kind.RESOLVE, "linus", "C1")]
    assert taken(*rows, state=State.WITH_HUMAN) == ids


def test_words_behind_an_act_wait_for_it() -> None:
    """A run ends where somebody acts; what changes a post of it is taken all the same."""
    rows = [
        Row(1, message_id="a"),
        Row(2, Kind.CLAIM, "linus", "C1"),
        Row(3),
        Row(4, Kind.EDIT, message_id="a"),
    ]
    assert taken(*rows, state=State.ESCALATED) == [1, 4]


def test_words_between_two_acts() -> None:
    """Each act stands where it was done, whichever of them is due first."""
    acts = [Row(n, Kind.CLAIM, "linus", "C1", not_before=NOW - n) for n in (2, 4)]
    assert taken(Row(1), acts[0], Row(3), acts[1], state=State.ESCALATED) == [1]
    assert taken(acts[0], Row(3), acts[1], state=State.ESCALATED) == [2]


def test_a_run_is_bounded() -> None:
    """A flood is worked off in turns of fifty, each with every change of its own posts."""
    many = [Row(n, message_id=str(n)) for n in range(1, LONGEST_RUN + 10)]
    edit = Row(500, Kind.EDIT, message_id="1")
    assert taken(*many, edit) == [*range(1, LONGEST_RUN + 1), 500]


def test_the_turn_keeps_its_id() -> None:
    """Whoever takes rows over goes on with the turn that they began."""
    assert turn_id_of([Row(3, Kind.STOP), Row(1)]) == "t1"


ROWS = st.builds(
    Row,
    id=st.just(0),
    kind=st.sampled_from(Kind),
    author=st.sampled_from(["ada", "linus"]),
    case_id=st.sampled_from(["", "C1"]),
    message_id=st.sampled_from("abc"),
    attempts=st.integers(0, 1),
    not_before=st.sampled_from([0.0, NOW, NOW + 1]),
)


@given(st.lists(ROWS, max_size=12), st.sampled_from(sorted(RESTING)))
def test_laws_of_a_turn(found: list[Row], state: State) -> None:
    """One author and one case, each row once; a control comes alone or with what it takes over; and
    nobody acts on a case before what was said earlier while people have it.
    """
    rows = [replace(one, id=n) for n, one in enumerate(found, 1)]
    turn = rows_of_turn(Lane(rows), state, NOW)
    assert len(set(turn)) == len(turn)
    if not turn:
        assert not any(
            row.kind.is_control and row.not_before <= NOW and not _acts(row) for row in rows
        )
        return
    first, *rest = turn
    assert first.not_before <= NOW
    assert not any(row.kind.is_control for row in rest)
    if first.kind.is_control:
        assert not rest or first.kind.interrupts
        earlier = [row for row in rows if row.kind in UTTERANCES and row.id < first.id]
        assert not (state in WITH_PEOPLE and _acts(first) and earlier)
    posts = {(row.message_id, row.case_id) for row in turn}
    for row in rest:
        assert (row.author, row.case_id) == (first.author, first.case_id) or (
            row.kind in (Kind.EDIT, Kind.DELETE) and (row.message_id, row.case_id) in posts
        )


def _acts(row: Row) -> bool:
    return row.case_id != "" and row.kind in DESK_KINDS
