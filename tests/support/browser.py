"""A real headless Chromium, driven over its DevTools protocol.

Only what a test of a page needs: open an address, look at it with JavaScript, type, take a picture.
https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",  # a container's root has no other choice; only local pages are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # nothing leaves this machine
    "--remote-debugging-port=0",
)
PATIENCE = 30.0
"""Seconds of the machine's own time for something to appear: a browser knows no other clock."""
LOOK_EVERY = 0.05


class Tab:
    """One open page. `requests` are the addresses it asked for, `errors` what went wrong in it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._socket = socket
        self._session = ""
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def open(self, address: str, *, width: int = 1280, height: int = 800) -> None:
        """Open an address in a window of this size."""
        if not self._session:
            target = await self.send("Target.createTarget", url="about:blank")
            attached = await self.send(
                "Target.attachToTarget", targetId=target["targetId"], flatten=True
            )
            self._session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                await self.send(f"{domain}.enable")
        await self.resize(width, height)
        await self.send("Page.navigate", url=address)

    async def reload(self) -> None:
        """Load the page again."""
        await self.send("Page.reload")

    async def resize(self, width: int, height: int) -> None:
        """Change the size of the window, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **metrics)

    async def prefer(self, **features: str) -> None:
        """Set media features, such as prefers_color_scheme='dark'."""
        named = [{"name": n.replace("_", "-"), "value": v} for n, v in features.items()]
        await self.send("Emulation.setEmulatedMedia", features=named)

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression; promises are waited for."""
        answer = await self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait until a JavaScript expression is true; its value."""
        for _ in range(int(PATIENCE / LOOK_EVERY)):
            try:
                if value := await self.run(script):
                    return value
            except AssertionError as error:
                # Asked in the moment between two pages: there is nobody yet to answer.
                if "navigated" not in str(error) and "context" not in str(error):
                    raise
            await asyncio.sleep(LOOK_EVERY)  # noqa: TID251 - a browser moves by itself
        text = await self.run("document.body.innerText")
        raise AssertionError(f"never true: {script}\nerrors: {self.errors}\npage: {text}")

    async def click(self, selector: str) -> None:
        """Click the middle of the first element that fits, as a mouse does."""
        element = f"document.querySelector({json.dumps(selector)})"
        await self.until(f"!!{element}")
        await self.run(f"{element}.scrollIntoView({{block: 'nearest'}})")
        box = await self.run(f"{element}.getBoundingClientRect().toJSON()")
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            await self.send(
                "Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **point
            )

    async def type(self, text: str) -> None:
        """Type where the focus is."""
        await self.send("Input.insertText", text=text)

    async def press(self, key: str, code: int, *, shift: bool = False) -> None:
        """Press a key, by its name and its Windows key code."""
        named = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        typed = {"Enter": "\r", " ": " "}.get(key)
        text = {"text": typed} if typed else {}
        await self.send("Input.dispatchKeyEvent", type="keyDown", **named, **text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **named)

    async def picture(self) -> bytes:
        """A PNG of what is in the window."""
        answer = await self.send("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command; its result."""
        self._number += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._number] = answer
        command = {"id": self._number, "method": method, "params": params}
        await self._socket.send_json(
            command | ({"sessionId": self._session} if self._session else {})
        )
        return await answer

    async def close(self) -> None:
        """Stop listening to the browser."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        async for frame in self._socket:
            said = json.loads(frame.data)
            if "id" in said:
                answer = self._answers.pop(said["id"])
                if "error" in said:
                    answer.set_exception(AssertionError(str(said["error"])))
                else:
                    answer.set_result(said["result"])
            else:
                self._note(said["method"], said["params"])

    def _note(self, event: str, params: Mapping[str, Any]) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(str(params["exceptionDetails"]))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.errors.append(f"{params['entry']['text']} {params['entry'].get('url')}")


@asynccontextmanager
async def chromium() -> AsyncIterator[Tab]:
    """A browser with a fresh profile, and a tab of it."""
    # Not a test's own folder: its path would be too long for the browser's sockets.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with _started(Path(folder)) as tab:
            yield tab


@asynccontextmanager
async def _started(folder: Path) -> AsyncIterator[Tab]:
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={folder}",
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(await _address(process, folder), max_msg_size=0) as socket,
        ):
            tab = Tab(socket)
            try:
                yield tab
            finally:
                await tab.close()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process, folder: Path) -> str:
    """Where the browser listens: it writes port and path into its profile once it does."""
    told = folder / "DevToolsActivePort"
    for _ in range(int(PATIENCE / LOOK_EVERY)):
        lines = await asyncio.to_thread(lambda: told.read_text() if told.exists() else "")
        if lines.count("\n") == 1:
            port, path = lines.split("\n")
            return f"ws://127.0.0.1:{port}{path}"
        assert process.returncode is None, f"Chromium ended with status {process.returncode}"
        await asyncio.sleep(LOOK_EVERY)  # noqa: TID251 - a browser moves by itself
    raise AssertionError("Chromium does not listen")
