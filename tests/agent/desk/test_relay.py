"""Words between an employee and the people who have the case: passed on, changed, taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case
from agent.desk.times import DeskTimes
from agent.journal import Line
from agent.messages import Author, IncomingMessage, Kind, OutgoingMessage, Tone
from agent.platforms import Profile
from agent.policy import Policy
from agent.records import Entry, TurnEnd
from agent.state import Effect, State
from tests.support.clock import START
from tests.support.engine import (
    ADA,
    CASE,
    DESK,
    GRACE,
    HELD,
    LINUS,
    MARGARET,
    PLACE,
    POST,
    SECOND,
    Platform,
    Rig,
    after,
    at_desk,
    claim,
    control,
    deleted,
    edited,
    kinds,
    said,
    wrote,
)


async def ada(rig: Rig, *rows: IncomingMessage, history: tuple[Entry, ...] = ()) -> TurnEnd:
    """A turn of the employee while somebody has the case."""
    return await rig.run(claim(*rows, state=State.WITH_HUMAN, case=HELD, history=history))


def edits(end: TurnEnd) -> list[tuple[str, str]]:
    """Which messages a turn changes, and into what."""
    return [(one.replaces, one.text) for one in end.outbox if one.replaces]


def fresh(end: TurnEnd) -> list[OutgoingMessage]:
    """What a turn says anew."""
    return [one for one in end.outbox if not one.replaces]


# To people


@pytest.mark.parametrize(
    ("author", "name", "case", "speaker"),
    [
        (ADA, "Ada", CASE, "Ada"),
        (ADA, "", CASE, "Ada"),
        (ADA, "", replace(CASE, card=None), "ada"),
        (GRACE, "", CASE, "grace"),
        (replace(GRACE, name="Grace"), "", CASE, "Grace"),
    ],
)
async def test_who_said_what_is_relayed(
    rig: Rig,
    monkeypatch: pytest.MonkeyPatch,
    author: Author,
    name: str,
    case: Case,
    speaker: str,
) -> None:
    """By profile, by what the event says, by the card if it is its employee, else by id."""

    async def profile(_: Platform, author: Author, place: object) -> Profile:
        return Profile(author.id, name)

    monkeypatch.setattr(Platform, "profile", profile)
    end = await rig.run(claim(replace(POST, author=author), state=State.ESCALATED, case=case))
    (relayed,) = [one for one in end.outbox if one.conversation == DESK]
    assert relayed.text == f"**{speaker}:** How many days?"
    assert (relayed.under, relayed.to, relayed.tone) == ("t0.1", "", Tone.PERSON)


async def test_long_words_are_relayed_whole(rig: Rig) -> None:
    """Each post is passed on by itself; one that is longer than a platform takes, in pieces."""
    posts = [replace(POST, id=str(n), text=f"{n}" * 11_999) for n in range(3)]
    end = await rig.run(claim(*posts, state=State.ESCALATED, case=CASE))
    relayed = said(end, DESK)
    assert all(len(text) <= 8000 for text in relayed)
    assert "".join(relayed) == "".join(f"**Ada:** {post.text}" for post in posts)
    assert kinds(end).count("relayed") == len(posts)
    assert len({message.id for message in end.outbox}) == len(end.outbox)


@pytest.mark.parametrize("receipts", [0, 1])
async def test_one_receipt(rig: Rig, receipts: int) -> None:
    """The first words after the case was opened are acknowledged, and only those."""
    notice = Entry("notice", {"message": "t6.1", "text": "Added.", "receipt": "C1"}, START, "t6", 1)
    history = (notice,) * receipts
    end = await rig.run(claim(POST, state=State.ESCALATED, case=CASE, history=history))
    assert len(said(end)) == 1 - receipts


async def test_words_call_nobody(rig: Rig) -> None:
    """What an employee writes is harmless to show at the desk."""
    end = await ada(rig, replace(POST, text="@channel ![x](https://evil.example/x) help"))
    (text,) = said(end, DESK)
    assert "@channel" not in text
    assert "![" not in text


async def test_files_go_along_by_name_with_a_link(rig: Rig) -> None:
    """People open them where the platform keeps them; not every file tells where that is."""
    files = ("plan [1].pdf", "b.png", "", "c.png")
    links = ("https://files.example/a b(1).pdf?x=%20y", "javascript:alert(1)", "")
    post = replace(POST, text="", files=files, file_links=links)
    (text,) = said(await ada(rig, post), DESK)
    assert text == (
        "**Ada:** _(sent along: [plan 1.pdf](https://files.example/a%20b%281%29.pdf?x=%20y), "
        "b.png, a file, c.png)_"
    )


async def test_a_reason_comes_behind_the_words(rig: Rig) -> None:
    """People learn why nothing was made of a post that the bot broke on."""
    end = await rig.run(claim(POST, state=State.ESCALATED, case=CASE, attempts=6))
    relayed, reason = said(end, DESK)
    assert POST.text in relayed
    assert "could not be processed" in reason


async def test_what_an_employee_changes(rig: Rig) -> None:
    """The relayed post changes with it, and when it is deleted its words go."""
    first = await ada(rig, POST)
    (post,) = first.outbox
    end = await ada(rig, edited(POST, "How many days of leave?"), history=after(first))
    assert end.journal[-1].data["events"] == ["corrected"]
    assert edits(end) == [(post.id, "**Ada:** How many days of leave?")]
    assert end.outbox[0].under == "t0.1"
    history = (*after(first), *after(end, 9))
    end = await ada(rig, deleted(POST), history=history)
    assert edits(end) == [(post.id, f"**Ada:** {texts.DELETED}")]
    assert fresh(end) == []


async def test_changes_and_new_words_at_once(rig: Rig) -> None:
    """One turn does both."""
    first = await ada(rig, POST)
    more = replace(POST, id="2", text="And sick leave?")
    end = await ada(rig, edited(POST, "How many?"), more, history=after(first))
    assert end.journal[-1].data["events"] == ["wrote"]
    assert edits(end) == [("t7.1", "**Ada:** How many?")]
    assert [one.text for one in fresh(end)] == ["**Ada:** And sick leave?"]


async def test_changes_that_a_wish_interrupts(rig: Rig) -> None:
    """Asking for a person again does not swallow a correction made just before."""
    first = await ada(rig, POST)
    wish = control(Kind.ASK_PERSON)
    end = await ada(rig, wish, edited(POST, "How many?"), history=after(first))
    assert edits(end) == [("t7.1", "**Ada:** How many?")]
    end = await ada(rig, wish, deleted(replace(POST, id="9")), history=after(first))
    assert said(end) == [texts.WITH_OWNER.format(name="Linus", case="C1")]


async def test_longer_and_shorter(rig: Rig) -> None:
    """A post in pieces that grows gets more of them; of one that shrinks the rest says so."""
    first = await ada(rig, POST)
    long = "x" * 9000
    grown = await ada(rig, edited(POST, long), history=after(first))
    (change,), (more,) = edits(grown), fresh(grown)
    assert change[0] == "t7.1"
    assert (change[1] + more.text) == f"**Ada:** {long}"
    history = (*after(first), *after(grown, 9))
    shrunk = await ada(rig, edited(POST, "Short.", "3"), history=history)
    assert edits(shrunk) == [("t7.1", "**Ada:** Short."), (more.id, texts.SHORTENED)]
    history = (*history, *after(shrunk, 19))
    gone = await ada(rig, deleted(POST), history=history)
    assert edits(gone) == [(one, f"**Ada:** {texts.DELETED}") for one in ("t7.1", more.id)]


async def test_a_change_of_what_the_card_was_about(rig: Rig) -> None:
    """The question itself was never passed on: people read what it is now."""
    asked = Entry(
        Line.SAID, {"id": "1", "author": "ada", "name": "Ada", "text": "How?"}, START, "t0", 1
    )
    end = await ada(rig, edited(POST, "How many days?"), history=(asked,))
    assert [one.text for one in fresh(end)] == ["**Ada _(edited)_:** How many days?"]
    end = await ada(rig, deleted(POST), history=(asked,))
    assert end.outbox == ()


async def test_a_change_of_what_is_not_known_any_more(rig: Rig) -> None:
    """In a direct conversation it is for the people all the same; elsewhere it may never have been
    for the bot.
    """
    edit = edited(replace(POST, mentions_bot=False), "How many days?")
    assert (await ada(rig, edit)).outbox == ()
    end = await ada(rig, replace(edit, direct=True))
    assert [one.text for one in fresh(end)] == ["**Ada _(edited)_:** How many days?"]
    late = await ada(rig, replace(POST, direct=True), history=after(end))
    assert late.outbox == ()


async def test_a_change_after_the_case(rig: Rig) -> None:
    """It is nobody's business any more."""
    first = await ada(rig, POST)
    end = await rig.run(claim(edited(POST, "How many?"), history=after(first)))
    assert end.outbox == ()
    other = replace(HELD, id="C9")
    again = claim(deleted(POST), state=State.WITH_HUMAN, case=other, history=after(first))
    assert (await rig.run(again)).outbox == ()


async def test_a_change_where_the_card_was_before(rig: Rig) -> None:
    """The case was claimed on another card since: the words are changed where they are."""
    first = await ada(rig, POST)
    moved = replace(HELD, card_id="t5.1", channel=str(SECOND))
    row = claim(edited(POST, "Now"), state=State.WITH_HUMAN, case=moved, history=after(first))
    (edit,) = (await rig.run(row)).outbox
    assert (edit.conversation, edit.under, edit.replaces) == (DESK, "t0.1", "t7.1")


# While a case is not shown anywhere


async def test_words_wait_until_the_case_is_shown(rig: Rig) -> None:
    """They are kept as they are by then, and go under the card when there is one."""
    hidden = replace(CASE, card=None, card_id="")
    posts = [replace(POST, id=str(n), text=f"Post {n}") for n in range(3)]
    first = await rig.run(claim(*posts, state=State.ESCALATED, case=hidden))
    assert said(first, DESK) == []
    history = after(first)
    changes = (edited(posts[0], "Post null"), deleted(posts[1]))
    then = await rig.run(claim(*changes, state=State.ESCALATED, case=hidden, history=history))
    assert then.outbox == ()
    shown = replace(CASE, incident="C0", card_id="t5.1")
    draft = rig.engine._begin(
        claim(POST, state=State.ESCALATED, case=shown, history=(*history, *after(then, 9)))
    )
    await rig.engine._incidents._relay.catch_up(draft)
    assert [one.text for one in draft.outbox] == ["**Ada:** Post null", "**Ada:** Post 2"]
    assert {one.under for one in draft.outbox} == {"t5.1"}
    again = rig.engine._begin(
        claim(POST, case=shown, history=(*history, *after(then, 9), *draft.journal))
    )
    await rig.engine._incidents._relay.catch_up(again)
    assert again.outbox == []


async def test_there_is_nowhere_to_catch_up(rig: Rig) -> None:
    """No case, or still no card."""
    for case in (None, replace(CASE, card_id="")):
        draft = rig.engine._begin(claim(POST, case=case))
        await rig.engine._incidents._relay.catch_up(draft)
        assert draft.outbox == []


# To the employee


async def test_what_people_say(rig: Rig) -> None:
    """In their name, as a person's words, for the employee of the case."""
    end = await rig.run(at_desk(wrote("See <!channel> @here")))
    (message,) = end.outbox
    assert message.text.startswith("**Linus:** See")
    assert "@here" not in message.text
    assert (message.conversation, message.to, message.tone) == (PLACE, "ada", Tone.PERSON)
    assert (message.feedback, message.under, message.buttons) == (False, "", ())


async def test_the_desk_has_a_name(rig: Rig) -> None:
    """People speak under it."""
    rig.engine.desk_place.times = lambda _place, _channel: DeskTimes(name="IT")
    assert said(await rig.run(at_desk(wrote("Hello")))) == ["**Linus (IT):** Hello"]


async def test_what_people_change(rig: Rig) -> None:
    """The relayed post changes with it, also for another hand; deleted, its words go."""
    first = await rig.run(at_desk(wrote("Room twelve")))
    (post,) = first.outbox
    history = after(first)
    end = await rig.run(at_desk(edited(wrote(""), "Room thirteen"), history=history))
    assert edits(end) == [(post.id, "**Linus:** Room thirteen")]
    assert (end.outbox[0].to, end.outbox[0].conversation) == ("ada", PLACE)
    assert [one.data["text"] for one in end.journal if one.kind == "staff_edited"] == [
        "Room thirteen"
    ]
    late = edited(wrote(""), "Room twenty", "1")
    history = (*history, *after(end, 9))
    assert (await rig.run(at_desk(late, history=history))).outbox == ()
    end = await rig.run(at_desk(deleted(wrote("")), history=history))
    assert edits(end) == [(post.id, f"**Linus:** {texts.DELETED}")]


async def test_a_note_becomes_words_and_words_a_note(rig: Rig) -> None:
    """Then it is said, and then it is withdrawn; and it may be said again."""
    note = await rig.run(at_desk(wrote("// blue cable")))
    history = after(note)
    spoken = await rig.run(at_desk(edited(wrote(""), "blue cable"), history=history))
    assert [one.text for one in fresh(spoken)] == ["**Linus:** blue cable"]
    history = (*history, *after(spoken, 9))
    end = await rig.run(at_desk(edited(wrote(""), "// blue cable", "3"), history=history))
    assert edits(end) == [("t7.1", f"**Linus:** {texts.WITHDRAWN}")]
    history = (*history, *after(end, 19))
    end = await rig.run(at_desk(edited(wrote(""), "green cable", "4"), history=history))
    assert edits(end) == [("t7.1", "**Linus:** green cable")]


async def test_people_change_what_is_not_known_any_more(rig: Rig) -> None:
    """It is said as new, and marked; the post itself does not come a second time."""
    end = await rig.run(at_desk(edited(wrote(""), "Room thirteen")))
    assert said(end) == ["**Linus _(edited)_:** Room thirteen"]
    late = await rig.run(at_desk(wrote("Room twelve"), history=after(end)))
    assert late.outbox == ()
    note = await rig.run(at_desk(edited(wrote(""), "// Room thirteen")))
    assert (note.outbox, kinds(note)) == ((), ["staff", "turn"])
    together = await rig.run(at_desk(edited(wrote(""), "Room 13"), wrote("Room 12")))
    assert said(together) == ["**Linus:** Room 13"]


async def test_words_that_were_cut(rig: Rig) -> None:
    """Nobody believes that all of it was read."""
    most = Policy().max_input
    end = await rig.run(at_desk(wrote("x" * most + "…")))
    assert said(end, DESK) == [texts.CUT.format(limit="12,000")]
    assert "".join(said(end)) == f"**Linus:** {'x' * most}…"


async def test_words_that_were_masked(rig: Rig) -> None:
    """Nobody waits for somebody to use a password that never came."""
    end = await rig.run(at_desk(wrote("Use this one: password: [secret]")))
    assert said(end, DESK) == [texts.MASKED]
    end = await rig.run(at_desk(wrote("Wait.\n// pin: [secret]")))
    assert said(end, DESK) == []


async def test_words_of_two_people(rig: Rig) -> None:
    """A colleague's words in the same thread are not changed by one's own."""
    first = await rig.run(at_desk(wrote("Mine")))
    other = await rig.run(at_desk(wrote("Hers", MARGARET, n="79"), history=after(first)))
    history = (*after(first), *after(other, 9))
    end = await rig.run(at_desk(edited(wrote("", LINUS), "Mine!"), history=history))
    assert [text for _, text in edits(end)] == ["**Linus:** Mine!"]


async def test_nobody_to_relay_to(rig: Rig) -> None:
    """Without a case, a channel or a person nothing is said in anybody's name."""
    draft = rig.engine._begin(claim(POST, state=State.WITH_HUMAN, case=HELD))
    await rig.engine._performers[Effect.RELAY_TO_EMPLOYEE](draft)
    assert draft.outbox == []
