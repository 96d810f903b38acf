"""`/frontdesk …`, or the same words written to the bot: what they do. Answers are for their author
alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from agent.errors import DeliveryError, DeliveryRetry, DeliveryUnknown, StorageError
from agent.lines import Lines
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.phrases import asks_for_person
from agent.platforms import Command
from agent.ports import Adapter, Clock, Records
from agent.records import Accepted
from agent.recovery import Ladder
from agent.text import clean
from bot.caring import Caring
from bot.commands_desk import DeskCommands
from bot.delivery import Courier
from bot.pausing import Pause
from bot.settings import Configuration

HELP = """\
**Frontdesk** answers questions about working here, from the company's handbook.

- Write me a direct message, or mention me in a channel; I answer in the thread.
- In a thread that I take part in you need not mention me again.
- Write `stop` to stop me, or `talk to a person` to get people to help.

Commands:
- `/frontdesk help` shows this.
- `/frontdesk status` shows whether everything works.
- `/frontdesk human [what it is about]` hands your latest conversation here to people.
- `/frontdesk pause` and `/frontdesk resume` (admins) let me stop answering, and begin again.
- `/frontdesk queue` (admins) shows what could not be delivered.
- `/frontdesk forget me` erases what you told me and what I answered.
{more}
What I answer to a command is for you alone."""
UNKNOWN = "I don't know `{word}`. Try `/frontdesk help`."
HUMAN_SENT = "I've told the people. You'll hear in the conversation you had with me."
HUMAN_SENT_HERE = "You asked for a person. I've told the people: what they say will come here."
HUMAN_NOT_NOW = (
    "I can't do that right now: nothing was passed on. Please try again in a minute, or write me a "
    "direct message."
)
HUMAN_BEGINS = (
    "You asked for a person. When they know of it, I say so below; what they say will come here."
)
HUMAN_NO_DM = "I can't open a direct conversation with you. Please write me a direct message first."
PAUSED = (
    "Paused: I answer nobody until `/frontdesk resume`; everybody who writes is told. People who "
    "have a case go on as before."
)
RESUMED = "I answer again."
FOR_ADMINS = ("channel", "pause", "resume", "queue")
NOT_ADMIN = "Only the people in `FRONTDESK_ADMINS` can do this."
ADMINS_ONLY = "\nSettings are shown to the people in `FRONTDESK_ADMINS`."
OPENING_SECONDS = 2.0
"""For finding or opening a conversation, after earlier wishes of the same person: Slack shows an
error after 3 s (https://docs.slack.dev/interactivity/implementing-slash-commands)."""


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
    pause: Pause
    caring: Caring
    desk: DeskCommands
    lane_of: Callable[[Command], str]
    """The lane in which a command that was written as a message is being answered, '' for others.
    """
    trouble: Callable[[], str]
    damage: Callable[[], str]


class Commands:
    """Routes a command to its answer."""

    def __init__(self, inside: Inside) -> None:
        """`inside` is what the answers are made from."""
        self._inside = inside
        self._wishes = Lines()
        self.words: Mapping[str, Callable[[Command, str], Awaitable[str]]] = {
            "": self._help,
            "help": self._help,
            "status": self._status,
            "human": self._human,
            "cases": self._cases,
            "assign": self._assign,
            "channel": inside.desk.channel,
            "pause": self._pause,
            "resume": self._resume,
            "queue": self._queue,
            "forget": self._forget,
        }
        """What carries out each command, by its first word."""

    async def answer(self, command: Command) -> str:
        """The answer as Markdown, with commands as they are typed on its platform.

        Raises:
            StoreUnavailable: the database could not be asked.
        """
        typed = self._inside.adapters[command.platform].capabilities.command
        return (await self._answer(command)).replace("`/frontdesk ", f"`{typed}")

    async def _answer(self, command: Command) -> str:
        word, rest = (*command.text.split(maxsplit=1), "", "")[:2]
        carry_out = self.words.get(word.lower())
        if carry_out is None:
            return UNKNOWN.format(word=clean(word)[:40].replace("`", ""))
        if word.lower() in FOR_ADMINS and not self._is_admin(command):
            return NOT_ADMIN
        return await carry_out(command, rest)

    async def _help(self, command: Command, _: str) -> str:
        more = await self._inside.desk.help(command, is_admin=self._is_admin(command))
        return HELP.format(more=f"\n{more}" if more else "")

    async def _status(self, command: Command, _: str) -> str:
        return await self.status(settings=self._is_admin(command))

    async def _cases(self, command: Command, _: str) -> str:
        return await self._inside.desk.cases(command, is_admin=self._is_admin(command))

    async def _assign(self, command: Command, words: str) -> str:
        return await self._inside.desk.assign(command, words, is_admin=self._is_admin(command))

    async def _queue(self, _: Command, __: str) -> str:
        return await self._inside.caring.queue()

    async def status(self, *, settings: bool) -> str:
        """What works and what does not and, with `settings`, where each setting comes from."""
        inside = self._inside
        counts: Mapping[str, int] = {}
        desk: list[str] = []
        try:
            counts, trouble = await inside.records.counts(), inside.trouble()
            desk = await inside.desk.status()
        except StorageError as error:
            trouble = str(error)
        found = (trouble, inside.damage(), self._red(), await inside.desk.trouble())
        red = "; ".join(filter(None, found))
        lines = [f"**Frontdesk** is {'red: ' + red if red else 'up'}"]
        lines += ["- paused: `/frontdesk resume` lets it answer again"] if inside.pause.on else []
        lines += [
            f"- model `{name}`: breaker {state.value}"
            for name, state in inside.ladder.breakers().items()
        ] or ["- no model is configured: answers come from the handbook alone"]
        lines += [f"- {line}" for line in desk]
        rows = {name: count for name, count in counts.items() if not name.startswith("cases_")}
        lines += [f"- {name.replace('_', ' ')}: {count}" for name, count in rows.items()]
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

    async def stop(self) -> None:
        """End what commands left going on."""
        await self._inside.caring.stop()
        await self._inside.desk.stop()

    async def _forget(self, command: Command, whom: str) -> str:
        is_admin = self._is_admin(command)
        caring = self._inside.caring
        return await caring.forget(command, whom.strip(), is_admin=is_admin, refusal=NOT_ADMIN)

    async def _pause(self, command: Command, _: str) -> str:
        await self._inside.pause.change(True, by=f"{command.platform}:{command.author.id}")
        return PAUSED

    async def _resume(self, command: Command, _: str) -> str:
        await self._inside.pause.change(False, by=f"{command.platform}:{command.author.id}")
        return RESUMED

    def _is_admin(self, command: Command) -> bool:
        admins = self._inside.configuration.settings.admin_list()
        return f"{command.platform}:{command.author.id}" in admins

    def _red(self) -> str:
        revoked = self._inside.courier.revoked
        return f"{', '.join(sorted(revoked))} refuses our token; sending pauses" if revoked else ""

    async def _human(self, command: Command, about: str) -> str:
        inside = self._inside
        async with AsyncExitStack() as order:
            try:
                async with inside.clock.timeout(OPENING_SECONDS):
                    # A second wish waits until the first has its conversation: it belongs there.
                    who = f"{command.platform}:{command.author.id}"
                    await order.enter_async_context(self._wishes.behind(who, waits=True))
                    lane = await self._latest_lane(command)
                    case = await inside.desk.case_in(lane) if lane else None
                    nobody = inside.desk.nobody(case)
                    if nobody and not lane:
                        return nobody
                    place = ConversationId.parse(lane or await self._first_place(command))
            except (DeliveryRetry, DeliveryUnknown, TimeoutError):
                return HUMAN_NOT_NOW
            except DeliveryError:
                return HUMAN_NO_DM
            direct = command.direct if place.channel == command.channel else lane is None
            wish = _wish(command, place, about, inside.clock, direct=direct)
            accepted = await inside.accept(wish)
        if nobody:
            return nobody  # said there, too, and admins are told
        if case is not None and (case.owner or accepted is Accepted.NEW):
            has_words = bool(about) and not asks_for_person(about)
            return inside.desk.with_people(case, passed_on=has_words)
        return HUMAN_SENT_HERE if lane is None and inside.lane_of(command) else HUMAN_SENT

    async def _latest_lane(self, command: Command) -> str | None:
        """Where its author last talked to the bot: here, or else anywhere. A wish that is there
        already is this command's own, from when it was carried out before.
        """
        who, own = (command.platform, command.author.id), _wish_id(command)
        latest = self._inside.records.latest_lane
        return await latest(*who, command.channel, own) or await latest(*who, "", own)

    async def _first_place(self, command: Command) -> str:
        """The lane in which to talk to who never talked to the bot: where the answer to the command
        is read. Only that of a slash command is no message, so that a conversation must be begun
        for it; not once more for one that is brought again.

        Raises:
            DeliveryError: there is no such place, or not now.
        """
        inside, author = self._inside, command.author.id
        here = inside.lane_of(command)
        if here and command.direct:
            return here
        adapter = inside.adapters[command.platform]
        if here:
            return str(await adapter.direct(author))
        begun = await inside.records.latest_lane(command.platform, author, "")
        return begun or str(await adapter.open_direct(author, HUMAN_BEGINS))


def _wish_id(command: Command) -> str:
    return f"command.{command.id}"


def _wish(
    command: Command, place: ConversationId, about: str, clock: Clock, *, direct: bool
) -> IncomingMessage:
    author = Author(command.author.id, command.author.name)
    return IncomingMessage(
        conversation=place,
        id=_wish_id(command),
        kind=Kind.ASK_PERSON,
        author=author,
        text=about,
        sent_at=clock.now(),
        direct=direct,
    )
