"""The providers that ask nobody: the handbook, quoted, and the echo."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.decision import Action, Decision, parse_decision
from agent.errors import BadRequest, Refused
from agent.models import Done, Passage, Prompt, PromptMessage, Role
from agent.prompt import SUMMARY_SCHEMA
from agent.providers import echo, knowledge
from agent.providers.knowledge import ENOUGH, MOST_CHARACTERS, OPENING, answer, choose
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.model_subjects import PROMPT, ask, failing

NOWHERE = Surroundings({}, TestClock())
HANDBOOK = knowledge.open_provider("", NOWHERE)


def passage(number: int, score: float, text: str = "You have 30 days a year.") -> Passage:
    """A passage with id p<number>."""
    return Passage(f"p{number}", "Annual leave", f"Part {number}", text, score=score)


async def quoted(*passages: Passage) -> Decision:
    """What the handbook answers when these were found."""
    end = (await ask(HANDBOOK, replace(PROMPT, passages=passages)))[-1]
    assert isinstance(end, Done)
    return parse_decision(end.text, {one.id for one in passages})


async def test_the_handbook_is_quoted_and_says_so() -> None:
    """The employee sees at once that these are the handbook's words, and whose."""
    decision = await quoted(passage(1, 0.8, "You have 30 days.\n\n- Carry over 5.\n- Ask early."))
    assert decision.response == (
        f"{OPENING}\n\n**Annual leave – Part 1** [p1]\n"
        "> You have 30 days.\n>\n> - Carry over 5.\n> - Ask early."
    )
    assert decision.citations == ("p1",)
    assert decision.confidence == 0.8
    assert decision.action is Action.CONTINUE
    assert "not written by an assistant" in decision.response


async def test_the_best_come_first_and_at_most_three() -> None:
    """More than three quotations are not an answer but a search result."""
    decision = await quoted(*(passage(number, number / 10) for number in (5, 9, 7, 8, 6)))
    assert decision.citations == ("p9", "p8", "p7")
    assert decision.confidence == 0.9


async def test_what_is_far_behind_the_best_is_left_out() -> None:
    """A weak passage beside a strong one dilutes the answer."""
    assert (await quoted(passage(1, 0.9), passage(2, 0.5))).citations == ("p1",)


@pytest.mark.parametrize(
    "passages",
    [(), (passage(1, ENOUGH - 0.01),), (passage(1, 0.9, " \n"),), (passage(1, float("nan")),)],
    ids=["none", "weak", "empty", "no score"],
)
async def test_nothing_is_better_than_something_unrelated(passages: tuple[Passage, ...]) -> None:
    """Without a passage that fits there is nothing to offer, and people are next."""
    assert type(await failing(HANDBOOK, replace(PROMPT, passages=passages))) is Refused


async def test_long_passages_are_cut_at_a_sentence() -> None:
    """Each of three gets its share of the room, and ends where a sentence does."""
    long = "This is a sentence of the handbook. " * 100
    decision = await quoted(*(passage(number, 0.9, long) for number in (1, 2, 3)))
    assert len(decision.citations) == 3
    assert len(decision.response) <= MOST_CHARACTERS
    quotes = decision.response.split("\n\n**")[1:]
    assert all(quote.removesuffix("\n> …").endswith("handbook.") for quote in quotes)


async def test_a_list_is_cut_at_an_item() -> None:
    """The marks of a quotation count as well: many short lines do not burst the room."""
    items = "- One item.\n" * 300
    decision = await quoted(*(passage(number, 0.9, items) for number in (1, 2, 3)))
    assert MOST_CHARACTERS - 100 < len(decision.response) <= MOST_CHARACTERS
    assert set(decision.response.split("\n")) >= {"> - One item.", "> …"}


async def test_a_short_passage_leaves_its_room_to_the_next() -> None:
    """The room is shared by need, not in equal parts."""
    long = "This is a sentence of the handbook. " * 100
    decision = await quoted(passage(1, 0.9, "Yes."), passage(2, 0.9, long))
    assert MOST_CHARACTERS - 100 < len(decision.response) <= MOST_CHARACTERS


async def test_a_cut_code_block_is_closed() -> None:
    """A quotation never swallows what follows it."""
    code = "Run this:\n```\n" + "connect --now\n" * 200 + "```"
    decision = await quoted(passage(1, 0.9, code), passage(2, 0.9))
    assert decision.response.count("```") == 2


async def test_another_schema_is_not_for_the_handbook() -> None:
    """It can quote, but not summarise a conversation."""
    summary = replace(PROMPT, schema_name="summary")
    assert type(await failing(HANDBOOK, summary)) is BadRequest


WORDS = st.text(st.sampled_from("ab .\n`>*_🙂"), max_size=3000)
PASSAGES = st.lists(
    st.builds(
        Passage,
        id=st.integers(1, 5).map("p{}".format),
        title=st.text(max_size=400),
        section=st.text(max_size=40),
        text=WORDS,
        score=st.floats(0, 2) | st.just(float("nan")),
    ),
    max_size=6,
)


@settings(deadline=None)  # seconds are not asserted
@given(PASSAGES)
def test_whatever_was_found_the_answer_is_valid_and_short(passages: list[Passage]) -> None:
    """Every answer from the handbook passes the kernel's validation and fits on a screen."""
    chosen = choose(passages)
    if not chosen:
        return
    decision = answer(chosen)
    ids = {one.id for one in passages}
    assert parse_decision(decision.model_dump_json(), ids) == decision
    assert decision.citations
    assert len(decision.response) <= MOST_CHARACTERS + 50
    assert decision.response.startswith(OPENING)


async def test_the_echo_repeats_the_question() -> None:
    """For checking the wiring: what goes in comes out, surely and without sources."""
    end = (await ask(echo.open_provider("any", NOWHERE)))[-1]
    assert isinstance(end, Done)
    decision = parse_decision(end.text, ())
    assert decision.response == PROMPT.question
    assert (decision.confidence, decision.citations) == (1.0, ())


async def test_the_echo_fits_other_schemas_too() -> None:
    """A long conversation is summarised on the way; the echo must not break there."""
    message = PromptMessage(Role.USER, "Summarise.")
    prompt = Prompt((message,), SUMMARY_SCHEMA, schema_name="summary", question="So far.")
    end = (await ask(echo.open_provider("any", NOWHERE), prompt))[-1]
    assert isinstance(end, Done)
    assert end.text == '{"summary":"So far."}'
