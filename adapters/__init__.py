"""Platforms: one package per chat platform, each with its twin; they do not know each other.

`adapters.NAME` has `open_adapter(surroundings) -> Adapter | None` (see `agent.surroundings`),
`NEEDED` (what to set so that it is opened, for whoever has set nothing) and `VARIABLES` (every name
that it reads, with its meaning); these names begin with `NAME_` in capitals. Adding a platform is
adding a package.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping


def platforms() -> tuple[str, ...]:
    """The names of all platforms, sorted; nothing is imported."""
    return tuple(sorted(one.name for one in pkgutil.iter_modules(__path__) if one.ispkg))


def variables_of(platform: str) -> Mapping[str, str]:
    """The variables that a platform's package reads, each with its meaning; imports the package."""
    told: Mapping[str, str] = importlib.import_module(f"{__name__}.{platform}").VARIABLES
    return told
