"""The connector: what goes out, what an answer means, and where the token goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams import calls
from adapters.teams.calls import LONGEST_WAIT
from adapters.teams.connector import ASKS, Connector, Created, SharedSession
from adapters.teams.places import Trust
from adapters.teams.twin import Fault, TeamsTwin
from agent.errors import (
    DeliveryError,
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    PlaceFatal,
    RowFatal,
)
from tests.support.clock import TestClock

WORDS = {"type": "message", "text": "Words."}
DEAD_PORT = "http://127.0.0.1:1/"


class Tokens:
    """Tokens of the local Teams, each good until it is revoked."""

    def __init__(self, twin: TeamsTwin) -> None:
        self.twin = twin
        self.held = ""
        self.given = 0

    async def token(self) -> str:
        """The same until it was refused."""
        if not self.held:
            self.given += 1
            form = {
                "grant_type": "client_credentials",
                "client_id": self.twin.identity.app_id,
                "client_secret": "teams-test",
                "scope": "https://api.botframework.com/.default",
            }
            _, granted = self.twin.login.token(self.twin.identity.tenant_id, form)
            self.held = granted["access_token"]
        return self.held

    def refused(self, token: str) -> None:
        """The next one is another."""
        self.held = ""


@pytest.fixture
def tokens(twin: TeamsTwin) -> Tokens:
    return Tokens(twin)


@pytest.fixture
async def connector(twin: TeamsTwin, tokens: Tokens, clock: TestClock) -> AsyncIterator[Connector]:
    """A connector that trusts the local Teams, and a port where nobody listens."""
    session = SharedSession()
    yield Connector(session, tokens, clock, Trust.of((), "", f"{twin.service_url},{DEAD_PORT}"))
    await session.close()
    await session.close()


@pytest.fixture
def chat(twin: TeamsTwin) -> str:
    """A personal chat."""
    return twin.dm(twin.add_user("Ada"))


async def test_a_post_an_edit_and_a_deletion(
    connector: Connector, twin: TeamsTwin, chat: str
) -> None:
    """Each takes effect and tells the id."""
    url = twin.service_url
    ref = await connector.post(url, chat, WORDS)
    assert await connector.update(url, chat, ref, {**WORDS, "text": "Others."}) == ref
    assert [message.text for message in twin.messages(chat)] == ["Others."]
    await connector.delete(url, chat, ref)
    assert twin.message(chat, ref).deleted


async def test_the_thread_is_told_by_the_conversation(
    connector: Connector, twin: TeamsTwin
) -> None:
    """The id is quoted once, the root stays in it, and nothing goes to …/activities/{id}."""
    channel = twin.add_channel()
    url = twin.service_url
    created = await connector.create(
        url, {"isGroup": True, "channelData": {"channel": {"id": channel}}, "activity": WORDS}
    )
    assert created.conversation == f"{channel};messageid={created.activity}"
    ref = await connector.post(url, created.conversation, WORDS)
    assert twin.message(channel, ref).thread == created.activity
    (call,) = twin.calls("post")
    assert (call.conversation, call.activity) == (created.conversation, "")


async def test_who_somebody_is(connector: Connector, twin: TeamsTwin) -> None:
    """One member, and the first of all of them."""
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    member = await connector.member(twin.service_url, channel, ada)
    assert member["name"] == "Ada"
    everybody = await connector.members(twin.service_url, channel)
    assert [one["name"] for one in everybody["members"]] == ["Ada"]


# What an answer means


def everywhere(fault: Fault, kind: type[DeliveryError]) -> tuple[Fault, type, type]:
    """A fault that means the same for a post and for an edit."""
    return fault, kind, kind


@pytest.mark.parametrize(
    ("fault", "posted", "edited"),
    [
        everywhere(Fault.rate_limited(2), DeliveryRetry),
        everywhere(Fault.precondition(), DeliveryRetry),
        everywhere(Fault.error(400, "BadSyntax"), RowFatal),
        everywhere(Fault.error(413, "MessageSizeTooBig"), RowFatal),
        everywhere(Fault.answer(302, {}), RowFatal),
        everywhere(Fault.error(405, "MethodNotAllowed"), RowFatal),
        everywhere(Fault.error(403, "BotNotInConversationRoster"), PlaceFatal),
        everywhere(Fault.error(404, "ConversationNotFound"), PlaceFatal),
        everywhere(
            Fault.answer(401, {"message": "Authorization has been denied"}), InstallationFatal
        ),
        (Fault.answer(408, {}), DeliveryUnknown, DeliveryRetry),
        (Fault.unavailable(500), DeliveryUnknown, DeliveryRetry),
        (Fault.unavailable(503), DeliveryUnknown, DeliveryRetry),
        (Fault.bad_gateway(), DeliveryUnknown, DeliveryRetry),
        (Fault.unavailable(504, after_effect=True), DeliveryUnknown, DeliveryRetry),
        (Fault.reset(after_effect=True), DeliveryUnknown, DeliveryRetry),
        (Fault.reset(after_effect=False), DeliveryUnknown, DeliveryRetry),
    ],
)
@pytest.mark.parametrize("operation", ["post", "update", "delete"])
async def test_answers(
    connector: Connector,
    twin: TeamsTwin,
    chat: str,
    fault: Fault,
    posted: type[DeliveryError],
    edited: type[DeliveryError],
    operation: str,
) -> None:
    """A post that may have taken effect is never called certain; an edit can be repeated."""
    url = twin.service_url
    ref = await connector.post(url, chat, WORDS)
    # Twice: aiohttp repeats what is idempotent if a connection that was kept turns out closed.
    twin.fault(operation, fault, times=2)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "post": partial(connector.post, url, chat, WORDS),
        "update": partial(connector.update, url, chat, ref, WORDS),
        "delete": partial(connector.delete, url, chat, ref),
    }
    with pytest.raises(DeliveryError) as caught:
        await calls[operation]()
    assert type(caught.value) is (posted if operation == "post" else edited)


async def test_teams_own_word_is_passed_on(
    connector: Connector, twin: TeamsTwin, chat: str
) -> None:
    """For the people who look why something was not delivered."""
    twin.fault("post", Fault.error(403, "BotDisabledByAdmin", "The tenant admin disabled this bot"))
    with pytest.raises(PlaceFatal, match=r"^403 BotDisabledByAdmin$"):
        await connector.post(twin.service_url, chat, WORDS)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"error": 7}', b'{"error": {"code": [1]}}'])
def test_errors_of_another_shape(body: bytes) -> None:
    """There is no word to be passed on."""
    assert calls.error_code(body) == ""


async def test_nobody_listens(connector: Connector, chat: str) -> None:
    """The connection could not be made: it certainly did not arrive."""
    with pytest.raises(DeliveryRetry):
        await connector.post(DEAD_PORT, chat, WORDS)


async def test_an_answer_that_never_comes(
    twin: TeamsTwin, tokens: Tokens, clock: TestClock, chat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A post that was not answered in time may have arrived; an edit is tried again."""
    monkeypatch.setattr("adapters.teams.connector.CALL_SECONDS", 0.2)
    session = SharedSession()
    impatient = Connector(session, tokens, clock, Trust.of((), "", twin.service_url))
    ref = await impatient.post(twin.service_url, chat, WORDS)
    twin.fault("*", Fault.timeout(after_effect=True), times=2)
    with pytest.raises(DeliveryUnknown):
        await impatient.post(twin.service_url, chat, WORDS)
    with pytest.raises(DeliveryRetry):
        await impatient.update(twin.service_url, chat, ref, WORDS)
    await session.close()


async def test_a_success_that_says_nothing(
    connector: Connector, twin: TeamsTwin, chat: str
) -> None:
    """It is one all the same: a post without an id, a new conversation that is not named; an edit
    knows its own.
    """
    for operation in ("post", "create", "update"):
        twin.fault(operation, Fault.garbage())
    assert await connector.post(twin.service_url, chat, WORDS) == ""
    assert await connector.create(twin.service_url, {}) == Created("", "")
    assert await connector.update(twin.service_url, chat, "7", WORDS) == "7"


# Patience


async def test_a_refusal_holds_the_conversation_back(
    connector: Connector, twin: TeamsTwin, chat: str
) -> None:
    """Until Teams wants to hear of it again nothing is sent there; other places are let alone."""
    twin.fault("post", Fault.rate_limited(30), channel=chat)
    for _ in range(2):
        with pytest.raises(DeliveryRetry) as caught:
            await connector.post(twin.service_url, chat, WORDS)
        assert caught.value.retry_after == 30
    assert len(twin.calls("post")) == 1
    other = twin.dm(twin.add_user("Bo"))
    assert await connector.post(twin.service_url, other, WORDS)


async def test_within_the_limits_of_teams(
    connector: Connector, twin: TeamsTwin, chat: str, clock: TestClock
) -> None:
    """Whoever keeps to what it is told is refused once, not over and over."""
    twin.rate_limits = True
    sent = 0
    while sent < 20:
        try:
            post = asyncio.ensure_future(connector.post(twin.service_url, chat, WORDS))
            await clock.until(post.done) if not await _is_done(post, clock) else None
            await post
            sent += 1
        except DeliveryRetry as error:
            await clock.advance(error.retry_after or 1.0)
    assert len([call for call in twin.calls("post") if call.status == 429]) == 1


async def _is_done(post: asyncio.Future[str], clock: TestClock) -> bool:
    await clock.settle()
    return post.done()


@pytest.mark.parametrize(
    "fault", [Fault.unavailable(), Fault.rate_limited(1), Fault.reset(after_effect=False)]
)
async def test_a_question_is_asked_again(
    connector: Connector, twin: TeamsTwin, clock: TestClock, fault: Fault
) -> None:
    """A moment of weakness does not cost a name."""
    ada = twin.add_user("Ada")
    chat = twin.dm(ada)
    twin.fault("member", fault)
    asking = asyncio.ensure_future(connector.member(twin.service_url, chat, ada))
    await clock.until(asking.done)
    assert (await asking)["name"] == "Ada"


async def test_a_question_is_given_up(
    connector: Connector, twin: TeamsTwin, clock: TestClock
) -> None:
    """Nobody waits for long for a name."""
    ada = twin.add_user("Ada")
    chat = twin.dm(ada)
    twin.fault("member", Fault.unavailable(), times=None)
    asking = asyncio.ensure_future(connector.member(twin.service_url, chat, ada))
    began = clock.now()
    await clock.until(asking.done)
    assert isinstance(asking.exception(), DeliveryRetry)
    assert len(twin.calls("member")) == ASKS
    assert clock.now() - began <= 5.0
    twin.heal()
    twin.fault("member", Fault.rate_limited(60))
    with pytest.raises(DeliveryRetry):
        await connector.member(twin.service_url, chat, ada)


@given(st.text())
def test_any_wish_is_a_time_or_none(header: str) -> None:
    """Whatever a proxy writes into Retry-After."""
    seconds = calls.retry_after({"Retry-After": header})
    assert seconds is None or 0.0 <= seconds <= LONGEST_WAIT


@pytest.mark.parametrize("header", ["inf", "nan", "1e9", "601"])
def test_wishes_that_are_too_long(header: str) -> None:
    """They are followed for some minutes."""
    assert calls.retry_after({"Retry-After": header}) == LONGEST_WAIT


# The token


async def test_a_token_that_was_revoked_is_replaced_once(
    connector: Connector, twin: TeamsTwin, tokens: Tokens, chat: str
) -> None:
    """The message arrives all the same, and nobody notices."""
    assert await connector.post(twin.service_url, chat, WORDS)
    twin.login.revoke()
    assert await connector.post(twin.service_url, chat, WORDS)
    assert tokens.given == 2
    assert len(twin.messages(chat)) == 2


async def test_teams_refuses_every_token(
    connector: Connector, twin: TeamsTwin, tokens: Tokens, chat: str
) -> None:
    """Then it is the installation, and nobody asks for tokens over and over."""
    twin.fault("post", Fault.answer(401, {}), times=None)
    with pytest.raises(InstallationFatal):
        await connector.post(twin.service_url, chat, WORDS)
    assert tokens.given == 2


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "http://127.0.0.1:2/", "", "https://smba.trafficmanager.net/"]
)
async def test_the_token_goes_to_nobody_else(
    connector: Connector, tokens: Tokens, chat: str, url: str
) -> None:
    """Whatever was kept as a service, it is looked at again before each call."""
    for call in (
        connector.post(url, chat, WORDS),
        connector.update(url, chat, "1", WORDS),
        connector.create(url, {}),
        connector.member(url, chat, "ada"),
    ):
        with pytest.raises(PlaceFatal):
            await call
    assert tokens.given == 0


async def test_redirects_are_not_followed(connector: Connector, twin: TeamsTwin, chat: str) -> None:
    """They could lead the token to somebody else."""
    moved = Fault.answer(307, {})
    moved.headers["Location"] = f"{twin.base_url}elsewhere"
    twin.fault("post", moved)
    with pytest.raises(RowFatal):
        await connector.post(twin.service_url, chat, WORDS)
    assert len(twin.calls()) == 1
