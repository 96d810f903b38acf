"""`frontdesk check`: everything outside us that could be wrong, and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from agent.errors import AgentError
from agent.platforms import Finding
from agent.ports import Adapter, Clock, Provider
from agent.providers import open_models
from agent.surroundings import Surroundings
from bot.app import channel_of, open_adapters
from bot.clock import SystemClock
from bot.settings import Configuration, Settings
from bot.watching import of_second
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
            findings += await _platform(adapter, settings.human_channel, settings.second_channel)
    return findings + _desk(settings, adapters)


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


async def _platform(adapter: Adapter, desk: str, second: str) -> Sequence[Finding]:
    """What a platform says about itself, and about the desk's channels that it has."""
    human, other = (_channel_in(adapter, setting) for setting in (desk, second))
    try:
        findings = list(await adapter.check())
        if human:
            findings += await adapter.check_channel(human)
        if other:
            findings += of_second(await adapter.check_channel(other))
        return findings
    finally:
        await adapter.stop()


def _channel_in(adapter: Adapter, setting: str) -> str:
    platform, _, channel = setting.partition(":")
    return channel if platform == adapter.platform else ""


def _desk(settings: Settings, adapters: Mapping[str, Adapter]) -> list[Finding]:
    """What `run` would say against the settings; whether a channel is fine, its platform says."""
    findings = []
    if not settings.human_channel:
        detail = "FRONTDESK_HUMAN_CHANNEL is not set: what the bot cannot answer reaches nobody"
        findings.append(Finding("human channel", False, detail))
    if settings.human_channel and settings.second_channel == settings.human_channel:
        detail = "it is the human channel: name another one, or none"
        findings.append(Finding("second channel", False, detail))
    for admin in settings.admin_list():
        platform, _, user = admin.partition(":")
        if adapters and (platform not in adapters or not user):
            detail = f"{admin}: write PLATFORM:USER with a configured platform"
            findings.append(Finding("admins", False, f"{detail} ({', '.join(adapters)})"))
    named = {"human": settings.human_channel, "second": settings.second_channel}
    for which, setting in named.items():
        if not adapters:
            break  # that no platform could be opened is a finding already
        try:
            channel_of(f"{which.upper()}_CHANNEL", setting, adapters)
        except AgentError as error:
            findings.append(Finding(f"{which} channel", False, str(error)))
    return findings
