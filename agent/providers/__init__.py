"""Providers: one module per vendor, found by its name in FRONTDESK_MODELS.

`anthropic:claude-x` names the module `agent/providers/anthropic.py` and its model `claude-x`. A
vendor module has `open_provider(model, surroundings) -> Provider`; if importing its SDK takes
long, also `preload() -> None`; if it reads variables, `VARIABLES` with each one's meaning, and
their names begin with the module's in capitals (`ANTHROPIC_…`). Adding a vendor is adding a file;
modules whose names start with '_' are shared by vendors and are not vendors themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType

from agent.errors import ConfigError
from agent.ports import Provider
from agent.surroundings import Surroundings

LAST_RESORT = "knowledge"
"""The vendor that answers without a model; every ladder ends with it."""


def vendors() -> tuple[str, ...]:
    """The names of all vendor modules, sorted; nothing is imported."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def variables_of(vendor: str) -> Mapping[str, str]:
    """The variables that a vendor's module reads, each with its meaning; imports the module."""
    told: Mapping[str, str] = getattr(_module(vendor), "VARIABLES", {})
    return told


def open_models(spec: str, surroundings: Surroundings) -> tuple[Provider, ...]:
    """Open the models of a comma list such as 'anthropic:claude-x,openai:gpt-y', in that order.

    The vendor ends at the first ':', so that a model may be called 'llama3:8b'. The model-free
    last resort is appended if the list does not name it. Nothing is connected yet.

    Raises:
        ConfigError: a vendor is unknown, or one of them lacks a setting.
    """
    named = _parse(spec)
    if LAST_RESORT not in (vendor for vendor, _ in named):
        named.append((LAST_RESORT, ""))
    return tuple(_module(vendor).open_provider(model, surroundings) for vendor, model in named)


def preload_models(spec: str) -> None:
    """Import the SDKs that the models of a list need; takes seconds, made for a thread.

    Raises:
        ConfigError: a vendor is unknown.
    """
    for vendor in dict.fromkeys(vendor for vendor, _ in _parse(spec)):
        preload = getattr(_module(vendor), "preload", None)
        if preload is not None:
            preload()


def _parse(spec: str) -> list[tuple[str, str]]:
    parts = (part.strip().partition(":") for part in spec.split(",") if part.strip())
    return [(vendor.strip(), model.strip()) for vendor, _, model in parts]


def _module(vendor: str) -> ModuleType:
    known = vendors()
    if vendor not in known:
        raise ConfigError(
            f"FRONTDESK_MODELS names the unknown vendor {vendor!r}; write vendor:model, "
            f"with one of the vendors {', '.join(known)}"
        )
    return importlib.import_module(f"{__name__}.{vendor}")
