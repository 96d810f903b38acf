"""People take a case and talk with the employee through the bot, wherever each of them is."""

from __future__ import annotations

import pytest

from tests.stories.conftest import OpenCompany, across, four_ways
from tests.support.clock import TestClock
from tests.support.desk import Desk, wish
from tests.support.scripted import ScriptedProvider

LONG = " ".join(f"word{number}" for number in range(2500))


@four_ways
async def test_from_the_wish_to_the_end(opened: OpenCompany, clock: TestClock) -> None:
    """Ada wants a person; Linus claims her case, they talk both ways, he resolves it, and she says
    that it helped; all on one card, which was never posted again.
    """
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    assert desk.buttons() == ["Claim", "Resolve", "Hand back"]
    assert await desk.press(one.linus, card, "Claim") == "", "the card says it"
    card = desk.card()
    assert "claimed by linus berg" in card.text.lower()
    assert "Claim" not in card.buttons
    assert "Linus Berg" in one.texts(asked)[-1]
    await desk.write(one.linus, card, "What is the number of your *badge*?")
    assert one.texts(asked)[-1] == "Linus Berg: What is the number of your badge?"
    await one.dm(one.ada, "It is 4711 & <more>", asked)
    assert desk.relayed(card)[-1] == "Ada Byron: It is 4711 & <more>"
    await desk.write(one.linus, card, "Thanks, a new one is on its way.")
    assert one.texts(asked)[-1] == "Linus Berg: Thanks, a new one is on its way."
    await desk.resolve(one.linus, card, "Done", "Badge replaced")
    card = desk.card()
    assert "resolved" in card.text.lower()
    assert "Done" in card.text
    assert "Badge replaced" in card.text
    assert card.buttons == ()
    assert len(desk.posts()) == 1
    assert "Linus Berg" in one.texts(asked)[-1]
    assert await one.rate(one.ada, one.answers(asked)[-1], helpful=True)
    assert [line["verdict"] for line in await one.told("rated", asked)] == ["up"]
    assert (await one.counts())["cases_open"] == 0
    assert model.asked == []


@four_ways
async def test_two_cases_at_once(opened: OpenCompany) -> None:
    """Ada's and Grace's cases are open at once, with Linus and with Margaret: nobody reads what was
    not for them.
    """
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    places = {one.ada: await wish(one, one.ada), one.grace: await wish(one, one.grace)}
    first, second = desk.cards()
    await desk.press(one.linus, first, "Claim")
    await desk.press(margaret, second, "Claim")
    for number in range(3):
        await desk.write(one.linus, first, f"for Ada {number}")
        await desk.write(margaret, second, f"for Grace {number}")
        await one.dm(one.grace, f"from Grace {number}", places[one.grace])
        await one.dm(one.ada, f"from Ada {number}", places[one.ada])
    assert [text for text in one.texts(places[one.ada]) if " for " in text] == [
        f"Linus Berg: for Ada {number}" for number in range(3)
    ]
    assert [text for text in one.texts(places[one.grace]) if " for " in text] == [
        f"Margaret Hill: for Grace {number}" for number in range(3)
    ]
    assert desk.relayed(first) == [f"Ada Byron: from Ada {number}" for number in range(3)]
    assert desk.relayed(second) == [f"Grace Hopper: from Grace {number}" for number in range(3)]


async def test_in_a_channel(opened: OpenCompany) -> None:
    """Ada asked in a channel: what people say stands in her thread, and Grace's words there reach
    them under her own name.
    """
    one = await opened()
    desk = Desk(one)
    asked = await one.ask(one.ada, "I want to talk to a person")
    card = desk.card()
    await desk.write(one.linus, card, "Here I am.")
    assert one.texts(asked)[-1] == "Linus Berg: Here I am."
    await one.say(one.grace, one.general, "Me too!", asked)
    await one.say(one.ada, one.general, "I am first", asked)
    assert desk.relayed(card) == ["Grace Hopper: Me too!", "Ada Byron: I am first"]


async def test_people_are_no_machine(opened: OpenCompany) -> None:
    """What Linus says carries no label of AI and asks for no thumb."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.write(one.linus, desk.card(), "Hello Ada")
    said = one.answers(asked)[-1]
    assert "AIGenerated" not in said.given
    assert "feedback" not in said.given.lower()
    assert said.buttons == ()


async def test_the_desk_has_a_name(opened: OpenCompany) -> None:
    """Where the desk has a name, people speak under it."""
    one = await opened(frontdesk_desk_name="IT")
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.write(one.linus, desk.card(), "Hello Ada")
    assert one.texts(asked)[-1] == "Linus Berg (IT): Hello Ada"


# Notes


async def test_a_note_stays_with_the_people(opened: OpenCompany) -> None:
    """A line that begins with // reaches nobody else, and claims nothing."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    before = one.texts(asked)
    card = desk.card()
    await desk.write(one.linus, card, "// she is new, be kind")
    assert one.texts(asked) == before
    assert "Claim" in desk.card().buttons
    await desk.write(one.linus, card, "Hello Ada")
    await desk.write(one.linus, card, "//secret")
    assert not any("kind" in text or "secret" in text for text in one.texts(asked))
    notes = [line for line in await one.told("staff", asked) if line.get("note")]
    assert [line["text"] for line in notes] == ["// she is new, be kind", "//secret"]


@across
async def test_a_note_among_words(opened: OpenCompany) -> None:
    """A line for colleagues stays at the desk, in what Linus writes to Ada and in how he resolves
    her case.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.write(one.linus, desk.card(), "Try again.\n// she never reads the manual")
    assert one.texts(asked)[-1] == "Linus Berg: Try again."
    await desk.resolve(one.linus, desk.card(), "Done", "New badge.\n// the third one")
    assert "New badge." in one.texts(asked)[-1]
    assert "the third one" in desk.card().text
    assert not any("manual" in text or "third" in text for text in one.texts(asked))


async def test_changes_after_the_case(opened: OpenCompany) -> None:
    """What Linus changes when the case is over reaches nobody: he is told, and Ada and the bot have
    what he had said.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    words = await desk.write(one.linus, card, "Your laptop comes on Sunday")
    await desk.press(one.linus, desk.card(), "Hand back")
    await desk.edit(one.linus, words, "Your laptop comes on Monday")
    assert "does not reach" in desk.relayed(card)[-1]
    assert "Linus Berg: Your laptop comes on Sunday" in one.texts(asked)
    assert not any("Monday" in text for text in one.texts(asked))


async def test_a_note_becomes_words_and_words_a_note(opened: OpenCompany) -> None:
    """Linus takes the // away: Ada reads it. He puts it before what she read: it is withdrawn."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    note = await desk.write(one.linus, card, "// try the blue cable")
    await desk.edit(one.linus, note, "try the blue cable")
    assert "try the blue cable" in one.texts(asked)[-1]
    await one.clock.advance(1)
    await desk.edit(one.linus, note, "// try the blue cable")
    assert not any("blue cable" in text for text in one.texts(asked)), one.texts(asked)


# Edits and deletions


@four_ways
async def test_people_correct_themselves(opened: OpenCompany) -> None:
    """Linus edits what he wrote: the very message that Ada has changes. He deletes it: it says so,
    without the words.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    said = await desk.write(one.linus, card, "Room twelve")
    count = len(one.answers(asked))
    await desk.edit(one.linus, said, "Room thirteen")
    shown = one.answers(asked)[-1]
    assert "Room thirteen" in shown.text
    assert shown.edited
    await desk.delete(one.linus, said)
    assert len(one.answers(asked)) == count
    (shown,) = [post for post in one.answers(asked) if post.id == shown.id]
    assert "thirteen" not in shown.text
    assert "Linus Berg" in shown.text
    assert "deleted" in shown.text.lower() or "withdrawn" in shown.text.lower()


@four_ways
async def test_employees_correct_themselves(opened: OpenCompany) -> None:
    """Ada edits what was passed on: it changes under the card. She deletes it: it says so."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    said = await one.dm(one.ada, "My number is 4711", asked)
    await one.edit(one.ada, said, "My number is 4712")
    (shown,) = desk.thread(card)
    assert "4712" in shown.text
    assert "4711" not in shown.text
    assert shown.edited
    await one.delete(one.ada, said)
    (shown,) = desk.thread(card)
    assert "4712" not in shown.text
    assert "Ada Byron" in shown.text


async def test_an_edit_and_new_words_at_once(opened: OpenCompany) -> None:
    """Ada corrects one thing and says another before either was passed on."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    said = await one.dm(one.ada, "first try", asked)
    one.store.fail("claim")
    await one.edit(one.ada, said, "second try")
    await one.dm(one.ada, "and something else", asked)
    one.store.heal()
    await one.clock.advance(10)
    assert [text.partition(": ")[2] for text in desk.relayed(card)] == [
        "second try",
        "and something else",
    ]


# Files and long words


@four_ways
async def test_files_go_by_name_with_a_link(opened: OpenCompany) -> None:
    """A file of Linus' is named to Ada with a link, where the platform tells which it is; one of
    hers is named to him.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.attach(one.linus, card, "plan.pdf", "Look at this")
    shown = one.answers(asked)[-1]
    assert "Look at this" in shown.text
    if desk.chat.platform == "slack":  # Teams tells bots in channels no names
        assert "plan.pdf" in [label for label, _ in shown.links]
    await one.upload(one.ada, asked.channel, "screen.png", "And at this", asked)
    shown = desk.thread(card)[-1]
    assert "And at this" in shown.text
    assert "screen.png" in [label for label, _ in shown.links]


@across
async def test_long_words(opened: OpenCompany) -> None:
    """Whatever somebody pastes, every word of it arrives, in order."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await one.dm(one.ada, LONG[:11_000], asked)
    await desk.write(one.linus, card, LONG[:11_000])
    there = "".join(text.removeprefix("Ada Byron: ") for text in desk.relayed(card))
    here = "".join(one.texts(asked)[1:])
    for found in (there, here):
        assert "".join(LONG[:11_000].split()) in "".join(found.split())


# What comes in an awkward order


@four_ways
async def test_an_answer_overtakes_the_card(opened: OpenCompany, clock: TestClock) -> None:
    """The answer to the card's post takes its time; Linus reads the card, claims it and writes at
    once, and nothing of it is lost.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.slow(5, channel=one.desk)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.write(one.linus, card, "I am on it")
    await desk.write(one.linus, card, "// quick")
    assert not any("on it" in text for text in one.texts(asked))
    await clock.advance(10)
    assert "Linus Berg: I am on it" in one.texts(asked)
    assert "claimed by linus berg" in desk.card().text.lower()
    assert not any("quick" in text for text in one.texts(asked))


@across
async def test_both_sides_type_at_once(opened: OpenCompany) -> None:
    """Ada and Linus write without waiting for each other: each side reads the other in order."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    for number in range(4):
        await one.chat.say(one.ada, asked.channel, f"ada {number}", asked.thread)
        await desk.chat.say(one.linus, card.channel, f"linus {number}", card.id)
    await one.clock.advance(10)
    words = "\n".join(desk.relayed(card))
    assert [word for word in words.split() if word.isdigit()] == ["0", "1", "2", "3"]
    told = [text for text in one.texts(asked) if ": linus" in text]
    assert "".join(told).count("linus") == 4
    assert [word for word in " ".join(told).split() if word.isdigit()] == ["0", "1", "2", "3"]


@four_ways
async def test_words_survive_a_crash(opened: OpenCompany) -> None:
    """The process dies right after Linus wrote: the next one passes it on, once."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    one.store.fail("claim", "route")
    await desk.write(one.linus, card, "Still here")
    await one.crash()
    await one.open()
    await one.clock.advance(30)
    assert [text for text in one.texts(asked) if "Still" in text] == ["Linus Berg: Still here"]


@pytest.mark.parametrize("word", ["stop", "never mind", "help", "repeat", "I want a person"])
async def test_people_say_what_they_like(opened: OpenCompany, word: str) -> None:
    """What would be a control of an employee is nothing but words at the desk."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.write(one.linus, card, word)
    assert one.texts(asked)[-1] == f"Linus Berg: {word}"
    assert len(desk.posts()) == 1
    assert (await one.counts())["cases_open"] == 1
