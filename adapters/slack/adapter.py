"""The Slack adapter: `Adapter` over slack-bolt and the Web API."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, repeat
from math import isfinite
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import checking, mrkdwn
from adapters.slack.calls import call, part, parts, string
from adapters.slack.payloads import Identity
from adapters.slack.posting import Poster
from adapters.slack.receiving import Receiver
from adapters.slack.rendering import plain, render
from agent.errors import ConfigError, DeliveryError, DeliveryRetry, DeliveryUnknown, RowFatal
from agent.messages import Author, ConversationId, IncomingMessage
from agent.ports import (
    Capabilities,
    Clock,
    Door,
    EarlierMessage,
    Finding,
    Profile,
    WebRequest,
    WebResponse,
)
from agent.records import Delivery

log = logging.getLogger(__name__)

SLACK_API = "https://slack.com/api/"
CALL_SECONDS = 10
CONNECT_SECONDS = 3
CONNECTIONS = 100
PROFILE_SECONDS = 24 * 3600.0
PROFILES = 10_000
NAMED_AUTHORS = 10
"""Authors of an earlier thread whose names are looked up: a call each."""
PAGES = 5
PAGE = 200
"""Messages of one page (https://docs.slack.dev/apis/web-api/pagination)."""
CLOCKS_DIFFER = 300.0
"""Seconds that Slack's clock may be behind ours: a post is no older than its row, give or take."""
START_AGAIN = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to learn who we are while Slack is out; the last one for good."""
SHORTEST_WAIT = 1.0


class SlackAdapter:
    """One Slack workspace, in HTTP mode."""

    platform = "slack"
    capabilities = Capabilities(can_be_asked=True, ephemeral=True, max_text=12_000)

    def __init__(self, *, token: str, signing_secret: str, api_url: str, clock: Clock) -> None:
        """Nothing is opened before `start`."""
        self.tenant = ""
        self.routes: Mapping[str, Callable[[WebRequest], Awaitable[WebResponse]]] = {
            "/slack/events": self._receive
        }
        self._token = token
        self._signing_secret = signing_secret
        self._api_url = api_url.rstrip("/") + "/"
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._receiver: Receiver | None = None
        self._profiles: OrderedDict[str, tuple[float, Profile]] = OrderedDict()

    async def start(self, door: Door) -> None:
        """Learn who we are, however long Slack is out, and begin to receive."""
        identity = await self._identify()
        self.tenant = identity.team_id
        self._receiver = Receiver(
            self._client,
            identity,
            signing_secret=self._signing_secret,
            clock=self._clock,
            door=door,
        )

    async def stop(self) -> None:
        """Stop receiving and close the connections."""
        self._receiver = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, delivery: Delivery) -> str:
        """Post or edit one message; a form that Slack refuses is sent once more as plain text."""
        try:
            return await self._put(delivery, render(delivery.message))
        except RowFatal:
            return await self._put(delivery, {**plain(delivery.message), "blocks": []})

    async def find(self, delivery: Delivery) -> str | None:
        """Look for our own metadata where the message would be."""
        if delivery.message.replaces:
            return None  # an edit can simply be repeated
        place = delivery.message.conversation
        where: dict[str, Any] = {"channel": place.channel, "include_all_metadata": True}
        if delivery.queued_at:
            where["oldest"] = f"{delivery.queued_at - CLOCKS_DIFFER:.6f}"
        thread = delivery.under_ref or place.thread
        for _ in range(PAGES):
            if thread:
                page = await call(
                    self._client.conversations_replies(ts=thread, limit=PAGE, **where)
                )
            else:
                page = await call(self._client.conversations_history(limit=PAGE, **where))
            for message in parts(page, "messages"):
                is_ours = part(message, "metadata").get("event_payload") == _mark(delivery)
                if is_ours and (ts := string(message, "ts")):
                    return ts
            where["cursor"] = string(part(page, "response_metadata"), "next_cursor")
            if not where["cursor"]:
                return None
        return None

    async def thinking(self, conversation: ConversationId, on: bool) -> None:
        """Slack's status under the thread; Slack clears it itself when the app posts."""
        try:
            await call(
                self._client.assistant_threads_setStatus(
                    channel_id=conversation.channel,
                    thread_ts=conversation.thread,
                    status="is thinking…" if on else "",
                )
            )
        except DeliveryError as error:
            log.debug("no status shown: %s", error.code)

    async def profile(self, author: Author, tenant: str) -> Profile:
        """users.info, kept for a day."""
        known = self._profiles.get(author.id)
        if known is not None and known[0] > self._clock.now():
            return replace(known[1], external=known[1].external or author.external)
        try:
            answer = await call(self._client.users_info(user=author.id, include_locale=True))
        except DeliveryError as error:
            log.info("no profile: %s", error.code)
            return Profile(author.id, author.name, external=author.external, known=False)
        user = part(answer, "user")
        if not user:
            return Profile(author.id, author.name, external=author.external, known=False)
        profile = _profile(author, user, tenant)
        self._profiles[author.id] = (self._clock.now() + PROFILE_SECONDS, profile)
        if len(self._profiles) > PROFILES:
            self._profiles.popitem(last=False)
        return profile

    async def earlier(self, message: IncomingMessage, limit: int) -> Sequence[EarlierMessage]:
        """What was said last in the thread before the message.

        Slack pages a thread from its start, `latest` or not; of one with more than PAGES pages the
        last of those are what is read.
        """
        place = message.conversation
        where: dict[str, Any] = {"channel": place.channel, "ts": place.thread, "limit": PAGE}
        last: deque[Mapping[str, Any]] = deque(maxlen=max(0, limit))
        try:
            for _ in range(PAGES):
                page = await call(self._client.conversations_replies(latest=message.id, **where))
                last += (one for one in parts(page, "messages") if one.get("ts") != message.id)
                where["cursor"] = string(part(page, "response_metadata"), "next_cursor")
                if not where["cursor"]:
                    break
        except DeliveryError as error:
            log.info("no earlier messages: %s", error.code)
            return ()
        return [await self._earlier(one, place, number) for number, one in enumerate(last)]

    async def permalink(self, message: IncomingMessage) -> str:
        """chat.getPermalink."""
        ts = message.conversation.thread if message.kind.is_control else message.id
        try:
            answer = await call(
                self._client.chat_getPermalink(channel=message.conversation.channel, message_ts=ts)
            )
        except DeliveryError:
            return ""
        return str(answer.get("permalink") or "")

    async def open_direct(self, user_id: str, text: str) -> ConversationId:
        """conversations.open, and a message at the top level: the root of the new thread."""
        answer = await call(self._client.conversations_open(users=[user_id]))
        channel = string(part(answer, "channel"), "id")
        if not channel:
            raise DeliveryUnknown("Slack opened a direct conversation without saying which")
        posted = await call(self._poster.post({"channel": channel, "text": mrkdwn.escape(text)}))
        if not (ts := string(posted, "ts")):
            raise DeliveryUnknown("Slack took the message without saying where it is")
        return ConversationId("slack", self.tenant, channel, ts)

    async def check(self, human_channel: str) -> Sequence[Finding]:
        """What `frontdesk check` says about Slack."""
        return await checking.check(self._client, human_channel)

    @property
    def _client(self) -> AsyncWebClient:
        return self._connected()[0]

    @property
    def _poster(self) -> Poster:
        return self._connected()[1]

    def _connected(self) -> tuple[AsyncWebClient, Poster]:
        """The SDK's client and the poster over one session, made when first needed."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS, connect=CONNECT_SECONDS),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=60),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            # The SDK's own retry repeats a post whose answer was lost; ours asks first.
            client = AsyncWebClient(
                token=self._token, base_url=self._api_url, session=self._session, retry_handlers=[]
            )
            self._callers = client, Poster(self._session, self._api_url, self._token)
        return self._callers

    async def _receive(self, request: WebRequest) -> WebResponse:
        if self._receiver is None:
            return WebResponse(503)
        return await self._receiver.handle(request)

    async def _identify(self) -> Identity:
        for seconds in chain(START_AGAIN, repeat(START_AGAIN[-1])):
            try:
                me = await call(self._client.auth_test())
            except (DeliveryRetry, DeliveryUnknown) as error:
                asked = error.retry_after if isinstance(error, DeliveryRetry) else None
                wait = seconds if asked is None else max(SHORTEST_WAIT, asked)
                log.warning(
                    "waiting for Slack at %s: %s; next try in %g s", self._api_url, error, wait
                )
                await self._clock.sleep(wait)
            except DeliveryError as error:
                raise ConfigError(f"Slack refuses SLACK_BOT_TOKEN: {error}") from None
            else:
                break
        if wrong := checking.nobody(me):
            raise ConfigError(wrong)
        return Identity(
            team_id=string(me, "team_id"),
            bot_user_id=string(me, "user_id"),
            bot_id=string(me, "bot_id"),
            enterprise_id=string(me, "enterprise_id"),
        )

    async def _put(self, delivery: Delivery, content: dict[str, Any]) -> str:
        message = delivery.message
        place = message.conversation
        metadata = {"event_type": "frontdesk_message", "event_payload": _mark(delivery)}
        content = {**content, "metadata": metadata}
        if not message.replaces:
            thread = delivery.under_ref or place.thread or None
            posting = self._poster.post({"channel": place.channel, "thread_ts": thread, **content})
            if not (ts := string(await call(posting), "ts")):
                raise DeliveryUnknown("Slack took the message without saying where it is")
            return ts
        if not delivery.replaces_ref:
            raise RowFatal("the message to be edited never arrived")
        content = {name: value for name, value in content.items() if not name.startswith("unfurl")}
        try:
            edited = self._client.chat_update(
                channel=place.channel, ts=delivery.replaces_ref, **content
            )
            return string(await call(edited), "ts") or delivery.replaces_ref
        except DeliveryUnknown as error:
            raise DeliveryRetry(str(error)) from None  # an edit is the same however often

    async def _earlier(
        self, one: Mapping[str, Any], place: ConversationId, number: int
    ) -> EarlierMessage:
        author = Author(string(one, "user") or string(one, "bot_id"))
        from_bot = bool(one.get("bot_id"))
        name = string(one, "username")
        if not from_bot and number < NAMED_AUTHORS:
            name = (await self.profile(author, place.tenant)).name
        return EarlierMessage(
            author_id=author.id,
            author_name=name or author.id,
            text=mrkdwn.read(string(one, "text"), ""),
            from_bot=from_bot,
            sent_at=_seconds(string(one, "ts")),
        )


def _mark(delivery: Delivery) -> dict[str, str]:
    """What tells our posts apart: ids begin anew with a new database, conversations do not."""
    return {"id": delivery.message.id, "lane": delivery.lane}


def _profile(author: Author, user: Mapping[str, Any], tenant: str) -> Profile:
    card = part(user, "profile")
    names = (card.get("real_name"), user.get("real_name"), card.get("display_name"))
    home = user.get("team_id") or tenant
    enterprise = bool(user.get("enterprise_user"))
    return Profile(
        id=author.id,
        name=next((str(name) for name in (*names, user.get("name")) if name), author.name),
        locale=str(user.get("locale") or ""),
        time_zone=str(user.get("tz") or ""),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        external=bool(
            author.external or user.get("is_stranger") or (home != tenant and not enterprise)
        ),
        bot=bool(user.get("is_bot")),
    )


def _seconds(ts: str) -> float:
    try:
        seconds = float(ts)
    except ValueError:
        return 0.0
    return seconds if isfinite(seconds) else 0.0
