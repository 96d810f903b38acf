"""What each kind of activity leaves behind, and what a person who waits is answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from adapters.teams.places import Note, PlaceKind, Places, Reference
from agent.messages import Kind
from agent.platforms import WebResponse
from agent.records import Accepted
from tests.support import teams_bodies as bodies
from tests.support.teams_bodies import ADA, BOT, CHANNEL, GROUP, PERSONAL
from tests.support.teams_endpoint import Door, Endpoint, Lost


@pytest.fixture
def endpoint() -> Endpoint:
    """A receiver at an open door."""
    return Endpoint()


@pytest.mark.parametrize("name", ["message", "mention", "edited", "reaction", "feedback", "press"])
async def test_the_reference_comes_first(endpoint: Endpoint, name: str) -> None:
    """Where the answer goes is kept before there is something to answer."""
    body = bodies.ACTIVITIES[name]
    await endpoint.post(body)
    assert endpoint.door.known_before == [endpoint.channels]
    kept = await Places(endpoint.door.references).find(CHANNEL if name == "mention" else PERSONAL)
    assert kept is not None
    assert (kept.service_url, kept.bot_id, kept.hears_all) == (bodies.SERVICE, BOT, False)


async def test_chatter_leaves_nothing(endpoint: Endpoint) -> None:
    """What colleagues say to each other, where the bot is not known, is not kept in any form."""
    endpoint.door.answer = Accepted.NOT_FOR_US
    assert await endpoint.status(bodies.chatter()) == 202
    assert endpoint.channels == set()
    assert endpoint.places.people.get(ADA) is None


async def test_chatter_shows_what_is_heard(endpoint: Endpoint) -> None:
    """Where the bot is known it is kept that it hears all, and nothing else of the chatter."""
    await endpoint.post(bodies.installed(bodies.channel("")))
    before = await endpoint.places.find(CHANNEL)
    assert before is not None
    assert not before.hears_all
    endpoint.door.answer = Accepted.NOT_FOR_US
    elsewhere = "https://smba.trafficmanager.net/other/"
    assert await endpoint.status(bodies.chatter(serviceUrl=elsewhere)) == 202
    assert await endpoint.places.find(CHANNEL) == before.model_copy(update={"hears_all": True})


async def test_chatter_without_a_database() -> None:
    """It is not worth that Teams comes again with it."""
    endpoint = Endpoint(Door(references=Lost(), answer=Accepted.NOT_FOR_US))
    assert await endpoint.status(bodies.chatter()) == 202


async def test_a_followed_thread(endpoint: Endpoint) -> None:
    """What is said in a thread of the bot without a mention is proof of consent, and is kept."""
    await endpoint.post(bodies.mention())
    await endpoint.post(bodies.chatter())
    kept = await endpoint.places.find(CHANNEL)
    assert kept is not None
    assert kept.hears_all
    assert kept.group == "7e4a-group"


async def test_what_is_no_proof(endpoint: Endpoint) -> None:
    """What a card sends, an edit and a deletion come without consent too."""
    channel = bodies.channel()
    await endpoint.post(bodies.message(value={"x": "1"}, conversation=channel))
    await endpoint.post(bodies.edited(conversation=channel))
    await endpoint.post(bodies.deleted(conversation=channel))
    assert endpoint.kinds == [Kind.MESSAGE, Kind.EDIT, Kind.DELETE]
    kept = await endpoint.places.find(CHANNEL)
    assert kept is not None
    assert not kept.hears_all


async def test_the_author_is_noted(endpoint: Endpoint) -> None:
    """Name, language and time zone of whom is answered."""
    await endpoint.post(bodies.message())
    assert endpoint.places.people.get(ADA) == Note("Ada Byron", "en-GB", "Europe/Berlin")


async def test_one_welcome(endpoint: Endpoint) -> None:
    """However many activities tell of it, and however much later the app is installed again."""
    for body in (bodies.installed(), bodies.added(), bodies.installed(action="add-upgrade")):
        assert await endpoint.status(body) == 202
    assert len(endpoint.door.known_before) == 1
    assert endpoint.door.known_before == [{PERSONAL}]
    kept = await endpoint.places.find(PERSONAL)
    assert kept == Reference(
        service_url=bodies.SERVICE, kind=PlaceKind.PERSONAL, bot_id=BOT, person=ADA, welcomed=True
    )


async def test_a_team_is_not_welcomed(endpoint: Endpoint) -> None:
    """In teams and groups it is kept how they are reached, once the bot itself is in them."""
    await endpoint.post(bodies.added(bodies.channel(""), "29:1bob"))
    await endpoint.post(bodies.installed({"conversationType": "channel"}))
    assert endpoint.channels == set()
    await endpoint.post(bodies.added(bodies.channel("")))
    await endpoint.post(bodies.installed(bodies.group()))
    assert endpoint.channels == {CHANNEL, GROUP}
    assert endpoint.door.messages == []


async def test_a_farewell(endpoint: Endpoint) -> None:
    """Where the app is removed nothing is kept; an update only looks like a removal."""
    await endpoint.post(bodies.installed())
    await endpoint.post(bodies.installed(action="remove-upgrade"))
    assert endpoint.channels == {PERSONAL}
    assert await endpoint.status(bodies.installed(action="remove")) == 202
    assert endpoint.channels == set()


def spoken(answer: WebResponse) -> Any:
    """The JSON of an answer to an invoke."""
    assert answer.headers is not None
    assert answer.headers["content-type"].startswith("application/json")
    return json.loads(answer.body)


async def test_the_answer_to_a_thumb(endpoint: Endpoint) -> None:
    """An empty object closes Teams' dialog; one that says nothing is refused."""
    answer = await endpoint.post(bodies.feedback())
    assert (answer.status, spoken(answer)) == (200, {})
    assert await endpoint.status(bodies.feedback(value={"actionName": "feedback"})) == 400


async def test_the_answer_to_a_press(endpoint: Endpoint) -> None:
    """Short words for whom pressed, in the form that leaves the card as it is."""
    answer = await endpoint.post(bodies.press())
    assert spoken(answer) == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": "Got it.",
    }


async def test_a_press_that_nobody_reads(endpoint: Endpoint) -> None:
    """Who presses on a card of what is over is told so."""
    endpoint.door.answer = Accepted.NOT_FOR_US
    answer = spoken(await endpoint.post(bodies.press()))
    assert answer["value"] == "Nobody reads this any more."


OLD = {"verb": "frontdesk.reply", "data": {"about": "t1.1", "reply": "Yes."}}


@pytest.mark.parametrize(
    "value",
    [None, [], {"action": 5}, {"action": {"verb": "frontdesk.x"}}, {"action": OLD}],
)
async def test_a_forged_press(endpoint: Endpoint, value: object) -> None:
    """It is answered as an error of the card and does nothing."""
    answer = await endpoint.post(bodies.press(value=value))
    assert answer.status == 200
    assert spoken(answer)["statusCode"] == 400
    assert endpoint.door.messages == []


@pytest.mark.parametrize(
    "name", ["composeExtension/query", "task/fetch", "fileConsent/invoke", "signin/failure", "", 5]
)
async def test_unknown_invokes(
    endpoint: Endpoint, name: object, caplog: pytest.LogCaptureFixture
) -> None:
    """What is not implemented is answered so, without a body and without a traceback."""
    answer = await endpoint.post(bodies.activity("invoke", name=name, value=["odd"]))
    assert (answer.status, answer.body) == (501, b"")
    assert caplog.text == ""


async def test_an_invoke_that_takes_too_long() -> None:
    """Nobody looks at a button for longer; an utterance may wait for the database."""
    endpoint = Endpoint(Door(seconds=6.0))
    press = asyncio.create_task(endpoint.status(bodies.press()))
    said = asyncio.create_task(endpoint.status(bodies.message()))
    await endpoint.door.clock.advance(5.0)
    assert await press == 503
    assert not said.done()
    await endpoint.door.clock.advance(1.0)
    assert await said == 202
