"""Posts straight over the shared session: chat.postMessage, the one call that every turn makes,
and answers to a press at the address that came with it.

The SDK's client builds a request from fifty optional arguments, walks the blocks for model objects,
formats a user agent and logs; for this call that is a sixth of the CPU of a whole turn, and nothing
of it is needed. Every other method goes through the SDK. The wire is the same: JSON with a bearer
token (https://docs.slack.dev/apis/web-api/#post-bodies), errors judged by `calls.call`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic_core import from_json, to_json
from slack_sdk.errors import SlackApiError


@dataclass(frozen=True, slots=True)
class Posted:
    """Slack's answer, in the shape of the SDK's: `data` is what the JSON held."""

    status_code: int
    headers: Mapping[str, str]
    data: Any

    def get(self, name: str, default: Any = None) -> Any:
        """A value of the answer; the default if it is no object."""
        return self.data.get(name, default) if isinstance(self.data, dict) else default


class Poster:
    """Posts messages with one token to one Slack."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str, token: str) -> None:
        """`api_url` ends in '/'; the session is shared with the SDK's client."""
        self._session = session
        self._url = f"{api_url}chat.postMessage"
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json; charset=utf-8",
        }

    async def post(self, arguments: Mapping[str, Any]) -> Posted:
        """Call chat.postMessage; arguments that are None are left out.

        Raises:
            SlackApiError: Slack did not say ok.
            aiohttp.ClientError, TimeoutError: there was no whole answer.
        """
        body = to_json({name: value for name, value in arguments.items() if value is not None})
        async with self._session.post(self._url, data=body, headers=self._headers) as response:
            raw = await response.read()
            answer = Posted(response.status, response.headers, _read(raw))
        if answer.status_code == 200 and answer.get("ok") is True:
            return answer
        raise SlackApiError("chat.postMessage failed", answer)  # type: ignore[no-untyped-call]

    async def respond(self, url: str, arguments: Mapping[str, Any]) -> Posted:
        """Answer a press at its response URL, which is good for five answers within half an hour
        (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses). It is
        as secret as a token, and needs none.

        Raises:
            SlackApiError: Slack did not take it.
            aiohttp.ClientError, TimeoutError, ValueError: there was no whole answer, or no address.
        """
        async with self._session.post(url, json=arguments, allow_redirects=False) as response:
            await response.read()
        answer = Posted(response.status, response.headers, {"ok": response.status == 200})
        if response.status == 200:
            return answer
        raise SlackApiError("a press was not answered", answer)  # type: ignore[no-untyped-call]


def _read(raw: bytes) -> Any:
    try:
        return from_json(raw)
    except ValueError:
        return None
