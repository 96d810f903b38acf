"""The control API of every twin there is (`twins.control`)."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import Any

import pytest

import adapters
from tests.support.clock import TestClock
from twins import control

EVERY = {"users", "channels", "dm", "archive", "deactivate", "edit", "delete", "deliver"}
"""What the control API of each can be asked to do."""


def controls() -> dict[str, type[control.Control[Any]]]:
    """The control of each platform that has one, by the platform's name."""
    found: dict[str, type[control.Control[Any]]] = {}
    for package in pkgutil.iter_modules(adapters.__path__):
        path = import_module(f"adapters.{package.name}").__path__ if package.ispkg else []
        for module in pkgutil.iter_modules(path):
            if module.name.startswith("twin_"):
                full = f"adapters.{package.name}.{module.name}"
                for _, one in inspect.getmembers(import_module(full), inspect.isclass):
                    if one.__module__ == full and issubclass(one, control.Control):
                        found[package.name] = one
    return found


def test_they_are_found() -> None:
    """Both of ours run as processes of their own; another platform's is found when it does."""
    assert {"slack", "teams"} <= set(controls()) <= set(adapters.platforms())


@pytest.mark.parametrize("name", sorted(controls()))
def test_it_can_be_built_and_serves_what_every_twin_does(name: str, clock: TestClock) -> None:
    """Nothing that a platform must have is missing, and no two requests have one address."""
    way, *_ = import_module(f"tests.contracts.on_{name}").WAYS.values()
    made: Any = controls()[name](way(clock)._twin)
    routes = [(one.method, one.path) for one in made.routes()]
    assert len(set(routes)) == len(routes)
    assert {("POST", f"/twin/{act}") for act in EVERY} <= set(routes)
    assert ("GET", "/twin/deliveries") in routes
    assert made.message_id
    assert made.event_id
