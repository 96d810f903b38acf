"""`frontdesk check`: what outside of us is wrong, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.platforms import Finding
from bot import checking
from bot.settings import load
from storage import migrate
from tests.support.clock import TestClock
from tests.support.fake_models import LOOK_UP, FakeModels, hang
from tests.support.memory_platform import MemoryPlatform


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database that is up to date."""
    url = f"sqlite:///{tmp_path / 'frontdesk.db'}"
    migrate(url)
    return url


async def found(subject: str, environ: dict[str, str]) -> Finding:
    """The finding about one subject."""
    findings = await checking.check_all(load(environ))
    (finding,) = [one for one in findings if one.subject == subject]
    return finding


async def test_models(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each model is asked for, and says what is wrong with its key."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with FakeModels(TestClock()) as fake:
        environ = {
            **fake.environ,
            "FRONTDESK_DATABASE_URL": database,
            "FRONTDESK_MODELS": "anthropic:claude-x",
        }
        fake.offered = {"claude-x"}
        assert (await found("model anthropic:claude-x", environ)).ok
        fake.key = "another-key"
        finding = await found("model anthropic:claude-x", environ)
    assert not finding.ok
    assert "ANTHROPIC_API_KEY" in finding.detail
    assert "sk-ant-test" not in finding.detail


async def test_a_model_that_does_not_answer(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor that hangs does not hang the check."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(checking, "MODEL_SECONDS", 0.05)
    async with FakeModels(TestClock()) as fake:
        fake.script(LOOK_UP, [hang()] * 3)
        fake.otherwise = hang()
        environ = {
            **fake.environ,
            "FRONTDESK_DATABASE_URL": database,
            "FRONTDESK_MODELS": "anthropic:claude-x",
        }
        finding = await found("model anthropic:claude-x", environ)
    assert not finding.ok
    assert "no answer within" in finding.detail


async def test_the_database(database: str) -> None:
    """One that takes commits is fine."""
    finding = await found("database", {"FRONTDESK_DATABASE_URL": database})
    assert finding.ok
    assert finding.detail.endswith("takes commits")


async def test_a_database_that_is_none(tmp_path: Path) -> None:
    """A file that is something else is told, not overwritten."""
    (tmp_path / "x.db").write_text("This is not a database, but long enough to look at. " * 20)
    finding = await found("database", {"FRONTDESK_DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}"})
    assert not finding.ok
    assert (tmp_path / "x.db").read_text().startswith("This is not")


async def test_a_channel_is_not_blamed_for_a_missing_platform(tmp_path: Path) -> None:
    """Without any platform nothing is known of the channel: one finding says what to set."""
    environ = {"FRONTDESK_HUMAN_CHANNEL": "slack:C1", "FRONTDESK_SECOND_CHANNEL": "teams:19:x"}
    environ["FRONTDESK_DATABASE_URL"] = f"sqlite:///{tmp_path / 'x.db'}"
    wrong = [one.subject for one in await checking.check_all(load(environ)) if not one.ok]
    assert wrong == ["platforms"]


async def test_no_database_yet(tmp_path: Path) -> None:
    """Before the first start that is fine, but said as it is; looking makes none."""
    path = tmp_path / "x.db"
    finding = await found("database", {"FRONTDESK_DATABASE_URL": f"sqlite:///{path}"})
    assert finding.ok
    assert "there is no database yet" in finding.detail
    assert str(path) in finding.detail
    assert not path.exists()


async def test_a_database_of_before(tmp_path: Path) -> None:
    """What an update left to do is named."""
    (tmp_path / "x.db").touch()
    finding = await found("database", {"FRONTDESK_DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    assert finding.ok
    assert "migrations are pending: run `frontdesk migrate`" in finding.detail


@pytest.mark.parametrize("which", ["HUMAN", "SECOND"])
async def test_a_channel_of_which_its_platform_says_something_else(
    database: str, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """Whatever a platform calls what it found: what is wrong with a channel is told."""
    irc = MemoryPlatform("irc")
    monkeypatch.setattr(checking, "open_adapters", lambda _: {"irc": irc})
    environ = {
        "FRONTDESK_DATABASE_URL": database,
        "FRONTDESK_HUMAN_CHANNEL": "irc:#desk",
        f"FRONTDESK_{which}_CHANNEL": "irc:#nowhere",
    }
    said = Finding("the server", False, "there is no such channel")
    irc.of_channels["#nowhere"] = [said]
    assert await found("the server", environ) == said


async def test_the_second_channel(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at like the human channel, wherever it is; nothing is said twice."""
    irc, xmpp = MemoryPlatform("irc"), MemoryPlatform("xmpp")
    archived = "it is archived"

    def about(platform: MemoryPlatform) -> None:
        async def check_channel(channel: str) -> list[Finding]:
            subject = f"{platform.platform} human channel {channel}"
            return [Finding(subject, channel != "#old", archived)]

        platform.findings = [Finding(f"{platform.platform} token", True, "fine")]
        platform.check_channel = check_channel  # type: ignore[method-assign]

    about(irc)
    about(xmpp)
    opened = {"irc": irc, "xmpp": xmpp}
    monkeypatch.setattr(checking, "open_adapters", lambda _: opened)
    environ = {
        "FRONTDESK_DATABASE_URL": database,
        "FRONTDESK_HUMAN_CHANNEL": "irc:#desk",
        "FRONTDESK_SECOND_CHANNEL": "irc:#old",
    }
    findings = [one for one in await checking.check_all(load(environ)) if "irc" in one.subject]
    assert [(one.subject, one.ok) for one in findings] == [
        ("irc token", True),
        ("irc human channel #desk", True),
        ("irc second channel #old", False),
    ]
    environ["FRONTDESK_SECOND_CHANNEL"] = "xmpp:#old"
    finding = await found("xmpp second channel #old", environ)
    assert finding == Finding("xmpp second channel #old", False, archived)
    assert (irc.stopped, xmpp.stopped) == (2, 2)
    environ["FRONTDESK_SECOND_CHANNEL"] = "irc:#desk"
    assert not (await found("second channel", environ)).ok
    environ["FRONTDESK_ADMINS"] = "irc:ada, Mia"
    assert (await found("admins", environ)).detail.startswith("Mia: write PLATFORM:USER")
    environ["FRONTDESK_SECOND_CHANNEL"] = "smoke:#signals"
    assert "FRONTDESK_SECOND_CHANNEL" in (await found("second channel", environ)).detail
