"""Frontdesk in Microsoft's own client for bots, as an employee in Teams uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from agent.decision import Action, Decision
from agent.models import Delta, Done, Piece, Prompt
from bot import ingest
from bot.app import App, build
from bot.clock import SystemClock
from bot.playground.handbook import FOLDER
from bot.settings import load
from tests.support.agents_playground import (
    ADA_ID,
    DESK,
    DESK_ID,
    EDITOR,
    GENERAL,
    GROUP,
    PACKAGE,
    PERSONAL_ID,
    TENANT,
    VERSION,
    Client,
    agents_playground,
)
from tests.support.browser import CHROMIUM, chromium
from tests.support.npm import npm_package

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

QUESTION = "When is payday?"
CHIP = ".fai-Citation"
LIKE = "button[aria-label=Like]"
THINKS = 0.5
"""Seconds that the model takes."""


class Clerk:
    """A model that repeats the question and cites the best passage."""

    name = "clerk:"
    model_free = False

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        # The client's page misses an answer that comes before it shows the post that it is to.
        await SystemClock().sleep(THINKS)
        found = [passage.id for passage in prompt.passages[:1]]
        where = "".join(f" It is in the handbook [{one}]." for one in found)
        text = Decision(
            thinking="",
            action=Action.CONTINUE,
            confidence=0.9,
            citations=tuple(found),
            response=f"**Asked:** {prompt.question}{where}",
        ).model_dump_json()
        yield Delta(text)
        yield Done(text, "end_turn")

    async def check(self) -> str:
        return "at the desk"

    async def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The playground's program."""
    return npm_package(tmp_path_factory, PACKAGE, VERSION)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """Frontdesk on this machine's clock, since the client knows no other."""
    configuration = load(
        {
            "FRONTDESK_PORT": "0",
            "FRONTDESK_DATABASE_URL": f"sqlite:///{tmp_path / 'frontdesk.db'}",
            "FRONTDESK_HUMAN_CHANNEL": f"teams:{DESK_ID}",
            "TEAMS_ALLOW_UNAUTHENTICATED": "1",
            "TEAMS_TENANT_ID": TENANT,
        }
    )
    app = build(configuration, clock=SystemClock(), providers=[Clerk()])
    pages = [(FOLDER / name, name) for name in ("expenses.md", "payroll.md")]
    async for _ in ingest.ingest(app.store.knowledge, pages, "https://hr.example"):
        pass
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


@pytest.fixture
async def client(app: App, package: Path, tmp_path: Path) -> AsyncIterator[Client]:
    """Ada's browser with the client, the app just installed."""
    endpoint = f"http://127.0.0.1:{app.port}/api/messages"
    async with agents_playground(package, tmp_path, endpoint) as address, chromium() as tab:
        client = Client(tab, address)
        await client.open()
        yield client


async def journal(app: App) -> list[tuple[str, object]]:
    """What happened in Ada's personal chat: kinds, with the verdict or state that they tell."""
    lane = await app.store.records.latest_lane("teams", ADA_ID, PERSONAL_ID)
    assert lane is not None
    items = await app.store.records.timeline(lane)
    return [(one.kind, one.data.get("verdict") or one.data.get("state")) for one in items]


async def test_a_newcomer_in_the_personal_chat(client: Client, tmp_path: Path, app: App) -> None:
    """Welcomed with questions to press; an answer with its label and source; a thumb; a person."""
    await client.see("Hello! Ask me anything")
    await client.press("How do I hand in my expenses?")
    await client.see("Asked: How do I hand in my expenses?")
    await client.see("AI generated")
    await client.point_at(CHIP)
    await client.until_there("a[href^='https://hr.example/']")
    await client.picture(tmp_path / "answer.png")

    await client.tab.click(LIKE)
    await client.tab.click("[role=dialog] textarea")
    await client.tab.type("Quick")
    await client.press("Submit")
    await client.see("Thank you!")
    await client.picture(tmp_path / "thanks.png")
    await client.press("Close")
    await client.until_gone("[role=dialog]")

    await client.press("Ask a person")
    await client.see("I've passed this on to people.")
    await client.picture(tmp_path / "passed-on.png")
    await client.go(DESK)
    await client.see("The employee asked for a person.")
    await client.see("Waiting")
    await client.picture(tmp_path / "case.png")
    assert ("rated", "up") in await journal(app)
    assert ("case", "waiting") in await journal(app)
    assert client.unexpected() == []


async def test_a_case_at_the_desk(client: Client, tmp_path: Path) -> None:
    """Ada, who is of the desk herself, claims her case, answers in the box of its card, and
    resolves it with the form below it; the card tells how it stands, what she sends is confirmed.
    """
    await client.see("Hello! Ask me anything")
    await client.write("I want to talk to a person")
    await client.see("I've passed this on to people.")
    await client.go(DESK)
    await client.see("Waiting")
    await client.press("Claim")
    await client.see("Claimed by Ada Byron")
    await client.picture(tmp_path / "claimed.png")
    await client.tab.click("textarea[placeholder='Write to Ada Byron']")
    await client.tab.type("Which printer?")
    await client.press("Send to Ada Byron")
    await client.see("Sent.")
    await client.see("Ada Byron: Which printer?")
    await client.picture(tmp_path / "answered.png")
    await client.press("Resolve")
    await client.see("Resolve the case")
    await client.picture(tmp_path / "form.png")
    await client.press("Resolve the case")
    await client.see("Choose one.")
    await client.press("Done", "label")
    await client.press("Resolve the case")
    await client.see("Resolved by Ada Byron: Done")
    await client.picture(tmp_path / "resolved.png")
    assert client.unexpected() == []


async def test_a_mention_in_a_group_chat(client: Client, tmp_path: Path) -> None:
    """Mentioned with the picker, it answers in the chat; the mention is no part of the question."""
    await client.go(GROUP)
    await client.write(QUESTION, mention=True)
    await client.see(f"Asked: {QUESTION}")
    await client.until_there(CHIP)
    await client.picture(tmp_path / "group.png")
    assert client.unexpected() == []


async def test_a_mention_in_a_channel(client: Client, tmp_path: Path) -> None:
    """The answer is in the thread of the post, and so is the one to a follow-up there."""
    await client.go(GENERAL)
    await client.write(QUESTION, mention=True)
    await client.see(f"Asked: {QUESTION}")
    await client.write("And where do I see it?", mention=True, reply=True)
    await client.see("Asked: And where do I see it?")
    # One for a new post, one in the only thread.
    assert await client.count(EDITOR) == 2
    await client.picture(tmp_path / "channel.png")
    assert client.unexpected() == []
