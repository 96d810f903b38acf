"""A newcomer tries Frontdesk on the playground's page as somebody in Teams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.providers.echo import Echo
from tests.support.clock import TestClock
from tests.support.play import Json, Play, button, playing, shapes, texts
from tests.support.scripted import Say, ScriptedProvider, decision

FEEDBACK = "feedback"


@pytest.fixture
async def play(tmp_path: Path, clock: TestClock) -> AsyncIterator[Play]:
    """A playground that knows two pages of the handbook and no model."""
    async with playing(tmp_path, clock) as one:
        await one.teach("payroll.md", "remote-access-vpn.md")
        yield one


async def ask(play: Play, text: str = "When is payday?") -> tuple[str, Json, Json]:
    """Tove asks in her personal chat: its id, the answer, and the buttons right below it."""
    chat = await play.dm(play.tove)
    await play.say(play.tove, chat, text)
    *_, question, answer, below = await play.flat(play.tove, chat)
    assert question["mine"]
    assert_answered(answer, below)
    return chat, answer, below


def assert_answered(answer: Json, below: Json) -> None:
    """The answer has the words, the thumbs and no button; these are drawn together with it, in a
    message that is nothing but buttons.
    """
    assert (answer["bot"], answer["follows"]) == (True, False)
    assert texts(answer)
    assert {"feedback"} <= kinds(answer) <= {"html", "context", "feedback"}
    assert (below["bot"], below["follows"], below["label"]) == (True, True, "")
    assert kinds(below) == {"card", "actions"}
    assert button(below, "Ask a person")["ts"] == below["ts"] != answer["ts"]


def kinds(message: Json) -> set[str]:
    """What a message is drawn with."""
    return {one["type"] for one in shapes(message)}


def prompts(message: Json) -> list[Any]:
    """What is suggested under a message."""
    found = [one["elements"] for one in shapes(message) if one["type"] == "prompts"]
    return found[0] if found else []


async def test_who_opens_the_chat_is_welcomed_once(play: Play) -> None:
    """The first visit adds the app; a suggestion is said by a press, and then they are gone."""
    chat = await play.dm(play.tove)
    (welcome,) = await play.flat(play.tove, chat)
    assert (welcome["bot"], len(prompts(welcome)) > 1) == (True, True)
    await play.dm(play.tove)
    assert await play.flat(play.tove, chat) == [welcome]
    said = prompts(welcome)[0]["value"]
    await play.say(play.tove, chat, said)
    welcome, question, *answered = await play.flat(play.tove, chat)
    assert_answered(*answered)
    assert (prompts(welcome), question["plain"]) == ([], said)


async def test_a_personal_chat_is_one_conversation(play: Play) -> None:
    """Everything said there stands in one thread, and its journal can be looked at."""
    chat, answer, _ = await ask(play)
    assert "fixed date" in texts(answer)
    await play.say(play.tove, chat, "The VPN says HL-203")
    (thread,) = (await play.place(play.tove, chat))["threads"]
    assert (thread["ts"], len(thread["messages"])) == ("", 7)
    assert_answered(*thread["messages"][-2:])
    query = {"as": play.tove, "channel": chat, "thread": ""}
    lines = (await play.get("/timeline", **query))["timeline"]
    assert [one["kind"] for one in lines].count("answered") == 2


async def test_sources_can_be_opened(play: Play) -> None:
    """What the answer cites by number leads to the page it is from."""
    _, answer, _ = await ask(play)
    sources = next(one["items"] for one in shapes(answer) if one["type"] == "context")
    link = next(item for item in sources if "Paydays" in item).partition('href="')[2]
    async with play.session.get(link.partition('"')[0]) as page:
        assert page.status == 200


async def test_what_a_model_wrote_is_labelled(tmp_path: Path, clock: TestClock) -> None:
    """The label is on generated answers alone; a source stands under the number that cites it."""
    answers = [Say(decision(response="On the 26th [1].", citations=["p1"]), after=5)]
    async with playing(tmp_path, clock, [ScriptedProvider("slow:", clock, answers)]) as play:
        await play.teach("payroll.md")
        chat = await play.dm(play.tove)
        await play.say(play.tove, chat, "When is payday?")
        (thread,) = (await play.place(play.tove, chat))["threads"]
        assert thread["status"] == "is typing…"
        await clock.advance(6)
        (thread,) = (await play.place(play.tove, chat))["threads"]
        welcome, _, answer, below = thread["messages"]
        assert_answered(answer, below)
        assert (thread["status"], welcome["label"]) == ("", "")
        assert answer["label"] == "AI generated"
        sources = next(one["items"] for one in shapes(answer) if one["type"] == "context")
        assert [item[:9] for item in sources[1:]] == ["1. <a hre"]


async def test_asking_for_a_person_puts_a_card_on_the_desk_in_slack(play: Play) -> None:
    """The button is a real press; people in Slack see who asks."""
    chat, _, below = await ask(play)
    order = button(below, "Ask a person")
    status, _ = await play.post("/press", user=play.tove, channel=chat, **order)
    assert status == 200
    *_, told = await play.flat(play.tove, chat)
    assert "passed this on to people" in texts(told)
    desk = (await play.get("/state", **{"as": play.omar}))["desk"]["places"][0]
    assert desk["platform"] == "Slack"
    assert "Tove Lund" in texts(desk["threads"][0]["messages"][0])


async def test_frontdesk_answers_in_a_channel_when_it_is_mentioned(play: Play) -> None:
    """A mention by name is a real mention, and the answer stands in its thread, where one can go
    on without another; what is said elsewhere in the channel is not answered.
    """
    silent = await play.say(play.tove, play.office, "When is payday?")
    asked = await play.say(play.tove, play.office, "@frontdesk When is payday?")
    assert len(await play.thread(play.omar, play.office, silent)) == 1
    question, answer, below = await play.thread(play.omar, play.office, asked)
    assert_answered(answer, below)
    assert '<span class="mention">@Frontdesk</span>' in texts(question)
    assert "fixed date" in texts(answer)
    await play.say(play.omar, play.office, "The VPN says HL-203", asked)
    *first, again, answer, below = await play.thread(play.tove, play.office, asked)
    assert (len(first), again["author"]) == (3, play.omar)
    assert_answered(answer, below)
    assert "HL-203" in texts(answer)


async def test_a_card_leads_to_the_channel_it_is_about(play: Play) -> None:
    """The permalink in Slack opens the thread in Teams, as somebody who is in the channel."""
    asked = await play.say(play.tove, play.office, "@Frontdesk talk to a person")
    desk = (await play.get("/state"))["desk"]["places"][0]
    shown = texts(desk["threads"][0]["messages"][0])
    assert f'href="/#as={play.tove}&amp;in=' in shown
    assert f"thread={asked}" in shown


async def test_frontdesk_takes_part_in_a_group_chat(play: Play) -> None:
    """It is asked by its name there, and only those in the chat see it."""
    await play.say(play.tove, play.group, "Where shall we eat?")
    await play.say(play.omar, play.group, "@Frontdesk When is payday?")
    *asked, answer, below = await play.flat(play.tove, play.group)
    assert [one["author"] for one in asked] == [play.tove, play.omar]
    assert_answered(answer, below)
    assert "fixed date" in texts(answer)
    assert await play.place(play.ines, play.group) == {}


async def test_commands_are_written_to_the_bot(play: Play) -> None:
    """There are no slash commands in Teams; the same words work as a message. What they answer
    is said in the personal chat.
    """
    chat = await play.dm(play.ines)
    await play.say(play.ines, chat, "/status")
    *_, answer = await play.flat(play.ines, chat)
    assert "FRONTDESK_HUMAN_CHANNEL" in texts(answer)
    await play.say(play.ines, play.office, "@Frontdesk /help")
    *_, answer = await play.flat(play.ines, chat)
    assert "status" in texts(answer)


async def test_feedback_is_remembered_for_the_person_who_gave_it(play: Play) -> None:
    """The thumb stays pressed after a reload, for Tove and not for Omar, and can be changed."""
    asked = await play.say(play.tove, play.office, "@Frontdesk When is payday?")
    _, answer, below = await play.thread(play.tove, play.office, asked)
    assert_answered(answer, below)
    assert FEEDBACK in [one.get("action_id") for one in shapes(answer)]
    order: Json = {"channel": play.office, "ts": answer["ts"], "action_id": FEEDBACK}
    for value in ("positive", "negative"):
        status, _ = await play.post("/press", user=play.tove, value=value, **order)
        assert status == 200
    assert (await play.post("/press", user=play.tove, value="maybe", **order))[0] == 400
    pressed = [
        [one["pressed"] for one in await play.thread(user, play.office, asked)]
        for user in (play.tove, play.omar)
    ]
    assert pressed == [[{}, {FEEDBACK: "negative"}, {}], [{}, {}, {}]]
    query = {"as": play.tove, "channel": play.office, "thread": asked}
    lines = (await play.get("/timeline", **query))["timeline"]
    assert [one["kind"] for one in lines].count("rated") == 2


async def test_one_changes_and_deletes_only_ones_own_messages(play: Play) -> None:
    """An edit keeps the mention; others' messages and the bot's are out of reach."""
    ts = await play.say(play.tove, play.office, "@Frontdesk payday & <more>?")
    question, answer, below = await play.thread(play.tove, play.office, ts)
    assert question["plain"] == "@Frontdesk payday & <more>?"
    order: Json = {"user": play.tove, "channel": play.office, "ts": ts}
    assert (await play.post("/edit", **order, text="@Frontdesk VPN"))[0] == 200
    question, *_ = await play.thread(play.tove, play.office, ts)
    assert (question["plain"], question["edited"]) == ("@Frontdesk VPN", True)
    out_of_reach = [(play.omar, ts), (play.tove, answer["ts"]), (play.tove, below["ts"])]
    for user, what in out_of_reach:
        theirs: Json = {"user": user, "channel": play.office, "ts": what}
        assert (await play.post("/edit", **theirs, text="x"))[0] == 400
        assert (await play.post("/delete", **theirs))[0] == 400
    assert (await play.post("/edit", **order, text="   "))[0] == 400
    assert (await play.post("/delete", **order))[0] == 200
    gone, *_ = await play.thread(play.tove, play.office, ts)
    assert (gone["gone"], gone["blocks"]) == (True, [])
    assert (await play.post("/delete", **order))[0] == 400


async def test_a_file_is_shared_by_its_name(play: Play) -> None:
    """Frontdesk sees that there is a file; elsewhere than in a personal chat Teams does not say
    which.
    """
    chat = await play.dm(play.tove)
    file = {"name": "error.png", "size": 5000}
    for place, shown in ((chat, "error.png"), (play.office, "a file")):
        order: Json = {"user": play.tove, "channel": place, "file": file}
        _, body = await play.post("/say", **order, text="@Frontdesk")
        threads = (await play.place(play.tove, place))["threads"]
        messages = [one for thread in threads for one in thread["messages"]]
        assert next(one for one in messages if one["ts"] == body["ts"])["files"] == [shown]
    status, body = await play.post("/say", user=play.tove, channel=chat, text="  ")
    assert (status, body["error"]) == (400, "There is nothing to send.")


async def test_nobody_sees_what_is_on_another_platform(play: Play) -> None:
    """Who is in Slack has no place in Teams, nor the other way round, nor another's chat."""
    chat = await play.dm(play.tove)
    for user, place in (
        (play.ada, play.office),
        (play.tove, play.general),
        (play.omar, chat),
        (play.tove, play.playground.teams.desk),
    ):
        assert await play.place(user, place) == {}
        status, body = await play.post("/say", user=user, channel=place, text="hello")
        assert (status, body) == (400, {"error": "This person is not in this channel."})
    people = (await play.get("/state"))["people"]
    platforms = {one["name"]: one["platform"] for one in people}
    assert (platforms["Ada Byron"], platforms["Tove Lund"]) == ("Slack", "Teams")


async def test_what_cannot_be_done_is_said_in_a_sentence(play: Play) -> None:
    """A thread, a message or a button that does not exist is no crash."""
    chat, answer, below = await ask(play)
    order: Json = {"user": play.tove, "channel": chat}
    given: list[tuple[str, Json]] = [
        ("/say", {"text": "x", "thread_ts": "1000"}),
        ("/edit", {"ts": "1000", "text": "x"}),
        ("/press", {"ts": below["ts"], "action_id": "nothing"}),
        ("/press", {**button(below, "Ask a person"), "ts": answer["ts"]}),
        ("/press", {**button(below, "Ask a person"), "inputs": {"unknown": "x"}}),
    ]
    for path, more in given:
        status, body = await play.post(path, **order, **more)
        assert (status, list(body), bool(body["error"])) == (400, ["error"], True)


async def test_a_press_that_is_not_taken_is_said(play: Play) -> None:
    """A button that Frontdesk does not know is refused in its words; so is one when it is away."""
    chat = await play.dm(play.tove)
    action = {"type": "Action.Execute", "title": "Old", "verb": "from_another_time"}
    await play.post_card(chat, {"type": "AdaptiveCard", "version": "1.5", "actions": [action]})
    *_, card = await play.flat(play.tove, chat)
    order: Json = {"user": play.tove, "channel": chat, **button(card, "Old")}
    for said in ("Nobody reads this any more.", "Frontdesk did not take it"):
        status, body = await play.post("/press", **order)
        assert (status, said in body["error"]) == (400, True)
        play.playground.teams.twin.events_url = f"{play.address}/nobody"


async def test_the_desk_may_be_in_teams(tmp_path: Path, clock: TestClock) -> None:
    """With a human channel in Teams configured the card is there, and leads to Slack."""
    async with playing(tmp_path, clock, FRONTDESK_HUMAN_CHANNEL="teams:") as play:
        ts = await play.say(play.ada, play.general, "@Frontdesk talk to a person")
        desk = (await play.get("/state"))["desk"]["places"][0]
        assert (desk["purpose"], desk["platform"], desk["kind"]) == ("desk", "Teams", "teamchannel")
        card = desk["threads"][0]["messages"][0]
        assert "Ada Byron" in texts(card)
        row = next(one for one in shapes(card) if one["type"] == "actions")
        link = next(one for one in row["elements"] if one.get("url"))
        assert link["url"] == f"/#as={play.ada}&in={play.general}&thread={ts}"


async def test_nothing_that_is_said_becomes_markup(tmp_path: Path, clock: TestClock) -> None:
    """Neither an employee nor a model can put a script or a dangerous link on the page."""
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>"
    async with playing(tmp_path, clock, [Echo("")]) as play:
        chat, answer, _ = await ask(play, hostile)
        question = (await play.flat(play.tove, chat))[-3]
        for shown in (texts(question), texts(answer)):
            assert "&lt;script&gt;" in shown
            assert not any(bad in shown for bad in ("<script", "<img", 'href="javascript'))


async def test_teams_asks_who_its_bot_is(play: Play) -> None:
    """What goes over the wire is signed both ways, with a secret that is new each time."""
    environ = play.playground.app.configuration.environ
    assert len(environ["TEAMS_APP_PASSWORD"]) >= 32
    assert "TEAMS_ALLOW_UNAUTHENTICATED" not in environ
    async with play.session.post(
        f"{play.playground.teams.twin.service_url}v3/conversations", json={}
    ) as answer:
        assert answer.status == 401
