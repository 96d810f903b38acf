"""Slack: payload <-> message, over slack-bolt. `twin.py` is a local Slack for tests and play."""

from __future__ import annotations

from collections.abc import Mapping

from agent.errors import ConfigError
from agent.ports import Adapter
from agent.surroundings import Surroundings, read_address, read_key

NEEDED = "SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET"
"""What to set so that it is opened, for whoever has set nothing."""
VARIABLES: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "the app's bot token (`xoxb-…`)",
    "SLACK_SIGNING_SECRET": "what Slack signs its requests with; not needed in Socket Mode",
    "SLACK_APP_TOKEN": "an app-level token (`xapp-…`): Socket Mode in place of HTTP",
    "SLACK_API_URL": "another address of Slack's Web API, for tests",
}
"""All that the modules of this package read, and what it means."""


def open_adapter(surroundings: Surroundings) -> Adapter | None:
    """The Slack adapter, or None when no bot token is configured.

    Raises:
        ConfigError: there is a token, but neither a signing secret nor an app token; or one of them
            cannot be one.
    """
    environ = surroundings.environ
    token = read_key(environ, "SLACK_BOT_TOKEN")
    if not token:
        return None
    secret = environ.get("SLACK_SIGNING_SECRET", "").strip()
    app_token = read_key(environ, "SLACK_APP_TOKEN")
    if not (secret or app_token):
        raise ConfigError(
            "SLACK_SIGNING_SECRET is missing: copy it from the app's Basic Information page, or "
            "set SLACK_APP_TOKEN for Socket Mode"
        )
    # Imported here: a process that only serves another platform does not pay for Slack's SDK.
    from adapters.slack.adapter import SLACK_API, SlackAdapter

    return SlackAdapter(
        token=token,
        signing_secret=secret,
        app_token=app_token,
        api_url=read_address(environ, "SLACK_API_URL") or SLACK_API,
        clock=surroundings.clock,
    )
