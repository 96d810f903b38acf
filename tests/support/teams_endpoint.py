"""Everything that Teams' receiver needs around it, in memory, with errors that a test chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.teams.authentication import TeamsAuthentication, Verifier
from adapters.teams.clouds import Cloud
from adapters.teams.places import Places, Trust
from adapters.teams.receiving import Receiver
from agent.errors import StoreUnavailable
from agent.messages import ConversationId, IncomingMessage, Kind
from agent.platforms import WebRequest, WebResponse
from agent.records import Accepted
from tests.support import teams_bodies as bodies
from tests.support.clock import TestClock
from tests.support.doors import Memory, OpenDoor
from tests.support.teams_bodies import TENANT

HEADER = {"authorization": "Bearer teams-test"}


class Connectors:
    """The SDK asks for a way to answer; nobody uses it."""

    async def create(self, service_url: str, audience: str) -> object:
        """Something."""
        return self


@dataclass
class Gate:
    """A `Verifier` that lets everybody in unless it has an error; it remembers what it saw."""

    error: Exception | None = None
    seen: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def verify(self, header: str, activity: Mapping[str, Any]) -> None:
        """Remember."""
        self.seen.append((header, activity))
        if self.error is not None:
            raise self.error


@dataclass
class Door(OpenDoor):
    """A door that may find things not to be for the bot, be slow, or have a defect."""

    answer: Accepted | None = None
    seconds: float = 0.0
    defect: Exception | None = None
    clock: TestClock = field(default_factory=TestClock)
    known_before: list[set[str]] = field(default_factory=list)

    async def accept(self, message: IncomingMessage) -> Accepted:
        """As the test said; `known_before` are the channels that were known at each call."""
        self.known_before.append({channel for _, channel in self.references.kept})
        await self.clock.sleep(self.seconds)
        if self.defect is not None:
            raise self.defect
        return self.answer or await super().accept(message)


class Lost(Memory):
    """References in a database that is gone."""

    async def keep(self, platform: str, channel: str, reference: str, *, person: str = "") -> None:
        """Nothing can be written."""
        raise StoreUnavailable

    async def find(self, platform: str, channel: str) -> str:
        """Nothing can be read."""
        raise StoreUnavailable


@dataclass
class Endpoint:
    """A receiver with everything around it."""

    door: Door = field(default_factory=Door)
    gate: Verifier = field(default_factory=Gate)
    tenant: str = TENANT

    def __post_init__(self) -> None:
        cloud = Cloud.named("public")
        trusted = Trust.of(cloud.value.service_hosts, cloud.value.default_service_url)
        self.places = Places(self.door.references)
        self.receiver = Receiver(
            tenant=self.tenant,
            verifier=self.gate,
            authentication=TeamsAuthentication(bodies.APP, cloud, self.gate, Connectors()),
            trust=trusted,
            places=self.places,
            door=self.door,
            clock=self.door.clock,
            web_host=cloud.value.web_host,
            ident=self.ident,
        )

    async def ident(self, place: ConversationId, teams_id: str) -> str:
        """Everybody is known by the id behind '29:1'."""
        return teams_id.removeprefix("29:1")

    async def post(self, body: object) -> WebResponse:
        """Send an activity, or bytes as they are."""
        raw = body if isinstance(body, bytes) else bodies.as_json(body)
        return await self.receiver.handle(WebRequest(raw, HEADER))

    async def status(self, body: object) -> int:
        """Send an activity and say how it was answered."""
        return (await self.post(body)).status

    @property
    def kinds(self) -> list[Kind]:
        """What came through the door."""
        return [message.kind for message in self.door.messages]

    @property
    def channels(self) -> set[str]:
        """The channels that are kept."""
        return {channel for _, channel in self.door.references.kept}
