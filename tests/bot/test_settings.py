"""Settings: the environment before the file before the default, and complaints that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import platforms
from agent.errors import ConfigError
from agent.policy import Policy
from agent.providers import vendors
from bot.settings import ENVIRONMENT_ONLY, load, variables


def test_defaults() -> None:
    """Nothing set is a working setting, and the kernel's thresholds are its own."""
    configuration = load({})
    assert configuration.settings.policy() == Policy()
    assert set(configuration.sources.values()) == {"default"}


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    """Each value says where it is from; an empty variable is not set."""
    file = tmp_path / "frontdesk.toml"
    file.write_text('FRONTDESK_CONTACT = "it@x.example"\nFRONTDESK_PORT = 4000\nOTEL_X = 1\n')
    environ = {"FRONTDESK_PORT": " 5000 ", "FRONTDESK_CONTACT": " ", "SLACK_BOT_TOKEN": "xoxb-test"}
    configuration = load(environ, file)
    assert configuration.settings.port == 5000
    assert configuration.settings.contact == "it@x.example"
    assert configuration.sources["port"] == "environment"
    assert configuration.sources["contact"] == "file"
    assert configuration.sources["host"] == "default"
    assert configuration.environ["OTEL_X"] == "1"
    assert configuration.environ["SLACK_BOT_TOKEN"] == "xoxb-test"


def test_a_file_is_no_duty(tmp_path: Path) -> None:
    """A missing file is no error."""
    assert load({}, tmp_path / "frontdesk.toml") == load({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FRONTDESK_PORT", "http"),
        ("FRONTDESK_PORT", "65536"),
        ("FRONTDESK_MIN_CONFIDENCE", "1.5"),
        ("FRONTDESK_FIRST_TOKEN_SECONDS", "0"),
        ("FRONTDESK_ANSWER_SECONDS", "-1"),
        ("FRONTDESK_LOW_CONFIDENCE", "shrug"),
        ("FRONTDESK_FOLLOW_THREADS", "perhaps"),
        ("FRONTDESK_GUESTS", "some"),
        ("FRONTDESK_LOG_FORMAT", "xml"),
    ],
)
def test_wrong_values(name: str, value: str) -> None:
    """A value that cannot be is named by its variable."""
    with pytest.raises(ConfigError, match=f"^{name}: "):
        load({name: value})


def test_all_complaints_at_once() -> None:
    """Nobody likes to mend settings one start at a time."""
    with pytest.raises(ConfigError, match=r"FRONTDESK_PORT.*; FRONTDESK_GUESTS"):
        load({"FRONTDESK_PORT": "x", "FRONTDESK_GUESTS": "x"})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('SLACK_BOT_TOKEN = "xoxb-test"', "SLACK_BOT_TOKEN may only be set in the environment"),
        (
            'ANTHROPIC_API_KEY = "sk"\nSLACK_SIGNING_SECRET = "s"',
            "ANTHROPIC_API_KEY, SLACK_SIGNING",
        ),
        ('OPENAI_BASE_URL = "http://x"', "OPENAI_BASE_URL may only"),
        ('TEAMS_SERVICE_URLS = "x.example"', "TEAMS_SERVICE_URLS may only"),
        ("FRONTDESK_COLOUR = 1", "unknown settings: FRONTDESK_COLOUR"),
        ("= nothing", "cannot be read"),
        ("FRONTDESK_PORT = 4000\nFRONTDESK_PORT = 5000", "cannot be read"),
        ('TEAMS_TENANT_ID = ["x"]', "TEAMS_TENANT_ID: it must be one text or number"),
        ('[OTEL_X]\ny = "z"', "OTEL_X: it must be one text or number"),
    ],
)
def test_files_that_will_not_do(tmp_path: Path, text: str, complaint: str) -> None:
    """Secrets do not belong into a file, and typing errors are told."""
    file = tmp_path / "frontdesk.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load({}, file)
    assert "xoxb-test" not in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are told as such."""
    file = tmp_path / "frontdesk.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load({}, file)


def test_a_file_that_says_what_its_bytes_are(tmp_path: Path) -> None:
    """Some editors put a mark before UTF-8; and it is UTF-8 in whatever language a machine is."""
    file = tmp_path / "frontdesk.toml"
    file.write_bytes('FRONTDESK_CONTACT = "Zoë"'.encode("utf-8-sig"))
    assert load({}, file).settings.contact == "Zoë"


def test_an_empty_variable_hides_nothing_that_others_read(tmp_path: Path) -> None:
    """A platform's value in the file counts, too, where the environment has but the name."""
    file = tmp_path / "frontdesk.toml"
    file.write_text('TEAMS_TENANT_ID = "from the file"\nTEAMS_APP_ID = "as well"')
    environ = {"TEAMS_TENANT_ID": " ", "TEAMS_APP_ID": "from outside", "TEAMS_CLOUD": ""}
    assert load(environ, file).environ == {
        "TEAMS_TENANT_ID": "from the file",
        "TEAMS_APP_ID": "from outside",
        "TEAMS_CLOUD": "",
    }


def test_what_others_read_may_stand_in_the_file(tmp_path: Path) -> None:
    """Every platform and vendor says which names it reads; they are handed on as they are."""
    told = {name: "x" for name in variables() if not name.endswith(ENVIRONMENT_ONLY)}
    file = tmp_path / "frontdesk.toml"
    file.write_text("".join(f'{name} = "x"\n' for name in (*told, "OTEL_ANYTHING")))
    assert load({}, file).environ == {**told, "OTEL_ANYTHING": "x"}


@pytest.mark.parametrize("reader", [*platforms(), *vendors()])
def test_what_nobody_reads_may_not(tmp_path: Path, reader: str) -> None:
    """A slip in a platform's or a vendor's name is told as one in ours is."""
    file = tmp_path / "frontdesk.toml"
    file.write_text(f"{reader.upper()}_NOSUCH = 1\n")
    with pytest.raises(ConfigError, match=f"unknown settings: {reader.upper()}_NOSUCH"):
        load({}, file)


def test_a_platform_is_known_by_its_package(third: str, tmp_path: Path) -> None:
    """Nothing but the folder says that there is one more, and what it reads."""
    file = tmp_path / "frontdesk.toml"
    file.write_text(f'{third.upper()}_LOFT = "north"')
    assert load({}, file).environ[f"{third.upper()}_LOFT"] == "north"


def test_the_database_may_stand_in_the_file(tmp_path: Path) -> None:
    """It is an address, but not a secret one."""
    file = tmp_path / "frontdesk.toml"
    file.write_text('FRONTDESK_DATABASE_URL = "sqlite:///x.db"')
    assert load({}, file).settings.database_url == "sqlite:///x.db"


def test_settings_reach_the_policy() -> None:
    """What is set is what the kernel goes by."""
    environ = {
        "FRONTDESK_MIN_CONFIDENCE": "0.7",
        "FRONTDESK_LOW_CONFIDENCE": "escalate",
        "FRONTDESK_FIRST_TOKEN_SECONDS": "1",
        "FRONTDESK_ANSWER_SECONDS": "2",
        "FRONTDESK_TURN_SECONDS": "3",
        "FRONTDESK_FOLLOW_THREADS": "false",
        "FRONTDESK_GUESTS": "refuse",
        "FRONTDESK_EXTERNAL": "allow",
    }
    assert load(environ).settings.policy() == Policy(
        min_confidence=0.7,
        low_confidence="escalate",
        first_token=1.0,
        answer=2.0,
        turn=3.0,
        follow_threads=False,
        guests="refuse",
        external="allow",
    )
