"""From the environment to an adapter: every TEAMS_… variable is read and checked here or below."""

from __future__ import annotations

import logging

from adapters.teams.adapter import Organisation, TeamsAdapter
from adapters.teams.authentication import open_authentication
from adapters.teams.clouds import Cloud, is_guid, is_loopback
from adapters.teams.connector import SharedSession
from adapters.teams.credentials import read_credentials
from adapters.teams.payloads import LOCAL
from adapters.teams.places import Trust
from adapters.teams.tokens import TokenProvider
from agent.errors import ConfigError
from agent.surroundings import Surroundings

log = logging.getLogger(__name__)


def open_teams(surroundings: Surroundings) -> TeamsAdapter:
    """The adapter that the environment describes.

    Raises:
        ConfigError: something is missing or wrong; the message names the variable.
    """
    environ, clock = surroundings.environ, surroundings.clock
    cloud = Cloud.named(environ.get("TEAMS_CLOUD", ""))
    app_id = environ.get("TEAMS_APP_ID", "").strip()
    is_open = _is_open(environ.get("TEAMS_ALLOW_UNAUTHENTICATED", "").strip(), surroundings.host)
    tenant = environ.get("TEAMS_TENANT_ID", "").strip().lower()
    if not (is_open or tenant):
        raise ConfigError(
            "TEAMS_TENANT_ID is missing: copy the directory (tenant) id from the bot's page in "
            "Azure"
        )
    for name, value in (("TEAMS_APP_ID", app_id), ("TEAMS_TENANT_ID", tenant)):
        if value and not is_guid(value):
            log.warning("%s is not an id as Azure gives them, with 36 characters", name)
    session = SharedSession()
    constants = cloud.value
    return TeamsAdapter(
        Organisation(tenant or LOCAL, app_id, cloud),
        session=session,
        # Where everybody is believed anybody says where answers go: no token may go there.
        tokens=TokenProvider(session, None if is_open else read_credentials(environ, cloud), clock),
        authentication=None if is_open else open_authentication(environ, cloud, session, clock),
        trust=Trust.of(
            constants.service_hosts,
            constants.default_service_url,
            environ.get("TEAMS_SERVICE_URLS", ""),
            loopback=is_open,
        ),
        clock=clock,
    )


def _is_open(said: str, host: str) -> bool:
    """Whether everybody may write to the bot, which is for development on one machine.

    Raises:
        ConfigError: it is asked for in another way, or where others can reach it.
    """
    if said in ("", "0"):
        return False
    if said != "1":
        raise ConfigError("TEAMS_ALLOW_UNAUTHENTICATED must be 1, or not be set")
    if not is_loopback(host):
        raise ConfigError(
            f"TEAMS_ALLOW_UNAUTHENTICATED=1 lets everybody write to the bot, and {host} can be "
            "reached from outside: set FRONTDESK_HOST=127.0.0.1, or take it away and set "
            "TEAMS_APP_ID and TEAMS_APP_PASSWORD"
        )
    log.warning(
        "Teams: authentication is off (TEAMS_ALLOW_UNAUTHENTICATED=1): everybody on this machine "
        "can write to the bot in anybody's name, and say where it answers. So credentials are not "
        "used and no token is sent: only local tools take its messages, not Teams"
    )
    return True
