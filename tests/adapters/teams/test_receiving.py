"""One request of Teams': who is let in, and what is answered to everything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams import receiving
from adapters.teams.authentication import (
    KeysUnavailable,
    Unauthenticated,
    Unchecked,
)
from agent.messages import Kind
from tests.support import teams_bodies as bodies
from tests.support.teams_endpoint import Door, Endpoint, Gate, Lost


@pytest.fixture
def endpoint() -> Endpoint:
    """A receiver at an open door."""
    return Endpoint()


@pytest.mark.parametrize(
    ("name", "status", "kinds"),
    [
        ("message", 202, [Kind.MESSAGE]),
        ("group", 202, [Kind.MESSAGE]),
        ("mention", 202, [Kind.MESSAGE]),
        ("chatter", 202, [Kind.MESSAGE]),
        ("edited", 202, [Kind.EDIT]),
        ("deleted", 202, [Kind.DELETE]),
        ("restored", 202, [Kind.MESSAGE]),
        ("reaction", 202, [Kind.FEEDBACK]),
        ("feedback", 200, [Kind.FEEDBACK]),
        ("press", 200, [Kind.ASK_PERSON]),
        ("unknown press", 200, []),
        ("installed", 202, [Kind.NEWCOMER]),
        ("in a team", 202, []),
        ("added", 202, [Kind.NEWCOMER]),
        ("typing", 202, []),
        ("read", 202, []),
    ],
)
async def test_every_kind(endpoint: Endpoint, name: str, status: int, kinds: list[Kind]) -> None:
    """Each activity is what it is, and only what a person waits for is answered with words."""
    answer = await endpoint.post(bodies.ACTIVITIES[name])
    assert answer.status == status
    assert bool(answer.body) is (status == 200)
    assert endpoint.kinds == kinds


@pytest.mark.parametrize(
    "kind", ["endOfConversation", "messageUpdate", "event", "command", "trace", "new in 2030", ""]
)
async def test_what_nobody_reads(endpoint: Endpoint, kind: str) -> None:
    """It is acknowledged and leaves nothing."""
    assert await endpoint.status(bodies.activity(kind)) == 202
    assert (endpoint.door.messages, endpoint.channels) == ([], set())


async def test_a_redelivery(endpoint: Endpoint) -> None:
    """The same activity again is acknowledged again and is one message."""
    assert [await endpoint.status(bodies.message()) for _ in range(3)] == [202] * 3
    assert endpoint.kinds == [Kind.MESSAGE]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"message"',
        b"\xff",
        b'{"type": NaN}',
        b'{"type": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
async def test_no_json_object(endpoint: Endpoint, raw: bytes) -> None:
    """Nothing that is not a JSON object is looked at any further."""
    assert await endpoint.status(raw) == 400


async def test_too_large(endpoint: Endpoint) -> None:
    """The size is looked at first."""
    full = bodies.as_json(bodies.message(text=""))
    room = receiving.MAX_BODY - len(full)
    assert await endpoint.status(bodies.message(text="x" * room)) == 202
    assert await endpoint.status(bodies.message(text="x" * (room + 1))) == 413
    assert len(endpoint.door.messages) == 1


async def test_what_is_verified_is_what_was_sent() -> None:
    """The header and the JSON as it came, before anything is read from it."""
    gate = Gate()
    body = bodies.message(timestamp="never", unknown={"x": [1]})
    assert await Endpoint(gate=gate).status(body) == 400
    assert gate.seen == [("Bearer teams-test", body)]


@pytest.mark.parametrize(
    ("error", "status"), [(Unauthenticated("unknown key"), 401), (KeysUnavailable("out"), 503)]
)
async def test_who_is_not_let_in(error: Exception, status: int) -> None:
    """A stranger's activity leaves nothing; if nobody can tell now, Teams will come again."""
    endpoint = Endpoint(gate=Gate(error))
    for body in (bodies.message(), bodies.installed(), bodies.press()):
        answer = await endpoint.post(body)
        assert (answer.status, answer.body) == (status, b"")
    assert (endpoint.door.messages, endpoint.channels) == ([], set())


@pytest.mark.parametrize(
    "changes",
    [
        {"channelData": {"tenant": {"id": "other"}}},
        {"conversation": {**bodies.personal(), "tenantId": "other"}},
        {"serviceUrl": "https://smba.trafficmanager.net.evil.example/"},
        {"serviceUrl": "http://smba.trafficmanager.net/"},
        {"serviceUrl": "http://127.0.0.1:9/"},
        {"serviceUrl": None},
        {"serviceUrl": ["https://smba.trafficmanager.net/"]},
        {"channelId": "webchat"},
        {"channelId": "emulator"},
        {"channelId": None},
        {"channelId": ["msteams"]},
    ],
)
async def test_who_is_not_welcome(endpoint: Endpoint, changes: dict[str, Any]) -> None:
    """Another tenant, a service that is not Teams', another channel: refused, nothing kept."""
    assert await endpoint.status(bodies.message(**changes)) == 403
    assert (endpoint.door.messages, endpoint.channels) == ([], set())


async def test_without_authentication() -> None:
    """A bot for development takes the emulator's activities, and any tenant's if it has none."""
    endpoint = Endpoint(gate=Unchecked(), tenant="local")
    foreign = {**bodies.personal(), "tenantId": "other"}
    assert await endpoint.status(bodies.message(channelId="emulator", conversation=foreign)) == 202
    assert endpoint.door.messages[0].conversation.tenant == "local"


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "yesterday"},
        {"timestamp": 5},
        {"localTimestamp": ""},
        {"conversation": "a:1"},
        {"from": [1]},
        {"entities": {"type": "mention"}},
        {"attachments": "x"},
        {"type": None},
        {"type": 5},
        {"type": {"a": "message"}},
    ],
)
async def test_no_activity(
    endpoint: Endpoint, changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What the SDK cannot read is refused without a traceback."""
    assert await endpoint.status(bodies.message(**changes)) == 400
    assert endpoint.door.messages == []
    assert "Traceback" not in caplog.text
    assert "leave" not in caplog.text


@pytest.mark.parametrize("name", ["message", "chatter", "edited", "feedback", "press", "installed"])
async def test_nothing_committed_nothing_acknowledged(name: str) -> None:
    """Teams comes again with what the database did not take, and then it is taken once."""
    endpoint = Endpoint(Door(broken=True))
    answer = await endpoint.post(bodies.ACTIVITIES[name])
    assert (answer.status, answer.body) == (503, b"")
    endpoint.door.broken = False
    assert await endpoint.status(bodies.ACTIVITIES[name]) in (200, 202)
    assert len(endpoint.door.messages) == 1


async def test_no_reference_no_message() -> None:
    """What could not be answered after a crash is not accepted."""
    endpoint = Endpoint(Door(references=Lost()))
    assert await endpoint.status(bodies.message()) == 503
    assert await endpoint.status(bodies.installed()) == 503
    assert endpoint.door.messages == []


async def test_a_defect_is_reported_without_words(caplog: pytest.LogCaptureFixture) -> None:
    """Teams comes again; the log tells where the mistake is, and not what was said."""
    endpoint = Endpoint(Door(defect=ZeroDivisionError("leave?")))
    assert await endpoint.status(bodies.message()) == 503
    assert "ZeroDivisionError" in caplog.text
    assert "leave" not in caplog.text


async def test_answers_do_not_come_back_inline(endpoint: Endpoint) -> None:
    """Who asks for replies in the response gets them the usual way."""
    answer = await endpoint.post(bodies.message(deliveryMode="expectReplies"))
    assert (answer.status, answer.body) == (202, b"")
    thumb = await endpoint.post(bodies.feedback(deliveryMode="expectReplies"))
    assert (thumb.status, thumb.body) == (200, b"{}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(bodies.ACTIVITIES)), st.data())
async def test_any_json(name: str, data: st.DataObject) -> None:
    """Whatever stands in whichever field: a deliberate answer, never a defect."""
    body = dict(bodies.ACTIVITIES[name])
    body[data.draw(st.sampled_from(sorted(body)))] = data.draw(JSON)
    endpoint = Endpoint(Door(defect=None))
    assert await endpoint.status(body) in (200, 202, 400, 403, 501)


@pytest.mark.parametrize("depth", [100, 900, 20_000])
async def test_deep_json(endpoint: Endpoint, depth: int) -> None:
    """However deep the data of a card is, it is taken or refused."""
    raw = bodies.as_json(bodies.message(value="@")).replace(b'"@"', b"[" * depth + b"]" * depth)
    assert await endpoint.status(raw) in (202, 400)
