"""What a person types reaches the local Teams as Teams has it, and comes back as it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams.twin import TeamsTwin
from bot.playground.teams.words import plain, shown, typed
from tests.support.clock import TestClock
from tests.support.html import TEXTS, assert_safe

NAMES = {"U1": "Ada Byron", "U2": "Ada", "28:b": "Frontdesk"}
PIECES = st.lists(
    st.sampled_from([*"<>&@#! ax\n", "https://x.example/", "<@U1>", "&lt;", "@Ada", "<at>"]),
    max_size=15,
).map("".join)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("@Frontdesk hello", "<@28:b> hello"),
        ("@frontdesk, @Ada Byron and @ada", "<@28:b>, <@U1> and <@U2>"),
        ("mail@Frontdesk @Frontdesks @@Ada", "mail@Frontdesk @Frontdesks @@Ada"),
        ("<@U1> <@Ada>", "<\u2060@U1> <\u2060@Ada>"),
    ],
)
def test_only_names_become_mentions(text: str, stored: str) -> None:
    """How the twin writes a mention cannot be typed, and part of a word is no name."""
    assert typed(text, NAMES) == stored


async def sent(text: str) -> dict[str, object]:
    """What the local Teams makes of what somebody typed."""
    twin = TeamsTwin(TestClock())
    ada = twin.add_user("Ada")
    names = {ada: "Ada", twin.identity.bot_id: "Frontdesk"}
    message = await twin.say(ada, text=typed(text, names))
    return dict(twin.message(twin.dm(ada), message).activity)


@given(PIECES)
async def test_a_message_can_be_changed_as_it_was_typed(text: str) -> None:
    """Whatever somebody typed, they find it again when they change it."""
    assert plain(await sent(text)).lower() == text.lower()


async def test_mentions_and_addresses_are_shown() -> None:
    """A mention is highlighted, an address is a link, the rest is what was typed."""
    html = shown(await sent("@frontdesk <see> https://x.example/ & say"))
    assert html.startswith('<span class="mention">@Frontdesk</span> &lt;see&gt; <a href="https')
    assert html.endswith("</a> &amp; say")


@given(TEXTS)
async def test_only_known_tags_and_safe_links_come_out(text: str) -> None:
    """No text of an employee can bring a tag, an attribute or a script."""
    assert_safe(shown(await sent(text)))
