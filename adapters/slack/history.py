"""What stands in Slack's channels and threads, read page by page with a bounded number of calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack import payloads
from adapters.slack.calls import part, parts, string
from adapters.slack.web import Web
from agent.errors import DeliveryError, DeliveryRetry, DeliveryUnknown, PlaceFatal
from agent.ports import Clock

MOST_CALLS = 200
"""Of one run. The methods may be called 50 times a minute
(https://docs.slack.dev/apis/web-api/rate-limits, tier 3): about four minutes of it, after which
whoever still waits has asked again."""
AT_ONCE = 50
"""Calls without a pause: what a company of common size needs is answered within seconds."""
EVERY = 1.2
"""Seconds between the further calls."""
PAGE = 200
PAGES = 5
"""Pages of one channel, thread or list; a thousand messages are more than anybody missed."""
AGAIN = (1.0, 5.0, 15.0)
"""Seconds before a call that failed is repeated, if Slack does not say how long."""
TYPES = "im,public_channel,private_channel"
"""Groups of people are missing: only the scope to read what they say is asked for, not to list
them; those in which something was said before are known without it."""

Item = Mapping[str, Any]


class Spent(Exception):
    """There were more calls to make than one run may."""


class Unreadable(Exception):
    """It cannot be gone on with."""


class History:
    """Reads for one run; `calls` is how many calls it took."""

    def __init__(self, web: Web, clock: Clock) -> None:
        """No call was made yet."""
        self.calls = 0
        self._web = web
        self._clock = clock

    async def channels(self) -> dict[str, bool]:
        """Where the bot is a member, and whether other companies are there too.

        Raises:
            Spent, Unreadable: there is no going on.
        """
        found = await self._pages(
            "users.conversations", "channels", types=TYPES, exclude_archived=True
        )
        shared = {string(one, "id"): one.get("is_ext_shared") is True for one in found}
        shared.pop("", None)
        return shared

    async def top(self, channel: str, since: float) -> list[Item]:
        """The top level of a channel since a time (seconds since the epoch), in any order.

        Raises:
            PlaceFatal: it cannot be read.
            Spent, Unreadable: there is no going on.
        """
        where = {"channel": channel, "oldest": f"{since:.6f}"}
        return await self._pages("conversations.history", "messages", **where)

    async def thread(self, channel: str, thread: str, since: float) -> list[Item]:
        """What was said in a thread after a time, oldest first.

        Raises:
            PlaceFatal: it cannot be read.
            Spent, Unreadable: there is no going on.
        """
        where = {"channel": channel, "ts": thread, "oldest": f"{since:.6f}"}
        found = await self._pages("conversations.replies", "messages", **where)
        # The root is always among them.
        return [one for one in found if payloads.seconds(string(one, "ts")) > since]

    async def _pages(self, method: str, name: str, **where: Any) -> list[Item]:
        found: list[Item] = []
        for _ in range(PAGES):
            page = await self._call(method, limit=PAGE, **where)
            found += parts(page, name)
            where["cursor"] = string(part(page, "response_metadata"), "next_cursor")
            if not where["cursor"]:
                break
        return found

    async def _call(self, method: str, **arguments: Any) -> AsyncSlackResponse:
        trouble = ""
        for pause in AGAIN:
            if self.calls >= MOST_CALLS:
                raise Spent(f"{MOST_CALLS} calls were not enough")
            if self.calls >= AT_ONCE:
                await self._clock.sleep(EVERY)
            self.calls += 1
            try:
                return await self._web.call(method, **arguments)
            except PlaceFatal:
                raise
            except (DeliveryRetry, DeliveryUnknown) as error:
                trouble = str(error)
                asked = error.retry_after if isinstance(error, DeliveryRetry) else None
                await self._clock.sleep(pause if asked is None else asked)
            except DeliveryError as error:
                raise Unreadable(f"{method}: {error}") from None
        raise Unreadable(f"{method}: {trouble}")
