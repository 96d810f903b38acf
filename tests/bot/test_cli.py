"""The command `frontdesk`: help for everything, one line for every mistake."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bot import playground
from bot.cli import main
from bot.clock import SystemClock
from bot.settings import Configuration
from storage import open_store
from tests.bot.conftest import Neighbour
from tests.support.company import company

Here = Callable[..., Result]


def complaint(result: Result) -> str:
    """The one line of a command that failed with status 1, without a traceback."""
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("frontdesk: ")
    return line.removeprefix("frontdesk: ")


@pytest.mark.parametrize("command", ["", *main.commands])
def test_help(here: Here, command: str) -> None:
    """Every command explains itself."""
    result = here(*filter(None, [command]), "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    assert len(result.output.splitlines()) > 4


def test_version(here: Here) -> None:
    """The version can be asked for."""
    assert "version" in here("--version").output


def test_a_typing_error(here: Here) -> None:
    """An unknown command or option is click's to tell, with status 2."""
    assert here("rum").exit_code == 2
    assert here("run", "--fast").exit_code == 2
    assert here("ingest").exit_code == 2


# run


def test_run_without_a_platform(here: Here) -> None:
    """Nothing is configured: the line says what to set for which platform, or what to try."""
    line = complaint(here("run"))
    assert "set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, or TEAMS_APP_ID, " in line
    assert "frontdesk playground" in line


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("FRONTDESK_PORT", "http", "FRONTDESK_PORT: "),
        ("FRONTDESK_DATABASE_URL", "mysql://x", "there is no store for 'mysql'"),
        ("FRONTDESK_DATABASE_URL", "sqlite:///no/such/folder/x.db", "folder of the database"),
        ("FRONTDESK_MODELS", "nobody:x", "unknown vendor 'nobody'"),
        ("FRONTDESK_MODELS", "anthropic:claude-x", "ANTHROPIC_API_KEY"),
        ("FRONTDESK_HUMAN_CHANNEL", "irc:#desk", "write PLATFORM:CHANNEL"),
        ("FRONTDESK_HUMAN_CHANNEL", "slack:", "write PLATFORM:CHANNEL"),
        ("SLACK_BOT_TOKEN", "xoxb-wrong", "Slack refuses SLACK_BOT_TOKEN: invalid_auth"),
        ("SLACK_SIGNING_SECRET", "", "SLACK_SIGNING_SECRET is missing"),
        ("SLACK_BOT_TOKEN", "xoxb-one\nxoxb-two", "SLACK_BOT_TOKEN contains a space, a line break"),
        ("SLACK_APP_TOKEN", "xapp-schlüssel", "SLACK_APP_TOKEN contains a space, a line break"),
        ("SLACK_API_URL", "slack.com/api/", "SLACK_API_URL is not a web address"),
        ("SLACK_API_URL", "http://:99999/", "SLACK_API_URL is not a web address"),
        ("FRONTDESK_DATABASE_URL", "sqlite:///:memory:", "what it holds would be lost"),
        ("FRONTDESK_HOST", "192.0.2.1", "cannot listen on 192.0.2.1"),
        ("FRONTDESK_HOST", "no host", "cannot listen on no host"),
        ("FRONTDESK_ANSWER_SECONDS", "inf", "FRONTDESK_ANSWER_SECONDS: "),
        ("FRONTDESK_TURN_SECONDS", "1e999", "FRONTDESK_TURN_SECONDS: "),
    ],
)
def test_run_with_a_wrong_setting(
    here: Here, slack: Neighbour, name: str, value: str, words: str
) -> None:
    """Whatever is set wrongly is one line, which never repeats a secret."""
    line = complaint(here("run", **{**slack.environ, name: value}))
    assert words in line
    assert "xoxb" not in line


def test_run_on_a_port_that_is_taken(here: Here, slack: Neighbour) -> None:
    """Another server has the port: the line says which, and what to set instead."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        line = complaint(here("run", **{**slack.environ, "FRONTDESK_PORT": port}))
    assert "address" in line.lower()
    assert line.startswith(f"cannot listen on 127.0.0.1, port {port}: ")
    assert "set FRONTDESK_HOST and FRONTDESK_PORT" in line


def test_the_playground_on_a_port_that_is_taken(here: Here) -> None:
    """Its page has an option for that."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = here("playground", "--port", port)
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1, port {port}: " in result.stderr
    assert "--port" in result.stderr


def test_run_twice_on_one_database(here: Here, slack: Neighbour, tmp_path: Path) -> None:
    """A second process on the same database is turned away with one sentence."""

    async def hold() -> Result:
        store = open_store("sqlite:///frontdesk.db", SystemClock(), owner="first")
        try:
            return await asyncio.to_thread(here, "run", **slack.environ)
        finally:
            await store.close()

    assert "another process works on this database" in complaint(asyncio.run(hold()))


def test_a_database_of_tomorrow(here: Here, slack: Neighbour, tmp_path: Path) -> None:
    """A database that a newer version wrote is not touched."""
    assert here("migrate").exit_code == 0
    with sqlite3.connect(tmp_path / "frontdesk.db") as database:
        database.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('frontdesk', '9999_of_tomorrow', 'later')"
        )
    database.close()
    assert complaint(here("run", **slack.environ))
    assert complaint(here("migrate"))


# ingest, trace, migrate, backup


def test_ingest(here: Here, tmp_path: Path) -> None:
    """Files are read once; unchanged ones are left alone the next time."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\n27 days.\n\n## Form\n\nFill it in.\n")
    (folder / "vpn.txt").write_text("Install it.")
    assert "2 files, 3 passages, 2 new or changed" in here("ingest", "pages").output
    assert "2 files, 3 passages, 0 new or changed" in here("ingest", "pages").output
    (folder / "vpn.txt").write_text("Install it twice.")
    assert "2 files, 3 passages, 1 new or changed" in here("ingest", "pages").output


def test_ingest_what_is_not_there(here: Here) -> None:
    """A path that does not exist is one line."""
    assert complaint(here("ingest", "pages")) == "pages does not exist"


def test_ingest_of_nothing(here: Here, tmp_path: Path) -> None:
    """A folder without a page, even one whose folders are called like pages, is one line."""
    (tmp_path / "pages" / "odd.md").mkdir(parents=True)
    assert "nothing to ingest" in complaint(here("ingest", "pages"))


def test_trace(here: Here, tmp_path: Path) -> None:
    """A conversation's timeline is printed, oldest line first, with time and turn."""

    async def talk() -> str:
        async with company(tmp_path) as one:
            asked = await one.dm(one.ada, "How many days of leave?")
            return str(asked.place)

    conversation = asyncio.run(talk())
    result = here("trace", conversation)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[3] for line in lines] == ["said", "notice", "turn", "delivered"]
    assert lines[0].startswith("2026-09-21 14:13:20.000  t1 ")
    assert '"text":"How many days of leave?"' in lines[0]


@pytest.mark.parametrize(
    ("conversation", "words"),
    [
        ("slack:T1:C1:1.1", "nothing is known about slack:T1:C1:1.1"),
        ("C1", "four parts joined by ':'"),
        ("slack:T1:C1:1.1:2", "for example slack:T0123:C0123:1790000000.000100"),
    ],
)
def test_trace_of_nothing(here: Here, conversation: str, words: str) -> None:
    """A conversation that is not known, or is no conversation's name, is told so."""
    assert words in complaint(here("trace", conversation))


def test_migrate(here: Here) -> None:
    """The first time makes the tables, the second has nothing to do."""
    assert here("migrate").output.startswith("applied 0001_")
    assert here("migrate").output == "nothing to do\n"


def test_backup(here: Here, tmp_path: Path) -> None:
    """A copy is made and verified; it replaces nothing."""
    here("migrate")
    assert here("backup", "copy.db").output == "copy.db: complete and verified\n"
    assert (tmp_path / "copy.db").stat().st_size > 0
    assert "copy.db" in complaint(here("backup", "copy.db"))


def test_backup_of_nothing(here: Here) -> None:
    """Where there is no database there is nothing to copy."""
    assert "there is no database" in complaint(here("backup", "copy.db"))


def test_settings_from_the_file(here: Here, tmp_path: Path) -> None:
    """`frontdesk.toml` in the current folder is read, and its mistakes are told."""
    (tmp_path / "frontdesk.toml").write_text('FRONTDESK_DATABASE_URL = "sqlite:///other.db"\n')
    here("migrate")
    assert (tmp_path / "other.db").exists()
    (tmp_path / "frontdesk.toml").write_text('SLACK_BOT_TOKEN = "xoxb-test"\n')
    line = complaint(here("migrate"))
    assert "may only be set in the environment" in line
    assert "xoxb" not in line


# check


def test_check(here: Here, slack: Neighbour) -> None:
    """Everything is fine: a line each, status 0."""
    here("migrate")
    result = here("check", **slack.environ)
    assert result.exit_code == 0, result.output
    told = [line.split(":")[0] for line in result.output.splitlines()]
    assert told == [
        "ok   database",
        "ok   model knowledge",
        "ok   Slack token",
        "ok   Slack scopes",
        f"ok   Slack human channel {slack.channel}",
    ]


def test_check_says_one_thing_of_the_human_channel(here: Here, slack: Neighbour) -> None:
    """A setting that is well written is not called fine beside a channel that is not there."""
    result = here("check", **{**slack.environ, "FRONTDESK_HUMAN_CHANNEL": "slack:C0NOWHERE"})
    assert result.exit_code == 1
    (line,) = [one for one in result.output.splitlines() if "human channel" in one]
    assert line.startswith("FAIL Slack human channel C0NOWHERE: ")


def test_check_finds_what_is_wrong(here: Here) -> None:
    """Nothing is set up: each thing that is missing has its line, and the status is 1."""
    result = here("check", FRONTDESK_MODELS="nobody:x", FRONTDESK_DATABASE_URL="sqlite:///no/x.db")
    assert result.exit_code == 1
    failed = [line.split(":")[0] for line in result.output.splitlines()]
    assert failed == ["FAIL database", "FAIL models", "FAIL platforms", "FAIL human channel"]


def test_check_before_the_first_start(here: Here, slack: Neighbour) -> None:
    """A database that is not there yet is no fault, but worth a word."""
    result = here("check", **slack.environ)
    assert result.exit_code == 0
    assert "there is no database yet" in result.output


# playground


def test_playground(here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The handbook is read once, then the page is served until SIGTERM."""
    served: list[tuple[str, int]] = []

    async def serve(
        configuration: Configuration, *, port: int, announce: Callable[[str], None]
    ) -> None:
        served.append((configuration.settings.database_url, port))
        announce("ready")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    monkeypatch.setattr(playground, "run", serve)
    for text in ("new or changed", "ready\n"):
        result = here("playground", "--port", "8123", "--data", "play")
        assert result.exit_code == 0
        assert text in result.output
    assert "new or changed" not in result.output
    assert served == [("sqlite:///play/frontdesk.db", 8123)] * 2


def test_control_c_is_no_error(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ends the playground with Ctrl-C sees no traceback."""

    async def interrupted(
        configuration: Configuration, *, port: int, announce: Callable[[str], None]
    ) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(playground, "run", interrupted)
    result = here("playground", "--data", "play")
    assert result.exit_code == 0
    assert "Traceback" not in result.output
