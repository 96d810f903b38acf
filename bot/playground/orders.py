"""What one can do on the page, checked before it is done to a local platform as that person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 12_000
MAX_INPUTS = 20
TS = r"^[\w.:-]{1,80}$"
"""Slack's are '1790000000.000100', those of Teams '1790000000000'."""
PLACE = 200
"""Characters; ids of Teams are long."""


class Refused(Exception):
    """What was asked for cannot be done; the message says why, to the person on the page."""


@contextmanager
def as_clients_allow() -> Iterator[None]:
    """Refuse, in its words, what the local platform says its clients would not let people do."""
    try:
        yield
    except ValueError as error:
        raise Refused(str(error)) from None


class Order(BaseModel):
    """Something that the person `as` does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str = Field(alias="as", max_length=40)


class InPlace(Order):
    """Something that is done in a place, by somebody who is there."""

    channel: str = Field(max_length=PLACE)


class File(BaseModel):
    """A file by its name and size in bytes; its content is never sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    size: int = Field(ge=0)


class Say(InPlace):
    """Post a message, in a thread if one is named, or type a command."""

    text: str = Field(default="", max_length=MAX_TEXT)
    thread_ts: str = Field(default="", pattern=rf"^$|{TS}")
    file: File | None = None


class Edit(InPlace):
    """Change one's own message."""

    ts: str = Field(pattern=TS)
    text: str = Field(min_length=1, max_length=MAX_TEXT)


class Delete(InPlace):
    """Take one's own message back."""

    ts: str = Field(pattern=TS)


class Press(InPlace):
    """Press a button; feedback has the value 'positive' or 'negative'. `inputs` are what was filled
    in on the card that the button belongs to, by name.
    """

    ts: str = Field(pattern=TS)
    action_id: str = Field(max_length=255)
    value: str = Field(default="", max_length=2000)
    inputs: dict[str, str] = Field(default_factory=dict, max_length=MAX_INPUTS)


class OfForm(Order):
    """Something about a form that is open in front of one."""

    form: str = Field(max_length=40)


class Close(OfForm):
    """Close it without sending it."""


class Submit(OfForm):
    """Send a form off, with what was filled in by name; '' is nothing."""

    inputs: dict[str, str] = Field(default_factory=dict, max_length=MAX_INPUTS)
