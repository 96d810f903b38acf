"""Logs are lines: readable ones, or JSON; libraries that would tell contents are kept quiet."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from bot.logs import JsonLines, configure

QUIET = (
    "slack_bolt",
    "slack_sdk",
    "botbuilder",
    "msal",
    "aiohttp",
    "asyncio",
    "httpx2",
    "httpcore2",
    "openai",
    "anthropic",
    "an_sdk_of_tomorrow",
)

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def record(message: str, *values: object, error: bool = False) -> logging.LogRecord:
    """A record, with the running error if asked for."""
    info = sys.exc_info() if error else None
    return logging.LogRecord("bot.x", logging.WARNING, "x.py", 1, message, values, info)


def test_a_json_line() -> None:
    """One object with time, level, logger and message."""
    line = json.loads(JsonLines().format(record("%s failed\nbadly", "it")))
    assert line["message"] == "it failed\nbadly"
    assert (line["level"], line["logger"]) == ("warning", "bot.x")
    assert line["at"].endswith("+00:00")
    assert "traceback" not in line


def test_a_json_line_of_an_error() -> None:
    """The traceback is in the same line."""
    try:
        raise ZeroDivisionError("nothing")
    except ZeroDivisionError:
        text = JsonLines().format(record("it failed", error=True))
    assert "\n" not in text
    assert json.loads(text)["traceback"].endswith("ZeroDivisionError: nothing")


def test_text_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """The readable format goes to standard error, from the level that is set."""
    configure("text", "warning")
    logging.getLogger("bot.x").info("unseen")
    logging.getLogger("bot.x").warning("seen")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith("WARNING bot.x: seen\n")


def test_libraries_stay_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Even at the most talkative level no library logs requests or payloads."""
    configure("json", "debug")
    for name in QUIET:
        logging.getLogger(name).debug("payload")
        logging.getLogger(f"{name}.part").info("payload")
    logging.getLogger("bot.x").debug("ours")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "ours"
