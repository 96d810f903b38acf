"""What must never get in: requests that Slack did not sign, and bodies that make no sense.

Whatever comes, the answer is a deliberate status, nothing is logged as an error, and the next
message is answered as if nothing had been.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.stories.conftest import OpenCompany, slack_only
from tests.support import slack_bodies as bodies
from tests.support.company import Company
from tests.support.slack_chat import signed

pytestmark = slack_only
VALID = bodies.as_json(bodies.event(bodies.message()))


@pytest.fixture
async def one(opened: OpenCompany, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Company]:
    """A company that is well before and after, and logs no error in between."""
    caplog.set_level(logging.INFO)
    company = await opened()
    yield company
    await company.rest()
    asked = await company.dm(company.ada, "Hello?")
    assert len(company.answers(asked)) == 1
    wrong = [record for record in caplog.records if record.exc_info or record.levelno > 30]
    assert wrong == []


async def nothing_stored(one: Company, status: int, expected: int) -> None:
    """The status is the expected one, and the request left nothing behind."""
    assert status == expected
    counts = await one.counts()
    assert counts["lanes"] == counts["rows_waiting"] == 0


async def test_a_valid_event_is_taken(one: Company) -> None:
    """The body that the others here are variations of is accepted."""
    assert await one.post(VALID) == 200
    assert (await one.counts())["lanes"] == 1


@pytest.mark.parametrize("left_out", ["X-Slack-Signature", "X-Slack-Request-Timestamp", "both"])
async def test_unsigned(one: Company, left_out: str) -> None:
    """A request without signature or time stamp is refused."""
    headers = signed(VALID, one.clock.now())
    kept = {} if left_out == "both" else {n: v for n, v in headers.items() if n != left_out}
    await nothing_stored(one, await one.post(VALID, kept), 401)


async def test_signed_with_another_secret(one: Company) -> None:
    """A signature made with the wrong secret is refused."""
    headers = signed(VALID, one.clock.now(), secret="another-secret")
    await nothing_stored(one, await one.post(VALID, headers), 401)


async def test_signed_for_another_body(one: Company) -> None:
    """A signature does not carry over to a body that was changed by one character."""
    headers = signed(VALID, one.clock.now())
    await nothing_stored(one, await one.post(VALID + b" ", headers), 401)


async def test_signatures_that_are_none(one: Company, subtests: pytest.Subtests) -> None:
    """Whatever stands in the header, it is compared, not trusted."""
    for signature in ("v0=", "v0=ä", "v1=00", "", "v0=" + "0" * 64, "☃" * 9):
        with subtests.test(signature):
            headers = signed(VALID, one.clock.now()) | {"X-Slack-Signature": signature}
            await nothing_stored(one, await one.post(VALID, headers), 401)


async def test_replayed_or_from_the_future(one: Company, subtests: pytest.Subtests) -> None:
    """A rightly signed request is good for five minutes around its time and no longer."""
    for seconds in (-3600, -301, 301, 3600):
        with subtests.test(str(seconds)):
            headers = signed(VALID, one.clock.now() + seconds)
            await nothing_stored(one, await one.post(VALID, headers), 401)


@pytest.mark.parametrize("seconds", [-290, 290])
async def test_clocks_may_differ_a_little(one: Company, seconds: int) -> None:
    """Some minutes of difference between Slack's clock and ours are normal."""
    assert await one.post(VALID, signed(VALID, one.clock.now() + seconds)) == 200


STAMPS = ["", "yesterday", "-1", "1e9", "NaN", "inf", "9" * 400, "٣" * 10, "1790000000.5", "²"]


async def test_time_stamps_that_are_none(one: Company, subtests: pytest.Subtests) -> None:
    """A time stamp that is no plain number is refused, even when it is signed."""
    for stamp in STAMPS:
        with subtests.test(stamp):
            await nothing_stored(one, await one.post(VALID, signed(VALID, stamp)), 401)


async def test_too_large(one: Company) -> None:
    """More than a megabyte is refused before anybody looks at it."""
    body = VALID + b" " * 1_000_000
    await nothing_stored(one, await one.post(body), 413)


async def test_almost_too_large(one: Company) -> None:
    """What just fits is read."""
    body = VALID + b" " * (1_000_000 - len(VALID))
    assert await one.post(body) == 200


NO_OBJECTS = [
    b"",
    b"hello",
    b"[]",
    b"[1, 2]",
    b"17",
    b"null",
    b"true",
    b'"text"',
    b"{",
    b'{"type": "event_callback"',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"event_time": ' + b"9" * 5000 + b"}",
]


async def test_no_json_object(one: Company, subtests: pytest.Subtests) -> None:
    """A signed body that is not one JSON object is a bad request."""
    for body in NO_OBJECTS:
        with subtests.test(repr(body[:30])):
            await nothing_stored(one, await one.post(body), 400)


@pytest.mark.parametrize("body", [b"\xff\xfe{}", VALID.decode().encode("utf-16")])
async def test_not_utf8(one: Company, body: bytes) -> None:
    """Slack signs UTF-8; bytes that are none are not Slack's, whatever their signature says."""
    await nothing_stored(one, await one.post(body), 401)


NOT_FOR_US = [
    {},
    {"type": "event_callback"},
    {"type": None},
    {"type": ["event_callback"]},
    {"type": "app_rate_limited", "team_id": bodies.TEAM, "minute_rate_limited": 1},
    {"type": "something_new"},
    bodies.event({}),
    bodies.event({"type": "reaction_added", "user": "U0ADA", "reaction": "tada"}),
    bodies.event({"type": "something_new"}),
    bodies.event(bodies.message(subtype="something_new")),
    bodies.event(bodies.message(text=None, user=None)),
    bodies.event(bodies.message(ts=None)),
    bodies.event(bodies.message(channel=None)),
    bodies.event(bodies.message(user=bodies.BOT)),
    bodies.event(bodies.message(bot_id="B1")),
    {**bodies.event(bodies.message()), "event": [1]},
    {**bodies.event(bodies.message()), "team_id": "T9", "authorizations": []},
]


async def test_events_that_are_not_for_us(one: Company, subtests: pytest.Subtests) -> None:
    """What is no message for the bot is acknowledged, so that Slack does not send it again."""
    for body in NOT_FOR_US:
        with subtests.test(str(body)[-60:]):
            await nothing_stored(one, await one.post(bodies.as_json(body)), 200)


ENVELOPES: list[dict[str, Any]] = [
    {"event": None},
    {"event": 17},
    {"authorizations": 7, "team_id": "T9"},
    {"authorizations": ["T0FRONTDESK"], "team_id": None},
]


async def test_envelopes_of_another_shape(one: Company, subtests: pytest.Subtests) -> None:
    """An envelope that is not built as Slack documents it says nothing that we could store."""
    for changes in ENVELOPES:
        with subtests.test(str(changes)):
            body = {**bodies.event(bodies.message()), **changes}
            await nothing_stored(one, await one.post(bodies.as_json(body)), 200)


ODD_MESSAGES: list[dict[str, Any]] = [
    {"text": None},
    {"text": ""},
    {"text": 17},
    {"text": "\ud83d cut in the middle of an emoji"},
    {"text": "\u0000\u0000"},
    {"text": "\u200b\u2060\ufeff"},
    {"text": "😀" * 1000},
    {"text": f"<@{bodies.BOT}>"},
    {"text": "x" * 40_000},
    {"text": "<" * 5000},
    {"text": "<https://x.example|" * 2000},
    {"ts": "Infinity"},
    {"ts": "nan"},
    {"ts": "1e400"},
    {"ts": "-5"},
    {"ts": "not a number"},
    {"ts": "9" * 400},
    {"thread_ts": "::::"},
    {"user": "U:1/2 3"},
    {"channel": "D" * 3000},
    {"channel_type": "something_new"},
    {"files": "none"},
    {"files": [None, 1, {}, {"name": None}, {"name": "x" * 5000}, {"title": "\ud800"}]},
    {"blocks": [[[[]]]] * 100},
]


async def test_odd_messages_end_in_an_answer(one: Company, subtests: pytest.Subtests) -> None:
    """A message for the bot with odd fields is taken and worked off; no row stays behind."""
    for number, changes in enumerate(ODD_MESSAGES, 1):
        with subtests.test(str(changes)[:60]):
            fields = {"ts": f"1790000000.{number:06d}", **changes}
            body = bodies.event(bodies.message(**fields))
            assert await one.post(bodies.as_json(body)) == 200
            await one.rest()
            counts = await one.counts()
            assert (counts["lanes"], counts["rows_waiting"]) == (number, 0)


async def test_deep_nesting_in_a_valid_event(one: Company) -> None:
    """Blocks nested as deeply as JSON allows harm nobody."""
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    body = bodies.event(bodies.message(blocks=deep))
    assert await one.post(bodies.as_json(body)) in (200, 400)


async def test_only_posts(one: Company, subtests: pytest.Subtests) -> None:
    """Events are posted; everything else is not allowed."""
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD"):
        with subtests.test(method):
            assert await one.post(b"", {}, method=method) == 405


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "multipart/form-data"]
)
async def test_the_content_type_is_not_believed(one: Company, content_type: str) -> None:
    """JSON is read as what it is; a body that is none is refused, whatever its header says."""
    now = one.clock.now()
    assert await one.post(VALID, signed(VALID, now, content_type=content_type)) == 200
    form = urlencode(bodies.command()).encode()
    assert await one.post(form, signed(form, now, content_type=content_type)) == 400


async def test_json_called_a_form(one: Company) -> None:
    """An event whose header says that it is a form is no form that we know."""
    headers = signed(VALID, one.clock.now(), content_type=bodies.FORM)
    await nothing_stored(one, await one.post(VALID, headers), 200)


FORMS = [
    (b"", 200),
    (b"payload=", 400),
    (b"payload=hello", 400),
    (b"payload=%5B%5D", 400),
    (b"payload=null", 400),
    (b"payload=%7B", 400),
    (b"payload=%FF%FE", 400),
    (b"payload=" + b"%5B" * 50_000, 400),
    (b"%%%&&&===", 200),
    (b"command=", 200),
    (b"command=%2Ffrontdesk", 200),
    (b"a=b&a=c", 200),
    (bodies.as_payload({}), 200),
    (bodies.as_payload({"type": "block_actions"}), 200),
    (bodies.as_payload({"type": "view_submission", "team": {"id": bodies.TEAM}}), 200),
    (bodies.as_payload({"type": "shortcut", "team": {"id": bodies.TEAM}}), 200),
    (bodies.as_payload({"type": "block_suggestion", "team": {"id": bodies.TEAM}}), 200),
    (bodies.as_payload({**bodies.press(), "team": {"id": "T9"}}), 200),
    (bodies.as_payload({**bodies.press(), "actions": None}), 400),
    (bodies.as_payload({**bodies.press(), "actions": [None]}), 200),
    (bodies.as_payload({**bodies.press(), "user": None}), 200),
    (bodies.as_payload({**bodies.press("frontdesk_unknown")}), 200),
    (bodies.as_payload({**bodies.press(), "message": None, "container": None}), 200),
    (urlencode(bodies.command(team_id="T9")).encode(), 200),
    (urlencode(bodies.command(command="/another")).encode(), 200),
]


async def test_odd_forms(one: Company, subtests: pytest.Subtests) -> None:
    """A form without a payload that can be read is refused or ignored, on purpose."""
    for form, status in FORMS:
        with subtests.test(repr(form[:60])):
            headers = signed(form, one.clock.now(), content_type=bodies.FORM)
            await nothing_stored(one, await one.post(form, headers), status)


async def test_presses_with_odd_values(one: Company, subtests: pytest.Subtests) -> None:
    """Whatever a button's value says, it is a verdict of ours or no verdict."""
    for value in ("up", "|", "", "up|t1.1|x", "sideways|t1.1", "up|" + "x" * 2000):
        with subtests.test(value[:20]):
            form = bodies.as_payload(bodies.press(value=value))
            headers = signed(form, one.clock.now(), content_type=bodies.FORM)
            assert await one.post(form, headers) == 200
            await one.rest()
            assert (await one.counts())["rows_waiting"] == 0
