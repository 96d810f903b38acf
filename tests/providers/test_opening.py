"""FRONTDESK_MODELS becomes providers, or a sentence that says what is missing."""

from __future__ import annotations

import pytest

from agent.errors import ConfigError
from agent.providers import open_models, openai, preload_models, vendors
from agent.providers._openai_chat import ChunkReader
from agent.providers._openai_responses import ResponseReader
from agent.providers.openai import OpenAIModel
from agent.surroundings import Surroundings
from tests.support.clock import TestClock

KEYS = {"ANTHROPIC_API_KEY": "sk-ant-test", "OPENAI_API_KEY": "sk-test"}


def names(spec: str, environ: dict[str, str] | None = None) -> list[str]:
    """The names of what a list opens."""
    surroundings = Surroundings(KEYS if environ is None else environ, TestClock())
    return [model.name for model in open_models(spec, surroundings)]


def complaint(spec: str, environ: dict[str, str]) -> str:
    """What opening a list raises."""
    with pytest.raises(ConfigError) as caught:
        names(spec, environ)
    return str(caught.value)


def test_vendors_are_the_modules() -> None:
    """A vendor is a file; what begins with '_' is shared by them."""
    assert {"anthropic", "openai", "knowledge", "echo"} <= set(vendors())
    assert not any(name.startswith("_") for name in vendors())


@pytest.mark.parametrize(
    ("spec", "opened"),
    [
        ("", ["knowledge:"]),
        ("knowledge:", ["knowledge:"]),
        ("knowledge", ["knowledge:"]),
        ("anthropic:a,openai:b", ["anthropic:a", "openai:b", "knowledge:"]),
        (" openai:b , anthropic:a ,", ["openai:b", "anthropic:a", "knowledge:"]),
        ("openai:llama3:8b", ["openai:llama3:8b", "knowledge:"]),
        ("knowledge:,echo:x", ["knowledge:", "echo:x"]),
        ("echo:a,echo:b", ["echo:a", "echo:b", "knowledge:"]),
    ],
)
def test_a_list_in_ladder_order(spec: str, opened: list[str]) -> None:
    """The order is the ladder's, and the handbook is its last rung unless it is placed."""
    assert names(spec) == opened


def test_an_unknown_vendor() -> None:
    """A misspelt vendor is answered with the ones there are."""
    told = complaint("antropic:claude", KEYS)
    assert "'antropic'" in told
    assert all(vendor in told for vendor in vendors())


@pytest.mark.parametrize("spec", ["_wire:x", "..:x", "os:x", ":x"])
def test_only_vendor_modules_can_be_named(spec: str) -> None:
    """The configuration cannot make us import anything else."""
    assert "unknown vendor" in complaint(spec, KEYS)
    with pytest.raises(ConfigError):
        preload_models(spec)


@pytest.mark.parametrize(
    ("spec", "environ", "words"),
    [
        ("anthropic:a", {}, "ANTHROPIC_API_KEY is not set"),
        ("openai:b", {}, "OPENAI_API_KEY is not set"),
        ("openai:b", {"OPENAI_API_KEY": "  "}, "OPENAI_API_KEY is not set"),
        ("openai:b", {"OPENAI_BASE_URL": "https://eu.api.openai.com/v1"}, "is not set"),
        ("anthropic", KEYS, "without a model: write anthropic:"),
        ("openai:", KEYS, "without a model: write openai:"),
        ("knowledge:x", KEYS, "it needs no model"),
        ("openai:b", {**KEYS, "OPENAI_BASE_URL": "localhost:11434"}, "OPENAI_BASE_URL is not a"),
        ("openai:b", {**KEYS, "OPENAI_BASE_URL": "ftp://x"}, "OPENAI_BASE_URL is not a"),
        ("openai:b", {**KEYS, "OPENAI_BASE_URL": "http://x:port"}, "OPENAI_BASE_URL is not a"),
        ("openai:b", {**KEYS, "OPENAI_BASE_URL": "http://[x"}, "OPENAI_BASE_URL is not a"),
        ("openai:b", {**KEYS, "OPENAI_BASE_URL": "http://"}, "OPENAI_BASE_URL is not a"),
        ("anthropic:a", {**KEYS, "ANTHROPIC_BASE_URL": "nowhere"}, "ANTHROPIC_BASE_URL is not a"),
    ],
)
def test_what_is_missing_is_said(spec: str, environ: dict[str, str], words: str) -> None:
    """Each complaint names the setting that mends it."""
    assert words in complaint(spec, environ)


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\nb", "sk-\u2026", "sk-\x00"])
def test_a_key_that_cannot_be_one_is_not_repeated(key: str) -> None:
    """The HTTP client would refuse such a key too, with the whole of it in the message."""
    told = complaint("anthropic:a", {"ANTHROPIC_API_KEY": key})
    assert "ANTHROPIC_API_KEY" in told
    assert "sk-" not in told


@pytest.mark.parametrize("name", ["ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"])
def test_an_address_is_not_repeated(name: str) -> None:
    """A key pasted into the wrong variable is still a key."""
    told = complaint("anthropic:a,openai:b", {**KEYS, name: "sk-secret"})
    assert "sk-secret" not in told


@pytest.mark.parametrize(
    ("address", "reader"),
    [
        ("", ResponseReader),
        ("https://api.openai.com/v1", ResponseReader),
        ("https://API.OpenAI.com/v1", ResponseReader),
        ("https://eu.api.openai.com/v1", ResponseReader),
        ("https://api.openai.com.example/v1", ChunkReader),
        ("https://notapi.openai.com/v1", ChunkReader),
        ("http://localhost:11434/v1", ChunkReader),
    ],
)
def test_the_surface_follows_the_address(address: str, reader: type) -> None:
    """OpenAI itself is asked by its responses, everybody else by chat completions."""
    environ = {**KEYS, "OPENAI_BASE_URL": address}
    model = openai.open_provider("m", Surroundings(environ, TestClock()))
    assert isinstance(model, OpenAIModel)
    assert isinstance(model.reader(), reader)
