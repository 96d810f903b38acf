"""From the environment to an adapter: what is configured, and what is wrong with it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapters import teams
from adapters.teams import open_adapter
from adapters.teams.opening import open_teams
from adapters.teams.twin import TeamsTwin
from agent.errors import ConfigError, InstallationFatal
from agent.messages import (
    ConversationId,
)
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor
from tests.support.teams_rows import delivery

# What is configured

GOOD = {
    "TEAMS_APP_ID": "00000000-0000-4000-8000-00000000f0a9",
    "TEAMS_APP_PASSWORD": "teams-test",
    "TEAMS_TENANT_ID": "00000000-0000-4000-8000-00000000F0E5",
}


def test_teams_is_configured(clock: TestClock) -> None:
    """An id, a secret and a tenant do."""
    adapter = open_adapter(Surroundings(GOOD, clock))
    assert adapter is not None
    assert adapter.platform == "teams"
    assert adapter.tenant == GOOD["TEAMS_TENANT_ID"].lower()


@pytest.mark.parametrize(
    "environ",
    [{}, {"TEAMS_APP_PASSWORD": " "}, {"TEAMS_ALLOW_UNAUTHENTICATED": "0"}, {"TEAMS_CLOUD": "gcc"}],
)
def test_teams_is_not_configured(clock: TestClock, environ: dict[str, str]) -> None:
    """Without an app there is no adapter."""
    assert open_adapter(Surroundings(environ, clock)) is None


@pytest.mark.parametrize("name", ["TEAMS_APP_ID", "TEAMS_TENANT_ID"])
def test_what_looks_odd_is_said(
    clock: TestClock, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It starts, and the log tells why nothing may come."""
    assert open_adapter(Surroundings({**GOOD, name: "example.com"}, clock)) is not None
    assert f"{name} is not an id" in caplog.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"TEAMS_APP_ID": ""}, "TEAMS_APP_ID is missing, but TEAMS_APP_PASSWORD"),
        ({"TEAMS_TENANT_ID": ""}, "TEAMS_TENANT_ID is missing"),
        ({"TEAMS_APP_PASSWORD": ""}, "TEAMS_APP_PASSWORD is missing"),
        ({"TEAMS_APP_TYPE": "Triple"}, "TEAMS_APP_TYPE must be one of SingleTenant"),
        ({"TEAMS_CLOUD": "mars"}, "TEAMS_CLOUD must be one of public"),
        ({"TEAMS_CERTIFICATE_FILE": "no.pem"}, "TEAMS_CERTIFICATE_FILE cannot be read"),
        ({"TEAMS_SERVICE_URLS": "http://x.example"}, "TEAMS_SERVICE_URLS: 'http://x.example'"),
        ({"TEAMS_OPENID_URL": "http://x.example"}, "TEAMS_OPENID_URL must be an https"),
        ({"TEAMS_LOGIN_URL": "x"}, "TEAMS_LOGIN_URL must be an https"),
        ({"TEAMS_ALLOW_UNAUTHENTICATED": "yes"}, "TEAMS_ALLOW_UNAUTHENTICATED must be 1"),
    ],
)
def test_what_is_wrong_is_named(clock: TestClock, change: dict[str, str], said: str) -> None:
    """With how to mend it, before anything is opened."""
    with pytest.raises(ConfigError, match=said):
        open_adapter(Surroundings({**GOOD, **change}, clock))


@pytest.mark.parametrize("name", ["TEAMS_APP_PASSWORD", "TEAMS_CERTIFICATE_FILE"])
def test_half_a_configuration(clock: TestClock, name: str) -> None:
    """Whoever set one of these means Teams, and learns what is missing."""
    with pytest.raises(ConfigError, match=f"TEAMS_APP_ID is missing, but {name} is set"):
        open_adapter(Surroundings({name: "x", "TEAMS_ALLOW_UNAUTHENTICATED": "0"}, clock))


def test_an_app_id_in_capitals(clock: TestClock) -> None:
    """Is the same id."""
    app_id = GOOD["TEAMS_APP_ID"].upper()
    assert open_adapter(Surroundings({**GOOD, "TEAMS_APP_ID": app_id}, clock)) is not None


def test_what_nobody_reads_is_named(clock: TestClock, caplog: pytest.LogCaptureFixture) -> None:
    """A typing error is told, its value is not; with Teams configured or without."""
    wrong = {"TEAMS_TENNANT": "secret", "teams_app_id": "secret", "TEAM": "x", "MY_TEAMS_ID": "x"}
    for environ in (GOOD, {}):
        caplog.clear()
        open_adapter(Surroundings({**environ, **wrong}, clock))
        (said,) = caplog.messages
        assert said.endswith(": TEAMS_TENNANT, teams_app_id")
        assert "secret" not in said


def test_what_is_read_is_not_named(clock: TestClock, caplog: pytest.LogCaptureFixture) -> None:
    """Every name that the adapter's modules read is known."""
    folder = Path(str(teams.__file__)).parent
    read = {
        name
        for file in folder.glob("*.py")
        for name in re.findall(r'"(TEAMS_[A-Z_]*[A-Z])"', file.read_text())
    }
    assert read == set(teams.VARIABLES)
    open_adapter(Surroundings(dict.fromkeys(read, ""), clock))
    assert caplog.messages == []


def test_without_authentication(clock: TestClock, caplog: pytest.LogCaptureFixture) -> None:
    """Only where nobody else can reach it, and not without a word in the log."""
    environ = {"TEAMS_ALLOW_UNAUTHENTICATED": "1"}
    with caplog.at_level(logging.WARNING):
        adapter = open_adapter(Surroundings(environ, clock))
    assert adapter is not None
    assert adapter.tenant == "local"
    assert "authentication is off" in caplog.text
    assert "credentials are not used" in caplog.text
    for host in ("0.0.0.0", "::", "10.0.0.1", "bot.example.com"):  # noqa: S104 not bound to
        with pytest.raises(ConfigError, match="can be reached from outside"):
            open_adapter(Surroundings(environ, clock, host))


async def test_a_bot_without_credentials(clock: TestClock) -> None:
    """It talks to what is on this machine, sends no token, and names no tenant."""
    twin = TeamsTwin(clock, unauthenticated=True)
    await twin.start()
    environ = {"TEAMS_ALLOW_UNAUTHENTICATED": "1", "TEAMS_SERVICE_URLS": twin.service_url}
    adapter = open_teams(Surroundings(environ, clock))
    await adapter.start(OpenDoor())
    channel = twin.add_channel()
    ref = await adapter.send(delivery(ConversationId("teams", "local", channel)))
    assert twin.message(channel, ref).text == "Words."
    (call,) = twin.calls("create")
    assert "tenantId" not in call.body
    assert twin.calls("token") == []
    await adapter.stop()
    await twin.stop()


async def test_a_token_goes_to_nobody_whom_a_stranger_named(clock: TestClock) -> None:
    """Without authentication anybody says where answers go: credentials are not even looked at."""
    twin = TeamsTwin(clock)
    await twin.start()
    environ = {**twin.environ(), "TEAMS_ALLOW_UNAUTHENTICATED": "1"}
    adapter = open_teams(Surroundings(environ, clock))
    await adapter.start(OpenDoor())
    chat = twin.dm(twin.add_user())
    with pytest.raises(InstallationFatal):  # this Teams wants a token
        await adapter.send(delivery(ConversationId("teams", adapter.tenant, chat)))
    (call,) = twin.calls("post")
    assert call.status == 401
    assert twin.calls("token") == []
    await adapter.stop()
    await twin.stop()


def test_who_does_not_use_teams_does_not_pay_for_it() -> None:
    """The SDK takes a second to import: only a process with Teams does."""
    code = (
        "import sys; from agent.surroundings import Surroundings; import adapters.teams as teams; "
        "from bot.clock import SystemClock; "
        "assert teams.open_adapter(Surroundings({}, SystemClock())) is None; "
        "print([name for name in ('botbuilder', 'botframework', 'msrest', 'jwt', 'aiohttp') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
