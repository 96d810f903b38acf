"""The local Teams' way to the bot: signed activities, redelivery, and a record of every attempt.

An activity that nobody took within 15 seconds comes again with the same id, two to four times:
github.com/MicrosoftDocs/msteams-docs/issues/6084 and microsoft/botbuilder-dotnet/issues/5005.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.teams.twin_keys import Signer
from adapters.teams.twin_state import Json, Settings
from agent.ports import Clock
from twins import courier

ANSWER_SECONDS = 15.0
# How long a person looks at a card that answers nothing; the project promises five.
INVOKE_SECONDS = 10.0
# Between the end of an attempt and the next; not documented. The last one is repeated.
REDELIVERY_DELAYS = (1.0, 5.0, 15.0, 30.0)


@dataclass(frozen=True, slots=True)
class Answer(courier.Answer):
    """What the bot answered; status 0 with a `reason` if nothing came."""

    @property
    def again(self) -> bool:
        """Whether Teams tries again: no answer, or trouble that may pass."""
        return self.status in {0, 408, 412, 429} or self.status >= 500

    @property
    def toast(self) -> str:
        """What an answer to a press shows to whom pressed, without changing the card; '' if
        nothing. https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards
        """
        value = self.json.get("value")
        if self.json.get("type") == "application/vnd.microsoft.activity.message":
            return str(value)
        failed = str(self.json.get("type", "")).startswith("application/vnd.microsoft.error")
        return str(value.get("message", "")) if failed and isinstance(value, dict) else ""


@dataclass(slots=True)
class Parcel(courier.Parcel):
    """An activity on its way. `authorization` None: the twin signs each attempt."""

    authorization: str | None = None


def packed(activity: Json, authorization: str | None = None) -> Parcel:
    """An activity, ready to be sent; activities of one conversation are in one line."""
    kind = str(activity.get("name") or activity.get("type", ""))
    conversation = activity.get("conversation")
    line = str(conversation.get("id", "")) if isinstance(conversation, dict) else ""
    body = json.dumps(activity).encode()
    return Parcel(str(activity.get("id", "")), kind, body, line, authorization)


class Courier(courier.Courier[Parcel, Answer]):
    """Brings activities to the bot."""

    answers = Answer
    _settings: Settings

    def __init__(
        self, clock: Clock, signer: Signer, settings: Settings, rng: random.Random
    ) -> None:
        super().__init__(clock, settings, rng)
        self._signer = signer

    def pauses(self) -> Iterator[float]:
        for number in range(self._settings.redeliveries):
            yield REDELIVERY_DELAYS[min(number, len(REDELIVERY_DELAYS) - 1)]

    async def attempt(self, parcel: Parcel, number: int, reason: str) -> Answer:
        return await self._signed(parcel, ANSWER_SECONDS)

    async def ask(self, parcel: Parcel) -> Answer:
        """Send an invoke once and wait for its answer: Teams does not repeat them."""
        answer = await self._signed(parcel, INVOKE_SECONDS)
        self.record(parcel.id, parcel.type, 0, answer)
        return answer

    async def _signed(self, parcel: Parcel, patience: float) -> Answer:
        authorization = parcel.authorization
        if authorization is None:
            authorization = self._signer.header()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)",
            **({"Authorization": authorization} if authorization else {}),
        }
        return await self.post(parcel.body, headers, patience)
