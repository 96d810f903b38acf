"""What the local Slack delivers to, in its own tests."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest
from slack_sdk.errors import SlackApiError

from tests.support import listener

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received(listener.Received):
    """One request of Slack."""

    @property
    def json(self) -> Json:
        """The JSON body, or the form's `payload`."""
        if self.headers["Content-Type"] == "application/json":
            text = self.body.decode()
        else:
            text = self.form["payload"]
        parsed: Json = json.loads(text)
        return parsed

    @property
    def event(self) -> Json:
        """The inner event."""
        event: Json = self.json["event"]
        return event

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form body."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Listener(listener.Listener[Received]):
    """A bot that only listens to Slack."""

    route, status, reading = "/slack/events", 200, Received

    @property
    def events(self) -> list[Json]:
        """The inner events, in order of arrival."""
        return [received.event for received in self.received]

    def of(self, kind: str) -> list[Json]:
        """The inner events of one type or subtype."""
        return [e for e in self.events if kind in {e.get("type"), e.get("subtype")}]


async def refusal(call: Awaitable[object]) -> Json:
    """The answer of a call of the Web API that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        await call
    answer: Json = caught.value.response.data
    return answer


def section(text: str) -> Json:
    """A block with this text."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
