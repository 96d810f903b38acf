"""The invented company's people in Slack, and their channels."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.slack.twin import SlackTwin
from bot.playground.rooms import Person

SLACK = "Slack"


@dataclass(frozen=True, slots=True)
class Company:
    """Who is there, the ids of the open channels, and the human channel with who answers in it."""

    people: tuple[Person, ...]
    channels: tuple[str, ...]
    desk: str
    desk_person: Person


def move_in(twin: SlackTwin) -> Company:
    """Fill a new workspace; the ids are the same each time, so a kept database still fits."""
    ada = Person(twin.add_user("Ada Byron"), "Ada Byron", "Employee", SLACK)
    grace = Person(twin.add_user("Grace Okafor"), "Grace Okafor", "Employee", SLACK)
    linus = Person(twin.add_user("Linus Berg"), "Linus Berg", "IT desk", SLACK)
    guest = twin.add_user("Mika Sato", is_restricted=True, is_ultra_restricted=True)
    mika = Person(guest, "Mika Sato", "Guest", SLACK)
    employees = [ada.id, grace.id, linus.id]
    general = twin.add_channel("general", employees)
    it_help = twin.add_channel("it-help", [*employees, mika.id])
    desk = twin.add_channel("desk", [linus.id], private=True)
    for person in (ada, grace, linus, mika):
        twin.dm(person.id)
    return Company((ada, grace, linus, mika), (general, it_help), desk, linus)
