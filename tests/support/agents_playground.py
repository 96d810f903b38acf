"""Microsoft 365 Agents Playground: Microsoft's own Teams client for bots, without a tenant.

It is a web page with a service behind it that speaks the connector's protocol to the bot. Installed
from npm (@microsoft/m365agentsplayground) for a run of the tests, never shipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import aiohttp

from tests.support.browser import LOOK_EVERY, Tab
from tests.support.npm import NODE

PACKAGE = "@microsoft/m365agentsplayground"
VERSION = "0.2.28"
PATIENCE = 60.0
"""Seconds of the machine's own time for it to start."""

TENANT = "01234567-89ab-cdef-0123-456789abcdef"
BOT = "Frontdesk"
GROUP, GENERAL, DESK = "Group Chat", "My Team - General", "My Team - desk"
"""How places are called in its list; it opens with the personal chat."""
ADA_ID = "00000000-0000-4000-8000-000000000001"
PERSONAL_ID = "a:ada"
DESK_ID = "19:desk@thread.tacv2"
EDITOR = "[contenteditable=true][role=textbox]"
"""Where one writes: the first is for a new post or message, the others are in threads."""


def _person(name: str, person_id: str) -> dict[str, str]:
    given, surname = name.split()
    mail = f"{given.lower()}@example.com"
    return {
        "id": f"29:{given.lower()}",
        "name": name,
        "userPrincipleName": mail,
        "aadObjectId": person_id,
        "givenName": given,
        "surname": surname,
        "email": mail,
    }


# It wants at least five others.
OTHERS = ("Grace Hopper", "Linus Berg", "Mika Aalto", "Mary Shaw", "Tony Hoare")
COMPANY = {
    "version": "0.1.1",
    "tenantId": TENANT,
    "bot": {"id": "28:frontdesk", "name": BOT},
    "currentUser": _person("Ada Byron", ADA_ID),
    "users": [_person(name, ADA_ID[:-1] + str(n)) for n, name in enumerate(OTHERS, 2)],
    "personalChat": {"id": PERSONAL_ID},
    "groupChat": {"id": "19:lunch@thread.v2", "name": GROUP},
    "team": {
        "id": "19:general@thread.tacv2",
        "name": "My Team",
        "aadGroupId": "00000000-0000-4000-8000-000000000099",
        "channels": [{"id": DESK_ID, "name": "desk"}],
    },
}
"""Its configuration; who uses it is Ada."""

ONLY_LOOPBACK = """
// It would listen on every interface, and report to its makers.
const dns = require("dns");
const net = require("net");
const lookup = dns.lookup;
dns.lookup = (host, ...rest) =>
  ["localhost", "127.0.0.1"].includes(host)
    ? lookup(host, ...rest)
    : rest.at(-1)(Object.assign(new Error(`not looked up: ${host}`), { code: "ENOTFOUND" }));
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  const host = typeof port === "number" && typeof rest[0] !== "string" ? ["127.0.0.1"] : [];
  return listen.call(this, port, ...host, ...rest);
};
"""


@asynccontextmanager
async def agents_playground(package: Path, folder: Path, endpoint: str) -> AsyncIterator[str]:
    """A playground for the bot at `endpoint`, its files in `folder`; the address of its page."""
    assert NODE is not None
    preload, company = folder / "only_loopback.js", folder / "company.yml"
    log = folder / "agents-playground.log"
    preload.write_text(ONLY_LOOPBACK)
    company.write_text(json.dumps(COMPANY))  # JSON is YAML too
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        NODE,
        str(package / "cli.js"),
        "start",
        *("--app-endpoint", endpoint),
        *("--channel-id", "msteams"),
        *("--port", str(port)),
        *("--service-url", f"{address}/_connector"),
        "--disable-telemetry",
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NODE_OPTIONS": f"--require {preload}",
            "TEAMSAPPTESTER_BROWSER": "none",
            "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(company),
            "M365_AGENTS_PLAYGROUND_LOGFILE": str(log),
            "APPLICATION_INSIGHTS_NO_STATSBEAT": "1",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until_it_answers(process, address, log)
        yield address
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_it_answers(process: asyncio.subprocess.Process, address: str, log: Path) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(int(PATIENCE / LOOK_EVERY)):
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{address}/_internal/v1/config") as answer:
                    if answer.status == HTTPStatus.OK:
                        return
            if process.returncode is not None:
                break
            await asyncio.sleep(LOOK_EVERY)  # noqa: TID251 - another program knows no other clock
    raise AssertionError(f"no Agents Playground: {await asyncio.to_thread(log.read_text)}")


class Client:
    """The playground's page in a browser, used as Ada uses it."""

    def __init__(self, tab: Tab, address: str) -> None:
        """`tab` is where the page will be."""
        self.tab = tab
        self._address = address
        self._marks = 0

    async def open(self) -> None:
        """Open the page. Its log repeats what was said, so it is closed: only the chat counts."""
        await self.tab.open(self._address, width=1280, height=1000)
        await self._click("button[title='Hide log panel']")
        await self.tab.until("!document.body.innerText.includes('Log Panel')")

    async def go(self, place: str) -> None:
        """Go to a place in the list."""
        await self._click(f"[role=treeitem][aria-label={json.dumps(place)}]")

    async def write(self, text: str, *, mention: bool = False, reply: bool = False) -> None:
        """Write a message and send it; `mention`: with a mention of the bot in front; `reply`: in
        the thread of the last post of a channel.
        """
        editor = await self._mark(f"[...document.querySelectorAll('{EDITOR}')].at({-reply})")
        await self.tab.click(editor)
        if mention:
            await self.tab.type("@")
            await self.press(BOT, "[role=menuitem]")
        await self.tab.type(f" {text}" if mention else text)
        # The editor needs a moment to have read what was typed.
        await self.see(text)
        if not reply and await self.tab.run(f"{_found('button', 'Post')} !== undefined"):
            await self.press("Post")
        else:
            await self.tab.press("Enter", 13)

    async def press(self, words: str, kind: str = "button") -> None:
        """Press the last thing of this kind that says exactly this."""
        await self.tab.click(await self._mark(_found(kind, words)))

    async def see(self, words: str) -> None:
        """Wait until the page says this."""
        await self.tab.until(f"document.body?.innerText.includes({json.dumps(words)})")

    async def point_at(self, selector: str) -> None:
        """Move the mouse over something."""
        await self.until_there(selector)
        box = await self.tab.run(
            f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()"
        )
        where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        await self.tab.send("Input.dispatchMouseEvent", type="mouseMoved", **where)

    async def count(self, selector: str) -> int:
        """How many there are of something."""
        return int(await self.tab.run(f"document.querySelectorAll({json.dumps(selector)}).length"))

    async def until_there(self, selector: str) -> None:
        """Wait until there is such a thing."""
        await self.tab.until(f"!!document.querySelector({json.dumps(selector)})")

    async def until_gone(self, selector: str) -> None:
        """Wait until there is no such thing."""
        await self.tab.until(f"!document.querySelector({json.dumps(selector)})")

    async def picture(self, file: Path) -> None:
        """Keep what is in the window, for people to look at: `-o tmp_path_retention_policy=all`."""
        await asyncio.to_thread(file.write_bytes, await self.tab.picture())

    def unexpected(self) -> list[str]:
        """What went wrong in the page, beside its fonts and animations, which are not here."""
        return [one for one in self.tab.errors if "cdn.office.net" not in one and ".ico" not in one]

    async def _mark(self, element: str) -> str:
        """A selector for the element that JavaScript finds, once it does."""
        await self.tab.until(f"!!({element})")
        self._marks += 1
        await self.tab.run(f"({element}).setAttribute('data-mark', '{self._marks}')")
        return f"[data-mark='{self._marks}']"

    async def _click(self, selector: str) -> None:
        await self.until_there(selector)
        await self.tab.click(selector)


def _found(kind: str, words: str) -> str:
    """JavaScript: the last element of a kind with exactly these words, or undefined."""
    return (
        f"[...document.querySelectorAll({json.dumps(kind)})]"
        f".filter((one) => one.innerText.trim() === {json.dumps(words)}).at(-1)"
    )
