"""The stories that are told in Teams too, and those that only Teams has.

What happens between acceptance and delivery is the kernel's and the same for both, so Teams has
a core of the stories and those whose way is another one there: a personal chat that is one lane,
presses that are invokes, commands that are messages, redelivery, deliveries that are marked by a
commit of their own, and a send in doubt that is never repeated. The others (a burst, a deletion, a
dead letter, what follows a refused or expired approval) are told in Slack alone. So is what needs
the id of a card whose post was in doubt: in Teams it is not known then (`test_teams_delivery.py`).
"""

from __future__ import annotations

from dataclasses import replace

from tests.chaos import stories, tool_stories
from tests.chaos.expected import Allowed, answer_to
from tests.chaos.world import Story, World
from tests.support.company import teams

TOLD_IN_TEAMS = (
    "answer",
    "two threads",
    "edit",
    "stop",
    "case by button",
    "posts refused",
    "everything twice",
    "archived channel",
    "orderly restart",
    "pause",
    "human by command",
    "tool writes",
    "approved",
)
MAY_BE_LOST = Allowed("may not have reached you")
"""Whoever writes after a send in doubt is told so."""
ASKED_TWICE = Allowed(
    r"Frontdesk is up|Paused:|I answer again|told the people|is with people already"
    r"|: @Frontdesk /(pause|resume|status|human)"
)
"""A command whose answer did not come is given again; and a status tells what waits just then."""
OTHERWISE = {
    # A post whose id is not known cannot be changed: the question stands there as it was.
    "approved": Allowed("May I run order", at="send#1 after|settle#1 before"),
    "repeat": Allowed("bot: Answer to m2", at="send#2 after|settle#2 before"),
}
"""What else may be in a run that ended at a send, by the name of the story."""


def in_teams(story: Story) -> Story:
    """The same story, told in Teams."""
    otherwise = [OTHERWISE[story.name]] if story.name in OTHERWISE else []
    allowed = [*story.allowed, MAY_BE_LOST, ASKED_TWICE, *otherwise]
    return replace(story, name=f"{story.name} (Teams)", platform="teams", allowed=allowed)


async def welcome(world: World) -> None:
    """Ada installs the app and is welcomed, once; then she asks."""
    await teams(world).install(world.ada)
    world.expect_in(world.chat.place(world.chat.direct(world.ada)), "Ask me")
    await world.calm()
    await world.write(world.ada, "m1 please")


async def repeat(world: World) -> None:
    """An answer is lost on its way. Ada asks something else, hears that she may have missed
    something, and says that she wants it.
    """
    world.chat.lose(arrived=False)
    said = await world.tell(world.ada, "m1 please")
    world.expect_in(said.place, answer_to("m1"))
    await world.calm()
    await world.tell(world.ada, "m2 please", said)
    # If it is in doubt as well, it comes again with the other.
    world.expect_in(said.place, answer_to("m2"), most=2)
    await world.calm()
    await world.tell(world.ada, "repeat", said)


async def doubtful(world: World) -> None:
    """Teams takes a post without saying so: it is not posted again, by no process."""
    world.chat.lose(arrived=True)
    await world.write(world.ada, "m1 please")


async def uninstalled(world: World) -> None:
    """The team removes the app between question and answer: Grace gets it directly."""
    asked = await world.call(world.grace, "m1 please")
    await world.clock.advance(1)
    await teams(world).uninstall(world.linus, world.general)
    direct = world.chat.place(world.chat.direct(world.grace))
    world.expect_in(direct, answer_to("m1"))
    assert asked.place != direct


ALL = {story.name: story for story in [*stories.STORIES, *tool_stories.TOOL_STORIES]}
TEAMS_STORIES = [
    *(in_teams(ALL[name]) for name in TOLD_IN_TEAMS),
    in_teams(Story("welcome", welcome)),
    in_teams(Story("repeat", repeat)),
    in_teams(Story("post in doubt", doubtful)),
    in_teams(Story("uninstalled", uninstalled, thinks=5.0)),
]
