"""The whole desk on the playground's page: an employee on one side, who helps on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clock import TestClock
from tests.support.play import Json, Play, button, playing, shapes, texts

WAYS = [(one, other) for one in ("slack", "teams") for other in ("slack", "teams")]
"""Where the employee is, and where the desk is."""


@dataclass
class Walk:
    """A case from both sides: the employee in their direct conversation, two people of the desk."""

    play: Play
    employee: str
    name: str
    chat: str
    ts: str
    helpers: tuple[str, str]
    desk: str

    async def ask(self) -> None:
        """Ask for a person."""
        said = await self.play.say(self.employee, self.chat, "I want to talk to a person")
        self.ts = "" if self.name == "Tove Lund" else said
        await self.play.rest()

    async def mine(self) -> list[Json]:
        """The conversation as the employee sees it."""
        return await self.play.thread(self.employee, self.chat, self.ts)

    async def thread(self, user: str = "") -> list[Json]:
        """The card and what is under it, as somebody of the desk sees it."""
        place = await self.play.place(user or self.helpers[0], self.desk)
        threads: list[list[Json]] = [one["messages"] for one in place["threads"]]
        return next(one for one in threads if "Case " in texts(one[0]))

    async def card(self) -> Json:
        """The card as it is now."""
        return (await self.thread())[0]

    async def labels(self) -> set[str]:
        """What can be pressed on the card, but for links and a reply box."""
        rows = [one for one in shapes(await self.card()) if one["type"] == "actions"]
        found = [one for row in rows for one in row["elements"] if not one.get("url")]
        return {one["text"] for one in found if "Send to" not in one["text"]} - {RESOLVE_IT}

    async def press(self, user: str, label: str, card: Json | None = None, **more: Json) -> str:
        """Press a button; what that person alone is told."""
        before = await self.told_alone(user)
        order = {**button(card or await self.card(), label), **more}
        status, done = await self.play.post("/press", user=user, channel=self.desk, **order)
        assert status == 200, done
        await self.play.rest()
        return (await self.told_alone(user, done)).removeprefix(before)

    async def told_alone(self, user: str, done: Json | None = None) -> str:
        """What only this person reads, in the channel or in the answer to a press."""
        threads = (await self.play.place(user, self.desk))["threads"]
        found = [one for thread in threads for one in thread["messages"] if one["private"]]
        return "\n".join(map(texts, found)) + str((done or {}).get("told", ""))

    async def write(self, user: str, text: str, **more: Json) -> str:
        """Write below the card; the message's ts."""
        thread = (await self.card())["ts"]
        order: Json = {"user": user, "channel": self.desk, "text": text, "thread_ts": thread}
        status, done = await self.play.post("/say", **order, **more)
        assert status == 200, done
        await self.play.rest()
        return str(done["ts"])

    async def change(self, path: str, ts: str, **more: str) -> None:
        """Edit or delete what the first of the desk wrote."""
        order: Json = {"user": self.helpers[0], "channel": self.desk, "ts": ts, **more}
        assert (await self.play.post(path, **order))[0] == 200
        await self.play.rest()

    async def resolve(self, user: str, outcome: str, note: str) -> None:
        """Fill in the form, wherever the platform shows it, and send it off."""
        if self.desk == self.play.teams_desk:
            inputs = {"outcome": self._value(shapes(await self.card()), outcome), "note": note}
            assert await self.press(user, RESOLVE_IT, inputs=inputs) == ""
            return
        await self.press(user, "Resolve")
        form = (await self.play.side(user))["form"]
        chosen, written = form["items"]
        inputs = {chosen["name"]: self._value(form["items"], outcome), written["name"]: note}
        sent = await self.play.post("/submit", user=user, form=form["id"], inputs=inputs)
        assert sent == (200, {})
        await self.play.rest()
        assert (await self.play.side(user))["form"] is None

    def _value(self, items: Iterable[Json], outcome: str) -> str:
        choices = next(one["choices"] for one in items if one["type"] == "choice")
        return str(next(one["value"] for one in choices if one["title"] == outcome))


RESOLVE_IT = "Resolve the case"
"""The button below the form that Teams' card shows."""


async def walk(play: Play, employee: str, desk: str) -> Walk:
    """Somebody of this platform has asked for a person; the desk is on that one."""
    user, name = (play.ada, "Ada Byron") if employee == "slack" else (play.tove, "Tove Lund")
    helpers, place = (play.mia, play.linus), play.desk
    if desk == "teams":
        helpers, place = (play.ines, play.noor), play.teams_desk
    one = Walk(play, user, name, await play.dm(user), "", helpers, place)
    await play.rest()
    await one.ask()
    return one


@pytest.fixture(params=WAYS, ids="-".join)
async def case(
    request: pytest.FixtureRequest, tmp_path: Path, clock: TestClock
) -> AsyncIterator[Walk]:
    """An employee who waits for a person, on either platform, with a desk on either."""
    employee, desk = request.param
    async with playing(tmp_path, clock, FRONTDESK_HUMAN_CHANNEL=f"{desk}:") as play:
        yield await walk(play, employee, desk)


NAMES = {"slack": ("Mia Keller", "Linus Berg"), "teams": ("Ines Moreau", "Noor Aziz")}


def names(case: Walk) -> tuple[str, str]:
    """What the two of the desk are called."""
    return NAMES["slack" if case.desk == case.play.desk else "teams"]


async def test_a_case_goes_its_way_on_both_sides(case: Walk) -> None:
    """Claimed, talked over, taken over, given back, claimed again and resolved; the card says so
    all the time, and the employee's rating is taken.
    """
    (first, second), (one, other) = case.helpers, names(case)
    assert await case.labels() == {"Claim", "Resolve", "Hand back"}
    assert case.name in texts(await case.card())
    assert await case.press(first, "Claim") == ""
    assert f"laimed by {one}" in texts(await case.card())
    assert await case.labels() == {"Resolve", "Hand back", "Release", "Take over"}
    await case.write(first, "Which laptop is it?")
    shown = texts((await case.mine())[-1])
    assert one in shown
    assert "Which laptop is it?" in shown
    await case.play.say(case.employee, case.chat, "The new one", case.ts)
    await case.play.rest()
    shown = texts((await case.thread())[-1])
    assert case.name in shown
    assert "The new one" in shown
    await case.press(second, "Take over")
    assert f"laimed by {other}" in texts(await case.card())
    await case.press(second, "Release")
    assert "aiting" in texts(await case.card())
    await case.press(first, "Claim")
    await case.resolve(first, "Done", "Sent a new one.")
    card = texts(await case.card())
    assert f"esolved by {one}: Done" in card
    assert "Sent a new one." in card
    assert await case.labels() == set()
    closing = (await case.mine())[-1]
    assert f"{one}</strong> has closed your case: Done" in texts(closing)
    action = next(x["action_id"] for x in shapes(closing) if x["type"] == "feedback")
    order: Json = {"channel": case.chat, "ts": closing["ts"], "action_id": action}
    rated = await case.play.post("/press", user=case.employee, value="positive", **order)
    assert rated == (200, {})


async def test_who_comes_second_is_told_alone(case: Walk) -> None:
    """Two press Claim at once: one has it, the other reads who, and nobody else reads that."""
    who = dict(zip(case.helpers, names(case), strict=True))
    order: Json = {"channel": case.desk, **button(await case.card(), "Claim")}
    presses = (case.play.post("/press", user=user, **order) for user in who)
    done = dict(zip(who, await asyncio.gather(*presses), strict=True))
    assert [status for status, _ in done.values()] == [200, 200]
    await case.play.rest()
    told = {user: await case.told_alone(user, body) for user, (_, body) in done.items()}
    (owner,) = [user for user, words in told.items() if not words]
    (other,) = [user for user in who if user != owner]
    assert f"laimed by {who[owner]}" in texts(await case.card())
    assert who[owner] in told[other]


async def test_notes_stay_among_colleagues(case: Walk) -> None:
    """What begins with // does not reach the employee, and stands in the journal as a note."""
    first, _ = case.helpers
    await case.press(first, "Claim")
    before = await case.mine()
    await case.write(first, "// she asks this every week")
    assert await case.mine() == before
    query = {"as": case.employee, "channel": case.chat, "thread": case.ts}
    lines = (await case.play.get("/timeline", **query))["timeline"]
    assert [x["text"] for x in lines if x["kind"] == "staff"] == [
        f"{names(case)[0]}: // she asks this every week (note: not passed on)"
    ]


async def test_corrections_arrive_on_the_other_side(case: Walk) -> None:
    """An edit changes what the employee reads, a deletion takes it away."""
    first, _ = case.helpers
    ts = await case.write(first, "It costs 100 euros")
    assert "100 euros" in texts((await case.mine())[-1])
    await case.change("/edit", ts, text="It costs 10 euros")
    assert "10 euros" in texts((await case.mine())[-1])
    await case.change("/delete", ts)
    assert "euros" not in "".join(map(texts, await case.mine()))


async def test_a_case_is_handed_back(case: Walk) -> None:
    """The employee talks with Frontdesk again."""
    first, _ = case.helpers
    await case.press(first, "Hand back")
    assert "anded back to the assistant by" in texts(await case.card())
    assert "given your case back to me" in texts((await case.mine())[-1])
    assert await case.labels() == set()


@pytest.fixture
async def play(tmp_path: Path, clock: TestClock) -> AsyncIterator[Play]:
    """A playground as it is without any settings."""
    async with playing(tmp_path, clock) as one:
        yield one


@pytest.mark.parametrize("employee", ["slack", "teams"])
async def test_a_file_is_passed_on_as_a_link(play: Play, employee: str) -> None:
    """It leads to a page of this server that says why there is only a name. In a channel of Teams
    nothing is told about files.
    """
    case = await walk(play, employee, "slack")
    await case.write(play.mia, "See this", file={"name": "Plan B.pdf", "size": 5})
    link = texts((await case.mine())[-1]).partition('href="')[2].partition('"')[0]
    assert link == "/files/plan_b.pdf"
    async with play.session.get(play.address + link) as page:
        assert page.status == 200
        assert "plan_b.pdf" in await page.text()


async def test_a_form_stays_until_it_is_right(play: Play) -> None:
    """Nothing chosen is refused in a sentence; it is there for who opened it alone; it can be
    closed, and then it is gone.
    """
    case = await walk(play, "slack", "slack")
    assert (await play.side(play.mia))["form"] is None
    await case.press(play.mia, "Resolve")
    form = (await play.side(play.mia))["form"]
    assert (form["title"], form["submit"], form["close"]) == (
        "Resolve the case",
        "Resolve",
        "Cancel",
    )
    chosen, note = form["items"]
    assert (chosen["type"], chosen["open"], note["type"]) == ("choice", True, "input")
    assert (await play.side(play.linus))["form"] is None
    order: Json = {"form": form["id"], "inputs": {chosen["name"]: "", note["name"]: ""}}
    status, refused = await play.post("/submit", user=play.mia, **order)
    assert (status, "How did it end?" in refused["error"]) == (400, True)
    assert (await play.post("/submit", user=play.linus, **order))[0] == 400
    assert (await play.post("/submit", user=play.tove, **order))[0] == 400
    assert (await play.side(play.mia))["form"]["id"] == form["id"]
    assert (await play.post("/close", user=play.mia, form=form["id"]))[0] == 200
    assert (await play.side(play.mia))["form"] is None
    assert (await play.post("/submit", user=play.mia, **order))[0] == 400


async def test_a_form_says_what_is_wrong(play: Play) -> None:
    """Somebody else was quicker: the form stays, and says so."""
    case = await walk(play, "slack", "slack")
    await case.press(play.linus, "Resolve")
    form = (await play.side(play.linus))["form"]
    await case.resolve(play.mia, "Done", "")
    chosen = form["items"][0]
    inputs = {chosen["name"]: chosen["choices"][0]["value"]}
    await play.post("/submit", user=play.linus, form=form["id"], inputs=inputs)
    await play.rest()
    errors = [one["error"] for one in (await play.side(play.linus))["form"]["items"]]
    assert "Mia Keller" in "".join(errors)


async def test_the_reply_box_of_a_card_in_teams(tmp_path: Path, clock: TestClock) -> None:
    """What is written in it reaches the employee, and the box says so to who wrote."""
    async with playing(tmp_path, clock, FRONTDESK_HUMAN_CHANNEL="teams:") as play:
        play.playground.teams.twin.channel(play.teams_desk).rsc = False
        case = await walk(play, "slack", "teams")
        await case.press(play.ines, "Claim")
        told = await case.press(play.ines, "Send to Ada Byron", inputs={"reply": "On my way"})
        assert told
        shown = texts((await case.mine())[-1])
        assert "Ines Moreau" in shown
        assert "On my way" in shown


async def test_a_case_that_waits_is_shown_in_the_second_channel(play: Play) -> None:
    """The people of the other platform see it when nobody has claimed it in time, and may have
    it; the reminder in the first channel leads to the card.
    """
    case = await walk(play, "slack", "slack")
    second = await play.place(play.ines, play.teams_desk)
    assert (second["purpose"], second["threads"]) == ("second", [])
    await play.wait(minutes=61)
    first = await play.place(play.mia, play.desk)
    assert "Reminder" in texts(first["threads"][-1]["messages"][0])
    (thread,) = (await play.place(play.ines, play.teams_desk))["threads"]
    copy = thread["messages"][0]
    assert "Ada Byron" in texts(copy)
    order: Json = {"user": play.ines, "channel": play.teams_desk, **button(copy, "Claim")}
    assert await play.post("/press", **order) == (200, {})
    await play.rest()
    assert "Ines Moreau" in texts(first_card(await play.place(play.mia, play.desk)))
    assert "Ines Moreau</strong> has taken" in texts((await case.mine())[-1])


def first_card(place: Json) -> Json:
    """The oldest post of a place."""
    card: Json = place["threads"][0]["messages"][0]
    return card


async def test_both_sides_are_chosen_by_the_address(play: Play) -> None:
    """Without a choice it is the first employee and the first of the desk; the desk's people see
    their channel first; nobody else can be chosen.
    """
    state = await play.get("/state")
    assert (state["employee"]["me"], state["desk"]["me"]) == (play.ada, play.mia)
    assert [one["purpose"] for one in state["desk"]["places"]] == ["desk", "", "", ""]
    assert {one["purpose"] for one in state["employee"]["places"]} == {""}
    helps = [one["name"] for one in state["people"] if one["helps"]]
    assert helps == ["Mia Keller", "Linus Berg", "Ines Moreau", "Noor Aziz"]
    state = await play.get("/state", **{"as": play.tove, "desk": play.noor})
    assert (state["employee"]["me"], state["desk"]["me"]) == (play.tove, play.noor)
    query = {"desk": "U404"}
    async with play.session.get(f"{play.address}/state", params=query) as nobody:
        assert nobody.status == 404


async def test_links_to_the_desk_lead_to_its_side(play: Play) -> None:
    """A permalink of a card opens it as somebody who is there."""
    case = await walk(play, "slack", "slack")
    ts = (await case.card())["ts"]
    link = f"https://frontdesk.slack.com/archives/{play.desk}/p{ts.replace('.', '')}"
    said = await play.say(play.mia, play.general, f"Can you have a look? {link}")
    (message,) = await play.thread(play.grace, play.general, said)
    assert f'href="/#desk={play.mia}&amp;desk-in={play.desk}&amp;desk-thread={ts}"' in texts(
        message
    )
