"""Microsoft Teams: payload <-> message, over the Bot Framework SDK with I/O of our own. `twin.py`
is a local Teams for tests and play.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from agent.errors import ConfigError
from agent.ports import Adapter
from agent.surroundings import Surroundings

log = logging.getLogger(__name__)

NEEDED = "TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID"
"""What to set so that it is opened, for whoever has set nothing."""
OURS = "TEAMS_"
PROOFS = ("TEAMS_APP_PASSWORD", "TEAMS_CERTIFICATE_FILE")
"""Nobody sets these who does not mean to use Teams."""
VARIABLES: Mapping[str, str] = {
    "TEAMS_APP_ID": "the app id of the bot in Azure",
    "TEAMS_APP_PASSWORD": "a client secret of this app",
    "TEAMS_TENANT_ID": "the id of your directory: nobody else is answered",
    "TEAMS_APP_TYPE": "`SingleTenant` (the default), `MultiTenant` or `UserAssignedMSI`",
    "TEAMS_CLOUD": "`public` (the default), `gcc`, `gcch`, `dod` or `china`",
    "TEAMS_CERTIFICATE_FILE": "a PEM file with key and certificate, in place of the client secret",
    "TEAMS_ALLOW_UNAUTHENTICATED": "`1`: everybody may write to the bot; for local tools, and only "
    "where nobody else can reach it",
    "TEAMS_SERVICE_URLS": "more services that may be sent the token: hosts or addresses, comma "
    "separated",
    "TEAMS_OPENID_URL": "another address of the Bot Framework's signing keys, for tests",
    "TEAMS_LOGIN_URL": "another address of Microsoft Entra, for tests",
}
"""All that the modules of this package read, and what it means."""


def open_adapter(surroundings: Surroundings) -> Adapter | None:
    """The Teams adapter, or None when neither an app id is configured nor authentication is off.

    Raises:
        ConfigError: something else is missing or wrong; the message says how to mend it.
    """
    environ = surroundings.environ
    _warn_of_typing_errors(environ)
    is_open = environ.get("TEAMS_ALLOW_UNAUTHENTICATED", "").strip() not in ("", "0")
    if not (environ.get("TEAMS_APP_ID", "").strip() or is_open):
        for name in PROOFS:
            if environ.get(name, "").strip():
                raise ConfigError(
                    f"TEAMS_APP_ID is missing, but {name} is set: copy the Microsoft App ID from "
                    f"the bot's page in Azure, or take {name} away"
                )
        return None
    # Imported here: a process that only serves another platform does not pay for Teams' SDK.
    from adapters.teams.opening import open_teams

    return open_teams(surroundings)


def _warn_of_typing_errors(environ: Mapping[str, str]) -> None:
    """Name the variables that look like ours and are none; their values stay unsaid."""
    names = sorted(n for n in environ if n.upper().startswith(OURS) and n not in VARIABLES)
    if names:
        log.warning("not read, because there is no setting of this name: %s", ", ".join(names))
