"""`frontdesk check`: everything outside us that could be wrong, and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from agent.errors import AgentError
from agent.platforms import Finding
from agent.ports import Adapter, Clock, Provider, Surroundings
from agent.providers import open_models
from bot.app import channel_of, open_adapters
from bot.clock import SystemClock
from bot.settings import Configuration
from storage import examine, exists, pending

MODEL_SECONDS = 20.0


async def check_all(configuration: Configuration) -> list[Finding]:
    """Look at the database, every model, every platform; never raises for what it finds."""
    clock = SystemClock()
    surroundings = Surroundings(configuration.environ, clock, configuration.settings.host)
    settings = configuration.settings
    findings = [await _database(settings.database_url)]
    try:
        providers = open_models(settings.models, surroundings)
    except AgentError as error:
        findings.append(Finding("models", False, str(error)))
    else:
        findings += [await _model(provider, clock) for provider in providers]
    adapters: Mapping[str, Adapter] = {}
    try:
        adapters = open_adapters(surroundings)
    except AgentError as error:
        findings.append(Finding("platforms", False, str(error)))
    else:
        for adapter in adapters.values():
            findings += await _platform(adapter, settings.human_channel)
    return findings + _desk(settings.human_channel, adapters)


async def _database(url: str) -> Finding:
    try:
        if not exists(url):
            detail = f"{url}: there is no database yet; the first start makes it"
            return Finding("database", True, detail)
        waiting = pending(url)
        if waiting:
            detail = f"{len(waiting)} migrations are pending: run `frontdesk migrate`"
            return Finding("database", True, detail)
        await asyncio.to_thread(examine, url)
    except (AgentError, OSError) as error:
        return Finding("database", False, f"{url}: {error}")
    return Finding("database", True, f"{url} is whole and takes commits")


async def _model(provider: Provider, clock: Clock) -> Finding:
    subject = f"model {provider.name}"
    try:
        async with clock.timeout(MODEL_SECONDS):
            detail = await provider.check()
    except AgentError as error:
        return Finding(subject, False, str(error))
    except TimeoutError:
        return Finding(subject, False, f"no answer within {MODEL_SECONDS:.0f} s")
    finally:
        await provider.close()
    return Finding(subject, True, detail)


async def _platform(adapter: Adapter, desk: str) -> Sequence[Finding]:
    platform, _, channel = desk.partition(":")
    try:
        return await adapter.check(channel if platform == adapter.platform else "")
    finally:
        await adapter.stop()


def _desk(setting: str, adapters: Mapping[str, Adapter]) -> list[Finding]:
    """What `run` would say against the setting; whether the channel is fine, its platform says."""
    if not setting:
        detail = "FRONTDESK_HUMAN_CHANNEL is not set: what the bot cannot answer reaches nobody"
        return [Finding("human channel", False, detail)]
    try:
        channel_of("HUMAN_CHANNEL", setting, adapters)
    except AgentError as error:
        return [Finding("human channel", False, str(error))]
    return []
