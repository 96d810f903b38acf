"""A model's output is a decision or it is nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.decision import (
    DECISION_SCHEMA,
    MAX_RESPONSE,
    Action,
    Decision,
    commit_point,
    cut_at_block,
    parse_decision,
    parse_summary,
)
from agent.errors import SchemaMismatch
from tests.support.scripted import decision

BAD = {
    "prose": "Sure! You get 25 days.",
    "an array": "[]",
    "an empty string": "",
    "an empty response": decision(response="  "),
    "confidence 7": decision(confidence=7),
    "confidence as text": decision(confidence="0.9"),
    "confidence NaN": decision().replace("0.9", "NaN"),
    "a missing field": json.dumps({"action": "continue"}),
    "a field more": decision(conversation_id="slack:T1:C2:3"),
    "an unknown action": decision(action="transfer_money"),
    "a citation of nothing": decision(citations=["p9"]),
    "another conversation's id": decision(citations=["slack:T1:C2:1790000000.1"]),
    "half of it": decision()[:-20],
}


@pytest.mark.parametrize("output", BAD.values(), ids=BAD.keys())
def test_bad_output_is_a_schema_mismatch(output: str) -> None:
    """Whatever is wrong with an output, it is refused, and the complaint repeats none of it."""
    with pytest.raises(SchemaMismatch) as raised:
        parse_decision(output, {"p1"})
    assert "days" not in str(raised.value)


def test_a_good_output_is_a_decision() -> None:
    """All five fields arrive; a citation named twice counts once."""
    parsed = parse_decision(decision(citations=["p2", "p1", "p2"], confidence=1), {"p1", "p2"})
    assert parsed.action is Action.CONTINUE
    assert parsed.citations == ("p2", "p1")
    assert parsed.confidence == 1.0


def test_an_escalation_needs_no_words() -> None:
    """A model that wants a person may have nothing to say itself."""
    assert parse_decision(decision(action="escalate", response=""), set()).response == ""


def test_a_response_of_2500_characters_is_cut_at_a_block() -> None:
    """Too long is not wrong: it is shown up to the end of a paragraph."""
    long = "\n\n".join(f"Paragraph {n}. " + "word " * 40 for n in range(12))
    shown = parse_decision(decision(response=long), set()).response
    assert len(shown) <= MAX_RESPONSE
    assert shown.endswith("…")
    assert "word\n…" in shown


@given(st.text(max_size=400), st.integers(min_value=20, max_value=200))
def test_cutting_never_exceeds_the_limit_and_never_opens_a_fence(text: str, limit: int) -> None:
    """The cut text fits, and a text that fits is untouched."""
    cut = cut_at_block(text, limit)
    assert len(cut) <= max(limit, len(cut) if len(text) <= limit else limit)
    if len(text) <= limit:
        assert cut == text
    else:
        assert cut.count("```") % 2 == 0 or text[: limit - 8].count("```") == 0


def test_the_wire_schema_names_exactly_the_fields_in_their_order() -> None:
    """What vendors are sent and what is validated here cannot drift apart."""
    fields = list(Decision.model_fields)
    assert list(DECISION_SCHEMA["properties"]) == fields == DECISION_SCHEMA["required"]
    assert fields[-1] == "response"
    assert fields.index("action") < fields.index("response")


def test_the_wire_schema_has_no_keyword_that_servers_reject() -> None:
    """No length or number limits on the wire: some servers refuse the grammar."""
    text = json.dumps(DECISION_SCHEMA)
    for keyword in ("maxLength", "minLength", "maximum", "minimum", "maxItems", "$ref"):
        assert keyword not in text


@given(st.integers(min_value=0, max_value=400))
def test_the_commit_point_needs_everything_before_the_first_visible_character(at: int) -> None:
    """A prefix of an output may be shown only once its response has begun."""
    text = decision(citations=["p1"], thinking='say "response": now')
    begun = text.index('"response": "') + len('"response": "')
    assert commit_point(text[:at], {"p1"}) == (at > begun)


@pytest.mark.parametrize(
    "output", [decision(confidence=7), decision(citations=["p9"]), decision(action="dance")]
)
def test_an_unacceptable_beginning_never_reaches_its_commit_point(output: str) -> None:
    """A rival must not win with something that will be refused."""
    assert not commit_point(output, {"p1"})


def test_a_summary_is_validated_like_everything_else() -> None:
    """A summary is one text and nothing more."""
    assert parse_summary('{"summary": "They asked about leave."}') == "They asked about leave."
    with pytest.raises(SchemaMismatch):
        parse_summary('{"summary": ""}')
