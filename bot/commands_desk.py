"""`/frontdesk cases`, `assign` and `channel`, and what the status says of the desk.

Who asks for people, and what about, is for those who are in the human channel, and for admins.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from agent import texts
from agent.cases import Case
from agent.desk.place import DeskPlace
from agent.errors import DeliveryError
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.platforms import Command
from agent.ports import Adapter, Clock, Records
from agent.records import Arrival
from agent.text import clean, one_line, plain_name
from bot.cases import on_cards, summed_up, told
from bot.desk_times import HOURS, SLA, STALE, ZONE, TimesByChannel, scope_of
from bot.watching import DeskWatch

MOST_SHOWN = 20
"""Lines of a list in the chat."""
ASK_SECONDS = 0.8
"""For what a platform is asked before a command is carried out, which may take 2 s: Slack shows an
error after 3 s (https://docs.slack.dev/interactivity/implementing-slash-commands)."""

DESK_HELP = """\
For the people of the human channel:
- `/frontdesk cases` shows who waits for a person, and who has which case.
- `/frontdesk assign @person [case]` gives a case to a colleague; without its number, yours or the \
only one there is.
"""
CHANNEL_HELP = """\
- `/frontdesk channel` (admins) shows and sets how long cases of this channel may wait, and when \
people are there.
"""
NO_CASES = "No case is open: nobody waits for a person."
MORE = "- … and {number} more: see `frontdesk cases` at the command line"
NOT_STAFF = "Only the people of the human channel, and admins, can do this."
NO_DESK = "There is no human channel: what I cannot answer reaches nobody."
NOT_NOW = "I can't find out just now who is in the human channel. Please try again in a minute."
ELSEWHERE = "The human channel is in {desk}: please do this there."
ASSIGN_WHOM = (
    "I don't know who that is. Mention a colleague: `/frontdesk assign @person`, or write their "
    "id: `/frontdesk assign {platform}:ID`. `me` is you."
)
SEVERAL_PEOPLE = (
    "More than one person here is called {name}. Mention the one you mean: `/frontdesk assign "
    "@person`, or write their id: `/frontdesk assign {platform}:ID`. `me` is you."
)
ONE_OF_EACH = "Nothing has changed: name one person and one case."
WHICH_CASE = "Which case? Write its number behind the name:"
NO_SUCH_CASE = "There is no open case {case}. `/frontdesk cases` shows those there are."
ASSIGNED = "Case {case} is assigned to {name}."
NOT_ASSIGNED = "Case {case} is as it was: `/frontdesk cases` shows who has it."
CASE_WAITS = "Your case is with people already: what they say will come where you talked to me."
CASE_HELD = "**{name}** has your case, and reads what you write where you talked to me."
PASSED_ON = "Your case is with people already. I've passed this on to them."
PASSED_ON_TO = "I've passed this on to **{name}**, who has your case."
CHANNEL_USAGE = """\
Set with `/frontdesk channel`: `sla MINUTES` until people are reminded of a case, `hours mon-fri \
09:00-17:00` (or `always`) and `timezone Europe/Berlin` when somebody is there, `stale DAYS` until \
a silent case is closed; `default` instead of a value takes it away."""
CHANNEL_SHOWN = "What holds for cases from here:"
CHANNEL_WORDS = {"sla": SLA, "hours": HOURS, "timezone": ZONE, "stale": STALE}
UNITS = {SLA: "minutes", STALE: "days"}
ALWAYS = "mon-sun 00:00-24:00"
"""Opening hours that are always, also where those of the organisation are not."""
MENTION = re.compile(r"<@([^|<>\s]+)(?:\|[^<>]*)?>")
"""A person in the words of a command (`Command.text`)."""
CASE_ID = re.compile(r"C[0-9][\w.-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DeskInside:
    """What these commands may look at, and how they act on a case."""

    records: Records
    adapters: Mapping[str, Adapter]
    clock: Clock
    place: DeskPlace
    times: TimesByChannel
    watch: DeskWatch
    act: Callable[[Arrival], Awaitable[str]]
    """Has something done about a case, and tells what who wants it is told, '' for nothing."""


class DeskCommands:
    """The answers about cases and the desk. Each raises StoreUnavailable."""

    def __init__(self, inside: DeskInside) -> None:
        """`inside` is what the answers are made from."""
        self._inside = inside

    async def case_in(self, lane: str) -> Case | None:
        """The case of a conversation that people have."""
        cases = await self._inside.records.open_cases()
        return next((one for one in cases if one.lane == lane), None)

    def nobody(self, case: Case | None) -> str:
        """What who wants a person is told if there is nobody to call; '' if there is."""
        place = self._inside.place
        return "" if place.channel_of(case) else texts.NOBODY.format(contact=place.contact)

    def with_people(self, case: Case, *, passed_on: bool) -> str:
        """Who has a case, for its employee, and what became of their words if they said any."""
        name = self._inside.place.signed(case.owner_name, case)
        held, waits = (PASSED_ON_TO, PASSED_ON) if passed_on else (CASE_HELD, CASE_WAITS)
        return held.format(name=name) if case.owner else waits

    async def cases(self, command: Command, *, is_admin: bool) -> str:
        """Who waits for a person, and who has which case, the oldest first."""
        if refusal := await self._refusal(command, is_admin=is_admin):
            return refusal
        cases = on_cards(await self._inside.records.open_cases())
        return _listed(cases, self._inside.clock.now()) or NO_CASES

    async def assign(self, command: Command, words: str, *, is_admin: bool) -> str:
        """Give a case to somebody of the human channel; the kernel checks that both are."""
        if refusal := await self._refusal(command, is_admin=is_admin):
            return refusal
        inside = self._inside
        cases = await inside.records.open_cases()
        whom, named = _parts(clean(words))
        if max(len(whom), len(named)) > 1:
            return ONE_OF_EACH
        wanted = "".join(named) or await self._case_here(command)
        case, problem = _chosen(cases, wanted, f"{command.platform}:{command.author.id}")
        if case is None:
            return problem or _listed(on_cards(cases), inside.clock.now(), WHICH_CASE) or NO_CASES
        place = inside.place.channel_of(case)
        if place is None:
            return NO_DESK
        if place.platform != command.platform:
            return ELSEWHERE.format(desk=place.platform.title())
        takers = _people("".join(whom), command, cases)
        if len(takers) != 1:
            name, why = plain_name("".join(whom)), SEVERAL_PEOPLE if takers else ASSIGN_WHOM
            return why.format(name=name, platform=command.platform)
        return await self._assigned(command, case, place, *takers)

    async def channel(self, command: Command, words: str) -> str:
        """Show or set the times of the desk for the channel of the command; for admins."""
        inside = self._inside
        here = ConversationId(command.platform, command.tenant, command.channel)
        word, _, value = " ".join(words.split()).partition(" ")
        name, problem = CHANNEL_WORDS.get(word.lower()), ""
        if name and value:
            value = {"always": ALWAYS, "default": ""}.get(value.lower(), value)
            try:
                await inside.times.change(
                    here, name, value, by=f"{command.platform}:{command.author.id}"
                )
            except ValueError as error:
                problem = f"Nothing has changed: {clean(str(error)).replace('`', '')}.\n\n"
        elif word and not name:
            return CHANNEL_USAGE
        return f"{problem}{self._shown(here)}"

    async def trouble(self) -> str:
        """What is wrong with the human channel, '' for nothing."""
        return await self._inside.watch.trouble()

    async def status(self) -> list[str]:
        """How many employees wait for people, and how long already; whether there are any."""
        cases = await self._inside.records.open_cases()
        lines = [summed_up(cases, self._inside.clock.now())]
        return lines if self._inside.place.channel else [NO_DESK, *lines]

    async def help(self, command: Command, *, is_admin: bool) -> str:
        """What there is beside what everybody may do, as far as who asks may do it."""
        if is_admin:
            return DESK_HELP + CHANNEL_HELP
        return "" if await self._refusal(command, is_admin=False) else DESK_HELP

    async def stop(self) -> None:
        """End what is going on beside."""
        await self._inside.watch.stop()

    def _shown(self, here: ConversationId) -> str:
        """The times that hold for employees in a place, and where each comes from."""
        shown = self._inside.times.shown(here, self._inside.place.channel)
        lines = [CHANNEL_SHOWN]
        for word, name in CHANNEL_WORDS.items():
            value, scope = shown[name]
            value = "always" if name == HOURS and value in ("", ALWAYS) else value
            source = {"": f"FRONTDESK_{name.upper()}", scope_of(here): "set here"}.get(scope)
            source = source or "set for the human channel"
            unit = UNITS.get(name, "")
            told = f"{value} {unit.removesuffix('s') if value == '1' else unit}".strip()
            lines.append(f"- {word}: {told} ({source})")
        return "\n".join([*lines, "", CHANNEL_USAGE])

    async def _refusal(self, command: Command, *, is_admin: bool) -> str:
        """Why who asks may not look at cases; '' if they may."""
        place = self._inside.place.channel
        if is_admin:
            return ""
        if place is None or place.platform != command.platform:
            return NOT_STAFF
        try:
            async with self._inside.clock.timeout(ASK_SECONDS):
                adapter = self._inside.adapters[place.platform]
                return "" if await adapter.member(place, command.author.id) else NOT_STAFF
        except (DeliveryError, TimeoutError):
            return NOT_NOW

    async def _case_here(self, command: Command) -> str:
        """The number of the case in whose card's thread a command was typed, '' if it was not."""
        here = ConversationId(command.platform, command.tenant, command.channel, command.thread)
        found = await self._inside.records.case_under(here) if here.thread else None
        return found.id if found else ""

    async def _assigned(
        self, command: Command, case: Case, place: ConversationId, taker: str
    ) -> str:
        inside, owner = self._inside, f"{command.platform}:{taker}"
        wish = IncomingMessage(
            conversation=place,
            id=f"command.{command.id}",
            kind=Kind.ASSIGN,
            author=Author(command.author.id, command.author.name),
            sent_at=inside.clock.now(),
            detail=owner,
        )
        answer = await inside.act(Arrival(wish, lane=case.lane, case_id=case.id))
        if answer:
            return answer
        found = await inside.records.case(case.id)
        if found is None or found.owner != owner:
            return NOT_ASSIGNED.format(case=case.id)
        return ASSIGNED.format(case=case.id, name=plain_name(found.owner_name) or taker)


def _listed(cases: Sequence[Case], now: float, title: str = "") -> str:
    """Cases as a list of Markdown, '' if there are none."""
    lines = [told(one, now) for one in cases[:MOST_SHOWN]]
    if len(cases) > MOST_SHOWN:
        lines.append(MORE.format(number=len(cases) - MOST_SHOWN))
    return "\n".join([title, *lines] if title and lines else lines)


def _parts(words: str) -> tuple[Collection[str], Collection[str]]:
    """Whom and which cases the words name, in any order, each once."""
    mentions = {f"<@{one}>" for one in MENTION.findall(words)}
    rest = MENTION.sub(" ", words).split()
    numbers = [one for one in rest if CASE_ID.fullmatch(one.lstrip("#"))]
    others = " ".join(one for one in rest if one not in numbers)
    whom = mentions or ({others} if others else set())
    return whom, {one.lstrip("#").upper() for one in numbers}


def _chosen(cases: Sequence[Case], wanted: str, caller: str) -> tuple[Case | None, str]:
    """The case that is meant; without a number the one the caller has, or the only one. Who names a
    case of an incident means the incident: it has the card. Else why there is none, '' if that
    cannot be told from the words.
    """
    by_id = {one.id.casefold(): one for one in cases}
    if wanted:
        found = by_id.get(wanted.casefold())
        if found is None:
            return None, NO_SUCH_CASE.format(case=one_line(wanted, 40))
        return by_id.get(found.incident.casefold(), found), ""
    shown = on_cards(cases)
    theirs = [one for one in shown if one.owner == caller]
    meant = theirs or shown
    return (meant[0], "") if len(meant) == 1 else (None, "")


def _people(whom: str, command: Command, cases: Sequence[Case]) -> set[str]:
    """The ids of who may be meant by a mention, an id, 'me', or the name of somebody who has a
    case: of all others the platform tells no name.
    """
    if mention := MENTION.fullmatch(whom):
        return {mention[1]}
    platform, colon, user = whom.partition(":")
    if colon and platform == command.platform:
        return {user} - {""}
    name = plain_name(whom).casefold()
    if name == "me":
        return {command.author.id}
    people = [(one.owner, one.owner_name) for one in cases]
    people.append((f"{command.platform}:{command.author.id}", command.author.name))
    called = [one.partition(":") for one, its in people if plain_name(its).casefold() == name]
    return {user for on, _, user in called if on == command.platform} if name else set()
