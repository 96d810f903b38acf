"""A local platform as a process of its own, driven through its control API.

It prints one line of JSON, the addresses that a bot needs and the `control_url`, and serves until
it is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pkgutil
import signal

from agent.ports import Clock
from twins.control import Control, T


def options(module: str, platform: str) -> argparse.ArgumentParser:
    """The options that every platform has; `module` is what `python -m` is given."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=f"A local {platform} with a control API."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--events-url", default="", help="where the bot listens")
    parser.add_argument(
        "--rate-limits", action="store_true", help=f"limit calls as {platform} does"
    )
    # Only the bot has a real clock, and nothing here imports it: the command names one.
    parser.add_argument("--clock", default="bot.clock:SystemClock", help="module:class of a Clock")
    return parser


def clock(given: argparse.Namespace) -> Clock:
    """The clock that was asked for."""
    named: Clock = pkgutil.resolve_name(given.clock)()
    return named


def run(control: Control[T], given: argparse.Namespace) -> None:
    """Serve as the options say until SIGINT or SIGTERM; prints the addresses first."""
    control.twin.events_url, control.twin.rate_limits = given.events_url, given.rate_limits
    asyncio.run(_serve(control, given.port))


async def _serve(control: Control[T], port: int) -> None:
    await control.twin.start(port, control.routes())
    told = {**control.addresses(), "control_url": f"{control.twin.base_url}twin/"}
    print(json.dumps(told), flush=True)  # noqa: T201
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await control.twin.stop()
