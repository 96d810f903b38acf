"""What the module of a provider, adapter or store is opened with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.ports import Clock


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The environment and the clock, as the composition root gives them.

    A name in the configuration is a module name: `agent.providers.<vendor>` has
    `open_provider(model, surroundings) -> Provider`, `adapters.<platform>` has
    `open_adapter(surroundings) -> Adapter | None` (None: this platform is not configured). Both
    raise ConfigError when what they need is missing or wrong.
    """

    environ: Mapping[str, str]
    clock: Clock
    host: str = "127.0.0.1"
    """The address that the process listens on."""
