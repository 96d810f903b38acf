"""A tool's arguments as the strict schema that OpenAI holds a model to, if they can be written so.

Strict means that the output cannot but fit: every object lists all its properties, requires each
of them and allows no others; of the rest of JSON Schema only types, enumerations, alternatives
and nesting are enforced (https://platform.openai.com/docs/guides/structured-outputs). What says
more than that (limits, formats, defaults) moves into the description, where the model reads it;
the kernel validates the arguments against the original in any case. An argument with a default
becomes required: the model then writes the default itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from agent.models import ToolSpec

Schema = Mapping[str, Any]

SIMPLE = frozenset({"string", "boolean", "integer", "number", "null"})
TOLD = frozenset(
    {"default", "examples", "format", "pattern", "minLength", "maxLength", "multipleOf"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"minItems", "maxItems", "uniqueItems"}
)
"""Keywords that move into the description."""
DROPPED = frozenset(
    {"title", "$defs", "$schema", "$id", "$comment", "discriminator"}
    | {"deprecated", "readOnly", "writeOnly"}
)
"""Keywords that say nothing a model needs beside the rest."""
DEEPEST, MOST = 10, 1000
"""Levels of nesting, the most that OpenAI allows, and schemas in a schema, of which it allows more.
One that contains itself ends here too."""


class NotStrict(Exception):
    """The schema says something that a strict one cannot."""


def function(tool: ToolSpec) -> dict[str, Any]:
    """A tool as OpenAI's function: strict where its arguments allow it, else as they are."""
    parameters = strict(tool.parameters)
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters) if parameters is None else parameters,
        "strict": parameters is not None,
    }


def strict(parameters: Schema) -> dict[str, Any] | None:
    """The strict form of a JSON schema such as `model_json_schema()` makes; None if there is none.

    Whatever fits the strict form fits the original, but for what moved into descriptions; and each
    instance of the original that has all its properties fits the strict form.
    """
    return _strict(to_json(parameters))


@lru_cache(maxsize=256)
def _strict(parameters: bytes) -> dict[str, Any] | None:
    """Kept, because the same few tools are offered in every turn."""
    schema = from_json(parameters)
    try:
        made = _Converted(schema.get("$defs", {})).of(schema, 0)
    except NotStrict:
        return None
    return made if made.get("type") == "object" else None


class _Converted:
    """Schemas of one document; its definitions are put in where they are referred to."""

    def __init__(self, definitions: object) -> None:
        self._definitions = _dict(definitions)
        self._left = MOST

    def of(self, schema: Any, depth: int) -> dict[str, Any]:
        """The strict form of a schema `depth` levels down."""
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            raise NotStrict
        rest = {key: value for key, value in _dict(schema).items() if key not in DROPPED}
        if "$ref" in rest:
            name = str(rest.pop("$ref")).removeprefix("#/$defs/")
            return self.of({**_dict(self._definitions.get(name)), **rest}, depth + 1)
        told = {key: rest.pop(key) for key in TOLD & rest.keys()}
        description = str(rest.pop("description", ""))
        made = self._made(rest, depth)
        if rest:
            raise NotStrict
        if words := _words(description, told):
            made["description"] = words
        return made

    def _made(self, rest: dict[str, Any], depth: int) -> dict[str, Any]:
        """The form of what is left of a schema; takes what it understands out of it."""
        for keyword in ("anyOf", "oneOf"):
            if keyword in rest:
                return {"anyOf": [self.of(one, depth + 1) for one in _list(rest.pop(keyword))]}
        match rest.pop("type", None):
            case "object":
                return self._object(rest, depth)
            case "array" if "items" in rest:
                return {"type": "array", "items": self.of(rest.pop("items"), depth + 1)}
            case str(kind) if kind in SIMPLE:
                return _simple(kind, rest)
        raise NotStrict

    def _object(self, rest: dict[str, Any], depth: int) -> dict[str, Any]:
        # Without any properties it is not an empty object but one that may contain anything.
        properties = _dict(rest.pop("properties", None))
        rest.pop("required", None)
        if rest.pop("additionalProperties", False) is not False:
            raise NotStrict
        return {
            "type": "object",
            "properties": {name: self.of(one, depth + 1) for name, one in properties.items()},
            "required": list(properties),
            "additionalProperties": False,
        }


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotStrict
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise NotStrict
    return value


def _simple(kind: str, rest: dict[str, Any]) -> dict[str, Any]:
    """A plain value, or one of some values."""
    if "const" in rest:
        rest["enum"] = [rest.pop("const")]
    return {"type": kind, "enum": _list(rest.pop("enum"))} if "enum" in rest else {"type": kind}


def _words(description: str, told: Schema) -> str:
    """The description with what a strict schema has no keywords for."""
    rules = ", ".join(f"{key}: {to_json(told[key]).decode()}" for key in sorted(told))
    return " ".join(part for part in (description, f"({rules})" if rules else "") if part)
