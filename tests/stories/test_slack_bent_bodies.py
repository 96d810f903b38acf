"""Valid bodies of Slack with arbitrary parts left out or replaced: a law, searched by hypothesis.

The bodies are made first and sent afterwards through one running app, because a company per
example would cost more than it finds. The reader of payloads alone is searched the same way, so
that a failure there is shrunk to its smallest form.
"""

from __future__ import annotations

import copy
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack import payloads
from adapters.slack.payloads import Identity
from agent.messages import dump_incoming, load_incoming
from tests.stories.conftest import OpenCompany, slack_only
from tests.support import slack_bodies as bodies
from tests.support.company import Company
from tests.support.slack_chat import signed

IDENTITY = Identity(bodies.TEAM, bodies.BOT, "B0FRONTBOT")
EXAMPLES = 150

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "\ud800", "\u0000", "<@U0FRONTBOT>", "C1", "nan", "T0FRONTDESK"]),
    st.lists(st.none() | st.text(max_size=3) | st.dictionaries(st.text(max_size=3), st.none())),
    st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=3), max_size=3),
)
VALID = [*bodies.EVENTS.values(), bodies.press(), bodies.command()]


def paths(body: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the parts of a body are."""
    items = body.items() if isinstance(body, dict) else enumerate(body)
    found = []
    for name, value in items:
        found.append((*here, name))
        if isinstance(value, dict | list):
            found += paths(value, (*here, name))
    return found


def bend(body: Any, path: tuple[Any, ...], value: Any, *, remove: bool) -> None:
    """Leave out or replace the part at a path, if an earlier bend has left it there."""
    *way, last = path
    for step in way:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(body, dict):
        if remove:
            body.pop(last, None)
        else:
            body[last] = value
    elif isinstance(body, list) and isinstance(last, int) and last < len(body):
        body[last] = value


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    """A body of Slack's with one to four parts left out or replaced."""
    body: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(VALID)))
    everywhere = paths(body)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(everywhere))
        bend(body, path, draw(ODD), remove=draw(st.booleans()))
    return body


@given(bent())
@settings(max_examples=400, deadline=None)
def test_reading_a_bent_body(body: dict[str, Any]) -> None:
    """Whatever a payload looks like, it is a message that can be stored, or it is none."""
    read = [payloads.read_event(body, IDENTITY), payloads.read_action(body, IDENTITY)]
    payloads.is_ours(body, IDENTITY)
    for message in read:
        if message is not None:
            assert load_incoming(dump_incoming(message)) == message
            assert message.key


async def send(one: Company, body: dict[str, Any]) -> int:
    """Send a body the way its kind is sent, signed."""
    form = "actions" in body or "command" in body or "trigger_id" in body
    data = bodies.as_payload(body) if form else bodies.as_json(body)
    kind = bodies.FORM if form else "application/json"
    return await one.post(data, signed(data, one.clock.now(), content_type=kind))


@slack_only
async def test_sending_bent_bodies(opened: OpenCompany, caplog: pytest.LogCaptureFixture) -> None:
    """Every one is taken, ignored or refused on purpose, and all that was taken is worked off."""
    caplog.set_level(logging.INFO)
    found: list[dict[str, Any]] = []

    @given(bent())
    @settings(max_examples=EXAMPLES, deadline=None, database=None)
    def collect(body: dict[str, Any]) -> None:
        found.append(body)

    collect()
    one = await opened()
    for body in found:
        status = await send(one, body)
        assert status in (200, 400), (status, body)
        assert [r for r in caplog.records if r.exc_info or r.levelno > logging.WARNING] == [], body
    await one.clock.advance(120)
    counts = await one.counts()
    assert counts["rows_waiting"] == 0
    assert counts["lanes"] > 0
