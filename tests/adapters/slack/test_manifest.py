"""The manifest, the adapter and the commands say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.checking import SCOPES
from adapters.slack.payloads import EVENTS
from adapters.slack.receiving import COMMAND
from bot.commands import HELP
from bot.commands_desk import DESK_HELP

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """What an admin pastes into Slack."""
    loaded: dict[str, Any] = json.loads((ROOT / "manifest.json").read_text())
    return loaded


def test_the_app_subscribes_to_exactly_the_events_the_adapter_reads(
    manifest: dict[str, Any],
) -> None:
    """Nothing is sent to us that is thrown away, nothing is read that never comes."""
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == EVENTS


def test_the_app_asks_for_exactly_the_scopes_that_check_looks_for(manifest: dict[str, Any]) -> None:
    """`frontdesk check` misses no scope and asks for none too many."""
    assert tuple(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES


def test_the_slash_command_is_the_one_the_adapter_answers(manifest: dict[str, Any]) -> None:
    """One command, and its hint names what its help explains. Slack tells the ids of those whom its
    words mention, since nobody can be assigned a case by what they call themselves.
    """
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"]
    for word in ("help", "status", "human", "cases", "assign"):
        assert word in command["usage_hint"]
        assert f"`{COMMAND} {word}" in HELP + DESK_HELP


def test_presses_and_forms_are_sent_to_the_app(manifest: dict[str, Any]) -> None:
    """Without interactivity no button of a card would do anything."""
    assert manifest["settings"]["interactivity"]["is_enabled"]


def test_every_address_is_the_same_endpoint(manifest: dict[str, Any]) -> None:
    """Events, presses and commands go to one place; an admin replaces one host name."""
    addresses = {
        manifest["features"]["slash_commands"][0]["url"],
        manifest["settings"]["event_subscriptions"]["request_url"],
        manifest["settings"]["interactivity"]["request_url"],
    }
    assert addresses == {"https://frontdesk.example.com/slack/events"}


LIMITS = [
    (("display_information", "name"), 1, 35),
    (("display_information", "description"), 1, 140),
    (("display_information", "long_description"), 175, 4000),
    (("features", "agent_view", "agent_description"), 1, 300),
    (("features", "bot_user", "display_name"), 1, 80),
]


@pytest.mark.parametrize(("path", "least", "most"), LIMITS)
def test_texts_keep_slacks_limits(
    manifest: dict[str, Any], path: tuple[str, ...], least: int, most: int
) -> None:
    """The lengths of Slack's manifest schema, version 2."""
    value: Any = manifest
    for name in path:
        value = value[name]
    assert least <= len(value) <= most


def test_it_is_an_agent_whose_direct_messages_can_be_written_to(manifest: dict[str, Any]) -> None:
    """The agent experience, with a Messages tab that is not read-only, at most four prompts."""
    features = manifest["features"]
    assert "assistant_view" not in features
    assert len(features["agent_view"]["suggested_prompts"]) <= 4
    assert features["app_home"]["messages_tab_enabled"]
    assert not features["app_home"]["messages_tab_read_only_enabled"]
    assert manifest["_metadata"]["major_version"] == 2
