"""What one person sees at one moment, as JSON for the page.

    {"me", "bot": {"name", "models"}, "people": [{"id", "name", "role", "platform"}],
     "examples": [text], "places": [place], "desk": place, "deskPerson": id}

What a place is made of is told in `rooms`. The human channel is always shown as the person at the
desk sees it, whoever is looking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from bot.playground.rooms import Json, Person, Room

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
        """Everybody one can be."""
        return [person for room in self.rooms for person in room.people]

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

    def seen_by(self, room: Room, user: str) -> Json:
        """Everything that a person of this room sees."""
        return {
            "me": user,
            "bot": {"name": BOT, "models": list(self._models)},
            "people": [asdict(person) for person in self.people()],
            "examples": list(EXAMPLES),
            "places": [room.place(channel, user) for channel in room.places(user)],
            "desk": self._desk.place(self._desk.desk, self._desk.desk_person.id),
            "deskPerson": self._desk.desk_person.id,
        }
