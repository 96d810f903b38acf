"""What each kind of activity leaves behind, and what a person who waits is answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from adapters.teams.places import Note, PlaceKind, Places, Reference
from agent.errors import StoreUnavailable
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
    reply = {"about": "t1.1", "reply": "Yes."}
    await endpoint.post(bodies.press("frontdesk.reply", reply, conversation=channel))
    value = {"verb": "frontdesk.reply", **reply}
    submitted = bodies.message(id="f:1", text=None, value=value, replyToId="1")
    await endpoint.post({**submitted, "conversation": channel})
    await endpoint.post(bodies.message(value={"x": "1"}, conversation=channel))
    await endpoint.post(bodies.edited(conversation=channel))
    await endpoint.post(bodies.deleted(conversation=channel))
    assert endpoint.kinds == [Kind.MESSAGE, Kind.MESSAGE, Kind.MESSAGE, Kind.EDIT, Kind.DELETE]
    kept = await endpoint.places.find(CHANNEL)
    assert kept is not None
    assert not kept.hears_all


async def test_the_author_is_noted(endpoint: Endpoint) -> None:
    """Name, language, time zone and the bot's own id of whom is answered; of who presses before
    it is asked whether they may.
    """
    await endpoint.post(bodies.message())
    assert endpoint.places.people.get(ADA) == Note("Ada Byron", "en-GB", "Europe/Berlin", "29:1ada")


async def test_the_author_is_noted_first(endpoint: Endpoint) -> None:
    """The turn that wants to know may begin before the door has answered."""
    endpoint.door.defect = StoreUnavailable()
    assert await endpoint.status(bodies.message()) == 503
    assert endpoint.places.people.get(ADA) == Note("Ada Byron", "en-GB", "Europe/Berlin", "29:1ada")


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


@pytest.mark.parametrize("told", ["Bob has it since 10:14.", ""])
async def test_the_answer_to_a_press(endpoint: Endpoint, told: str) -> None:
    """What the door tells, for whom pressed alone, in the form that leaves the card as it is; if
    it tells nothing, nothing is shown.
    """
    endpoint.door.told = told
    answer = await endpoint.post(bodies.press("frontdesk.claim"))
    assert answer.status == 200
    assert spoken(answer) == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": told,
    }


@pytest.mark.parametrize(
    ("told", "shown"), [("", "Sent."), ("Resolved by Bob.", "Resolved by Bob.")]
)
async def test_the_answer_to_a_reply(endpoint: Endpoint, told: str, shown: str) -> None:
    """The words stay in the box, so that it is said that they went out; unless they did not."""
    endpoint.door.told = told
    assert spoken(await endpoint.post(bodies.ACTIVITIES["reply"]))["value"] == shown


@pytest.mark.parametrize(
    ("verb", "data", "shown"),
    [
        ("frontdesk.resolve", {"about": "t1.1", "note": "x"}, "Please choose an outcome first."),
        ("frontdesk.resolve", {"outcome": "sold"}, "Please choose an outcome first."),
        ("frontdesk.reply", {"reply": "  "}, "Please write something first."),
    ],
)
async def test_a_form_that_is_not_filled_in(
    endpoint: Endpoint, verb: str, data: dict[str, str], shown: str
) -> None:
    """Whoever sent it is told what is missing, as by any press; nothing else happens."""
    answer = spoken(await endpoint.post(bodies.press(verb, data)))
    assert (answer["statusCode"], answer["value"]) == (200, shown)
    assert endpoint.door.messages == []


async def test_a_press_that_cannot_be_stored(endpoint: Endpoint) -> None:
    """Teams shows that it did not work; nobody is told that it did."""
    endpoint.door.broken = True
    for name in ("press", "form", "reply"):
        assert await endpoint.status(bodies.ACTIVITIES[name]) == 503


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"action": 5},
        {"action": {"verb": 5, "data": 5}},
        {"action": {"verb": "frontdesk.x"}},
        {"action": {"verb": "frontdesk.assign", "data": {"detail": "teams:eve"}}},
    ],
)
async def test_a_forged_press(
    endpoint: Endpoint, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered as an error of the card and does nothing."""
    answer = await endpoint.post(bodies.press(value=value))
    assert answer.status == 200
    assert spoken(answer)["statusCode"] == 400
    assert spoken(answer)["value"]["message"] == "Nobody reads this any more."
    assert endpoint.door.messages == []
    assert caplog.text == ""


async def test_whom_a_command_names(endpoint: Endpoint) -> None:
    """A person whom it mentions stands in it by the id that everybody knows them by; what is no
    command says names.
    """
    bob = bodies.tag("29:1bob", "Bob")
    for words in ("/assign C1", "What about"):
        told = f"<at>Frontdesk</at> {words} <at>Bob</at>"
        await endpoint.post(bodies.mention(id=words, text=told, entities=[bodies.tag(), bob]))
    command, question = endpoint.door.messages
    assert (command.kind, command.text) == (Kind.COMMAND, "assign C1 <@bob>")
    assert (question.kind, question.text) == (Kind.MESSAGE, "What about @Bob")


async def test_files_in_a_thread(endpoint: Endpoint) -> None:
    """Where Teams does not tell where a file is, the way to its message is the way to it."""
    stub = '<attachment id="1150d938-8870-4044-9f2c-5bbdeba70c9d"></attachment>'
    html = {"contentType": "text/html", "content": stub}
    await endpoint.post(bodies.chatter(attachments=[html]))
    (message,) = endpoint.door.messages
    (link,) = message.file_links
    assert message.files == ("a file",)
    assert link.startswith("https://teams.microsoft.com/l/message/19%3Ageneral%40thread.tacv2/")
    assert "parentMessageId=1790000000000" in link
    await endpoint.post(bodies.message(attachments=[{"contentType": "application/pdf"}]))
    assert endpoint.door.messages[1].file_links == ("",)


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
