"""The Slack adapter: `Adapter` over slack-bolt, the Web API and, if wanted, Socket Mode."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import Any, TypeVar

from cachetools import LRUCache

from adapters.slack import checking, mrkdwn
from adapters.slack.backfill import Backfill
from adapters.slack.calls import call, part, parts, string
from adapters.slack.members import Members
from adapters.slack.payloads import Identity, seconds
from adapters.slack.profiles import Profiles, Reader
from adapters.slack.receiving import Receiver
from adapters.slack.rendering import plain, render
from adapters.slack.socket_mode import SocketMode
from adapters.slack.web import Web
from agent.errors import ConfigError, DeliveryError, DeliveryRetry, DeliveryUnknown, RowFatal
from agent.messages import Author, ConversationId, IncomingMessage
from agent.platforms import Capabilities, EarlierMessage, Finding, Profile, WebRequest, WebResponse
from agent.ports import Clock, Door
from agent.records import Delivery

log = logging.getLogger(__name__)

SLACK_API = "https://slack.com/api/"
DIRECTS = 10_000
"""Direct conversations whose channel is remembered."""
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
UPDATE_BYTES = 3990
"""Of the text of an edit, with room for an ellipsis: Slack takes 4 000, though 40 000 characters of
a post (gitlab.com/gitlab-org/gitlab, merge request 258898)."""
STATUS_SECONDS = 60.0
"""Until a status is shown again: Slack takes it away after two minutes
(https://docs.slack.dev/reference/methods/assistant.threads.setStatus)."""
A = TypeVar("A")


class SlackAdapter:
    """One Slack workspace: over HTTP, or with an app token over Socket Mode."""

    platform = "slack"
    capabilities = Capabilities(can_be_asked=True, sign_seconds=STATUS_SECONDS)

    def __init__(
        self,
        *,
        token: str,
        signing_secret: str = "",
        app_token: str = "",
        api_url: str,
        clock: Clock,
    ) -> None:
        """Nothing is opened before `start`. Without a signing secret every request is refused."""
        self.tenant = ""
        self.routes: Mapping[str, Callable[[WebRequest], Awaitable[WebResponse]]] = {
            "/slack/events": self._receive
        }
        self._signing_secret = signing_secret
        self._app_token = app_token
        self._api_url = api_url.rstrip("/") + "/"
        self._clock = clock
        self._web = Web(token=token, api_url=self._api_url, clock=clock)
        self._members = Members(self._web, clock)
        self._receiver: Receiver | None = None
        self._backfill: Backfill | None = None
        self._socket: SocketMode | None = None
        self._profiles = Profiles(self._web, clock)
        self._directs: LRUCache[str, str] = LRUCache(DIRECTS)

    async def start(self, door: Door) -> None:
        """Learn who we are, however long Slack is out, and begin to receive."""
        identity = await self._identify()
        self.tenant = identity.team_id
        reader = Reader(identity, self._profiles)
        self._backfill = backfill = Backfill(self._web, identity, self._clock, door, reader.read)
        self._receiver = receiver = Receiver(
            self._web,
            identity,
            signing_secret=self._signing_secret,
            clock=self._clock,
            door=door,
            reader=reader,
            backfill=backfill,
        )
        if not self._app_token:
            backfill.begin(await backfill.remember())
            return
        self._socket = socket = SocketMode(
            self._web,
            app_token=self._app_token,
            clock=self._clock,
            take=receiver.take,
            backfill=backfill,
        )
        socket.start(
            await self._insist(
                socket.address, refused=f"Slack refuses SLACK_APP_TOKEN: {{}}; {checking.NO_APP}"
            )
        )

    async def stop(self) -> None:
        """Stop receiving and close the connections."""
        if self._receiver is not None:
            await self._receiver.stop()
            self._receiver = None
        if self._socket is not None:
            await self._socket.stop()
            self._socket = None
        if self._backfill is not None:
            await self._backfill.stop()
            self._backfill = None
        await self._web.close()

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
        where: dict[str, Any] = {
            "channel": place.channel,
            "include_all_metadata": True,
            "limit": PAGE,
        }
        if delivery.queued_at:
            where["oldest"] = f"{delivery.queued_at - CLOCKS_DIFFER:.6f}"
        thread = delivery.under_ref or place.thread
        for _ in range(PAGES):
            if thread:
                page = await self._web.call("conversations.replies", ts=thread, **where)
            else:
                page = await self._web.call("conversations.history", **where)
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
            await self._web.call(
                "assistant.threads.setStatus",
                patience=0.0,  # one that comes late would stay under the answer
                channel_id=conversation.channel,
                thread_ts=conversation.thread,
                status="is thinking…" if on else "",
            )
        except DeliveryError as error:
            log.debug("no status shown: %s", error.code)

    async def profile(self, author: Author, place: ConversationId) -> Profile:
        """users.info, kept for a day."""
        return await self._profiles.of(author, place.tenant)

    async def member(self, place: ConversationId, user_id: str) -> bool:
        """conversations.members and users.info; a yes is kept for a minute."""
        return await self._members.has(place.channel, user_id)

    async def earlier(self, message: IncomingMessage, limit: int) -> Sequence[EarlierMessage]:
        """What was said last in the thread before the message.

        Slack pages a thread from its start, `latest` or not; of one with more than PAGES pages the
        last of those are what is read.
        """
        place = message.conversation
        where: dict[str, Any] = {"channel": place.channel, "ts": place.thread}
        where |= {"latest": message.id, "limit": PAGE}
        last: deque[Mapping[str, Any]] = deque(maxlen=max(0, limit))
        try:
            for _ in range(PAGES):
                page = await self._web.call("conversations.replies", **where)
                last += (one for one in parts(page, "messages") if one.get("ts") != message.id)
                where["cursor"] = string(part(page, "response_metadata"), "next_cursor")
                if not where["cursor"]:
                    break
        except DeliveryError as error:
            log.info("no earlier messages: %s", error.code)
            return ()
        mentioned = (user for one in last for user in mrkdwn.unnamed(string(one, "text")))
        names = await self._profiles.names(mentioned, place.tenant)
        return [await self._earlier(one, place, number, names) for number, one in enumerate(last)]

    async def permalink(self, message: IncomingMessage) -> str:
        """chat.getPermalink."""
        ts = message.conversation.thread if message.kind.is_control else message.id
        try:
            answer = await self._web.call(
                "chat.getPermalink", channel=message.conversation.channel, message_ts=ts
            )
        except DeliveryError:
            return ""
        return str(answer.get("permalink") or "")

    async def direct(self, user_id: str) -> ConversationId:
        """conversations.open, asked once per person."""
        channel = self._directs.get(user_id, "")
        if not channel:
            answer = await self._web.call("conversations.open", users=[user_id])
            channel = string(part(answer, "channel"), "id")
            if not channel:
                raise DeliveryUnknown("Slack opened a direct conversation without saying which")
            self._directs[user_id] = channel
        return ConversationId("slack", self.tenant, channel)

    async def open_direct(self, user_id: str, text: str) -> ConversationId:
        """A message at the top level of the direct conversation: the root of the new thread."""
        place = await self.direct(user_id)
        posted = await self._web.post({"channel": place.channel, "text": mrkdwn.escape(text)})
        if not (ts := string(posted, "ts")):
            raise DeliveryUnknown("Slack took the message without saying where it is")
        return replace(place, thread=ts)

    async def check(self) -> Sequence[Finding]:
        """What `frontdesk check` says about Slack."""
        return await checking.check(self._web.client, self._app_token)

    async def check_channel(self, channel: str) -> Sequence[Finding]:
        """Whether the channel is one, takes cases, and has people in it."""
        return [await checking.check_channel(self._web.client, channel)]

    async def _receive(self, request: WebRequest) -> WebResponse:
        if self._receiver is None:
            return WebResponse(503)
        return await self._receiver.handle(request)

    async def _identify(self) -> Identity:
        me = await self._insist(
            lambda: call(self._web.client.auth_test()), refused="Slack refuses SLACK_BOT_TOKEN: {}"
        )
        if wrong := checking.nobody(me):
            raise ConfigError(wrong)
        return Identity(
            team_id=string(me, "team_id"),
            bot_user_id=string(me, "user_id"),
            bot_id=string(me, "bot_id"),
            enterprise_id=string(me, "enterprise_id"),
        )

    async def _insist(self, ask: Callable[[], Awaitable[A]], *, refused: str) -> A:
        """Ask Slack what nothing can begin without, for as long as it is out.

        Raises:
            ConfigError: Slack says no; `refused` is the sentence for it.
        """
        pauses = chain(START_AGAIN, repeat(START_AGAIN[-1]))
        while True:
            try:
                return await ask()
            except (DeliveryRetry, DeliveryUnknown) as error:
                asked = error.retry_after if isinstance(error, DeliveryRetry) else None
                wait = next(pauses) if asked is None else max(SHORTEST_WAIT, asked)
                log.warning(
                    "waiting for Slack at %s: %s; next try in %g s", self._api_url, error, wait
                )
            except DeliveryError as error:
                raise ConfigError(refused.format(error)) from None
            await self._clock.sleep(wait)

    async def _put(self, delivery: Delivery, content: dict[str, Any]) -> str:
        message = delivery.message
        place = message.conversation
        metadata = {"event_type": "frontdesk_message", "event_payload": _mark(delivery)}
        content = {**content, "metadata": metadata}
        if not message.replaces:
            thread = delivery.under_ref or place.thread or None
            post = {"channel": place.channel, "thread_ts": thread, **content}
            if not (ts := string(await self._web.post(post), "ts")):
                raise DeliveryUnknown("Slack took the message without saying where it is")
            return ts
        if not delivery.replaces_ref:
            raise RowFatal("the message to be edited never arrived")
        content = {name: value for name, value in content.items() if not name.startswith("unfurl")}
        content["text"] = _shorter(content["text"])
        try:
            edited = await self._web.call(
                "chat.update", channel=place.channel, ts=delivery.replaces_ref, **content
            )
            return string(edited, "ts") or delivery.replaces_ref
        except DeliveryUnknown as error:
            raise DeliveryRetry(str(error)) from None  # an edit is the same however often

    async def _earlier(
        self,
        one: Mapping[str, Any],
        place: ConversationId,
        number: int,
        names: Mapping[str, str],
    ) -> EarlierMessage:
        author = Author(string(one, "user") or string(one, "bot_id"))
        from_bot = bool(one.get("bot_id"))
        name = string(one, "username")
        if not from_bot and number < NAMED_AUTHORS:
            name = (await self.profile(author, place)).name
        return EarlierMessage(
            author_id=author.id,
            author_name=name or author.id,
            text=mrkdwn.read(string(one, "text"), "", names),
            from_bot=from_bot,
            sent_at=seconds(string(one, "ts")),
        )


def _shorter(text: str) -> str:
    """A text that an edit may have; where there are blocks, they are what people see."""
    if len(text.encode()) <= UPDATE_BYTES:
        return text
    return text.encode()[:UPDATE_BYTES].decode(errors="ignore") + "…"


def _mark(delivery: Delivery) -> dict[str, str]:
    """What tells our posts apart: ids begin anew with a new database, conversations do not."""
    return {"id": delivery.message.id, "lane": delivery.lane}
