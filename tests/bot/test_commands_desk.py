"""`cases` and `assign`: for the people of the human channel, and for admins."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.cases import Cause
from agent.messages import Kind
from agent.records import Arrival
from bot import commands_desk as desk
from bot.commands_desk import DeskCommands
from tests.support.desk_commands import CARD, CASE, DESK, OTHER, Rig, slow, taken


@pytest.fixture
def rig() -> Rig:
    return Rig()


# cases


async def test_open_cases(rig: Rig) -> None:
    """Who asks, what about, for how long, and who has it; the oldest first."""
    assert await rig.cases() == desk.NO_CASES
    rig.open = [taken(CASE, "irc:grace", "Grace"), OTHER]
    assert (await rig.cases()).splitlines() == [
        "- **C7** Ada Byron: My leave (5 minutes, with Grace)",
        "- **C9** Joan Clarke: My screen (1 minute, waiting)",
    ]


async def test_cases_of_one_trouble(rig: Rig) -> None:
    """An incident is one line; those on its card are not told one by one."""
    incident = replace(
        CASE,
        id="C20",
        lane="incident::dead_letter:",
        cause=Cause.DEAD_LETTER,
        card=replace(CARD, summary="", joined=12),
    )
    rig.open = [incident, replace(OTHER, incident="C20")]
    (line,) = (await rig.cases()).splitlines()
    assert line == f"- **C20** 12 people at once: {Cause.DEAD_LETTER.words} (5 minutes, waiting)"


async def test_very_many_cases(rig: Rig) -> None:
    """A chat shows the oldest of them, and how many more there are."""
    rig.open = [replace(CASE, id=f"C{n}") for n in range(desk.MOST_SHOWN + 3)]
    lines = (await rig.cases()).splitlines()
    assert len(lines) == desk.MOST_SHOWN + 1
    assert lines[-1] == desk.MORE.format(number=3)


async def test_words_of_employees_do_no_harm(rig: Rig) -> None:
    """What they are called and write is shown as words: no ping, no link to a strange place."""
    card = replace(CARD, employee_name="<@U1> Ada\n- **C9**", summary="@channel [x](javascript:y)")
    rig.open = [replace(CASE, card=card), replace(OTHER, card=None)]
    first, second = (await rig.cases()).splitlines()
    assert "@channel" not in first
    assert "<@" not in first
    assert "javascript" not in first
    assert second.startswith(f"- **C9** ada: {Cause.PERSON_ASKED.words}")


async def test_cases_are_not_for_everybody(rig: Rig) -> None:
    """Who is not in the human channel learns nothing; an admin need not be in it."""
    rig.open = [CASE]
    assert await rig.cases("mallory") == desk.NOT_STAFF
    assert "Ada" in await rig.cases("mallory", is_admin=True)
    elsewhere = rig.command(platform="slack")
    assert await rig.desk.cases(elsewhere, is_admin=False) == desk.NOT_STAFF
    rig.place.channel = None
    assert await rig.cases() == desk.NOT_STAFF


async def test_it_cannot_be_told_who_is_in_the_channel(rig: Rig) -> None:
    """Then nobody is shown anything, and is told to try again, however long the platform takes."""
    rig.open = [CASE]
    rig.irc.mute = True
    assert await rig.cases() == desk.NOT_NOW
    slow(rig.clock, rig.irc, "member", "profile", "check")
    asking = asyncio.create_task(rig.cases())
    await rig.clock.advance(1)
    assert asking.done()
    assert await asking == desk.NOT_NOW


# assign


@pytest.mark.parametrize(
    ("words", "owner"),
    [
        ("<@grace>", "irc:grace"),
        ("<@grace|grace.hopper>", "irc:grace"),
        ("<@grace> C7", "irc:grace"),
        ("c7 <@grace>", "irc:grace"),
        ("C7 <@grace> <@grace|grace.hopper> c7", "irc:grace"),
        ("#C7 irc:grace", "irc:grace"),
        ("me", "irc:linus"),
        ("@Linus C7", "irc:linus"),
    ],
)
async def test_assigning(rig: Rig, words: str, owner: str) -> None:
    """By a mention, an id, or 'me', with the number of the case before or behind."""
    rig.open = [CASE]
    answer = await rig.assign(words)
    name = owner.partition(":")[2].title()
    assert answer == desk.ASSIGNED.format(case="C7", name=name)
    (wish,) = rig.wishes
    assert (wish.lane, wish.case_id) == (CASE.lane, "C7")
    assert wish.message.kind is Kind.ASSIGN
    assert (wish.message.conversation, wish.message.author.id) == (DESK, "linus")
    assert wish.message.detail == owner


async def test_assigning_by_the_name_of_somebody_who_has_a_case(rig: Rig) -> None:
    """Without a mention a name is enough if it is known, and only one person has it."""
    rig.open = [CASE, taken(OTHER, "irc:gh", "Grace Hopper")]
    assert "C7 is assigned" in await rig.assign("C7 @Grace  Hopper")
    assert rig.wishes[0].message.detail == "irc:gh"
    rig.open = [CASE, taken(OTHER, "irc:linus", "Linus Berg")]
    assert "C7 is assigned" in await rig.assign("C7 Linus Berg")
    rig.open = [
        CASE,
        taken(OTHER, "irc:gh", "Grace"),
        taken(replace(OTHER, id="C8"), "irc:g", "Grace"),
    ]
    told = await rig.assign("C7 Grace")
    assert told == desk.SEVERAL_PEOPLE.format(name="Grace", platform="irc")


@pytest.mark.parametrize("typed", ["Linus", "@linus", "  LINUS "])
async def test_two_people_of_one_name(rig: Rig, typed: str) -> None:
    """Who types a name that is theirs, too, may mean the other one: nobody gets the case."""
    rig.open = [CASE, taken(OTHER, "irc:lt", "Linus")]
    told = await rig.assign(f"C7 {typed}")
    assert told.startswith("More than one person")
    assert "@person" in told
    assert rig.wishes == []


async def test_a_name_that_nobody_has_yet(rig: Rig) -> None:
    """Of people who never had a case only ids are known: a typed name is not guessed at, however it
    is written.
    """
    rig.open = [CASE, taken(OTHER, "irc:gh", "Grace Hopper")]
    for typed in ("Ada", "@ada", "Grace", "@grace.hopper", "gh", "IRC:gh", "@everyone"):
        assert await rig.assign(f"C7 {typed}") == desk.ASSIGN_WHOM.format(platform="irc")
    assert rig.wishes == []


@pytest.mark.parametrize("words", ["<@grace> <@linus>", "C7 C9 <@grace>", "C7 c9 me"])
async def test_one_of_each(rig: Rig, words: str) -> None:
    """Who names two people or two cases is not obeyed by half."""
    rig.open = [CASE, OTHER]
    assert await rig.assign(words) == desk.ONE_OF_EACH
    assert rig.wishes == []


async def test_assigning_what_one_has(rig: Rig) -> None:
    """Without a number it is the one case that one has oneself."""
    rig.open = [CASE, taken(OTHER, "irc:linus", "Linus")]
    await rig.assign("<@grace>")
    assert rig.wishes[0].case_id == "C9"


@pytest.mark.parametrize("mine", [0, 2])
async def test_which_case(rig: Rig, mine: int) -> None:
    """If it could be one or another, they are shown."""
    rig.open = [CASE, OTHER, replace(OTHER, id="C10")]
    rig.open[:mine] = [taken(one, "irc:linus", "Linus") for one in rig.open[:mine]]
    answer = await rig.assign("<@grace>")
    assert answer.startswith(desk.WHICH_CASE)
    assert "**C9** Joan Clarke" in answer
    assert rig.wishes == []


async def test_a_case_of_an_incident(rig: Rig) -> None:
    """Who names one of many means the incident: it has the card that says who has it."""
    incident = replace(CASE, id="C20", lane="incident::dead_letter:")
    rig.open = [incident, replace(OTHER, incident="C20")]
    await rig.assign("C9 me")
    assert (rig.wishes[0].lane, rig.wishes[0].case_id) == ("incident::dead_letter:", "C20")


async def test_nothing_to_assign(rig: Rig) -> None:
    """A number that is nobody's, a name that is nobody's, and no case at all."""
    assert await rig.assign("<@grace>") == desk.NO_CASES
    rig.open = [CASE]
    assert await rig.assign("C8 <@grace>") == desk.NO_SUCH_CASE.format(case="C8")
    for words in ("", "C7", "@", "somebody", "slack:U1", "irc:"):
        assert await rig.assign(words) == desk.ASSIGN_WHOM.format(platform="irc")
    assert rig.wishes == []


async def test_who_may_not_assign(rig: Rig) -> None:
    """Who is not in the human channel, or is on another platform than it."""
    rig.open = [CASE]
    assert await rig.assign("me", who="mallory") == desk.NOT_STAFF
    command = rig.command(platform="slack")
    answer = await rig.desk.assign(command, "me", is_admin=True)
    assert answer == desk.ELSEWHERE.format(desk="Irc")
    rig.place.channel = None
    rig.open = [replace(CASE, channel="")]
    assert await rig.desk.assign(rig.command(), "me", is_admin=True) == desk.NO_DESK
    assert rig.wishes == []


async def test_what_comes_of_it_is_told(rig: Rig) -> None:
    """The kernel has the last word, and may change nothing without one."""
    rig.open = [CASE]
    rig.told = "Mallory is not in the channel."
    assert await rig.assign("<@mallory>") == rig.told

    async def ignored(arrival: Arrival) -> str:
        return ""

    rig.desk = DeskCommands(replace(rig.inside, act=ignored))
    assert await rig.assign("<@grace>") == desk.NOT_ASSIGNED.format(case="C7")
