"""The last resort: the handbook itself, quoted word for word, when no model can answer.

It needs no key, no network and no model, and so cannot be slow, down or wrong about what the
handbook says; it can only be beside the question. Therefore it says what it is, quotes little,
names its sources, and has nothing to offer rather than something unrelated.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence

from agent.decision import Action, Decision, cut_at_block
from agent.errors import BadRequest, ConfigError, Refused
from agent.models import Delta, Done, Passage, Piece, Prompt
from agent.ports import Provider
from agent.surroundings import Surroundings
from agent.text import one_line

ENOUGH = 0.35
"""The score (0..1) below which even the best passage is not quoted.

Whoever reads the answer sees the source and has a button for a person beside it, so a near miss
costs a glance, where silence costs a case; hence rather low. Tried with 50 questions on
examples/handbook and the SQLite search (whose score is the share of the question's words that the
passage contains, rare words counting more): of 25 about the handbook 23 pass, of 25 about anything
else 7. At 0.45 these are 20 and 4, at 0.25 they are 25 and 11.
"""

NEAR_THE_BEST = 0.6
"""A further passage must score at least this share of the best one, or it dilutes the answer."""

MOST_PASSAGES = 3
MOST_CHARACTERS = 1500
"""Of the whole answer: about a phone's screen, which is what somebody in a hurry reads."""

BEST_SHARE = 0.65
"""Of the room, for the best passage: it is most often the answer, and half of it is none."""

LONGEST_HEADING = 100
LEAST_QUOTE = 80
"""Characters of a passage that are quoted in any case."""

OPENING = "This is quoted from the handbook; it was not written by an assistant."


def open_provider(model: str, _surroundings: Surroundings) -> Provider:
    """The handbook as a provider.

    Raises:
        ConfigError: a model was named; there is none.
    """
    if model:
        raise ConfigError(
            f"FRONTDESK_MODELS: write 'knowledge:' without {model!r}, it needs no model"
        )
    return HandbookQuoter()


class HandbookQuoter:
    """A `Provider` that answers with the passages that were found for the question."""

    name = "knowledge:"
    model_free = True

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Quote the best passages as a decision.

        Raises:
            BadRequest: another schema than a decision's is asked for.
            Refused: no passage fits well enough; there is nothing to offer.
        """
        if prompt.schema_name != "decision":
            raise BadRequest(f"the handbook cannot make a {prompt.schema_name}")
        chosen = choose(prompt.passages)
        if not chosen:
            raise Refused("the handbook has nothing that fits the question well enough")
        text = answer(chosen).model_dump_json()
        yield Delta(text)
        yield Done(text, "quoted")

    async def check(self) -> str:
        return f"{self.name} answers from the handbook, without a model"

    async def close(self) -> None:
        """There is nothing to give back."""


def choose(passages: Sequence[Passage]) -> list[Passage]:
    """The passages worth quoting, best first; [] if none is."""
    usable = [one for one in passages if one.score >= ENOUGH and one.text.strip()]
    ranked = sorted(usable, key=lambda one: one.score, reverse=True)[:MOST_PASSAGES]
    return [one for one in ranked if one.score >= NEAR_THE_BEST * ranked[0].score]


def answer(passages: Sequence[Passage]) -> Decision:
    """The decision that quotes `passages` (at least one, best first) and cites them."""
    quotes = dict(_quotes(passages))
    return Decision(
        thinking="",
        action=Action.CONTINUE,
        # How well a passage fits is all that is known of how right the answer is.
        confidence=round(min(passages[0].score, 1.0), 2),
        citations=tuple(quotes),
        response="\n\n".join((OPENING, *quotes.values())),
    )


def _quotes(passages: Sequence[Passage]) -> Iterator[tuple[str, str]]:
    """Pairs of a passage's id and its quotation; what a short one leaves, the next may use."""
    room = MOST_CHARACTERS - len(OPENING)
    for position, passage in enumerate(passages):
        left = len(passages) - position
        share = int(room * BEST_SHARE) if position == 0 and left > 1 else room // left
        heading = _heading(passage)
        allowed = share - len(heading) - len("\n\n\n")
        quote = f"{heading}\n{_quoted(passage.text.strip(), allowed)}"
        room -= len(quote) + len("\n\n")
        yield passage.id, quote


def _heading(passage: Passage) -> str:
    place = f"{passage.title} – {passage.section}" if passage.section else passage.title
    return f"**{one_line(place, LONGEST_HEADING)}** [{passage.id}]"


def _quoted(text: str, characters: int) -> str:
    # Each line gets a mark in front, which counts as well; text of nothing but line breaks would
    # consist of marks alone.
    marks = 2 * (text[:characters].count("\n") + 1)
    cut = cut_at_block(text, max(characters - marks, LEAST_QUOTE))
    return "\n".join(f"> {line}".rstrip() for line in cut.split("\n"))
