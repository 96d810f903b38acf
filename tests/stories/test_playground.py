"""A newcomer tries Frontdesk on the playground's page, without an account or a key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from agent.errors import ConfigError
from agent.providers.echo import Echo
from bot import playground as playground_module
from bot.playground import Playground
from bot.settings import load
from tests.support.clock import TestClock
from tests.support.play import Json, Play, button, playing, texts
from tests.support.scripted import Say, ScriptedProvider, decision


@pytest.fixture
async def play(tmp_path: Path, clock: TestClock) -> AsyncIterator[Play]:
    """A playground that knows two pages of the handbook and no model."""
    async with playing(tmp_path, clock) as one:
        await one.teach("payroll.md", "remote-access-vpn.md")
        yield one


async def ask(play: Play, text: str = "When is payday?") -> tuple[str, str, Json]:
    """Ada asks in her direct conversation: its channel, the thread, the answer."""
    channel = await play.dm(play.ada)
    ts = await play.say(play.ada, channel, text)
    *_, answer = await play.thread(play.ada, channel, ts)
    assert answer["bot"]
    return channel, ts, answer


async def test_a_question_is_answered_with_sources_that_can_be_opened(play: Play) -> None:
    """What the handbook says arrives in the thread; its sources lead to the pages."""
    _, _, answer = await ask(play)
    assert "fixed date" in texts(answer)
    sources = next(one["items"] for one in answer["blocks"] if one["type"] == "context")
    link = next(item for item in sources if "Paydays" in item).partition('href="')[2]
    async with play.session.get(link.partition('"')[0]) as page:
        assert page.status == 200
        assert "Paydays</h2>" in await page.text()


async def test_a_thread_goes_on_and_a_new_message_begins_another(play: Play) -> None:
    """Replies stay in their thread; each new message has its own."""
    channel, first, _ = await ask(play)
    await play.say(play.ada, channel, "And in Leeds?", first)
    second = await play.say(play.ada, channel, "The VPN says HL-203")
    threads = (await play.place(play.ada, channel))["threads"]
    assert [one["ts"] for one in threads] == [first, second]
    mine = [one["plain"] for one in threads[0]["messages"] if one["mine"]]
    assert mine == ["When is payday?", "And in Leeds?"]


async def test_asking_for_a_person_puts_a_card_on_the_desk(play: Play) -> None:
    """The button is a real press; the card says who asks, and leads to the conversation."""
    channel, ts, answer = await ask(play)
    order = button(answer, "Ask a person")
    status, _ = await play.post("/press", user=play.ada, channel=channel, **order)
    assert status == 200
    *_, told = await play.thread(play.ada, channel, ts)
    assert "passed this on to people" in texts(told)
    desk = (await play.get("/state", **{"as": play.grace}))["desk"]
    assert desk["me"] == play.mia
    card = desk["places"][0]["threads"][0]["messages"][0]
    assert "Ada Byron" in texts(card)
    assert f'href="/#as={play.ada}&amp;in={channel}&amp;thread={ts}"' in texts(card)


async def test_frontdesk_answers_in_a_channel_when_it_is_mentioned(play: Play) -> None:
    """A mention by name is a real mention; without one nothing is answered."""
    silent = await play.say(play.ada, play.it_help, "When is payday?")
    asked = await play.say(play.ada, play.it_help, "@frontdesk When is payday?")
    assert len(await play.thread(play.mika, play.it_help, silent)) == 1
    question, answer = await play.thread(play.mika, play.it_help, asked)
    assert '<span class="mention">@Frontdesk</span>' in texts(question)
    assert "fixed date" in texts(answer)


async def test_people_see_only_the_channels_they_are_in(play: Play) -> None:
    """The guest sees nothing of #general, and nobody sees another's direct messages."""
    ts = await play.say(play.ada, play.general, "For employees only")
    dm = await play.dm(play.ada)
    assert await play.place(play.mika, play.general) == {}
    assert await play.place(play.grace, dm) == {}
    for channel in (play.general, dm, "C404"):
        order: Json = {"user": play.mika, "channel": channel}
        for path, more in orders(
            ("/say", {"text": "hello"}),
            ("/edit", {"ts": ts, "text": "changed"}),
            ("/delete", {"ts": ts}),
            ("/press", {"ts": ts, "action_id": "frontdesk_ask_person"}),
        ):
            status, body = await play.post(path, **order, **more)
            assert (status, body) == (400, {"error": "This person is not in this channel."})
        query = {"as": play.mika, "channel": channel, "thread": ts}
        async with play.session.get(f"{play.address}/timeline", params=query) as refused:
            assert refused.status == 400


async def test_feedback_is_remembered_for_the_person_who_gave_it(play: Play) -> None:
    """The thumb stays pressed after a reload, for Ada and not for Grace, and can be changed."""
    ts = await play.say(play.ada, play.general, "@Frontdesk When is payday?")
    _, answer = await play.thread(play.ada, play.general, ts)
    action = next(one["action_id"] for one in answer["blocks"] if one["type"] == "feedback")
    order: Json = {"channel": play.general, "ts": answer["ts"], "action_id": action}
    await play.post("/press", user=play.ada, value="positive", **order)
    await play.post("/press", user=play.ada, value="negative", **order)
    pressed = [
        (await play.thread(user, play.general, ts))[1]["pressed"] for user in (play.ada, play.grace)
    ]
    assert pressed == [{action: "negative"}, {}]
    timeline = await play.get("/timeline", **{"as": play.ada}, channel=play.general, thread=ts)
    assert [one["kind"] for one in timeline["timeline"]].count("rated") == 2


async def test_one_changes_and_deletes_only_ones_own_messages(play: Play) -> None:
    """An edit keeps the mention; others' messages and the bot's are out of reach."""
    ts = await play.say(play.ada, play.general, "@Frontdesk payday & <more>?")
    question, answer = await play.thread(play.ada, play.general, ts)
    assert question["plain"] == "@Frontdesk payday & <more>?"
    order: Json = {"user": play.ada, "channel": play.general, "ts": ts}
    assert (await play.post("/edit", **order, text="@Frontdesk VPN"))[0] == 200
    question, *_ = await play.thread(play.ada, play.general, ts)
    assert (question["plain"], question["edited"]) == ("@Frontdesk VPN", True)
    for user, what in ((play.grace, ts), (play.ada, answer["ts"])):
        theirs: Json = {"user": user, "channel": play.general, "ts": what}
        assert (await play.post("/edit", **theirs, text="x"))[0] == 400
        assert (await play.post("/delete", **theirs))[0] == 400
    assert (await play.post("/edit", **order, text="   "))[0] == 400
    assert (await play.post("/delete", **order))[0] == 200
    gone, *_ = await play.thread(play.ada, play.general, ts)
    assert (gone["gone"], gone["blocks"]) == (True, [])
    assert (await play.post("/delete", **order))[0] == 400


async def test_a_deleted_message_without_replies_disappears(play: Play) -> None:
    """Nothing remains where nothing hangs on it."""
    ts = await play.say(play.ada, play.general, "Oops")
    await play.post("/delete", user=play.ada, channel=play.general, ts=ts)
    assert (await play.place(play.ada, play.general))["threads"] == []


async def test_commands_are_answered_for_their_author_alone(play: Play) -> None:
    """`/frontdesk` is a real slash command; what is no command is said to be none."""
    assert await play.say(play.ada, play.general, "/frontdesk help") == ""
    for user, shown in ((play.ada, True), (play.grace, False)):
        threads = (await play.place(user, play.general))["threads"]
        assert bool(threads) is shown
    threads = (await play.place(play.ada, play.general))["threads"]
    assert threads[0]["messages"][0]["private"]
    status, body = await play.post("/say", user=play.ada, channel=play.general, text="/lunch")
    assert (status, "/lunch is not a command" in body["error"]) == (400, True)


async def test_a_file_is_shared_by_its_name(play: Play) -> None:
    """Frontdesk sees that there is a file and says that it cannot read it."""
    channel = await play.dm(play.ada)
    file = {"name": "error.png", "size": 5000}
    order: Json = {"user": play.ada, "channel": channel, "file": file}
    _, body = await play.post("/say", **order)
    question, answer = await play.thread(play.ada, channel, body["ts"])
    assert question["files"] == ["error.png"]
    assert "error.png" in texts(answer)
    status, body = await play.post("/say", user=play.ada, channel=channel, text="  ")
    assert (status, body["error"]) == (400, "There is nothing to send.")


async def test_what_cannot_be_done_is_said_in_a_sentence(play: Play) -> None:
    """A thread, a message or a button that does not exist is no crash."""
    channel, ts, _ = await ask(play)
    nowhere = "1000000000.000100"
    order: Json = {"user": play.ada, "channel": channel}
    for path, more in orders(
        ("/say", {"text": "x", "thread_ts": nowhere}),
        ("/say", {"text": "x", "thread_ts": "yesterday"}),
        ("/say", {"text": "x" * 12_001}),
        ("/edit", {"ts": nowhere, "text": "x"}),
        ("/delete", {"ts": nowhere}),
        ("/press", {"ts": nowhere, "action_id": "a"}),
        ("/press", {"ts": ts, "action_id": "a"}),
        ("/press", {"ts": ts, "action_id": "a", "more": 1}),
    ):
        status, body = await play.post(path, **order, **more)
        assert (status, list(body), bool(body["error"])) == (400, ["error"], True)


async def test_open_pages_hear_of_every_change(play: Play) -> None:
    """The stream begins with everything and goes on with every change."""
    channel = await play.dm(play.ada)
    query = {"as": play.ada}
    async with play.session.get(f"{play.address}/changes", params=query) as stream:
        assert stream.content_type == "text/event-stream"
        assert (await event(stream))["employee"]["places"][0]["threads"] == []
        await play.say(play.ada, channel, "When is payday?")
        messages: list[Json] = []
        while len(messages) < 2:
            threads = (await event(stream))["employee"]["places"][0]["threads"]
            messages = threads[0]["messages"] if threads else []
        assert [one["bot"] for one in messages] == [False, True]
        action = next(one["action_id"] for one in messages[1]["blocks"] if "action_id" in one)
        order: Json = {"channel": channel, "ts": messages[1]["ts"], "action_id": action}
        await play.post("/press", user=play.ada, value="positive", **order)
        places = (await event(stream))["employee"]["places"]
        rated = places[0]["threads"][0]["messages"][1]
        assert rated["pressed"] == {action: "positive"}


def orders(*given: tuple[str, Json]) -> Sequence[tuple[str, Json]]:
    """Paths and what to POST there."""
    return given


async def event(stream: aiohttp.ClientResponse) -> Json:
    """The data of the next event of a stream."""
    while not (line := await stream.content.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    body: Json = json.loads(line.removeprefix(b"data: "))
    return body


async def test_the_timeline_tells_the_journal(play: Play) -> None:
    """What was said and answered is there, with its data behind it."""
    channel, ts, _ = await ask(play)
    query = {"as": play.ada, "channel": channel, "thread": ts}
    lines = (await play.get("/timeline", **query))["timeline"]
    kinds = {line["kind"]: line for line in lines}
    assert kinds["said"]["text"].endswith("When is payday?")
    assert "source" in kinds["answered"]["text"]
    assert kinds["answered"]["data"]["model"] == "knowledge:"
    assert kinds["turn"]["text"].startswith("idle → idle")


async def test_the_page_shows_that_frontdesk_is_thinking(tmp_path: Path, clock: TestClock) -> None:
    """While a model is asked there is a sign of life, and it goes when the answer comes."""
    slow = ScriptedProvider("slow:", clock, [Say(decision(response="Done."), after=5)])
    async with playing(tmp_path, clock, [slow]) as play:
        channel = await play.dm(play.ada)
        await play.say(play.ada, channel, "Hello there")
        thread = (await play.place(play.ada, channel))["threads"][0]
        assert (thread["status"], len(thread["messages"])) == ("is thinking…", 1)
        await clock.advance(6)
        thread = (await play.place(play.ada, channel))["threads"][0]
        assert (thread["status"], len(thread["messages"])) == ("", 2)
        assert (await play.get("/state"))["bot"]["models"] == ["slow:"]


async def test_nothing_that_is_said_becomes_markup(tmp_path: Path, clock: TestClock) -> None:
    """Neither an employee nor a model can put a script or a dangerous link on the page."""
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>"
    async with playing(tmp_path, clock, [Echo("")]) as play:
        channel, ts, answer = await ask(play, hostile)
        question = (await play.thread(play.ada, channel, ts))[0]
        for shown in (texts(question), texts(answer)):
            assert "&lt;script&gt;" in shown
            assert not any(bad in shown for bad in ("<script", "<img", 'href="javascript'))


async def test_other_web_pages_cannot_use_the_playground(play: Play) -> None:
    """A POST needs this page's origin and JSON, everything needs this host's name."""
    order: Json = {"user": play.ada, "channel": play.general, "text": "forged"}
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://localhost:80"):
        assert (await play.post("/say", {"Origin": origin}, **order))[0] == 403
    async with play.session.post(f"{play.address}/say", json=order) as unnamed:
        assert unnamed.status == 403
    for path in ("/", "/state", "/changes", "/handbook/payroll.md"):
        rebound = {"Host": "evil.example:80"}
        async with play.session.get(play.address + path, headers=rebound) as answer:
            assert answer.status == 403
    simple = {"Origin": play.address, "Content-Type": "text/plain"}
    async with play.session.post(f"{play.address}/say", data=b"{}", headers=simple) as answer:
        assert answer.status == 415
    assert (await play.place(play.ada, play.general))["threads"] == []
    local = play.address.replace("127.0.0.1", "localhost")
    headers = {"Host": local.removeprefix("http://"), "Origin": local}
    assert (await play.post("/say", headers, **order))[0] == 200


async def test_the_page_may_load_nothing_from_elsewhere(play: Play) -> None:
    """Every answer carries the policy; the page and its parts name no other host."""
    for path in ("/", "/page.js", "/page.css", "/icon.svg", "/handbook/payroll.md", "/nothing"):
        async with play.session.get(play.address + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            text = await answer.text()
            assert "://" not in text.replace("http://www.w3.org/2000/svg", "")


async def test_only_the_handbook_and_the_page_can_be_read(play: Play) -> None:
    """No path leads out of their folders."""
    base = play.address
    for path in (
        "/handbook/..%2f..%2fpyproject.toml",
        "/handbook/%2e%2e%2fREADME.md",
        "/handbook/..%5c..%5cREADME.md",
        "/handbook/payroll.md%00",
        "/handbook/payroll",
        "/handbook/missing.md",
        "/handbook/%2fetc%2fpasswd",
        "/..%2fsite.py",
        "/site.py",
        "/%2e%2e/__init__.py",
    ):
        async with play.session.get(URL(base + path, encoded=True)) as answer:
            assert answer.status == 404, path


async def test_too_much_is_refused_before_it_is_read(play: Play) -> None:
    """A body has a limit."""
    order: Json = {"user": play.ada, "channel": play.general, "text": "x" * 70_000}
    assert (await play.post("/say", **order))[0] == 413


async def test_strangers_are_nobody(play: Play) -> None:
    """One can only be somebody who was invented, and not the bot."""
    bot = play.playground.slack.twin.identity.bot_user_id
    for user in ("U404", bot):
        for path in ("/state", "/changes", "/timeline"):
            async with play.session.get(play.address + path, params={"as": user}) as answer:
                assert answer.status == 404
        order: Json = {"user": user, "channel": play.general, "text": "hello"}
        assert (await play.post("/say", **order))[0] == 400


async def test_real_platforms_stay_out_of_it(tmp_path: Path, clock: TestClock) -> None:
    """Tokens in the environment are not used, so that nothing tried here reaches a real Slack."""
    real: Json = {
        "SLACK_BOT_TOKEN": "xoxb-test-real",
        "SLACK_APP_TOKEN": "xapp-test-real",
        "TEAMS_APP_ID": "real",
        "FRONTDESK_HUMAN_CHANNEL": "slack:C0REAL",
    }
    async with playing(tmp_path, clock, **real) as play:
        configuration = play.playground.app.configuration
        assert not any(value.endswith("real") for value in configuration.environ.values())
        assert configuration.settings.human_channel == f"slack:{play.desk}"


async def test_no_platform_there_is_is_reached(
    tmp_path: Path, clock: TestClock, third: str
) -> None:
    """Nor one that was added later: what it is configured with stays outside."""
    real: Json = {f"{third.upper()}_TOKEN": "real", "FRONTDESK_HUMAN_CHANNEL": f"{third}:#desk"}
    async with playing(tmp_path, clock, **real) as play:
        assert sorted(play.playground.app.adapters) == ["slack", "teams"]
        assert "real" not in play.playground.app.configuration.environ.values()


async def test_it_says_where_it_is_and_stops_when_told(tmp_path: Path) -> None:
    """`run` announces the address, serves until it is cancelled, and gives everything back."""
    url = {"FRONTDESK_DATABASE_URL": f"sqlite:///{tmp_path / 'frontdesk.db'}"}
    for _ in range(2):
        said: list[str] = []
        ready = asyncio.Event()
        work = playground_module.run(load(url), port=0, announce=said.append, ready=ready)
        running = asyncio.create_task(work)
        await ready.wait()
        address = next(word for word in said[0].split() if word.startswith("http://127.0.0.1:"))
        async with aiohttp.ClientSession() as session:
            async with session.get(address) as page:
                assert "Frontdesk" in await page.text()
            async with session.get(f"{address}changes") as stream:
                await stream.content.readline()
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running
                await stream.content.read()  # raises if the stream was torn off instead of ended
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.get(address)


async def test_a_second_one_on_the_same_data_is_refused(play: Play, tmp_path: Path) -> None:
    """It says so in a sentence, and leaves nothing running."""
    url = {"FRONTDESK_DATABASE_URL": f"sqlite:///{tmp_path / 'frontdesk.db'}"}
    second = Playground(load(url))
    with pytest.raises(ConfigError):
        await second.start(0)
    await second.stop()
