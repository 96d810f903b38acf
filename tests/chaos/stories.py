"""The stories that are told again for each of their crash points.

A story says what people do and, with `expect`, what each of them must see once. It waits (`calm`)
where a person would: nobody presses a button that is not there yet.
"""

from __future__ import annotations

from tests.chaos.expected import Allowed, Expected, answer_to
from tests.chaos.world import Story, World
from tests.stories.conftest import LEAVE
from tests.support.chats import Said


async def answer(world: World) -> None:
    """Ada asks, a model answers."""
    await world.write(world.ada, "m1 please")


async def handbook(world: World) -> None:
    """Ada asks, and the handbook answers without a model."""
    said = await world.tell(world.ada, "How many days of annual leave do I get?")
    world.expect(said, "27 days")


async def two_threads(world: World) -> None:
    """Ada and Grace ask in different places, and Ada has another question in her thread."""
    first = await world.write(world.ada, "m1 please")
    world.expect(await world.call(world.grace, "m2 please"), answer_to("m2"))
    await world.calm()
    await world.write(world.ada, "m3 please", first)


async def colleagues(world: World) -> None:
    """Grace and Linus talk; Grace calls the bot in, which reads what was said before."""
    root = await world.chat.say(world.grace, world.general, "Do you know about this?")
    await world.chat.say(world.linus, world.general, "No, ask the bot.", root.thread)
    await world.calm()
    world.expect(await world.call(world.grace, "m1 please", root), answer_to("m1"))


async def burst(world: World) -> None:
    """Ada writes three messages in a row, the last two while the first is being answered."""
    first = await world.write(world.ada, "m1 please")
    await world.clock.advance(1)
    await world.write(world.ada, "m2 please", first)
    await world.write(world.ada, "m3 please", first)


async def edit(world: World) -> None:
    """Ada corrects her question while it is being answered: the answer is to the new words."""
    said = await world.write(world.ada, "m1 please")
    await world.clock.advance(1)
    await world.chat.edit(world.ada, said, "m1 corrected to m11 please")


async def delete(world: World) -> None:
    """Ada takes her question back while it is being answered, and asks another."""
    said = await world.tell(world.ada, "m1 please")
    await world.clock.advance(1)
    await world.chat.delete(world.ada, said)
    await world.calm()
    await world.write(world.ada, "m2 please")


async def stop(world: World) -> None:
    """Ada says stop while her question is being answered, and asks another."""
    said = await world.tell(world.ada, "m1 please")
    await world.clock.advance(1)
    world.expect(await world.tell(world.ada, "stop", said), "Stopped")
    await world.calm()
    await world.write(world.ada, "m2 please", said)


async def _case(world: World) -> Said:
    """Ada asks, is answered, and wants a person."""
    said = await world.write(world.ada, "m1 please")
    await world.calm()
    wish = await world.tell(world.ada, "I want to talk to a person", said)
    world.expect(wish, "passed this on to people")
    world.expect_card("Case C")
    await world.calm()
    return said


async def case(world: World) -> None:
    """Ada wants a person: there is one card for people, and she is told."""
    await _case(world)


async def pressed(world: World) -> None:
    """Ada presses 'Ask a person', again if she is shown that it did not work, and rates."""
    said = await world.write(world.ada, "m1 please")
    await world.ask_again()
    (shown,) = world.answers(said)
    await world.insist(world.ada, shown, "Ask a person")
    await world.praise(world.ada, shown)
    world.expect_in(said.place, "passed this on to people")
    world.expect_card("Case C")


async def relay(world: World) -> None:
    """Ada writes on while people have her case: each word reaches them once, in order."""
    said = await _case(world)
    for text in ("m2 it is urgent", "m3 very urgent"):
        words = await world.tell(world.ada, text, said)
        world.expected.append(Expected(world.chat.place(world.desk), text, words.id))
    world.expect_in(said.place, "added this to your case")


async def leave(world: World) -> None:
    """Ada takes her case back: the card says so, and the bot answers again."""
    said = await _case(world)
    left = await world.tell(world.ada, "never mind", said)
    world.expect(left, "taken your case back")
    world.expect_card("(?i)withdrawn")
    await world.calm()
    await world.write(world.ada, "m2 please", said)


async def dead_letter(world: World) -> None:
    """Ada's message breaks every turn: after five attempts people have it, and she is told."""
    world.expect(await world.tell(world.ada, "m1 is poison"), "something went wrong")
    world.expect_card("m1 is poison")
    await world.calm()
    await world.write(world.grace, "m2 please")


async def doubtful(world: World) -> None:
    """Slack takes a post without saying so, and it is asked whether it did."""
    world.chat.lose(arrived=True)
    await world.write(world.ada, "m1 please")


async def refused(world: World) -> None:
    """No posts are taken for a few seconds."""
    world.chat.refuse(seconds=4)
    await world.write(world.ada, "m1 please")
    await world.write(world.ada, "m2 please")


async def twice(world: World) -> None:
    """Every event is brought twice, and the first one late."""
    world.chat.duplicate_next(10)
    world.chat.delay_next(3, 1)
    said = await world.write(world.ada, "m1 please")
    await world.write(world.ada, "m2 please", said)


async def restart(world: World) -> None:
    """Frontdesk is stopped in order while a model is at work, and started again."""
    await world.write(world.ada, "m1 please")
    await world.clock.advance(1)
    await world.restart()
    await world.write(world.grace, "m2 please")


async def archived(world: World) -> None:
    """The channel is archived between question and answer: Grace gets it directly."""
    asked = await world.call(world.grace, "m1 please")
    await world.clock.advance(1)
    world.chat.archive(world.general)
    direct = world.chat.place(world.chat.direct(world.grace))
    world.expected.append(Expected(direct, r"Answer to m1\.", asked.id))


async def pause(world: World) -> None:
    """Grace, an admin, pauses the bot and lets it go on; Ada asks before and after."""
    await world.command(world.grace, world.general, "pause")
    world.expect(await world.tell(world.ada, "m1 please"), "been paused")
    await world.calm()
    await world.command(world.grace, world.general, "resume")
    await world.write(world.ada, "m2 please")
    await world.calm()
    await world.command(world.grace, world.general, "status")


async def human(world: World) -> None:
    """Ada asks for people by command, without having talked to the bot before."""
    await world.command(world.ada, world.general, "human My screen is broken")
    world.expect_card("My screen is broken", most=2)
    direct = world.chat.place(world.chat.direct(world.ada))
    world.expect_in(direct, "passed this on to people", most=2)


AGAIN = "You asked for a person|screen is broken|added this to your case"
"""What a command that is typed again adds: what it asks for is there, and its words are new."""

STORIES = [
    Story("answer", answer),
    Story("handbook", handbook, thinks=None, passages=[LEAVE]),
    Story("two threads", two_threads),
    Story("called into a thread", colleagues),
    # Messages that wait are answered together, but from the second attempt on each alone.
    Story("burst", burst, thinks=5.0, allowed=[Allowed("bot: Answer to m[23]")]),
    # An edit, a deletion, a stop that is brought a minute late comes after the answer.
    Story("edit", edit, thinks=5.0, allowed=[Allowed("bot: Answer", late=True)]),
    Story("delete", delete, thinks=5.0, allowed=[Allowed("bot: Answer to m1", late=True)]),
    Story("stop", stop, thinks=5.0, allowed=[Allowed("bot: Answer to m1", late=True)]),
    Story("case", case),
    # A press whose answer was lost did count, and the next one is told so.
    Story("case by button", pressed, allowed=[Allowed("people already; they have been told")]),
    Story("relay", relay, allowed=[Allowed("bot: Ada Byron: m[23]")]),
    Story("leave the queue", leave),
    Story("dead letter", dead_letter, poison="poison"),
    Story("post in doubt", doubtful),
    Story("posts refused", refused),
    Story("everything twice", twice, allowed=[Allowed("bot: Answer to m[12]")]),
    Story("websocket", two_threads, socket=True),
    Story("archived channel", archived, thinks=5.0),
    Story("orderly restart", restart, thinks=30.0),
    Story("pause", pause, settings={"FRONTDESK_ADMINS": "{grace}"}),
    # A command whose answer was lost did count; typed again, it is another one.
    Story("human by command", human, allowed=[Allowed(AGAIN)]),
]
