"""The Teams adapter: `Adapter` over the Bot Framework's turns and a connector of our own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from adapters.teams import checking, rendering
from adapters.teams.authentication import (
    Authentication,
    KeysUnavailable,
    TeamsAuthentication,
    Unchecked,
)
from adapters.teams.clouds import Cloud
from adapters.teams.connector import Connector, SharedSession
from adapters.teams.members import Members
from adapters.teams.payloads import LOCAL
from adapters.teams.places import (
    PLATFORM,
    Note,
    PlaceKind,
    Places,
    Reference,
    Trust,
    address,
    deep_link,
)
from adapters.teams.profiles import Roster, as_noted
from adapters.teams.receiving import Receiver
from adapters.teams.tokens import TokenProvider
from agent.errors import (
    ConfigError,
    DeliveryError,
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    PlaceFatal,
    RowFatal,
    StorageError,
)
from agent.messages import Author, ConversationId, IncomingMessage
from agent.platforms import Capabilities, EarlierMessage, Finding, Profile, WebRequest, WebResponse
from agent.ports import Clock, Door
from agent.records import Delivery

log = logging.getLogger(__name__)

DIRECTS = 10_000
"""Personal chats whose conversation is remembered."""
TYPING_SECONDS = 4.0
"""How long Teams shows that somebody types, give or take."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whom the bot serves, and as which app. `tenant` is LOCAL for a bot that was told none."""

    tenant: str
    app_id: str
    cloud: Cloud


class TeamsAdapter:
    """One Teams tenant."""

    platform = PLATFORM
    capabilities = Capabilities(sign_seconds=TYPING_SECONDS, command="/")

    def __init__(
        self,
        organisation: Organisation,
        *,
        session: SharedSession,
        tokens: TokenProvider,
        authentication: Authentication | None,
        trust: Trust,
        clock: Clock,
    ) -> None:
        """Nothing is opened before `start`. Without an authentication everybody may write to the
        bot.
        """
        self.tenant = organisation.tenant
        self.routes: Mapping[str, Callable[[WebRequest], Awaitable[WebResponse]]] = {
            "/api/messages": self._receive
        }
        self._organisation = organisation
        self._session = session
        self._tokens = tokens
        self._authentication = authentication
        self._trust = trust
        self._clock = clock
        self._connector = Connector(session, tokens, clock, trust)
        self._receiver: Receiver | None = None
        self._places: Places | None = None
        self._roster = Roster(self._connector, self._reach, clock, self.tenant)
        self._members = Members(self._connector, self._reach, clock, self._known_as)
        self._directs: LRUCache[str, str] = LRUCache(DIRECTS)

    async def start(self, door: Door) -> None:
        """Begin to receive; that Microsoft is out keeps nobody from starting."""
        await self._prepare()
        self._places = places = Places(door.references)
        verifier = self._authentication or Unchecked()
        organisation = self._organisation
        self._receiver = Receiver(
            tenant=self.tenant,
            verifier=verifier,
            authentication=TeamsAuthentication(
                organisation.app_id, organisation.cloud, verifier, _NoAnswers()
            ),
            trust=self._trust,
            places=places,
            door=door,
            clock=self._clock,
            web_host=organisation.cloud.value.web_host,
            ident=self._members.ident,
        )

    async def stop(self) -> None:
        """Stop receiving and close the connections."""
        self._receiver = None
        await self._tokens.close()
        if self._authentication is not None:
            await self._authentication.close()
        await self._session.close()

    async def send(self, delivery: Delivery) -> str:
        """Post or edit one message; a form that Teams refuses is sent once more as plain text."""
        message = delivery.message
        place = await self._reach(message.conversation)
        try:
            ref = await self._put(delivery, place, rendering.render(message, place))
        except RowFatal:
            ref = await self._put(delivery, place, rendering.plain(message, place))
        below = None if message.replaces else rendering.below(message)
        if below is not None:
            await self._put_below(delivery, place, ref, below)
        return ref

    async def find(self, delivery: Delivery) -> str | None:
        """None: Teams cannot be asked what it has, only told (see `can_be_asked`)."""
        return None

    async def thinking(self, conversation: ConversationId, on: bool) -> None:
        """Teams' typing dots; they go away by themselves and when the bot posts."""
        if not on:
            return
        try:
            place = await self._reach(conversation)
            where = address(conversation, kind=place.kind)
            activity = self._from(place, where, rendering.typing())
            # One that comes late would stand under the answer.
            await self._connector.post(place.service_url, where, activity, patience=0.0)
        except DeliveryError as error:
            log.debug("no typing shown: %s", error.code)

    async def profile(self, author: Author, place: ConversationId) -> Profile:
        """The entry of the conversation's roster, kept for a day. It has no locale and no time
        zone: these are what the person's last activity told.
        """
        found = await self._roster.find(author, place)
        note = self._noted(author.id)
        return as_noted(found or Profile(author.id, author.name, known=False), author, note)

    async def member(self, place: ConversationId, user_id: str) -> bool:
        """By the roster of the channel: a team's, or a private channel's own."""
        return await self._members.has(place, user_id)

    async def earlier(self, message: IncomingMessage, limit: int) -> Sequence[EarlierMessage]:
        """Nothing: what was said before is told by Microsoft Graph alone, with permissions of an
        application that this bot does not ask for.
        """
        return ()

    async def permalink(self, message: IncomingMessage) -> str:
        """A deep link; '' for personal chats, which only the two in them can open."""
        place = message.conversation
        try:
            reference = await self._places.find(place.channel) if self._places else None
        except StorageError:
            return ""
        message_id = place.thread if message.kind.is_control else message.id
        web_host = self._organisation.cloud.value.web_host
        return deep_link(web_host, place, message_id, reference)

    async def direct(self, user_id: str) -> ConversationId:
        """The personal chat, asked for once per person: Teams gives the same one each time."""
        channel = self._directs.get(user_id)
        if channel is None:
            place = await self._elsewhere(PlaceKind.PERSONAL)
            wanted = self._conversation(place, {}) | {
                "isGroup": False,
                "members": [{"id": user_id}],
            }
            try:
                created = await self._connector.create(place.service_url, wanted)
            except RowFatal as error:
                raise PlaceFatal(str(error)) from None  # there is nothing else in it but the person
            except DeliveryUnknown as error:
                raise DeliveryRetry(str(error)) from None  # it is the same one however often
            if not (channel := created.conversation):
                raise DeliveryRetry("Teams began a personal chat without saying which")
            self._directs[user_id] = channel
        return ConversationId(PLATFORM, self.tenant, channel)

    async def open_direct(self, user_id: str, text: str) -> ConversationId:
        """A message in the personal chat: it is one conversation for ever."""
        place = await self.direct(user_id)
        reference = await self._reach(place)
        activity = self._from(reference, place.channel, rendering.begin(text))
        await self._connector.post(reference.service_url, place.channel, activity)
        return place

    async def check(self) -> Sequence[Finding]:
        """What `frontdesk check` says about Teams."""
        tenant = self.tenant if self.tenant != LOCAL else ""
        return [
            *checking.ids(self._organisation.app_id, tenant),
            await checking.token(self._tokens),
            await checking.sender(self._authentication),
        ]

    async def check_channel(self, channel: str) -> Sequence[Finding]:
        """Whether the channel is one, takes cases, and whether the bot hears what is said there."""
        try:
            place = await self._reach(ConversationId(PLATFORM, self.tenant, channel))
        except DeliveryError as error:
            return [checking.unreachable(channel, error)]
        return await checking.channel(self._connector, channel, place)

    def _noted(self, user_id: str) -> Note:
        """What a person's last activity told."""
        return (self._places.people.get(user_id) if self._places else None) or Note()

    def _known_as(self, user_id: str) -> str:
        return self._noted(user_id).bot_knows_as

    async def _receive(self, request: WebRequest) -> WebResponse:
        if self._receiver is None:
            return WebResponse(503)
        return await self._receiver.handle(request)

    async def _prepare(self) -> None:
        """Fetch what the first message needs, so that it does not wait.

        Raises:
            ConfigError: Microsoft refuses the credentials.
        """
        try:
            await self._tokens.token()
            if self._authentication is not None:
                await self._authentication.prepare()
        except InstallationFatal as error:
            raise ConfigError(str(error)) from None
        except (DeliveryError, KeysUnavailable) as error:
            log.warning("starting without all of Microsoft's services: %s", error)

    async def _reach(self, conversation: ConversationId) -> Reference:
        """How a conversation is reached: as it told us itself, or like the one that told us last.

        Raises:
            DeliveryRetry: the database could not be asked.
            PlaceFatal: nothing ever came from anywhere, and this cloud has no default.
        """
        try:
            known = await self._places.find(conversation.channel) if self._places else None
        except StorageError as error:
            raise _unread(error) from None
        if known is not None and self._trust.allowed(known.service_url):
            return known
        return await self._elsewhere(PlaceKind.of(conversation.channel))

    async def _elsewhere(self, kind: PlaceKind) -> Reference:
        """How a conversation is reached that told us nothing: like the one that told us last.

        Raises:
            DeliveryRetry: the database could not be asked.
            PlaceFatal: nothing ever came from anywhere, and this cloud has no default.
        """
        try:
            latest = await self._places.latest() if self._places else None
        except StorageError as error:
            raise _unread(error) from None
        if latest is not None and self._trust.allowed(latest.service_url):
            return Reference(service_url=latest.service_url, kind=kind, bot_id=latest.bot_id)
        if not self._trust.default:
            raise PlaceFatal("nobody knows its service yet: write to the bot there once")
        return Reference(service_url=self._trust.default, kind=kind)

    async def _put(self, delivery: Delivery, place: Reference, content: dict[str, Any]) -> str:
        message = delivery.message
        conversation = message.conversation
        root = delivery.under_ref or conversation.thread
        if message.replaces:
            if not delivery.replaces_ref:
                raise RowFatal("the message to be edited never arrived")
            # What has no thread of its own begins one.
            where = address(conversation, root or delivery.replaces_ref, place.kind)
            activity = self._from(place, where, content)
            ref = delivery.replaces_ref
            return await self._connector.update(place.service_url, where, ref, activity)
        if place.kind is PlaceKind.CHANNEL and not root:
            ref = await self._begin_thread(place, conversation.channel, content)
        else:
            where = address(conversation, root, place.kind)
            activity = self._from(place, where, content)
            ref = await self._connector.post(place.service_url, where, activity)
        # '' if Teams did not say: it took the message all the same. To call that doubtful would
        # tell its reader that it may not have arrived; so only an edit of it is given up.
        return ref

    async def _put_below(
        self, delivery: Delivery, place: Reference, ref: str, content: dict[str, Any]
    ) -> None:
        """Post what belongs under a message that has arrived, once and without patience: until it
        is recorded, that message would be unconfirmed if the process died. What fails here is lost;
        the buttons of an answer can be said in words too.
        """
        conversation = delivery.message.conversation
        root = delivery.under_ref or conversation.thread or ref
        if place.kind is PlaceKind.CHANNEL and not root:
            log.warning("the buttons under a message were not sent: Teams did not say where it is")
            return
        where = address(conversation, root, place.kind)
        activity = self._from(place, where, content)
        try:
            await self._connector.post(place.service_url, where, activity, patience=0.0)
        except DeliveryError as error:
            log.warning("the buttons under a message were not delivered: %s", error)

    async def _begin_thread(self, place: Reference, channel: str, content: dict[str, Any]) -> str:
        wanted = self._conversation(place, {"channel": {"id": channel}})
        wanted |= {"isGroup": True, "activity": content}
        return (await self._connector.create(place.service_url, wanted)).activity

    def _conversation(self, place: Reference, where: dict[str, Any]) -> dict[str, Any]:
        """What Teams is told of a new conversation, whichever kind it is of."""
        wanted: dict[str, Any] = {"bot": {"id": self._bot(place)}, "channelData": where}
        if self.tenant != LOCAL:
            wanted["tenantId"] = self.tenant
            wanted["channelData"] = {**where, "tenant": {"id": self.tenant}}
        return wanted

    def _from(self, place: Reference, where: str, content: dict[str, Any]) -> dict[str, Any]:
        sender = {"id": self._bot(place), "role": "bot"}
        return {**content, "from": sender, "conversation": {"id": where}}

    def _bot(self, place: Reference) -> str:
        """Who we are there; Teams puts '28:' before an app's id."""
        return place.bot_id or f"28:{self._organisation.app_id}"


class _NoAnswers:
    """What the SDK wants for answering within a turn; here nothing does: answers are in the
    outbox before they are sent.
    """

    async def create(self, service_url: str, audience: str) -> _NoAnswers:
        """One for each service, the SDK thinks."""
        return self


def _unread(error: StorageError) -> DeliveryRetry:
    return DeliveryRetry(f"where it is reached cannot be read: {error.code}")
