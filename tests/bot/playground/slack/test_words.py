"""What a person types is stored as Slack stores it, and comes back as it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.twin_shapes import typed as stored_by_slack
from bot.playground.slack.words import plain, typed

NAMES = {"U1": "Ada Byron", "U2": "Ada", "U0BOT": "Frontdesk"}
TEXTS = st.lists(
    st.sampled_from([*"<>&@#! ax\n", "https://x.example/", "<@U1>", "&lt;", "@Ada", "mailto:"]),
    max_size=15,
).map("".join)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("@Frontdesk hello", "<@U0BOT> hello"),
        ("@frontdesk, @Ada Byron and @ada", "<@U0BOT>, <@U1> and <@U2>"),
        ("mail@Frontdesk @Frontdesks @@Ada", "mail@Frontdesk @Frontdesks @@Ada"),
        ("<@U1> <!channel> <https://x|y>", "&lt;@U1> &lt;!channel> &lt;https://x|y>"),
        ("&amp; & &", "&amp;amp; & &"),
    ],
)
def test_only_names_become_mentions(text: str, stored: str) -> None:
    """Slack's markup cannot be typed, and part of a word is no name."""
    assert typed(text, NAMES) == stored


@given(TEXTS)
def test_a_message_can_be_changed_as_it_was_typed(text: str) -> None:
    """Whatever somebody typed, they find it again when they change it."""
    stored = stored_by_slack(typed(text, NAMES))
    assert plain(stored, NAMES).lower() == text.lower()
