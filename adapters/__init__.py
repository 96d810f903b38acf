"""Platforms: one package per chat platform, each with its twin; they do not know each other.

`adapters.NAME` has `open_adapter(surroundings) -> Adapter | None` (see `agent.surroundings`),
`NEEDED` (what to set so that it is opened, for whoever has set nothing) and `VARIABLES` (every name
that it reads, with its meaning); these names begin with `NAME_` in capitals. Adding a platform is
adding a package.
"""

from __future__ import annotations

import pkgutil


def platforms() -> tuple[str, ...]:
    """The names of all platforms, sorted; nothing is imported."""
    return tuple(sorted(one.name for one in pkgutil.iter_modules(__path__) if one.ispkg))
