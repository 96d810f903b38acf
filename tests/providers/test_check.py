"""`check`: one line a stranger understands, whether a model works or not."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import ProviderAuth, ProviderError, ProviderUnavailable
from agent.ports import Provider
from agent.providers import anthropic
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.fake_models import LOOK_UP, DropConnection, Fail, FakeModels, Raw
from tests.support.model_subjects import ANTHROPIC, CHAT, MODEL, RESPONSES, Subject


async def complaint(provider: Provider) -> ProviderError:
    """What check raises."""
    with pytest.raises(ProviderError) as caught:
        await provider.check()
    return caught.value


async def test_a_model_that_is_there(
    surface: Subject, provider: Provider, fake: FakeModels
) -> None:
    """The list of models is asked, which costs nothing."""
    fake.offered = {MODEL}
    line = await provider.check()
    assert "is available" in line
    assert [asked.path for asked in fake.requests if asked.path == surface.path] == []


async def test_a_wrong_key(surface: Subject, fake: FakeModels, clock: TestClock) -> None:
    """The administrator is told which variable to correct, and the key is not repeated."""
    fake.key, fake.client_key = "sk-right", "sk-wrong"
    provider = surface.open(fake, clock)
    error = await complaint(provider)
    await provider.close()
    assert type(error) is ProviderAuth
    assert "_API_KEY" in str(error)
    assert "sk-" not in str(error)


async def test_a_model_that_is_not_there(provider: Provider, fake: FakeModels) -> None:
    """A misspelt name is told as such."""
    fake.offered = {"another"}
    error = await complaint(provider)
    assert type(error) is ProviderAuth
    assert MODEL in str(error)
    assert "FRONTDESK_MODELS" in str(error)


async def test_a_compatible_server_tells_what_it_has(fake: FakeModels, clock: TestClock) -> None:
    """For a server of one's own the names to choose from are part of the message."""
    fake.offered = {"llama3:8b", "qwen3:latest"}
    provider = CHAT.open(fake, clock)
    assert "it offers llama3:8b, qwen3:latest" in str(await complaint(provider))
    await provider.close()


async def test_ollamas_latest(fake: FakeModels, clock: TestClock) -> None:
    """'qwen3' is what Ollama lists as 'qwen3:latest'."""
    fake.offered = {f"{MODEL}:latest"}
    provider = CHAT.open(fake, clock)
    assert "is available" in await provider.check()
    await provider.close()


@pytest.mark.parametrize("status", [404, 403])
async def test_a_gateway_without_a_list_of_models(
    surface: Subject, provider: Provider, fake: FakeModels, status: int
) -> None:
    """Where no list is offered the model itself is asked, for as little as it can say."""
    fake.script(LOOK_UP, [Fail(status)])
    line = await provider.check()
    assert "answers" in line
    body = fake.requests[-1].body
    limits = {body.get(name) for name in ("max_tokens", "max_output_tokens")}
    assert limits & {1, 16}
    assert fake.requests[-1].path == surface.path


async def test_a_gateway_without_the_model(provider: Provider, fake: FakeModels) -> None:
    """If the model does not answer either, its own complaint is told."""
    fake.script(LOOK_UP, [Fail(404)])
    fake.script(MODEL, [Fail(402)])
    assert "bill" in str(await complaint(provider))


async def test_a_vendor_in_trouble(surface: Subject, provider: Provider, fake: FakeModels) -> None:
    """An outage is not mistaken for a wrong setting, and no second call is made."""
    fake.script(LOOK_UP, [Fail(503)])
    assert type(await complaint(provider)) is ProviderUnavailable
    assert len(fake.requests) == 1


async def test_a_list_that_breaks_off(provider: Provider, fake: FakeModels) -> None:
    """A connection that breaks while the list is read is an outage as well."""
    fake.script(LOOK_UP, [DropConnection()])
    assert type(await complaint(provider)) is ProviderUnavailable


RETIRING: dict[str, Any] = {
    "type": "model",
    "id": MODEL,
    "display_name": MODEL,
    "created_at": "2026-01-01T00:00:00Z",
    "lifecycle": "deprecated",
}


@pytest.mark.parametrize(
    ("subject", "told", "warning"),
    [
        (ANTHROPIC, {**RETIRING, "retires_at": "2026-12-24T00:00:00Z"}, "ends on 2026-12-24"),
        (ANTHROPIC, RETIRING, "it is deprecated"),
        (ANTHROPIC, {**RETIRING, "lifecycle": "retired"}, "it is retired"),
        (
            RESPONSES,
            {"id": MODEL, "object": "model", "shutdown_date": "2027-01-14"},
            "shuts down on 2027-01-14",
        ),
    ],
    ids=["retires", "deprecated", "retired", "shuts down"],
)
async def test_a_model_that_will_end(
    fake: FakeModels, clock: TestClock, subject: Subject, told: dict[str, Any], warning: str
) -> None:
    """What the vendor tells of a model's end is passed on while there is time."""
    fake.script(LOOK_UP, [Fail(200, body=told)])
    provider = subject.open(fake, clock)
    assert warning in await provider.check()
    await provider.close()


async def test_a_model_that_the_sdk_knows_will_end(fake: FakeModels, clock: TestClock) -> None:
    """The SDK's own list serves where the vendor tells nothing."""
    provider = anthropic.open_provider("claude-sonnet-4-5", Surroundings(fake.environ, clock))
    assert "deprecated and ends on November 30th, 2026" in await provider.check()
    await provider.close()


async def test_an_odd_list_of_models(fake: FakeModels, clock: TestClock) -> None:
    """A list without models, or none, is a server that offers nothing."""
    provider = CHAT.open(fake, clock)
    fake.script(LOOK_UP, [Fail(200, body={"data": None})])
    assert "none at all" in str(await complaint(provider))
    fake.script(LOOK_UP, [Raw("")])
    assert "none at all" in str(await complaint(provider))
    await provider.close()
