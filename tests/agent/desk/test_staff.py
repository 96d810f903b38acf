"""What people of the desk do: who may, what is possible, and what they are told if it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from agent import texts
from agent.cases import Case, CaseState, Copy
from agent.errors import DeliveryRetry, PlaceFatal
from agent.journal import Line
from agent.messages import DESK_KINDS, Author, ConversationId, IncomingMessage, Kind
from agent.records import Entry, TurnEnd
from agent.state import RESTING, State
from tests.support.clock import START
from tests.support.engine import (
    CASE,
    DESK,
    HELD,
    LINUS,
    MARGARET,
    SECOND,
    THREAD,
    Rig,
    after,
    at_desk,
    deleted,
    edited,
    press,
    said,
    wrote,
)

OVER = replace(HELD, state=CaseState.RESOLVED)


def events(end: TurnEnd) -> list[str]:
    """The events of a turn, in order."""
    return [str(event) for event in end.journal[-1].data["events"]]


def lines(end: TurnEnd, kind: Line) -> list[dict[str, object]]:
    """What a turn journals of a kind."""
    return [dict(entry.data) for entry in end.journal if entry.kind == kind]


# Claims


async def test_a_claim(rig: Rig) -> None:
    """The case has an owner, with the name that the platform tells."""
    end = await rig.run(at_desk(press(Kind.CLAIM), case=CASE))
    (case,) = end.cases
    assert (case.state, case.owner, case.owner_name) == (CaseState.CLAIMED, "irc:linus", "Linus")
    assert case.claimed_at == START
    assert (end.state, end.told) == (State.WITH_HUMAN, "")


async def test_the_second_claim(rig: Rig) -> None:
    """One has it; the other is told who, and since when."""
    rig.clock.jump(600)
    end = await rig.run(at_desk(press(Kind.CLAIM, MARGARET)))
    told = texts.OWNED_ALREADY.format(owner="Linus", case="C1", time="10 minutes")
    assert (end.told, events(end)) == (told, ["staff_refused"])
    assert (end.cases, end.outbox, end.state) == ((), (), State.WITH_HUMAN)


async def test_ones_own_second_claim(rig: Rig) -> None:
    """Whoever has the case is told so, by the time since it is theirs and not somebody else's."""
    moves = [("irc:margaret", 0.0), ("irc:linus", 540.0)]
    history = tuple(
        Entry(Line.CASE, {"case": "C1", "state": "claimed", "owner": who}, START + at, "t5", n)
        for n, (who, at) in enumerate(moves, 1)
    )
    history += (Entry(Line.NOTICE, {"message": "t5.9", "text": "Hello"}, START, "t5", 9),)
    rig.clock.jump(600)
    for kind in (Kind.CLAIM, Kind.TAKE_OVER):
        end = await rig.run(at_desk(press(kind), history=history))
        assert end.told == texts.YOURS_ALREADY.format(case="C1", time="1 minute")


async def test_taken_over(rig: Rig) -> None:
    """Somebody else's case becomes one's own; the first claim stays the first."""
    rig.clock.jump(60)
    end = await rig.run(at_desk(press(Kind.TAKE_OVER, MARGARET)))
    (case,) = end.cases
    assert (case.owner, case.owner_name, case.claimed_at) == ("irc:margaret", "Margaret", START)
    assert events(end) == ["transferred"]
    assert events(await rig.run(at_desk(press(Kind.TAKE_OVER), case=CASE))) == ["claimed"]


async def test_assigned(rig: Rig) -> None:
    """The case goes to somebody else of the channel, waiting or not."""
    given = press(Kind.ASSIGN, detail="irc:margaret")
    for case, event in ((CASE, "claimed"), (HELD, "transferred")):
        end = await rig.run(at_desk(given, case=case))
        assert events(end) == [event]
        assert end.cases[0].owner == "irc:margaret"
        assert end.cases[0].owner_name == "Margaret"
    again = await rig.run(at_desk(press(Kind.ASSIGN, detail="irc:linus")))
    assert again.told.startswith("You have case C1")


@pytest.mark.parametrize("detail", ["irc:mallory", "icq:linus", "irc:", ""])
async def test_assigned_to_nobody_of_the_desk(rig: Rig, detail: str) -> None:
    """A case is given to nobody who is not in its channel."""
    rig.platform.gone.add("mallory")
    end = await rig.run(at_desk(press(Kind.ASSIGN, detail=detail)))
    assert (end.told, end.cases) == (texts.ASSIGNEE_NOT_OF_DESK, ())


async def test_assigned_while_nobody_can_tell(rig: Rig) -> None:
    """Whether the new owner is of the desk cannot be found out: it is to be tried again."""
    rig.platform.refused["margaret"] = DeliveryRetry()
    end = await rig.run(at_desk(press(Kind.ASSIGN, detail="irc:margaret")))
    assert (end.told, end.cases) == (texts.DESK_ASK_AGAIN, ())


async def test_released(rig: Rig) -> None:
    """By its owner or any colleague, as long as somebody has it."""
    for who in (LINUS, MARGARET):
        end = await rig.run(at_desk(press(Kind.RELEASE, who)))
        (case,) = end.cases
        assert (case.state, case.owner, case.owner_name) == (CaseState.WAITING, "", "")
        assert end.state is State.ESCALATED
    end = await rig.run(at_desk(press(Kind.RELEASE), case=CASE))
    assert (end.told, end.cases) == (texts.NOT_CLAIMED.format(case="C1"), ())


async def test_an_outcome_that_there_is_not(rig: Rig) -> None:
    """What a form brings is looked at: a case is resolved in one of four ways."""
    end = await rig.run(at_desk(press(Kind.RESOLVE, detail="exploded")))
    assert (end.told, end.cases) == (texts.NO_OUTCOME, ())


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CaseState.RESOLVED, "Linus resolved it"),
        (CaseState.HANDED_BACK, "Linus handed it back"),
        (CaseState.WITHDRAWN, "the employee took it back"),
        (CaseState.STALE, "nobody said anything"),
    ],
)
async def test_a_case_that_is_over(rig: Rig, state: CaseState, words: str) -> None:
    """Whatever is pressed on a stale card, whoever did is told how the case ended."""
    case = replace(HELD, state=state)
    for kind in DESK_KINDS:
        end = await rig.run(at_desk(press(kind, detail="done"), case=case, state=State.IDLE))
        assert words in end.told
        assert (end.cases, end.outbox, end.state) == ((), (), State.IDLE)


async def test_a_case_that_cannot_be_told(rig: Rig) -> None:
    """It was erased, or the lane knows better than the case."""
    end = await rig.run(at_desk(press(Kind.CLAIM), case=None, state=State.IDLE))
    assert end.told == texts.CASE_UNKNOWN
    end = await rig.run(at_desk(press(Kind.CLAIM), case=CASE, state=State.CLOSED))
    assert end.told == texts.CASE_CLOSED.format(case="C1")
    nobodys = replace(CASE, state=CaseState.RESOLVED)
    end = await rig.run(at_desk(press(Kind.CLAIM), case=nobodys, state=State.CLOSED))
    assert texts.SOMEBODY in end.told


# Members


async def test_only_members_act(rig: Rig) -> None:
    """The platform says who is in the channel; nobody else does anything."""
    rig.platform.gone.add("linus")
    for message in (press(Kind.CLAIM), wrote("Hello")):
        end = await rig.run(at_desk(message, case=CASE))
        assert (events(end), end.cases, said(end)) == (["staff_refused"], (), [])
        assert end.told == texts.NOT_OF_DESK


async def test_nobody_can_tell_who_is_a_member(rig: Rig) -> None:
    """A press is to be tried again; words, which the platform let through, are passed on."""
    rig.platform.refused["linus"] = PlaceFatal()
    end = await rig.run(at_desk(press(Kind.CLAIM), case=CASE))
    assert (end.told, end.cases) == (texts.DESK_ASK_AGAIN, ())
    end = await rig.run(at_desk(wrote("Hello"), case=CASE))
    assert said(end) == ["**Linus:** Hello"]


async def test_a_platform_that_takes_too_long(rig: Rig) -> None:
    """Nobody waits for it for ever."""
    rig.platform.seconds = 60.0
    turn = asyncio.create_task(rig.run(at_desk(press(Kind.CLAIM), case=CASE)))
    await rig.clock.until(turn.done)
    assert (await turn).told == texts.DESK_ASK_AGAIN
    assert rig.clock.now() == START + 5


@pytest.mark.parametrize(
    ("here", "asked"),
    [
        (THREAD, THREAD),
        (SECOND, SECOND),
        (ConversationId("irc", "net", "@root"), ConversationId("irc", "net", "@root")),
        # Anybody may call a command anywhere: who is of the desk is told by its own channel.
        (ConversationId("irc", "net", "@linus"), DESK),
    ],
)
async def test_whose_members(rig: Rig, here: ConversationId, asked: ConversationId) -> None:
    """Those of the channel it happened in if a card may be there, else those of the case's."""
    rig.engine.desk_place.second = SECOND
    case = replace(CASE, channel=str(DESK), copies=(Copy("t0.2", "irc:net:@root:"),))
    await rig.run(at_desk(replace(press(Kind.CLAIM), conversation=here), case=case))
    assert rig.platform.asked_for == [(asked, "linus")]


async def test_somebody_of_another_platform(rig: Rig) -> None:
    """Their id means somebody else, or nobody, where the desk is."""
    foreign = replace(press(Kind.CLAIM), conversation=ConversationId("icq", "net", "@linus"))
    end = await rig.run(at_desk(foreign, case=CASE))
    assert (end.told, rig.platform.asked_for) == (texts.NOT_OF_DESK, [])
    nobody = await rig.run(at_desk(press(Kind.CLAIM, Author("")), case=CASE))
    assert nobody.told == texts.NOT_OF_DESK


async def test_the_desk_was_taken_away(rig: Rig) -> None:
    """No channel has members any more."""
    rig.engine.desk_place.channel = None
    end = await rig.run(at_desk(press(Kind.CLAIM), case=CASE))
    assert end.told == texts.NOT_OF_DESK


async def test_the_platform_of_the_desk_is_not_connected(rig: Rig) -> None:
    """It cannot be asked now."""
    desk = ConversationId("icq", "net", "#desk")
    rig.engine.desk_place.channel = desk
    foreign = replace(press(Kind.CLAIM), conversation=desk)
    end = await rig.run(at_desk(foreign, case=CASE))
    assert end.told == texts.DESK_ASK_AGAIN


# Words


async def test_words_claim_and_are_passed_on(rig: Rig) -> None:
    """Whoever answers first has the case."""
    end = await rig.run(at_desk(wrote("Hello"), case=CASE))
    assert (events(end), end.state) == (["staff_wrote"], State.WITH_HUMAN)
    assert end.cases[-1].owner == "irc:linus"
    (line,) = lines(end, Line.STAFF)
    assert line == {
        "id": "irc:#desk:78",
        "author": "irc:linus",
        "name": "Linus",
        "case": "C1",
        "text": "Hello",
    }


async def test_a_colleagues_words_claim_nothing(rig: Rig) -> None:
    """A case that somebody has stays theirs."""
    end = await rig.run(at_desk(wrote("I know this one", MARGARET)))
    assert (said(end), end.cases) == (["**Margaret:** I know this one"], ())


async def test_a_note(rig: Rig) -> None:
    """It is kept, reaches nobody and claims nothing, also when it is changed or deleted."""
    end = await rig.run(at_desk(wrote("// she is new"), case=CASE))
    assert (events(end), end.outbox, end.cases) == (["noted"], (), ())
    assert lines(end, Line.STAFF)[0]["note"] is True
    history = after(end)
    edit = edited(wrote(""), "//she is very new")
    end = await rig.run(at_desk(edit, case=CASE, history=history))
    assert (events(end), end.outbox) == (["noted"], ())
    gone = deleted(wrote(""))
    end = await rig.run(at_desk(gone, case=CASE, history=history))
    assert (events(end), end.outbox) == (["vanished"], ())
    assert lines(end, Line.STAFF_DELETED) == [{"id": "irc:#desk:78"}]


async def test_words_and_notes_at_once(rig: Rig) -> None:
    """Of what one person wrote in a row, each goes its way."""
    rows = (wrote("Hello"), wrote("// be kind", n="79"), wrote("Ada", n="80"))
    end = await rig.run(at_desk(*rows))
    assert said(end) == ["**Linus:** Hello", "**Linus:** Ada"]
    assert [line["text"] for line in lines(end, Line.STAFF)] == ["Hello", "// be kind", "Ada"]


async def test_nothing_to_pass_on(rig: Rig) -> None:
    """A post without words and files, or one that was deleted before it was read."""
    end = await rig.run(at_desk(wrote(""), case=CASE))
    assert (end.state, end.outbox) == (State.ESCALATED, ())
    gone = deleted(wrote(""))
    end = await rig.run(at_desk(wrote("Oops"), gone, case=CASE))
    assert (events(end), end.outbox) == (["vanished"], ())


async def test_words_in_the_box_of_a_card(rig: Rig) -> None:
    """They stand nowhere in its thread: there colleagues read what was answered, and what was
    noted; of an incident once, and not for each who joined.
    """
    typed = replace(wrote("Hello"), about_ref="1")
    end = await rig.run(at_desk(typed, case=CASE))
    shown = [one for one in end.outbox if one.conversation == THREAD]
    assert [one.text for one in shown] == ["**Linus:** Hello"]
    end = await rig.run(at_desk(replace(typed, text="// she is new"), case=CASE))
    assert [one.text for one in end.outbox] == ["**Linus:** // she is new"]
    end = await rig.run(at_desk(typed, case=replace(CASE, incident="C0")))
    assert not [one for one in end.outbox if one.conversation == THREAD]
    end = await rig.run(at_desk(typed, case=OVER, state=State.CLOSED))
    assert not [one for one in end.outbox if "Hello" in one.text]


async def test_words_in_the_thread_of_a_case_that_is_over(rig: Rig) -> None:
    """Their author is told there, once; they are kept as what did not reach the employee."""
    end = await rig.run(at_desk(wrote("One more thing"), case=OVER, state=State.CLOSED))
    (answer,) = end.outbox
    assert answer.conversation == THREAD
    assert "Linus resolved it" in answer.text
    assert texts.NOT_PASSED_ON in answer.text
    assert lines(end, Line.STAFF)[0]["refused"] is True
    history = after(end)
    more = wrote("And another", n="79")
    end = await rig.run(at_desk(more, case=OVER, state=State.CLOSED, history=history))
    assert (end.outbox, events(end)) == ((), ["staff_refused"])
    other = wrote("Me too", MARGARET, n="80")
    end = await rig.run(at_desk(other, case=OVER, state=State.CLOSED, history=history))
    assert len(end.outbox) == 1


async def test_notes_in_the_thread_of_a_case_that_is_over(rig: Rig) -> None:
    """People may go on among themselves."""
    end = await rig.run(at_desk(wrote("// well done"), case=OVER, state=State.CLOSED))
    assert (events(end), end.outbox) == (["noted"], ())


async def test_words_for_many_cases_are_refused_in_silence(rig: Rig) -> None:
    """Of those who joined an incident some are gone: its thread does not tell of each."""
    joined = replace(OVER, incident="C0")
    end = await rig.run(at_desk(wrote("Fixed!"), case=joined, state=State.CLOSED))
    assert (events(end), end.outbox) == (["staff_refused"], ())


async def test_a_name_is_never_markup(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever people call themselves, nobody is called by it."""

    async def profile(author: Author, place: ConversationId) -> object:
        return replace(rig_profile, name="@channel <b>Eve</b> [x](y)")

    rig_profile = await rig.platform.profile(LINUS, DESK)
    monkeypatch.setattr(rig.platform, "profile", profile)
    end = await rig.run(at_desk(wrote("Hello")))
    assert said(end) == ["**channel bEve/b x(y):** Hello"]


# All together


def everything() -> Iterator[tuple[IncomingMessage, State, Case | None]]:
    """Whatever people of the desk can do, in every state, with every case there may be."""
    words = [
        wrote("Hello"),
        wrote("// note"),
        edited(wrote(""), "Hello!"),
        deleted(wrote("")),
        replace(wrote("by itself"), kind=Kind.FEEDBACK),
    ]
    details = {Kind.RESOLVE: "done", Kind.ASSIGN: "irc:margaret"}
    presses = [press(kind, detail=details.get(kind, "")) for kind in sorted(DESK_KINDS)]
    cases = [None, *(replace(HELD, state=state) for state in CaseState)]
    yield from product([*words, *presses], sorted(RESTING), cases)


async def test_whatever_people_do_is_legal_or_refused(rig: Rig) -> None:
    """No kind of press or word, in no state, with no case, is a turn that breaks."""
    seen = set()
    for message, state, case in everything():
        end = await rig.run(at_desk(message, case=case, state=state))
        assert end.state in RESTING
        open_before = case is not None and case.state.is_open
        if not open_before:
            assert (end.state, end.cases) == (state, ())
        seen.update(events(end))
    assert {"claimed", "transferred", "released", "handed_back", "resolved"} <= seen
    assert {"staff_wrote", "staff_corrected", "noted", "staff_refused", "vanished"} <= seen
