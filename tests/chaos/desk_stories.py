"""Stories of the desk: a case is claimed, talked about both ways and resolved, and whatever dies
meanwhile, every word arrives once on the other side, in order, and one person has the case.

The employees are on one platform, the human channel is on the same or on the other.
"""

from __future__ import annotations

from tests.chaos.expected import Allowed, Expected
from tests.chaos.teams_stories import MAY_BE_LOST
from tests.chaos.world import Story, World
from tests.support.chats import Said, Shown


async def desk(world: World) -> None:
    """Ada wants a person; Linus claims her case, both write without waiting for each other, and he
    resolves it.
    """
    said = await world.tell(world.ada, "I want to talk to a person")
    world.expect(said, "passed this on to people")
    world.expect_card("Case C")
    await world.ask_again()
    card = world.cards()[0]
    await world.insist(world.linus, card, "Claim")
    world.expect_in(said.place, "Linus Berg has taken your case")
    await _from_linus(world, said, card, "m1 hello")
    await _from_ada(world, said, "m2 good morning")
    await world.clock.advance(1)
    await _from_linus(world, said, card, "m3 how can I help?")
    await world.ask_again()
    await world.resolve(world.linus, world.cards()[0], "Done")
    world.expect_in(said.place, "Linus Berg has closed your case: Done")
    world.expect_card("resolved by Linus Berg: Done")


async def notes(world: World) -> None:
    """Linus writes under a card that nobody has: it is his. His note stays there, what he edits and
    deletes is edited and deleted, and he gives the case back to the assistant.
    """
    said = await world.tell(world.ada, "I want to talk to a person")
    world.expect(said, "passed this on to people")
    world.expect_card("Case C")
    await world.ask_again()
    card = world.cards()[0]
    words = await world.desk_chat.say(world.linus, world.desk, "m1 hello", card.id)
    await world.calm()
    await world.desk_chat.edit(world.linus, words, "m2 good morning")
    world.expect_in(said.place, "m2 good morning")
    await world.calm()
    await world.insist(world.linus, world.cards()[0], "Hand back")
    await world.write(world.ada, "m3 please", said)


async def _from_linus(world: World, said: Said, card: Shown, text: str) -> None:
    words = await world.desk_chat.say(world.linus, world.desk, text, card.id)
    world.expected.append(Expected(said.place, f"Linus Berg: {text}", words.id))


async def _from_ada(world: World, said: Said, text: str) -> None:
    words = await world.tell(world.ada, text, said)
    world.expected.append(
        Expected(world.desk_chat.place(world.desk), f"Ada Byron: {text}", words.id)
    )


TOLD_OF_DOUBT = Allowed("may not have reached the employee")
"""Whoever's words are in doubt is told so, and sees to them."""
DESK_STORIES = [
    Story("desk", desk),
    Story(
        "desk of Teams",
        desk,
        platform="teams",
        desk_on="slack",
        allowed=[MAY_BE_LOST, TOLD_OF_DOUBT],
    ),
    Story("desk notes", notes),
]
