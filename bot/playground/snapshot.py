"""What an employee and a person of the desk see at one moment, as JSON for the page.

    {"bot": {"name", "models"}, "examples": [text], "employee": side, "desk": side,
     "people": [{"id", "name", "role", "platform", "helps"}]}

    side: {"me": id, "places": [place], "form": form or null}

What places and forms are made of is told in `rooms`. Here a place also has a "purpose": 'desk' is
the human channel, 'second' the second one, '' any other; those who are in one see it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from bot.playground.rooms import Json, Person, Room

Viewer = tuple[Room, str]
"""Somebody who looks at the page: the room they are in, and their id."""
BOT = "Frontdesk"
EXAMPLES = (
    "How do I book a meeting room?",
    "The VPN says HL-203. What now?",
    "I want to talk to a person",
)
"""What a newcomer may ask; examples/handbook answers the first two."""


class Sight:
    """Looks at the rooms for one person or another."""

    def __init__(self, rooms: Sequence[Room], desk: Room, models: Sequence[str]) -> None:
        """`desk` is the room that has the human channel, `models` who writes the answers."""
        self.rooms = rooms
        self._desk = desk
        self._models = models

    def people(self) -> Sequence[Person]:
        """Everybody one can be: the employees, then the desk, the human channel's people first."""
        by_desk = sorted(self.rooms, key=lambda room: room is not self._desk)
        employees = [one for room in self.rooms for one in room.people if not one.helps]
        return [*employees, *(one for room in by_desk for one in room.people if one.helps)]

    def first(self, *, helps: bool) -> str:
        """Who one is if one has not chosen."""
        return next(person.id for person in self.people() if person.helps == helps)

    def room(self, user: str) -> Room | None:
        """The room that this person is in."""
        for room in self.rooms:
            if any(person.id == user for person in room.people):
                return room
        return None

    def look_up(self, url: str) -> str | None:
        """Where on the page an address leads, if it is a permalink of one of the rooms."""
        found = (room.address(url) for room in self.rooms)
        return next((where for where in found if where is not None), None)

    def seen_by(self, employee: Viewer, helper: Viewer) -> Json:
        """Everything that is on the page for these two."""
        return {
            "bot": {"name": BOT, "models": list(self._models)},
            "examples": list(EXAMPLES),
            "people": [asdict(person) for person in self.people()],
            "employee": self._side(*employee),
            "desk": self._side(*helper),
        }

    def _side(self, room: Room, user: str) -> Json:
        purposes = {one.desk: "desk" if one is self._desk else "second" for one in self.rooms}
        places = [
            {**room.place(channel, user), "purpose": purposes.get(channel, "")}
            for channel in room.places(user)
        ]
        places.sort(key=lambda place: not place["purpose"])
        return {"me": user, "places": places, "form": room.form(user)}
