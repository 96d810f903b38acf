"""Settings: environment variables, then `frontdesk.toml`, then defaults; validated once at start.

Names are the same in both places. Secrets and addresses are read from the environment only: a file
gets committed, mailed and backed up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

import adapters
from agent import providers
from agent.desk.hours import Hours, zone_of
from agent.errors import ConfigError
from agent.policy import Policy

FILE = "frontdesk.toml"
OURS = "FRONTDESK_"
TELEMETRY = "OTEL_"
ENVIRONMENT_ONLY = ("TOKEN", "SECRET", "PASSWORD", "API_KEY", "_URL", "_URLS", "CERTIFICATE_FILE")
"""Endings of names that may not stand in a file (FRONTDESK_DATABASE_URL may)."""

MOST_SLA_MINUTES = 30 * 24 * 60
MOST_STALE_DAYS = 365


class Settings(BaseModel):
    """Everything that can be set under FRONTDESK_…; field names are the lower-case rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    database_url: str = "sqlite:///frontdesk.db"
    models: str = "knowledge:"
    human_channel: str = ""
    second_channel: str = ""
    admins: str = ""
    contact: str = "your administrators"
    first_token_seconds: float = Field(default=8.0, gt=0, allow_inf_nan=False)
    answer_seconds: float = Field(default=45.0, gt=0, allow_inf_nan=False)
    turn_seconds: float = Field(default=90.0, gt=0, allow_inf_nan=False)
    min_confidence: float = Field(default=0.5, ge=0, le=1)
    low_confidence: Literal["offer", "escalate"] = "offer"
    follow_threads: bool = True
    guests: Literal["allow", "refuse"] = "allow"
    external: Literal["allow", "refuse"] = "refuse"
    desk_name: str = ""
    desk_sla_minutes: int = Field(default=30, ge=1, le=MOST_SLA_MINUTES)
    desk_stale_days: int = Field(default=7, ge=1, le=MOST_STALE_DAYS)
    desk_hours: str = ""
    desk_time_zone: str = "UTC"
    retention_days: int = Field(default=90, ge=0)
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("desk_hours")
    @classmethod
    def _hours(cls, hours: str) -> str:
        Hours.parse(hours)
        return hours

    @field_validator("desk_time_zone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        zone_of(zone)
        return zone

    def admin_list(self) -> tuple[str, ...]:
        """The admins, each as 'platform:user'."""
        return tuple(one.strip() for one in self.admins.split(",") if one.strip())

    def human_channels(self) -> tuple[tuple[str, str], ...]:
        """Platform and channel of each of the desk's channels."""
        named = [one.partition(":") for one in (self.human_channel, self.second_channel)]
        return tuple((platform, channel) for platform, _, channel in named if channel)

    def policy(self) -> Policy:
        """The kernel's thresholds."""
        return Policy(
            min_confidence=self.min_confidence,
            low_confidence=self.low_confidence,
            first_token=self.first_token_seconds,
            answer=self.answer_seconds,
            turn=self.turn_seconds,
            follow_threads=self.follow_threads,
            guests=self.guests,
            external=self.external,
        )


class Configuration(BaseModel):
    """The settings, where each came from, and the environment for adapters and providers."""

    model_config = ConfigDict(frozen=True)

    settings: Settings
    sources: Mapping[str, Literal["environment", "file", "default"]]
    environ: Mapping[str, str]


def load(environ: Mapping[str, str], file: Path | None = None) -> Configuration:
    """Read and validate all settings.

    Args:
        environ: the process's environment.
        file: a `frontdesk.toml`; None or a missing one is no error.

    Raises:
        ConfigError: a value is wrong, unknown, or stands where it may not; names each of them.
    """
    from_file = _file_values(file) if file is not None and file.exists() else {}
    named = _named()
    values: dict[str, Any] = {}
    sources: dict[str, Literal["environment", "file", "default"]] = {}
    for variable, name in named.items():
        sources[name] = "default"
        if variable in from_file:
            values[name], sources[name] = from_file[variable], "file"
        if environ.get(variable, "").strip():
            values[name], sources[name] = environ[variable].strip(), "environment"
    unknown = sorted(name for name in from_file if name not in named and not _is_read(name))
    if unknown:
        raise ConfigError(f"{file}: unknown settings: {', '.join(unknown)}")
    merged = {name: str(value) for name, value in from_file.items() if name not in named}
    given = {name: value for name, value in environ.items() if value.strip() or name not in merged}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigError("; ".join(_complaint(**one) for one in error.errors())) from None
    return Configuration(settings=settings, sources=sources, environ={**merged, **given})


def of_platforms() -> tuple[str, ...]:
    """How the names begin that platforms read: `adapters.slack` reads SLACK_…."""
    return tuple(f"{name.upper()}_" for name in adapters.platforms())


def variables() -> Mapping[str, str]:
    """What platforms and vendors read, each with its meaning, as their modules say."""
    told: dict[str, str] = {}
    for platform in adapters.platforms():
        told |= adapters.variables_of(platform)
    for vendor in providers.vendors():
        told |= providers.variables_of(vendor)
    return told


def misspelt(environ: Mapping[str, str]) -> list[str]:
    """The names of variables that look like ours and are no setting: nobody reads them."""
    return sorted(
        name for name in environ if name.upper().startswith(OURS) and name not in _named()
    )


def _is_read(name: str) -> bool:
    """Whether a name that is none of our settings is read by anybody else."""
    return name.startswith(TELEMETRY) or name in variables()


def _named() -> dict[str, str]:
    """The field of `Settings` by the name of its variable."""
    return {f"{OURS}{name.upper()}": name for name in Settings.model_fields}


def _complaint(*, loc: Sequence[int | str], msg: str, **_: object) -> str:
    """What is wrong with a value; sentences of our own are told as they are."""
    return f"{OURS}{str(loc[0]).upper()}: {msg.removeprefix('Value error, ')}"


def _file_values(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    misplaced = sorted(
        name
        for name in values
        if name.endswith(ENVIRONMENT_ONLY) and name != "FRONTDESK_DATABASE_URL"
    )
    if misplaced:
        raise ConfigError(
            f"{file}: {', '.join(misplaced)} may only be set in the environment, not in a file"
        )
    many = (name for name, value in values.items() if isinstance(value, list | dict))
    if listed := sorted(filter(_is_read, many)):
        raise ConfigError(f"{file}: {', '.join(listed)}: it must be one text or number")
    return values
