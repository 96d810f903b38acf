"""The tree of errors is what its docstring says."""

from __future__ import annotations

import re

from agent import errors
from agent.errors import AgentError

LINE = re.compile(r"^([│ ├└─]*)(\w+)")


def _drawn() -> dict[str, str]:
    """Child -> parent, as drawn in the module's docstring."""
    parents: dict[str, str] = {}
    stack: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = LINE.match(line)
        if match is None or not hasattr(errors, match[2]):
            continue
        depth = len(match[1]) // 4
        del stack[depth:]
        if stack:
            parents[match[2]] = stack[-1]
        stack.append(match[2])
    return parents


def _real(root: type[AgentError]) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            found[child.__name__] = root.__name__
            found.update(_real(child))
    return found


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    """Reading the docstring is reading the hierarchy."""
    assert _drawn() == _real(AgentError)


def test_every_error_says_what_it_is_without_being_told() -> None:
    """An error raised without a message carries its class's first sentence."""
    assert str(errors.ContextTooLong()) == "The prompt does not fit into the model's context."


def test_every_error_has_a_stable_code() -> None:
    """Logs, journal and metrics name an error by its class."""
    assert errors.RateLimited(retry_after=1.5).code == "RateLimited"


def test_what_the_ladder_does_about_an_error() -> None:
    """The same model is asked again, or asked to repair; after anything else the next one is."""
    found = {name: getattr(errors, name).recovery for name in _real(AgentError)}
    again = {name: recovery for name, recovery in found.items() if recovery != "fallback"}
    assert again == {
        "ProviderUnavailable": "retry",
        "RateLimited": "retry",
        "SchemaMismatch": "repair",
    }
