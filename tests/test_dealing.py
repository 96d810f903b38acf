"""No test is lost on its way to a worker, and none that takes long is begun last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.dealing import dealt


@given(st.integers(0, 40), st.integers(0, 200), st.integers(1, 9))
def test_everything_is_dealt_once(long: int, rest: int, workers: int) -> None:
    """Whatever there is of either kind, each is there once, and those of a kind that a worker gets
    stay in their order.
    """
    order = dealt(range(long), range(long, long + rest), workers)
    assert sorted(order) == list(range(long + rest))
    assert [one for one in order if one >= long] == list(range(long, long + rest))


def test_each_stretch_begins_with_long_ones() -> None:
    """Of five long ones two workers begin with two, and one with one."""
    order = dealt("ABCDE", "abcdefghijklmnopqrstuvwxyz", 3)
    assert "".join(order) == "ADabcdefghBEijklmnopCqrstuvwxyz"
