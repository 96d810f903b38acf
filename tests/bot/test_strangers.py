"""Whoever meets Frontdesk for the first time: their typing errors, their folders, their outages."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from adapters.slack.twin import Fault
from agent.errors import ConfigError
from agent.models import Passage
from bot import playground
from bot.clock import SystemClock
from bot.ingest import find, ingest
from bot.running import serve
from bot.settings import Configuration, load, misspelt
from storage import open_store
from tests.bot.conftest import Neighbour
from tests.support.clock import TestClock
from tests.support.company import Company, company
from tests.support.company import slack as slack_of

Here = Callable[..., Result]


def page(folder: Path, name: str, text: str = "# Page\n\nWords.\n") -> Path:
    """A page in a folder, which is made if need be."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def sources(database: Path) -> set[str]:
    """The documents in a database."""

    async def look() -> set[str]:
        store = open_store(f"sqlite:///{database}", SystemClock(), owner="test", exclusive=False)
        try:
            return set(await store.knowledge.documents())
        finally:
            await store.close()

    return asyncio.run(look())


# run


class WhenItWaits(logging.Handler):
    """Does something as soon as the log says that Slack is waited for."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act

    def emit(self, record: logging.LogRecord) -> None:
        if "waiting for Slack" in record.getMessage():
            self._act()


@pytest.fixture
def waiting(slack: Neighbour, tmp_path: Path) -> Iterator[Callable[..., Configuration]]:
    """Settings that lead to a Slack that is out; what is given is done once it is waited for."""
    adapter, handlers = logging.getLogger("adapters.slack.adapter"), list[WhenItWaits]()
    slack.twin.fault("auth.test", Fault.bad_gateway(), times=None)

    def configured(act: Callable[[], object]) -> Configuration:
        handlers.append(WhenItWaits(act))
        adapter.addHandler(handlers[-1])
        url = f"sqlite:///{tmp_path / 'frontdesk.db'}"
        return load({**slack.environ, "FRONTDESK_DATABASE_URL": url})

    yield configured
    for one in handlers:
        adapter.removeHandler(one)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_is_told_to_stop_while_slack_is_out(
    waiting: Callable[..., Configuration], number: signal.Signals
) -> None:
    """A process that waits for Slack ends in order, says nothing of ready, and frees its files."""
    told: list[str] = []
    configuration = waiting(lambda: os.kill(os.getpid(), number))
    await serve(configuration, announce=told.append)
    assert told == []
    await open_store(configuration.settings.database_url, SystemClock(), owner="next").close()


async def test_serving_is_cancelled_while_slack_is_out(
    waiting: Callable[..., Configuration],
) -> None:
    """Whoever cancels it leaves nothing behind that still tries to start."""
    serving: asyncio.Task[None] | None = None

    def cancel() -> None:
        assert serving is not None
        serving.cancel()

    configuration = waiting(cancel)
    serving = asyncio.create_task(serve(configuration, announce=print))
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert [task for task in asyncio.all_tasks() if "bot" in repr(task.get_coro())] == []
    await open_store(configuration.settings.database_url, SystemClock(), owner="next").close()


# check


@pytest.mark.parametrize("channel", ["#it-help", "C0123456789", "irc:#desk", "slack:", ":C1"])
def test_check_and_run_agree_on_the_human_channel(
    here: Here, slack: Neighbour, channel: str
) -> None:
    """What `run` refuses, `check` does not call fine, and both say how to write it."""
    environ = {**slack.environ, "FRONTDESK_HUMAN_CHANNEL": channel}
    checked = here("check", **environ)
    assert checked.exit_code == 1
    (line,) = [one for one in checked.output.splitlines() if "human channel" in one]
    assert line.startswith("FAIL human channel: ")
    assert "write PLATFORM:CHANNEL" in line
    ran = here("run", **environ)
    assert ran.exit_code == 1
    assert line.removeprefix("FAIL human channel: ") in ran.stderr


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_misspelt_variable(here: Here, slack: Neighbour, command: str) -> None:
    """It is named in the log, without its value, and nothing else happens because of it."""
    environ = {**slack.environ, "FRONTDESK_HUMAN_CHANEL": "slack:C0WRONG"}
    if command == "run":
        environ["FRONTDESK_HUMAN_CHANNEL"] = "nowhere"  # it ends at once
    result = here(command, **environ)
    assert "FRONTDESK_HUMAN_CHANEL" in result.stderr
    assert "C0WRONG" not in result.stderr
    assert result.exit_code == (1 if command == "run" else 0)
    del environ["FRONTDESK_HUMAN_CHANEL"]
    assert "no setting" not in here(command, **environ).stderr


def test_which_variables_are_misspelt() -> None:
    """Ours that are no settings, in whatever case; others are nobody's business here."""
    environ = {
        "FRONTDESK_PORT": "1",
        "FRONTDESK_PROT": "1",
        "frontdesk_port": "1",
        "SLACK_BOT_TOKEN": "x",
        "OTHER": "1",
        "FRONTDESK": "x",
    }
    assert misspelt(environ) == ["FRONTDESK_PROT", "frontdesk_port"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("frontdesk_port = 4000", "frontdesk_port"),
        ("port = 4000", "port"),
        ("FRONTDESC_PORT = 4000\nHOST = 'x'", "FRONTDESC_PORT, HOST"),
        ("[frontdesk]\nport = 4000", "frontdesk"),
        ("FRONTDESK_PROT = 4000\nport = 1", "FRONTDESK_PROT, port"),
        ("slack_bot_token = 'xoxb-test'", "slack_bot_token"),
    ],
)
def test_keys_of_the_file_that_nobody_reads(tmp_path: Path, text: str, named: str) -> None:
    """A key that would be ignored is an error that names it, but not its value."""
    file = tmp_path / "frontdesk.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"unknown settings: {named}") as caught:
        load({}, file)
    assert "xoxb" not in str(caught.value)


def test_keys_of_the_file_that_others_read(tmp_path: Path) -> None:
    """What platforms, vendors and telemetry read is passed on to them."""
    file = tmp_path / "frontdesk.toml"
    file.write_text('TEAMS_TENANT_ID = "t"\nOTEL_SERVICE_NAME = "desk"\n')
    environ = load({}, file).environ
    assert (environ["TEAMS_TENANT_ID"], environ["OTEL_SERVICE_NAME"]) == ("t", "desk")


# trace


def test_trace_without_a_database(here: Here, tmp_path: Path) -> None:
    """Looking makes nothing: no file appears, and the sentence says that there is none."""
    result = here("trace", "slack:T1:C1:1.1")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "there is no database at sqlite:///frontdesk.db" in line
    assert list(tmp_path.iterdir()) == []


# playground


@pytest.mark.parametrize("port", ["99999", "-1", "65536"])
def test_a_port_that_is_none(here: Here, port: str) -> None:
    """It is a typing error, told with status 2."""
    result = here("playground", "--port", port)
    assert result.exit_code == 2
    assert "--port" in result.stderr


def test_the_playground_forgets_pages_that_are_gone(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An update of the examples takes old pages out of the playground."""

    async def serve_nothing(
        configuration: Configuration, *, port: int, announce: Callable[[str], None]
    ) -> None:
        announce("ready")

    monkeypatch.setattr(playground, "run", serve_nothing)
    handbook = tmp_path / "pages"
    page(handbook, "a.md")
    gone = page(handbook, "b.md")
    monkeypatch.setattr("bot.cli.HANDBOOK", handbook)
    assert here("playground", "--data", "play").exit_code == 0
    gone.unlink()
    assert "1 removed" in here("playground", "--data", "play").output
    assert sources(tmp_path / "play" / "frontdesk.db") == {"a.md"}


# ingest


def test_a_folder_that_is_called_like_a_page(here: Here, tmp_path: Path) -> None:
    """It is a folder: what is in it is read."""
    page(tmp_path / "pages", "odd.md/inner.md")
    assert [source for _, source in find([tmp_path / "pages"])] == ["odd.md/inner.md"]
    assert "1 files" in here("ingest", "pages").output


def test_bad_files_do_not_stop_good_ones(here: Here, tmp_path: Path) -> None:
    """The others are read; the bad ones are listed at the end, and the status tells of them."""
    pages = tmp_path / "pages"
    page(pages, "a.md")
    page(pages, "b.md").write_bytes(b"\xff\xfe")
    (pages / "c.md").symlink_to(pages / "nowhere.md")
    page(pages, "d.md").write_bytes(b"x" * 2_000_001)
    page(pages, "e.md")
    result = here("ingest", "pages")
    assert result.exit_code == 1
    assert "2 files, 2 passages, 2 new or changed" in result.stdout
    told = result.stderr.splitlines()
    assert ["b.md is not UTF-8" in told[0], "d.md is larger" in told[1]] == [True, True]
    assert told[-1] == "frontdesk: 2 of 4 files were not read"
    assert sources(tmp_path / "frontdesk.db") == {"a.md", "e.md"}


async def test_a_file_that_vanishes(tmp_path: Path) -> None:
    """What the system says about a file is told with its name, and the next one is read."""
    url = f"sqlite:///{tmp_path / 'frontdesk.db'}"
    store = open_store(url, SystemClock(), owner="test", exclusive=False)
    files = [(tmp_path / "gone.md", "gone.md"), (page(tmp_path, "a.md"), "a.md")]
    try:
        gone, read = [one async for one in ingest(store.knowledge, files, "")]
    finally:
        await store.close()
    assert gone.trouble == f"{tmp_path / 'gone.md'}: No such file or directory"
    assert (read.trouble, read.changed) == ("", True)


def test_pages_that_are_gone(here: Here, tmp_path: Path) -> None:
    """They stay, unless `--prune` asks for exactly what is there now."""
    pages = tmp_path / "pages"
    page(pages, "a.md")
    gone = page(pages, "sub/b.md")
    here("ingest", "pages")
    gone.unlink()
    assert "removed" not in here("ingest", "pages").output
    assert sources(tmp_path / "frontdesk.db") == {"a.md", "sub/b.md"}
    assert "1 removed" in here("ingest", "--prune", "pages").output
    assert sources(tmp_path / "frontdesk.db") == {"a.md"}


def test_pruning_keeps_what_cannot_be_read_now(here: Here, tmp_path: Path) -> None:
    """A page that is there and broken keeps what was read of it before."""
    pages = tmp_path / "pages"
    page(pages, "a.md")
    broken = page(pages, "b.md")
    here("ingest", "pages")
    broken.write_bytes(b"\xff\xfe")
    assert here("ingest", "--prune", "pages").exit_code == 1
    assert sources(tmp_path / "frontdesk.db") == {"a.md", "b.md"}


def test_pruning_by_an_empty_folder(here: Here, tmp_path: Path) -> None:
    """A folder without pages, a disk that is not mounted say, empties nothing."""
    page(tmp_path / "pages", "a.md")
    here("ingest", "pages")
    (tmp_path / "empty").mkdir()
    assert here("ingest", "--prune", "empty").exit_code == 1
    assert sources(tmp_path / "frontdesk.db") == {"a.md"}


# Commands


@pytest.fixture
async def one(tmp_path: Path, clock: TestClock) -> AsyncIterator[Company]:
    """A company whose Linus is an admin."""
    async with company(tmp_path, clock=clock, frontdesk_contact="it@example.com") as opened:
        await opened.close()
        await opened.open(FRONTDESK_ADMINS=f"teams:x, slack:{opened.linus} ,slack:U0GONE")
        await opened.teach(Passage("", "Leave", "", "27 days of leave.", ""))
        yield opened


async def test_status_for_everybody(one: Company) -> None:
    """Whether it works is everybody's business; settings and paths are not."""
    text = await one.command(one.ada, one.general, "status")
    assert "Frontdesk is up" in text
    assert "no model is configured" in text
    assert "rows waiting: 0" in text
    for secret in ("sqlite", str(one.folder), "it@example.com", one.linus, one.desk):
        assert secret not in text
    assert "FRONTDESK_ADMINS" in text


async def test_status_for_admins(one: Company) -> None:
    """Admins see every setting and where it is from."""
    text = await one.command(one.linus, one.general, "status")
    assert "Frontdesk is up" in text
    assert "FRONTDESK_CONTACT = it@example.com (environment)" in text
    assert "FRONTDESK_DATABASE_URL = sqlite:///" in text


@pytest.mark.parametrize("fault", [Fault.slow(5.0), Fault.slow(5.0, after_effect=True)])
async def test_human_when_slack_is_slow(one: Company, clock: TestClock, fault: Fault) -> None:
    """Slack shows an error after three seconds; before that Grace hears that nothing happened."""
    slack_of(one).fault("conversations.open", fault)
    typed = asyncio.create_task(slack_of(one).command(one.grace, one.general, "/frontdesk human"))
    await clock.advance(1.9)
    assert not typed.done()
    await clock.advance(0.2)
    answer = await typed
    assert answer.status == 200
    assert "nothing was passed on" in str(answer.json["text"])
    await clock.advance(10)
    assert one.cards() == []
    assert "I've told the people" in await one.command(one.grace, one.general, "human")
    assert len(one.cards()) == 1


@pytest.mark.parametrize("fault", [Fault.bad_gateway(), Fault.rate_limited(30), Fault.no_ok()])
async def test_human_during_an_outage(one: Company, fault: Fault) -> None:
    """What passes by itself is told as such; Grace may still write a direct message."""
    slack_of(one).fault("conversations.open", fault)
    text = await one.command(one.grace, one.general, "human")
    assert "nothing was passed on" in text
    assert one.cards() == []
