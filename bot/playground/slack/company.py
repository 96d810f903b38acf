"""The invented company's people in Slack, and their channels."""

from __future__ import annotations

from adapters.slack.twin import SlackTwin
from bot.playground.local_room import Company
from bot.playground.rooms import Person

SLACK = "Slack"


def move_in(twin: SlackTwin) -> Company:
    """Fill a new workspace; the ids are the same each time, so a kept database still fits."""
    ada = Person(twin.add_user("Ada Byron"), "Ada Byron", "Employee", SLACK)
    grace = Person(twin.add_user("Grace Okafor"), "Grace Okafor", "Employee", SLACK)
    linus = Person(twin.add_user("Linus Berg"), "Linus Berg", "IT desk", SLACK, helps=True)
    guest = twin.add_user("Mika Sato", is_restricted=True, is_ultra_restricted=True)
    mika = Person(guest, "Mika Sato", "Guest", SLACK)
    mia = Person(twin.add_user("Mia Keller"), "Mia Keller", "IT desk", SLACK, helps=True)
    employees = [ada.id, grace.id, linus.id, mia.id]
    general = twin.add_channel("general", employees)
    it_help = twin.add_channel("it-help", [*employees, mika.id])
    desk = twin.add_channel("desk", [mia.id, linus.id], private=True)
    people = (ada, grace, mika, mia, linus)
    for person in people:
        twin.dm(person.id)
    return Company(people, (general, it_help), desk)
