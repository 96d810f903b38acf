"""The invented company's people in Teams, and where they talk."""

from __future__ import annotations

from adapters.teams.twin import TeamsTwin
from bot.playground.local_room import Company
from bot.playground.rooms import Person

TEAMS = "Teams"


def move_in(twin: TeamsTwin) -> Company:
    """Fill a new organisation; the ids are the same each time, so a kept database still fits.

    Nobody has the app in their personal chat before they open it.
    """
    tove = _hire(twin, "Tove Lund", "Employee")
    omar = _hire(twin, "Omar Haddad", "Employee")
    ines = _hire(twin, "Ines Moreau", "IT desk", helps=True)
    noor = _hire(twin, "Noor Aziz", "IT desk", helps=True)
    people = (tove, omar, ines, noor)
    everybody = [one.id for one in people]
    office = twin.add_channel("General", everybody, team=twin.add_team("Office"), rsc=True)
    desk = twin.add_channel("Desk", [ines.id, noor.id], team=twin.add_team("IT"), rsc=True)
    group = twin.add_group([tove.id, omar.id], name="Team lunch")
    for person in people:
        twin.dm(person.id)
    return Company(people, (office, group), desk)


def _hire(twin: TeamsTwin, name: str, role: str, *, helps: bool = False) -> Person:
    return Person(twin.add_user(name, installed=False), name, role, TEAMS, helps)
