"""Every crash of a story: one run to find the points, then one run for each of them.

The first run is told without a crash. It counts and names the points, and its end is what every
other run is compared with. A point that the first run had and a later one does not reach means that
the two did not go the same way: then nothing is proved, and that is an error of its own.
"""

from __future__ import annotations

import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

from tests.chaos.expected import Allowed
from tests.chaos.verdict import HEAD, Tally, picture, tally
from tests.chaos.world import AFTERWARDS, Breakage, Story, world

WAVERING = r"^((slack|teams)\.(thinking|check_channel)|turns\.due)#"
"""Points that a run may have or not: nobody waits for a sign of life, which is taken back only if
it had begun, nor for long until the human channel was looked at; and two reasons to look for work
at one moment are one look or two."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a story: where its lives were to end and did end, and how it came out. `methods`
    are the methods of ports that it called, as (port, method).
    """

    plan: tuple[str, ...]
    reached: tuple[str, ...]
    lives: tuple[tuple[str, ...], ...]
    tally: Tally
    picture: tuple[str, ...]
    late: bool
    methods: frozenset[tuple[str, str]]


@dataclass
class Proof:
    """All runs of one story: how many crash points it has, how many runs were made, the sum of
    their tallies, and every way in which a run was not as it had to be.
    """

    story: str
    points: int = 0
    runs: int = 0
    tally: Tally = field(default_factory=Tally)
    faults: list[str] = field(default_factory=list)

    def row(self) -> tuple[str, ...]:
        """A line of the table that is printed at the end of the tests."""
        return (self.story, str(self.points), str(self.runs), *map(str, astuple(self.tally)))


async def run(story: Story, plan: Sequence[str] = (), breakage: Breakage | None = None) -> Run:
    """Tell a story in a new folder, ending the process at the planned points."""
    with tempfile.TemporaryDirectory() as folder:
        async with world(story, Path(folder), plan, breakage) as one:
            await story.tell(one)
            await one.calm()
            await one.clock.advance(AFTERWARDS)
            await one.calm()
            await one.ask_again()
            points = one.points
            return Run(
                plan=points.plan,
                reached=points.reached,
                lives=tuple(map(tuple, points.lives)),
                tally=tally(one),
                picture=picture(one),
                late=any(chat.brought_late() for chat in one.chats),
                methods=points.methods(),
            )


async def prove(
    story: Story, *, doubles: int = 0, seed: int = 0, breakage: Callable[[], Breakage] = Breakage
) -> Proof:
    """Run a story for each of its crash points, and for a sample of pairs of them: a crash, and
    another one while the next process mends what the first has left.
    """
    reference = await run(story, (), breakage())
    points = reference.lives[0]
    proof = Proof(story.name, len(points), tally=reference.tally, runs=1)
    again = await run(story, (), breakage())
    if differing := _firm(set(points) ^ set(again.lives[0])):
        proof.faults.append(f"without a crash, points differ between runs: {differing}")
    if not reference.tally.perfect:
        proof.faults.append(f"without a crash: {HEAD}: {reference.tally}")
    pairs: list[tuple[str, str]] = []
    for point in points:
        found = await run(story, (point,), breakage())
        _judge(proof, story, reference, found)
        pairs += [(point, next_point) for next_point in found.lives[-1]]
    sample = random.Random(seed).sample(pairs, min(doubles, len(pairs)))
    second = [await run(story, pair, breakage()) for pair in sample]
    for found in second:
        _judge(proof, story, reference, found)
    if missed := [found.plan for found in second if found.reached != found.plan]:
        # How often a recovering process looks for work depends on what it finds, run by run. One
        # that was not killed again proves no less than the single crash it was; most have to be.
        proof.faults += [f"{pair}: never reached" for pair in missed if 2 * len(missed) > doubles]
    return proof


def _judge(proof: Proof, story: Story, reference: Run, found: Run) -> None:
    proof.runs += 1
    proof.tally += found.tally
    where = " and ".join(found.plan)
    if _firm({found.plan[0]} - set(found.reached)):
        proof.faults.append(f"{where}: never reached")
    if unknown := _firm(set(found.lives[0]) - set(reference.lives[0])):
        proof.faults.append(f"{where}: points that were not there before: {unknown}")
    if not found.tally.perfect:
        proof.faults.append(f"{where}: {HEAD}: {found.tally}")
    proof.faults += [f"{where}: {line}" for line in difference(story, reference, found)]


def _firm(points: set[str]) -> list[str]:
    """Those of some points that every run of a story must have."""
    return sorted(point for point in points if not re.search(WAVERING, point))


def difference(story: Story, reference: Run, run: Run) -> list[str]:
    """The lines that only one of two runs ended with, but for those that may differ."""
    allowed = [one.lines for one in story.allowed if _holds(one, run)]
    counts = Counter(run.picture)
    counts.subtract(reference.picture)
    return [
        f"{count:+d} {line}"
        for line, count in counts.items()
        if count and not any(re.search(lines, line) for lines in allowed)
    ]


def _holds(allowed: Allowed, run: Run) -> bool:
    """Whether a run was one of those that may end in this other way."""
    died = any(re.search(allowed.at, point) for point in run.reached)
    return (run.late or not allowed.late) and (died or not allowed.at)
