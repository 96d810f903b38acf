"""Tools' arguments as strict schemas: what fits one is what the tool takes."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from agent.models import ToolSpec
from agent.providers._strict import DEEPEST, function, strict
from tests.support.model_rules import refused


class Place(Enum):
    """A definition that schemas refer to."""

    OFFICE = "office"
    HOME = "home"


class Desk(BaseModel):
    """Where somebody sits."""

    place: Place = Place.OFFICE
    floor: int = Field(2, ge=0, description="Counted from the street.")


class Move(BaseModel):
    """A tool's arguments with everything that has a strict form."""

    who: str = Field(min_length=1)
    to: Desk = Field(description="The new desk.")
    others: list[Desk] = []
    on: date
    until: date | None = None
    why: Literal["team", "noise"]
    kind: Literal["move"] = "move"
    weight: float = 1.5
    sure: bool = False


class Free(BaseModel):
    notes: dict[str, str]


class Loose(BaseModel, extra="allow"):
    who: str


class Anything(BaseModel):
    what: Any


class Pair(BaseModel):
    both: tuple[int, str]


class Mixed(BaseModel):
    one: Literal[1, "a"]


class Tree(BaseModel):
    children: list[Tree] = []


def in_openais_eyes(parameters: Any) -> str:
    """What OpenAI would say to a strict function with these parameters, '' if nothing."""
    tool = {"type": "function", "name": "tool", "parameters": parameters, "strict": True}
    refusal = refused("/v1/responses", {"input": "Hello", "tools": [tool]})
    return refusal.message if refusal else ""


def test_a_schema_of_everything() -> None:
    """All is required, nothing else allowed; definitions are put in, and what has no keyword is
    told in the description.
    """
    made = strict(Move.model_json_schema())
    assert made is not None
    assert not in_openais_eyes(made)
    assert made["required"] == list(Move.model_fields)
    desk = made["properties"]["to"]
    assert desk["description"] == "The new desk."
    assert desk["properties"] == {
        "place": {
            "type": "string",
            "enum": ["office", "home"],
            "description": 'A definition that schemas refer to. (default: "office")',
        },
        "floor": {
            "type": "integer",
            "description": "Counted from the street. (default: 2, minimum: 0)",
        },
    }
    assert made["properties"]["others"]["items"]["properties"] == desk["properties"]
    assert made["properties"]["kind"]["enum"] == ["move"]


def test_pydantics_own_schema_would_be_refused() -> None:
    """The conversion is there for a reason."""
    assert "additionalProperties" in in_openais_eyes(Move.model_json_schema())


@pytest.mark.parametrize("model", [Free, Loose, Anything, Pair, Mixed, Tree])
def test_what_has_no_strict_form_is_offered_as_it_is(model: type[BaseModel]) -> None:
    """Free keys, any value, tuples, mixed choices and recursion work, only not strictly."""
    schema = model.model_json_schema()
    assert strict(schema) is None
    assert function(ToolSpec("tool", "Does it.", schema)) == {
        "name": "tool",
        "description": "Does it.",
        "parameters": schema,
        "strict": False,
    }


def test_a_tool_without_arguments() -> None:
    """The smallest schema there is."""
    made = strict(create_model("Nothing").model_json_schema())
    assert made == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }


def test_alternatives() -> None:
    """One of several shapes stays one of them; the discriminator is told by its constant."""
    schema = {
        "type": "object",
        "properties": {
            "what": {
                "oneOf": [{"$ref": "#/$defs/A"}, {"type": "null"}],
                "discriminator": {"propertyName": "kind"},
            }
        },
        "$defs": {
            "A": {"type": "object", "properties": {"kind": {"const": "a", "type": "string"}}}
        },
    }
    made = strict(schema)
    assert made is not None
    first, second = made["properties"]["what"]["anyOf"]
    assert first["properties"] == {"kind": {"type": "string", "enum": ["a"]}}
    assert second == {"type": "null"}


@pytest.mark.parametrize(("levels", "fits"), [(DEEPEST, True), (DEEPEST + 1, False)])
def test_depth_is_limited(levels: int, fits: bool) -> None:
    """OpenAI refuses what is nested too deeply; so it is not sent as strict."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"in": schema}}
    assert (strict(schema) is not None) is fits


def test_size_is_limited() -> None:
    """Definitions that multiply by being put in do not become a schema of any size."""
    inner: dict[str, Any] = {"type": "string"}
    definitions = {"d0": inner}
    for level in range(1, 4):
        many = {f"p{n}": {"$ref": f"#/$defs/d{level - 1}"} for n in range(20)}
        definitions[f"d{level}"] = {"type": "object", "properties": many}
    assert strict({"$defs": definitions, "$ref": "#/$defs/d3"}) is None


FIELDS = st.sampled_from(
    [
        (str, ...),
        (str, "none"),
        (int, Field(3, ge=0, le=9)),
        (float | None, None),
        (bool, ...),
        (list[str], Field(default_factory=list, max_length=3)),
        (Literal["a", "b"], "a"),
        (Desk, ...),
        (list[Desk] | None, None),
        (Place, Place.HOME),
    ]
)
MODELS = st.dictionaries(
    st.sampled_from(["a", "b", "title", "type", "default"]), FIELDS, max_size=5
)


@settings(deadline=None)  # seconds are not asserted
@given(MODELS, st.data())
def test_strict_and_original_agree(fields: dict[str, Any], data: st.DataObject) -> None:
    """Whatever a tool takes fits the strict form once all of it is written, and what fits the
    strict form is taken by the tool.
    """
    model: Any = create_model("Arguments", **fields)
    made = strict(model.model_json_schema())
    assert made is not None
    assert not in_openais_eyes(made)
    arguments = data.draw(st.builds(model))
    written = arguments.model_dump(mode="json")
    jsonschema.validate(written, made)
    assert model.model_validate(written) == arguments
    for missing in written:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({key: written[key] for key in written if key != missing}, made)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "more": 1}, made)


WORDS = st.sampled_from(
    ["type", "properties", "items", "anyOf", "$ref", "$defs", "enum", "const", "required", "title"]
)
VALUES = (
    st.none() | st.booleans() | st.sampled_from(["object", "array", "string", "#/$defs/a", "a"])
)
JUNK = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(WORDS, JUNK, max_size=6))
def test_no_schema_upsets_it(schema: dict[str, Any]) -> None:
    """A foreign tool's schema may be anything: either it has a strict form or it has none."""
    made = strict({**schema, "type": "object"})
    assert made is None or not in_openais_eyes(made)
