"""What stands in JSON that somebody else wrote: nothing in it is trusted to have its shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Payload = Mapping[str, Any]


def part(payload: Payload, name: str) -> Payload:
    """The object of this name; an empty one if there is none."""
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}


def parts(payload: Payload, name: str) -> list[Payload]:
    """The objects of the list of this name, without what else is in it; [] if there is none."""
    value = payload.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def string(payload: Payload, name: str) -> str:
    """The string of this name; '' if there is none."""
    value = payload.get(name)
    if not isinstance(value, str):
        return ""
    # Half an emoji, left by a cut, can be written in JSON but not stored as UTF-8.
    return value if value.isascii() else value.encode(errors="replace").decode()


def utc(time: str) -> str:
    """A time as ISO 8601 in UTC, always of the same length so that later is greater as text; ''
    if it is none.
    """
    try:
        moment = datetime.fromisoformat(time)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return ""


def seconds(time: str) -> float:
    """What `utc` gave as seconds since the epoch, 0 for ''."""
    return datetime.fromisoformat(time).timestamp() if time else 0.0
