"""Where messages go: addresses, what is kept of places, and which services are believed."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams.clouds import Cloud
from adapters.teams.places import (
    PLATFORM,
    PlaceKind,
    Places,
    Reference,
    Trust,
    address,
    deep_link,
    parted,
)
from agent.errors import ConfigError, StoreUnavailable
from agent.messages import ConversationId
from tests.support.clock import TestClock
from tests.support.doors import Memory

CHANNEL = "19:abc@thread.tacv2"
GROUP = "19:abc@thread.v2"
CHAT = "a:1xyz"
SERVICE = "https://smba.trafficmanager.net/amer/"
PUBLIC = Trust.of(Cloud.PUBLIC.value.service_hosts, Cloud.PUBLIC.value.default_service_url)


class SlowMemory(Memory):
    """References that take a moment to be written."""

    async def keep(self, platform: str, channel: str, reference: str, *, person: str = "") -> None:
        await TestClock().sleep(0)
        await super().keep(platform, channel, reference, person=person)
        await TestClock().sleep(0)

    async def drop(self, platform: str, channel: str) -> None:
        await TestClock().sleep(0)
        await super().drop(platform, channel)
        await TestClock().sleep(0)


def place(channel: str, thread: str = "") -> ConversationId:
    """A conversation of the tenant."""
    return ConversationId(PLATFORM, "T", channel, thread)


# Addresses


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        (CHANNEL, PlaceKind.CHANNEL),
        ("19:abc@thread.skype", PlaceKind.CHANNEL),
        (GROUP, PlaceKind.GROUP),
        (CHAT, PlaceKind.PERSONAL),
        ("19:a_b@unq.gbl.spaces", PlaceKind.PERSONAL),
        ("", PlaceKind.PERSONAL),
    ],
)
def test_kinds_by_the_form_of_an_id(channel: str, kind: PlaceKind) -> None:
    """A human channel may be configured before anything was heard from it."""
    assert PlaceKind.of(channel) is kind


def test_the_root_stays_in_the_address() -> None:
    """In a thread, under one of our own messages, and at the top of a channel."""
    assert address(place(CHANNEL, "17")) == f"{CHANNEL};messageid=17"
    assert address(place(CHANNEL), "18") == f"{CHANNEL};messageid=18"
    assert address(place(CHANNEL, "17"), "18") == f"{CHANNEL};messageid=18"
    assert address(place(CHANNEL)) == CHANNEL


def test_chats_have_no_threads() -> None:
    """What belongs under a message stands at the end of the chat."""
    assert address(place(CHAT), "18") == CHAT
    assert address(place(GROUP), "18") == GROUP


def test_what_teams_told_of_a_kind_counts_more_than_an_id() -> None:
    """Ids may get another form; a conversation's own activities know."""
    assert address(place("new-form"), "18", PlaceKind.CHANNEL) == "new-form;messageid=18"
    assert address(place(CHANNEL), "18", PlaceKind.GROUP) == CHANNEL


@given(st.text(min_size=1).filter(lambda text: ";messageid=" not in text), st.text())
def test_an_address_comes_apart_again(channel: str, root: str) -> None:
    """What was put together for sending is what is read when it comes in."""
    made = address(place(channel, root), kind=PlaceKind.CHANNEL)
    assert parted(made) == (channel, root)


# Links


def reference(kind: PlaceKind) -> Reference:
    """A place of this kind."""
    return Reference(service_url=SERVICE, kind=kind, group="G")


def test_a_link_to_a_reply() -> None:
    """It names the tenant, the team, and the root of the thread."""
    link = deep_link(
        "teams.microsoft.com", place(CHANNEL, "17"), "18", reference(PlaceKind.CHANNEL)
    )
    assert link == (
        "https://teams.microsoft.com/l/message/19%3Aabc%40thread.tacv2/18"
        "?tenantId=T&groupId=G&parentMessageId=17"
    )


def test_a_link_into_a_group_chat() -> None:
    """It says that it is a chat, and of which cloud."""
    link = deep_link("gov.teams.microsoft.us", place(GROUP), "18", reference(PlaceKind.GROUP))
    assert link == (
        "https://gov.teams.microsoft.us/l/message/19%3Aabc%40thread.v2/18"
        "?context=%7B%22contextType%22%3A%22chat%22%7D"
    )


def test_places_without_a_link() -> None:
    """Personal chats are for two; of a place never heard of too little is known."""
    personal = reference(PlaceKind.PERSONAL)
    assert deep_link("teams.microsoft.com", place(CHAT), "18", personal) == ""
    assert deep_link("teams.microsoft.com", place(CHANNEL), "18", None) == ""
    assert deep_link("teams.microsoft.com", place(GROUP), "", reference(PlaceKind.GROUP)) == ""


# What is kept


class Counting(Memory):
    """References that count what they are asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.people: dict[str, str] = {}
        self.broken = False

    async def keep(self, platform: str, channel: str, reference: str, *, person: str = "") -> None:
        """Count it."""
        self.asked.append("keep")
        if self.broken:
            raise StoreUnavailable
        self.people[channel] = person
        await super().keep(platform, channel, reference, person=person)

    async def find(self, platform: str, channel: str) -> str:
        """Count it."""
        self.asked.append("find")
        return await super().find(platform, channel)


@pytest.fixture
def references() -> Counting:
    return Counting()


@pytest.fixture
def places(references: Counting) -> Places:
    return Places(references)


async def test_what_is_kept_is_found(places: Places, references: Counting) -> None:
    """After a restart too, from the database."""
    kept = Reference(service_url=SERVICE, kind=PlaceKind.PERSONAL, bot_id="28:b", person="ada")
    await places.keep(CHAT, kept)
    assert await places.find(CHAT) == kept
    assert await Places(references).find(CHAT) == kept
    assert references.people == {CHAT: "ada"}
    assert await places.find("elsewhere") is None


async def test_what_is_known_costs_nothing(places: Places, references: Counting) -> None:
    """The same reference with every message is neither read nor written again."""
    kept = Reference(service_url=SERVICE, bot_id="28:b")
    await places.keep(CHAT, kept)
    references.asked.clear()
    for _ in range(3):
        await places.keep(CHAT, Reference(service_url=SERVICE, bot_id="28:b"))
        assert await places.find(CHAT) == kept
    assert references.asked == []


async def test_what_an_activity_does_not_tell_stays_known(places: Places) -> None:
    """Not every activity names the team, and consent shows in some messages only."""
    await places.keep(
        CHANNEL,
        Reference(
            service_url=SERVICE, kind=PlaceKind.CHANNEL, team="19:t", group="G", hears_all=True
        ),
    )
    await places.keep(CHANNEL, Reference(service_url="https://smba.trafficmanager.net/emea/"))
    known = await places.find(CHANNEL)
    assert known is not None
    assert (known.team, known.group, known.hears_all) == ("19:t", "G", True)
    assert known.service_url.endswith("/emea/")


async def test_the_last_one_leads_to_places_never_heard_of(places: Places) -> None:
    """Most likely they are served at the same address."""
    assert await places.latest() is None
    await places.keep(CHAT, Reference(service_url="https://one.botframework.com"))
    await places.keep(GROUP, Reference(service_url="https://two.botframework.com"))
    latest = await places.latest()
    assert latest is not None
    assert latest.service_url == "https://two.botframework.com"


async def test_what_is_not_known_costs_one_look(places: Places, references: Counting) -> None:
    """Where colleagues talk and the bot is not known each of their messages would cost one."""
    for _ in range(3):
        assert await places.find(CHANNEL) is None
    assert references.asked == ["find"]
    kept = Reference(service_url=SERVICE)
    await places.keep(CHANNEL, kept)
    assert await places.find(CHANNEL) == kept
    await places.drop(CHANNEL)
    assert await places.find(CHANNEL) is None
    await places.keep(CHANNEL, kept)
    assert await places.find(CHANNEL) == kept
    assert references.asked == ["find", "keep", "find", "keep"]


async def test_a_place_is_forgotten(places: Places, references: Counting) -> None:
    """In memory and in the database, however often."""
    await places.keep(CHAT, Reference(service_url=SERVICE))
    for _ in range(2):
        await places.drop(CHAT)
    assert await places.find(CHAT) is None
    assert references.kept == {}


async def test_what_could_not_be_written_is_not_known(places: Places, references: Counting) -> None:
    """Else it would be lost with the process."""
    references.broken = True
    with pytest.raises(StoreUnavailable):
        await places.keep(CHAT, Reference(service_url=SERVICE))
    assert await places.find(CHAT) is None


@pytest.mark.parametrize("written", ["", "no json", "[]", "{}", '{"service_url": 7}'])
async def test_what_was_written_by_somebody_else(references: Counting, written: str) -> None:
    """A reference that cannot be read is none."""
    references.kept[PLATFORM, CHAT] = written
    assert await Places(references).find(CHAT) is None


async def test_fields_of_tomorrow(references: Counting) -> None:
    """What a newer version wrote is read as far as it is understood."""
    references.kept[PLATFORM, CHAT] = json.dumps({"service_url": SERVICE, "new": 1})
    assert await Places(references).find(CHAT) == Reference(service_url=SERVICE)


# Which services are believed


@pytest.mark.parametrize(
    "url",
    [
        "https://smba.trafficmanager.net/teams/",
        "https://smba.trafficmanager.net/amer/6f-tenant/",
        "https://smba.trafficmanager.net",
        "https://SMBA.trafficmanager.net/teams",
        "https://smba.trafficmanager.net:443/teams",
        "https://europe.webchat.botframework.com/",
    ],
)
def test_services_of_microsoft(url: str) -> None:
    """Whatever the path, which names region and tenant."""
    assert PUBLIC.allowed(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "smba.trafficmanager.net",
        "http://smba.trafficmanager.net/teams/",
        "ftp://smba.trafficmanager.net/",
        "https://smba.trafficmanager.net:8443/",
        "https://trafficmanager.net/",
        "https://evil.trafficmanager.net/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://evil.example/smba.trafficmanager.net",
        "https://smba.trafficmanager.net@evil.example/",
        "https://evil.example@smba.trafficmanager.net/",
        "https://evil.example#@smba.trafficmanager.net/",
        "https://evil.example\\@smba.trafficmanager.net/",
        "https://smba.trafficmanager.net\\.evil.example/",
        "https://smba.trafficmanager.net/?to=evil",
        "https://evilbotframework.com/",
        "https://[::1",
        "https://smba.infra.gov.teams.microsoft.us/teams",
        "http://127.0.0.1:3978/",
        "https://smba.trafficmanager.net:99999999/",
    ],
)
def test_everybody_else(url: str) -> None:
    """Our token goes to nobody who only looks like them."""
    assert not PUBLIC.allowed(url)


@given(st.text())
def test_any_text_is_allowed_or_not(text: str) -> None:
    """Nothing that an activity may name raises."""
    assert PUBLIC.allowed(text) in (True, False)


@pytest.mark.parametrize("cloud", list(Cloud))
def test_each_cloud_believes_its_own(cloud: Cloud) -> None:
    """The default of a cloud is one of its services."""
    constants = cloud.value
    trust = Trust.of(constants.service_hosts, constants.default_service_url)
    assert trust.default == constants.default_service_url
    assert trust.allowed(trust.default) or not trust.default


def test_services_that_an_admin_names() -> None:
    """Hosts and addresses; the first address serves places nobody told us of."""
    trust = Trust.of((), "", "smba.example.com, https://a.example:8443/teams/,http://[::1]:9/x")
    assert trust.default == "https://a.example:8443/teams/"
    assert trust.allowed("https://smba.example.com/other/")
    assert trust.allowed("https://a.example:8443/")
    assert trust.allowed("http://[::1]:9/")
    assert not trust.allowed("https://a.example/")
    assert not trust.allowed("http://[::1]:10/")
    assert not trust.allowed("http://smba.example.com/")


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("http://smba.example.com", "must begin with https://"),
        ("ftp://smba.example.com", "neither a host nor an address"),
        ("https://", "neither a host nor an address"),
        ("https://user@smba.example.com", "neither a host nor an address"),
    ],
)
def test_a_list_that_cannot_be_meant(listed: str, said: str) -> None:
    """It is refused at the start, with the entry and what to write."""
    with pytest.raises(ConfigError, match=said):
        Trust.of((), "", f"smba.example.com,{listed}")


def test_this_machine() -> None:
    """Without authentication every local tool may say where it listens; nobody else."""
    trust = Trust.of((), "", loopback=True)
    assert trust.allowed("http://127.0.0.1:56150/_connector")
    assert trust.allowed("http://localhost:56150/_connector")
    assert not trust.allowed("http://localhost.evil.example/")
    assert not trust.allowed("http://10.0.0.1/")


async def test_two_that_learn_at_once() -> None:
    """Neither undoes what the other has learnt, and what is dropped meanwhile is written again."""
    memory = SlowMemory()
    places = Places(memory)
    heard = Reference(service_url=SERVICE, hears_all=True)
    welcomed = Reference(service_url=SERVICE, welcomed=True)
    await asyncio.gather(places.keep(CHAT, heard), places.keep(CHAT, welcomed))
    found = await Places(memory).find(CHAT)
    assert found is not None
    assert (found.hears_all, found.welcomed) == (True, True)
    await asyncio.gather(places.drop(CHAT), places.keep(CHAT, heard))
    await places.keep(CHAT, heard)
    assert await Places(memory).find(CHAT) is not None
