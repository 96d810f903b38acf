"""The decision: the only thing a model can tell us, and the one schema that every vendor is sent.

The order of the fields is the order in which a model writes them: the action and the confidence
are known before the first visible character, so that a turn which is going to be escalated never
shows half an answer. Length and number limits are not in the wire schema (some servers reject
grammars with large `maxLength`, vendors disagree about the rest): they are enforced here.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from agent.errors import SchemaMismatch

MAX_RESPONSE = 2000
"""Characters of a response that are shown, or of a summary that is kept; a longer one is cut at the
end of a block. What the handbook answers has a limit of its own (`providers/knowledge.py`)."""


class Action(StrEnum):
    """What the model wants to happen next."""

    CONTINUE = "continue"
    ESCALATE = "escalate"
    CLOSE = "close"


class Decision(BaseModel):
    """A validated answer of a model. `thinking` is for the admins' trace only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    thinking: str
    action: Action
    confidence: float = Field(ge=0, le=1, strict=True)
    citations: tuple[str, ...]
    response: str


DECISION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["thinking", "action", "confidence", "citations", "response"],
    "properties": {
        "thinking": {
            "type": "string",
            "description": "Short private rationale for the audit log, at most 300 characters.",
        },
        "action": {
            "type": "string",
            "enum": [action.value for action in Action],
            "description": (
                "continue: your response goes to the employee. escalate: a person must take over. "
                "close: the employee is done; your response says goodbye."
            ),
        },
        "confidence": {
            "type": "number",
            "description": "How sure you are that the response is right, from 0 to 1.",
        },
        "citations": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Ids of the passages that the response rests on, e.g. p1. May be empty.",
        },
        "response": {
            "type": "string",
            "description": f"Markdown for the employee, at most {MAX_RESPONSE} characters.",
        },
    },
}


def parse_decision(text: str, passages: Collection[str]) -> Decision:
    """Validate a model's output.

    Args:
        text: the complete output.
        passages: the ids that were retrieved in this turn and may be cited.

    Raises:
        SchemaMismatch: it is not JSON of the schema, the confidence is not within 0..1, a citation
            was not retrieved in this turn, or there is nothing to show.
    """
    try:
        decision = Decision.model_validate_json(text)
    except ValidationError as error:
        raise SchemaMismatch(describe(error)) from None
    unknown = [citation for citation in decision.citations if citation not in passages]
    if unknown:
        raise SchemaMismatch(f"citations: {unknown} are not among the passages you were given")
    if decision.action is not Action.ESCALATE and not decision.response.strip():
        raise SchemaMismatch("response: must not be empty")
    shown = cut_at_block(decision.response, MAX_RESPONSE)
    unique = tuple(dict.fromkeys(decision.citations))
    return decision.model_copy(update={"response": shown, "citations": unique})


def commit_point(text: str, passages: Collection[str]) -> bool:
    """Whether a partial output may be shown from here on.

    True once action, confidence and citations are there and acceptable and the response has begun.
    Only a race between two models asks this; the complete output is validated all the same.
    """
    try:
        partial = from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return False
    if not isinstance(partial, dict) or not partial.get("response"):
        return False
    try:
        Decision.model_validate(partial)
    except ValidationError:
        return False
    return all(citation in passages for citation in partial["citations"])


class _Summary(BaseModel):
    model_config = ConfigDict(extra="forbid")

    summary: str = Field(min_length=1)


def parse_summary(text: str) -> str:
    """Validate a summary's output.

    Raises:
        SchemaMismatch: it is not JSON of the summary's schema.
    """
    try:
        return cut_at_block(_Summary.model_validate_json(text).summary, MAX_RESPONSE)
    except ValidationError as error:
        raise SchemaMismatch(describe(error)) from None


def describe(error: ValidationError) -> str:
    """Say what is wrong with an output without repeating any of it."""
    lines = (
        f"{'.'.join(str(part) for part in item['loc']) or 'output'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return "; ".join(lines)


def cut_at_block(text: str, limit: int) -> str:
    """Shorten Markdown to `limit` characters at the end of a paragraph, sentence or word.

    An ellipsis marks the cut, and a code fence that the cut left open is closed.
    """
    if len(text) <= limit:
        return text
    room = limit - len("\n…\n```")
    head = text[:room]
    for separator in ("\n\n", "\n", ". ", " "):
        at = head.rfind(separator)
        if at > room // 2:
            head = head[: at + (1 if separator == ". " else 0)]
            break
    closing = "\n```" if head.count("```") % 2 else ""
    return head.rstrip() + closing + "\n…"
