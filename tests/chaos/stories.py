"""The stories that are told again for each of their crash points.

A story says what people do and, with `expect`, what each of them must see once. It waits (`calm`)
where a person would: nobody presses a button that is not there yet.
"""

from __future__ import annotations

from dataclasses import replace

from adapters.slack.twin import Fault
from tests.chaos.world import Allowed, Said, Story, World
from tests.stories.conftest import LEAVE

POST = "chat.postMessage"
GRACE = "U0000000002"
"""The second person whom `Company` hires."""


async def answer(world: World) -> None:
    """Ada asks, a model answers."""
    await world.write(world.ada, "m1 please")


async def handbook(world: World) -> None:
    """Ada asks, and the handbook answers without a model."""
    channel = world.twin.dm(world.ada)
    ts = await world.twin.say(world.ada, channel, "How many days of annual leave do I get?")
    world.expect(ts, channel, ts, "27 days")


async def two_threads(world: World) -> None:
    """Ada and Grace ask in different places, and Ada has another question in her thread."""
    first = await world.write(world.ada, "m1 please")
    question = world.mention("m2 please")
    ts = await world.twin.say(world.grace, world.general, question)
    world.expect(ts, world.general, ts, r"Answer to .*\bm2\b")
    await world.calm()
    await world.write(world.ada, "m3 please", first.thread)


async def colleagues(world: World) -> None:
    """Grace and Linus talk; Grace calls the bot in, which reads what was said before."""
    ts = await world.twin.say(world.grace, world.general, "Do you know about this?")
    await world.twin.say(world.linus, world.general, "No, ask the bot.", ts)
    await world.calm()
    asked = await world.twin.say(world.grace, world.general, world.mention("m1 please"), ts)
    world.expect(asked, world.general, ts, r"Answer to .*\bm1\b")


async def burst(world: World) -> None:
    """Ada writes three messages in a row, the last two while the first is being answered."""
    first = await world.write(world.ada, "m1 please")
    await world.clock.advance(1)
    await world.write(world.ada, "m2 please", first.thread)
    await world.write(world.ada, "m3 please", first.thread)


async def edit(world: World) -> None:
    """Ada corrects her question while it is being answered: the answer is to the new words."""
    said = await world.write(world.ada, "m1 please")
    await world.clock.advance(1)
    await world.twin.edit(world.ada, said.channel, said.ts, "m1 corrected to m11 please")


async def delete(world: World) -> None:
    """Ada takes her question back while it is being answered, and asks another."""
    channel = world.twin.dm(world.ada)
    ts = await world.twin.say(world.ada, channel, "m1 please")
    await world.clock.advance(1)
    await world.twin.delete(world.ada, channel, ts)
    await world.calm()
    await world.write(world.ada, "m2 please")


async def stop(world: World) -> None:
    """Ada says stop while her question is being answered, and asks another."""
    channel = world.twin.dm(world.ada)
    ts = await world.twin.say(world.ada, channel, "m1 please")
    await world.clock.advance(1)
    stopped = await world.twin.say(world.ada, channel, "stop", ts)
    world.expect(stopped, channel, ts, "Stopped")
    await world.calm()
    await world.write(world.ada, "m2 please", ts)


async def _case(world: World) -> Said:
    """Ada asks, is answered, and wants a person."""
    said = await world.write(world.ada, "m1 please")
    await world.calm()
    wish = await world.twin.say(world.ada, said.channel, "I want to talk to a person", said.thread)
    world.expect(wish, said.channel, said.thread, "passed this on to people")
    world.expect(wish, world.desk, "", "Case C")
    await world.calm()
    return said


async def case(world: World) -> None:
    """Ada wants a person: there is one card for people, and she is told."""
    await _case(world)


async def pressed(world: World) -> None:
    """Ada presses 'Ask a person', again if Slack shows her that it did not work, and rates."""
    said = await world.write(world.ada, "m1 please")
    await world.calm()
    (shown,) = world.answers(said.channel, said.thread)
    await world.insist(world.ada, shown, "frontdesk_ask_person")
    await world.insist(world.ada, shown, "frontdesk_feedback", "positive")
    world.expect("", said.channel, said.thread, "passed this on to people")
    world.expect("", world.desk, "", "Case C")


async def relay(world: World) -> None:
    """Ada writes on while people have her case: each word reaches them once, in order."""
    said = await _case(world)
    first = await world.twin.say(world.ada, said.channel, "m2 it is urgent", said.thread)
    second = await world.twin.say(world.ada, said.channel, "m3 very urgent", said.thread)
    world.expect(first, world.desk, "", "m2 it is urgent")
    world.expect(second, world.desk, "", "m3 very urgent")
    world.expect("", said.channel, said.thread, "added this to your case")


async def leave(world: World) -> None:
    """Ada takes her case back: the card says so, and the bot answers again."""
    said = await _case(world)
    ts = await world.twin.say(world.ada, said.channel, "never mind", said.thread)
    world.expect(ts, said.channel, said.thread, "taken your case back")
    world.expect(ts, world.desk, "", "withdrawn")
    await world.calm()
    await world.write(world.ada, "m2 please", said.thread)


async def dead_letter(world: World) -> None:
    """Ada's message breaks every turn: after five attempts people have it, and she is told."""
    said = await world.twin.say(world.ada, text="m1 is poison")
    channel = world.twin.dm(world.ada)
    world.expect(said, channel, said, "something went wrong")
    world.expect(said, world.desk, "", "m1 is poison")
    await world.calm()
    await world.write(world.grace, "m2 please")


async def doubtful(world: World) -> None:
    """Slack takes a post without saying so, and it is asked whether it did."""
    world.twin.fault(POST, Fault.reset(after_effect=True))
    await world.write(world.ada, "m1 please")


async def refused(world: World) -> None:
    """Slack takes no posts for a few seconds."""
    world.twin.fault(POST, Fault.rate_limited(4))
    await world.write(world.ada, "m1 please")
    await world.write(world.ada, "m2 please")


async def twice(world: World) -> None:
    """Slack brings every event twice, and the first ones late."""
    world.twin.duplicate_next(10)
    world.twin.delay_next(3, 1)
    said = await world.write(world.ada, "m1 please")
    await world.write(world.ada, "m2 please", said.thread)


async def restart(world: World) -> None:
    """Frontdesk is stopped in order while a model is at work, and started again."""
    await world.write(world.ada, "m1 please")
    await world.clock.advance(1)
    await world.restart()
    await world.write(world.grace, "m2 please")


async def archived(world: World) -> None:
    """The channel is archived between question and answer: Grace gets it directly."""
    asked = world.mention("m1 please")
    ts = await world.twin.say(world.grace, world.general, asked)
    await world.clock.advance(1)
    world.twin.archive(world.general, world.linus)
    world.expect(ts, world.twin.dm(world.grace), "", r"Answer to m1\.")


async def pause(world: World) -> None:
    """Grace, an admin, pauses the bot and lets it go on; Ada asks before and after."""
    await world.command(world.grace, world.general, "/frontdesk pause")
    said = await world.write(world.ada, "m1 please")
    world.said[-1] = replace(said, answer="been paused")
    await world.calm()
    await world.command(world.grace, world.general, "/frontdesk resume")
    await world.write(world.ada, "m2 please")
    await world.calm()
    await world.command(world.grace, world.general, "/frontdesk status")


async def human(world: World) -> None:
    """Ada asks for people by command, without having talked to the bot before."""
    await world.command(world.ada, world.general, "/frontdesk human My screen is broken")
    world.expect("", world.desk, "", "My screen is broken", most=2)


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
    Story("relay", relay, allowed=[Allowed(r"bot: \*\*Ada Byron:\*\* m[23]")]),
    Story("leave the queue", leave),
    Story("dead letter", dead_letter, poison="poison"),
    Story("post in doubt", doubtful),
    Story("posts refused", refused),
    Story("everything twice", twice, allowed=[Allowed("bot: Answer to m[12]")]),
    Story("websocket", two_threads, socket=True),
    Story("archived channel", archived, thinks=5.0),
    Story("orderly restart", restart, thinks=30.0),
    Story("pause", pause, settings={"FRONTDESK_ADMINS": f"slack:{GRACE}"}),
    # A command whose answer was lost did count; typed again, it is another one.
    Story("human by command", human, allowed=[Allowed("You asked for a person|screen is broken")]),
]
