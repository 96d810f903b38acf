"""Crash points around everything that crosses a port, found by looking at what is there.

`Points.guard(thing, name)` wraps an object that acts: an adapter, a provider, a tool, a store. Each
of its asynchronous methods, and each method that a protocol in `agent/ports.py` names, becomes a
pair of points: 'turns.commit#2 before' and 'turns.commit#2 after' are the two sides of the second
commit. A stream of pieces has a point after every piece too. What acts and hangs on a guarded
object (a store's `turns`), or is handed to one (the door, to an adapter), is guarded in turn. So
nobody lists methods here, and one that is added to a port has its points on the day it is written.

The clock is left out: time that passes is nothing that a process could leave half done, and the
clock of the tests must go on while a process is dead.

At a planned point `Crash` is raised. From then on the process is dead: whatever its tasks still
try through a port raises `Crash` too, until `rise()` says that a new process has begun.
"""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from agent import ports

_harmless: ContextVar[bool] = ContextVar("harmless", default=False)


class Crash(BaseException):
    """The process dies here. Not an Exception: nothing in the product may handle it."""


def members(port: type) -> frozenset[str]:
    """The names of a protocol's methods."""
    return frozenset(n for n, v in vars(port).items() if callable(v) and not n.startswith("_"))


PORTS: Mapping[str, frozenset[str]] = {
    name: members(port)
    for name, port in vars(ports).items()
    if isinstance(port, type)
    and Protocol in port.__bases__
    and port.__module__ == ports.__name__
    and port is not ports.Clock
}
"""Every port but the clock, with the names of its methods."""
_CLOCK = members(ports.Clock)
_ACTING: dict[type, bool] = {}


def acts(kind: type) -> bool:
    """Whether things of this kind act: they have asynchronous methods, and are no clock."""
    if kind not in _ACTING:
        _ACTING[kind] = _acts(kind)
    return _ACTING[kind]


def _acts(kind: type) -> bool:
    public = [name for name in dir(kind) if not name.startswith("_")]
    if set(public) >= _CLOCK:
        return False
    methods = (inspect.getattr_static(kind, name) for name in public)
    return any(inspect.iscoroutinefunction(m) or inspect.isasyncgenfunction(m) for m in methods)


class Points:
    """The crash points of one run, life after life of its process.

    `plan` names the point at which each life ends, in order; a life without one is not ended.
    `lives` holds the points that were passed, `ports` which port each guarded name is.
    """

    def __init__(self, plan: Sequence[str] = ()) -> None:
        self.plan = tuple(plan)
        self.lives: list[list[str]] = [[]]
        self.dead = False
        self.ports: dict[str, str] = {}
        self.died: Callable[[], None] = lambda: None
        self._calls: Counter[str] = Counter()

    @property
    def reached(self) -> tuple[str, ...]:
        """The planned points at which a life did end."""
        return self.plan[: len(self.lives) - 1 + self.dead]

    def rise(self) -> None:
        """A new process begins."""
        self.dead = False
        self.lives.append([])
        self._calls.clear()

    def kill(self) -> None:
        """The process dies now, wherever it is."""
        self.dead = True
        self.died()

    def methods(self) -> frozenset[tuple[str, str]]:
        """The methods of ports that were called, as (port, method)."""
        calls = {point.partition("#")[0].partition(".") for life in self.lives for point in life}
        return frozenset((self.ports[n], method) for n, _, method in calls if n in self.ports)

    @contextmanager
    def harmless(self) -> Iterator[None]:
        """What is called in this block, and in tasks begun in it, is no point of anything."""
        token = _harmless.set(True)
        try:
            yield
        finally:
            _harmless.reset(token)

    def guard(self, thing: object, name: str) -> Any:
        """The same thing with crash points around its methods; what does not act comes back."""
        if isinstance(thing, Guarded) or not acts(type(thing)):
            return thing
        for port, methods in PORTS.items():
            if all(callable(getattr(thing, method, None)) for method in methods):
                self.ports[name] = port
        return Guarded(thing, name, self)

    def number(self, call: str) -> str:
        """The name of a call's points: which one of its kind it is in this life."""
        if not _harmless.get():
            self._calls[call] += 1
        return f"{call}#{self._calls[call]}"

    def pass_by(self, point: str) -> None:
        """Go on, or die.

        Raises:
            Crash: the process dies here, or is dead already.
        """
        if _harmless.get():
            return
        if not self.dead:
            self.lives[-1].append(point)
            life = len(self.lives) - 1
            if self.plan[life : life + 1] != (point,):
                return
            self.kill()
        raise Crash(point)


class Guarded:
    """A thing whose methods are crash points; everything else about it is as it was."""

    def __init__(self, thing: Any, name: str, points: Points) -> None:
        self._thing = thing
        self._name = name
        self._points = points

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._thing, attribute)
        if attribute.startswith("_"):
            return value
        if not inspect.isroutine(value):
            return self._points.guard(value, attribute)
        asynchronous = inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value)
        port = self._points.ports.get(self._name, "")
        if asynchronous or attribute in PORTS.get(port, ()):
            return _Method(value, f"{self._name}.{attribute}", self._points)
        return value


class _Method:
    """One method of a guarded thing: calls it between its two points."""

    def __init__(self, method: Callable[..., Any], call: str, points: Points) -> None:
        self._method = method
        self._call = call
        self._points = points

    def __call__(self, *positional: Any, **named: Any) -> Any:
        given = [self._points.guard(value, _name(value)) for value in positional]
        also = {name: self._points.guard(value, name) for name, value in named.items()}
        call = functools.partial(self._method, *given, **also)
        if inspect.isasyncgenfunction(self._method):
            return self._stream(call)
        if inspect.iscoroutinefunction(self._method):
            return self._awaited(call)
        point = self._points.number(self._call)
        self._points.pass_by(f"{point} before")
        result = call()
        if inspect.isawaitable(result) or hasattr(result, "__aiter__"):
            # Its points would be around the wrong thing: better no test than a test of nothing.
            raise TypeError(f"write {self._call} with `async def`, it can't be seen from outside")
        self._points.pass_by(f"{point} after")
        return result

    async def _awaited(self, call: Callable[[], Awaitable[Any]]) -> Any:
        point = self._points.number(self._call)
        self._points.pass_by(f"{point} before")
        result = await call()
        self._points.pass_by(f"{point} after")
        return result

    async def _stream(self, call: Callable[[], AsyncGenerator[Any, None]]) -> AsyncIterator[Any]:
        """Closed early, it has no end: who asked did not wait for it."""
        point = self._points.number(self._call)
        self._points.pass_by(f"{point} before")
        async with aclosing(call()) as pieces:
            number = 0
            async for piece in pieces:
                number += 1
                self._points.pass_by(f"{point} piece {number}")
                yield piece
        self._points.pass_by(f"{point} after")


_names: dict[type, str] = {}


def _name(thing: object) -> str:
    """What a thing is called that is handed over: the port that it is, else its class."""
    kind = type(thing)
    if kind not in _names:
        has = set(dir(kind))
        _names[kind] = next((n.lower() for n, m in PORTS.items() if m <= has), kind.__name__)
    return _names[kind]
