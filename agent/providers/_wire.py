"""What all vendors' streams have in common: opening, reading, ending, and failing on the way.

A vendor module brings a `Surface` (how one question is put on the wire and how the vendor's
exceptions translate) and a `Reader` (what the events of one answer mean). `pieces` drives them.

Events are plain JSON, `AsyncStream[object]`. Turning each into a class of the SDK's checks nothing
and costs 0.1 to 0.2 ms: 84 deltas took 14 ms instead of 2.5. The SDKs' accumulating and parsing
streams are not used either: they raise before the stop reason is known. So events are read by
name and checked here, which also suits compatible servers that differ in small ways.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agent.errors import OutputCut, ProviderError
from agent.models import Delta, Done, Piece, Prompt, ToolCall, ToolCalls, Usage

CONNECT_SECONDS = 5.0
"""How long a connection may take to be made; both SDKs' own default. Everything after that is
timed by the caller."""

CHECK_QUESTION = "Answer with the word yes."
"""What `check` asks where a server does not offer a list of its models."""


class EventStream(Protocol):
    """The SDKs' streams, as far as we use them."""

    def __aiter__(self) -> AsyncIterator[object]:
        """The events, until the response's body ends."""

    async def close(self) -> None:
        """End the request; the server sees a disconnect if it was still writing."""


class Reader(Protocol):
    """Understands the events of one answer."""

    @property
    def complete(self) -> bool:
        """Whether the vendor has said how the answer ended."""

    def read(self, event: object) -> str:
        """Take one event in; the piece of output text it brings, '' if none.

        Raises:
            ProviderError: the event tells of an error.
        """

    def ending(self) -> Iterator[ToolCalls | Done]:
        """What follows the last delta of a complete answer.

        Raises:
            ProviderError: it ended in a way that leaves no usable output.
        """


class Surface(Protocol):
    """One model, ready to be asked on the wire."""

    def reader(self) -> Reader:
        """A reader for one answer."""

    async def open_stream(self, prompt: Prompt) -> EventStream:
        """Send the question; returns when the response's head is there."""

    def failures(self) -> tuple[type[Exception], ...]:
        """The exceptions that the SDK and its transport raise for what is not our mistake; none
        as long as the SDK is not imported.
        """

    def translate(self, error: Exception) -> ProviderError:
        """The error of ours that one of them is."""


async def pieces(surface: Surface, prompt: Prompt) -> AsyncGenerator[Piece, None]:
    """Ask, and yield the answer piece by piece.

    The body is read to its end before the last pieces are yielded: a connection can be used again
    only then. Trouble after the vendor has said how the answer ended is therefore ignored.

    Raises:
        ProviderError: the leaf that fits.
    """
    reader = surface.reader()
    stream: EventStream | None = None
    failure: ProviderError | None = None
    try:
        stream = await surface.open_stream(prompt)
        async for event in stream:
            if shown := reader.read(event):
                yield Delta(shown)
    except surface.failures() as error:
        failure = surface.translate(error)
    finally:
        if stream is not None:
            await stream.close()
    # Raised out here, so that it carries no vendor exception (with the key in its request's
    # headers, and the prompt in its body) to whatever prints or reports it.
    if failure is not None and not reader.complete:
        raise failure
    if not reader.complete:
        raise OutputCut("the answer ended before the model had finished it")
    for piece in reader.ending():
        # Not every server heeds `tool_choice`. What must not be run is better not handed on: the
        # output then lacks its decision, and that is recovered from as always.
        if prompt.may_call or not isinstance(piece, ToolCalls):
            yield piece


class LazyModules:
    """Modules of an SDK, imported on first use and off the event loop: that takes a second."""

    def __init__(self, *names: str) -> None:
        """Nothing is imported yet. The SDKs import their resources lazily too: name them."""
        self._names = names
        self._loaded = threading.Event()

    @property
    def loaded(self) -> bool:
        """Whether they are imported."""
        return self._loaded.is_set()

    def load(self) -> None:
        """Import them now; safe in any thread."""
        for name in self._names:
            importlib.import_module(name)
        self._loaded.set()

    async def ready(self) -> None:
        """Return when they are imported."""
        if not self.loaded:
            await asyncio.to_thread(self.load)


@dataclass(slots=True)
class Gathered:
    """What has come of one answer so far: its text, and tool calls by the vendor's position."""

    parts: list[str] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)

    def add(self, text: str) -> str:
        """Keep a piece of the output and hand it on."""
        self.parts.append(text)
        return text

    def call(self, position: int, call_id: str = "", name: str = "", arguments: str = "") -> None:
        """Begin or continue the tool call at a position; its arguments come in pieces."""
        call = self.calls.setdefault(position, _Call())
        call.id = call.id or call_id
        call.name = call.name or name
        call.arguments.append(arguments)

    def ending(self, stop: str, usage: Usage) -> Iterator[ToolCalls | Done]:
        """The tool calls, if there are any, and the end."""
        if self.calls:
            yield ToolCalls(tuple(self.calls[position].whole() for position in sorted(self.calls)))
        yield Done("".join(self.parts), stop, usage)


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def whole(self) -> ToolCall:
        # A tool without parameters is called with no argument text at all.
        return ToolCall(self.id, self.name, "".join(self.arguments) or "{}")


def look(value: object, *path: str) -> object:
    """What is at a path of attributes or keys, None where it ends early."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return value


def text(value: object, *path: str) -> str:
    """The string at a path, '' if there is none."""
    found = look(value, *path)
    return found if isinstance(found, str) else ""


def number(value: object, *path: str) -> int:
    """The count at a path, 0 if there is none."""
    found = look(value, *path)
    return found if type(found) is int and found > 0 else 0


def items(value: object, *path: str) -> Iterable[object]:
    """The elements of the list at a path, none if there is no list."""
    found = look(value, *path)
    return found if isinstance(found, list) else ()
