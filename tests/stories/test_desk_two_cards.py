"""A case with more than one card: whoever sees one of them knows what was said elsewhere."""

from __future__ import annotations

from tests.stories.conftest import OpenCompany, across, four_ways
from tests.stories.test_desk_time import MINUTE, later, with_second
from tests.support.clock import TestClock
from tests.support.desk import Desk, wish


@four_ways
async def test_what_was_said_before_the_second_channel(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada writes on while nobody takes her case: whoever claims it in the second channel reads
    that, and nothing of what Frontdesk told her meanwhile.
    """
    one = await opened()
    second = await with_second(one)
    asked = await wish(one, one.ada)
    await one.dm(one.ada, "Not the laptop: the phone", asked)
    await later(clock, 31 * MINUTE)
    await later(clock, 31 * MINUTE)
    assert "Ada Byron: Not the laptop: the phone" in second.card().text
    assert "Frontdesk:" not in second.card().text
    await second.press(one.linus, second.card(), "Claim")
    await one.dm(one.ada, "Hello?", asked)
    assert second.relayed(second.card())[-1] == "Ada Byron: Hello?"


@four_ways
async def test_what_was_said_before_the_channel_was_shut(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada and Linus have talked, he gave the case back, and the human channel is archived: who
    reads of it in the second one sees the talk, but no notes.
    """
    one = await opened()
    second, desk = await with_second(one), Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.write(one.linus, card, "Which laptop?\n// the old one, I bet")
    await desk.write(one.linus, card, "// she always loses them")
    await one.dm(one.ada, "Not the laptop: the phone", asked)
    await desk.press(one.linus, desk.card(), "Release")
    one.desk_chat.archive(one.desk)
    await later(clock, 31 * MINUTE)
    text = second.card().text
    assert "Linus Berg: Which laptop?" in text
    assert "Ada Byron: Not the laptop: the phone" in text
    assert "//" not in text


@across
async def test_what_was_said_before_it_was_claimed_elsewhere(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada writes after people were reminded in the second channel: whoever claims it there reads
    that, too.
    """
    one = await opened()
    second = await with_second(one)
    asked = await wish(one, one.ada)
    await later(clock, 31 * MINUTE)
    await later(clock, 31 * MINUTE)
    await one.dm(one.ada, "Not the laptop: the phone", asked)
    await second.press(one.linus, second.card(), "Claim")
    assert "Ada Byron: Not the laptop: the phone" in second.card().text


@four_ways
async def test_words_under_the_other_card(opened: OpenCompany, clock: TestClock) -> None:
    """Linus has the case where he was reminded of it, and Margaret answers under its first card:
    Ada reads it, Linus too, also when Margaret changes it and takes it back; and Margaret where
    Ada's words go.
    """
    one = await opened()
    second, desk = await with_second(one), Desk(one)
    margaret = await desk.hire("Margaret Hill")
    asked = await wish(one, one.ada)
    await later(clock, 31 * MINUTE)
    await later(clock, 31 * MINUTE)
    await second.press(one.linus, second.card(), "Claim")
    said = await desk.write(margaret, desk.card(), "Take the red cable")
    assert one.texts(asked)[-1] == "Margaret Hill: Take the red cable"
    beside = "Margaret Hill, under the other card:"
    assert second.relayed(second.card())[-1] == f"{beside} Take the red cable"
    (told,) = [text for text in desk.relayed(desk.card()) if "goes on under" in text]
    assert "in another channel" in told
    (way,) = [
        address
        for post in desk.thread(desk.card())
        for label, address in post.links
        if label == "in another channel"
    ]
    assert second.channel in way.replace("%3A", ":").replace("%40", "@")
    await desk.edit(margaret, said, "Take the blue cable")
    assert second.relayed(second.card())[-1] == f"{beside} Take the blue cable"
    assert one.texts(asked)[-1] == "Margaret Hill: Take the blue cable"
    await desk.delete(margaret, said)
    assert second.relayed(second.card())[-1] == f"{beside} (deleted)"
    await desk.write(margaret, desk.card(), "Sorry")
    assert [text for text in desk.relayed(desk.card()) if "goes on under" in text] == [told]
    await one.dm(one.ada, "Which cable?", asked)
    assert second.relayed(second.card())[-1] == "Ada Byron: Which cable?"
