"""`/frontdesk …`: what the words after the command do. Answers are for their author's eyes only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from agent.errors import DeliveryError, DeliveryRetry, DeliveryUnknown
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.ports import Adapter, Clock, Command, Records
from agent.records import Accepted
from agent.recovery import Ladder
from agent.text import clean
from bot.delivery import Courier
from bot.settings import Configuration

HELP = """\
**Frontdesk** answers questions about working here, from the company's handbook.

- Write me a direct message, or mention me in a channel; I answer in the thread.
- In a thread that I take part in you need not mention me again.
- Write `stop` to stop me, or `talk to a person` to get people to help.

Commands:
- `/frontdesk help` shows this.
- `/frontdesk status` shows whether everything works.
- `/frontdesk human [what it is about]` hands your latest conversation here to people."""
UNKNOWN = "I don't know `{word}`. Try `/frontdesk help`."
HUMAN_SENT = "I've told the people. You'll hear in the conversation you had with me."
HUMAN_ALREADY = "The people have been told already."
HUMAN_NOT_NOW = (
    "I can't do that right now: nothing was passed on. Please try again in a minute, or write me a "
    "direct message."
)
HUMAN_BEGINS = "You asked for a person. What they say will come here."
HUMAN_NO_DM = "I can't open a direct conversation with you. Please write me a direct message first."
ADMINS_ONLY = "\nSettings are shown to the people in `FRONTDESK_ADMINS`."
OPENING_SECONDS = 2.0
"""For opening a direct conversation: Slack shows an error when a command takes 3 s
(https://docs.slack.dev/interactivity/implementing-slash-commands)."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What commands may look at."""

    configuration: Configuration
    records: Records
    ladder: Ladder
    adapters: Mapping[str, Adapter]
    courier: Courier
    clock: Clock
    accept: Callable[[IncomingMessage], Awaitable[Accepted]]


class Commands:
    """Routes a command to its answer."""

    def __init__(self, inside: Inside) -> None:
        """`inside` is what the answers are made from."""
        self._inside = inside

    async def answer(self, command: Command) -> str:
        """The answer as Markdown.

        Raises:
            StoreUnavailable: the database could not be asked.
        """
        words = command.text.split(maxsplit=1)
        match words[0].lower() if words else "help":
            case "help":
                return HELP
            case "status":
                return await self.status(settings=self._is_admin(command))
            case "human":
                return await self._human(command, words[1] if len(words) > 1 else "")
            case other:
                return UNKNOWN.format(word=clean(other)[:40].replace("`", ""))

    async def status(self, *, settings: bool) -> str:
        """What works and what does not and, with `settings`, where each setting comes from."""
        inside = self._inside
        counts = await inside.records.counts()
        lines = [f"**Frontdesk** is {'red: ' + self._red() if self._red() else 'up'}"]
        lines += [
            f"- model `{name}`: breaker {state.value}"
            for name, state in inside.ladder.breakers().items()
        ] or ["- no model is configured: answers come from the handbook alone"]
        lines += [f"- {name.replace('_', ' ')}: {count}" for name, count in counts.items()]
        lines += self._settings() if settings else [ADMINS_ONLY]
        return "\n".join(lines)

    def _settings(self) -> list[str]:
        inside = self._inside
        lines = ["\nSettings (where each comes from):"]
        sources = inside.configuration.sources
        for name, value in inside.configuration.settings.model_dump().items():
            shown = value if value != "" else "not set"
            lines.append(f"- `FRONTDESK_{name.upper()}` = {shown} ({sources[name]})")
        return lines

    def _is_admin(self, command: Command) -> bool:
        admins = self._inside.configuration.settings.admins.split(",")
        return f"{command.platform}:{command.author.id}" in {one.strip() for one in admins}

    def _red(self) -> str:
        revoked = self._inside.courier.revoked
        return f"{', '.join(sorted(revoked))} refuses our token; sending pauses" if revoked else ""

    async def _human(self, command: Command, about: str) -> str:
        inside = self._inside
        lane = await inside.records.latest_lane(
            command.platform, command.author.id, command.channel
        )
        if lane is None:
            lane = await inside.records.latest_lane(command.platform, command.author.id, "")
        if lane is not None:
            place = ConversationId.parse(lane)
        else:
            try:
                adapter = inside.adapters[command.platform]
                async with inside.clock.timeout(OPENING_SECONDS):
                    place = await adapter.open_direct(command.author.id, HUMAN_BEGINS)
            except (DeliveryRetry, DeliveryUnknown, TimeoutError):
                return HUMAN_NOT_NOW
            except DeliveryError:
                return HUMAN_NO_DM
        direct = command.direct if place.channel == command.channel else lane is None
        accepted = await inside.accept(_wish(command, place, about, inside.clock, direct=direct))
        return HUMAN_SENT if accepted is Accepted.NEW else HUMAN_ALREADY


def _wish(
    command: Command, place: ConversationId, about: str, clock: Clock, *, direct: bool
) -> IncomingMessage:
    author = Author(command.author.id, command.author.name)
    return IncomingMessage(
        conversation=place,
        id=f"command.{command.id}",
        kind=Kind.ASK_PERSON,
        author=author,
        text=about,
        sent_at=clock.now(),
        direct=direct,
    )
