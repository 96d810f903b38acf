"""The app's package for Teams: manifest and icons in a zip, as an admin uploads them.

The limits are those of Microsoft's manifest schemas 1.27 to 1.30, which hold alike for all that
our manifest says; the tests check it with the schemas themselves.
https://learn.microsoft.com/microsoft-365/extensibility/schema/
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic import model_validator as checks_all

from adapters.teams.clouds import GUID, is_guid
from agent.errors import ConfigError

MANIFEST = Path(__file__).with_name("manifest.json")
FILE = "frontdesk-teams.zip"
PLACEHOLDER_ID = "00000000-0000-0000-0000-000000000000"
PLACEHOLDER_HOST = "frontdesk.example.com"
ICON_SIZES = {"color": 192, "outline": 32}
PNG = b"\x89PNG\r\n\x1a\n"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip can tell: a date of today would make every package another one."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who offers the app to its users; what is empty stays as the manifest has it.

    `privacy` and `terms` are the website's page if only that is given. `version` is the app's, like
    '1.2.0': Teams takes an update only if it is another one.
    """

    name: str = ""
    website: str = ""
    privacy: str = ""
    terms: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """What was written, and what to do with it, a line each."""

    path: Path
    advice: tuple[str, ...]


def package(
    environ: Mapping[str, str],
    into: Path,
    *,
    manifest: Path = MANIFEST,
    publisher: Publisher | None = None,
) -> Package:
    """Write the app's package. The same input gives the same bytes, on every machine.

    Args:
        environ: TEAMS_APP_ID is read from it, and becomes the id of the app and of its bot.
        into: the zip file, or a folder for it; a file that is there is replaced.
        manifest: the manifest, its icons beside it.
        publisher: who offers the app.

    Raises:
        ConfigError: something is missing or Teams would refuse it; says each thing.
        OSError: a file cannot be read or written.
    """
    shape = _read(manifest)
    _fill(shape, _app_id(environ), publisher or Publisher())
    checked = _checked(shape, manifest)
    names = (checked.icons.color, checked.icons.outline)
    for (kind, size), name in zip(ICON_SIZES.items(), names, strict=True):
        _check_icon(manifest.parent / name, kind, size)
    text = json.dumps(shape, indent=2, ensure_ascii=False) + "\n"
    files = {"manifest.json": text.encode()}
    files |= {name: (manifest.parent / name).read_bytes() for name in names}
    path = into / FILE if into.is_dir() else into
    _write(path, files)
    return Package(path, _advice(checked))


class _Part(BaseModel):
    """A part of the manifest. What Teams knows and we do not use is left as it is."""

    model_config = ConfigDict(extra="allow", frozen=True)


def _like(pattern: str, told: str) -> AfterValidator:
    """Texts of this pattern only; `told` says what is wanted, in words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} is not {told}")
        return text

    return AfterValidator(check)


Guid = Annotated[str, _like(GUID.pattern, "an id like 01234567-89ab-cdef-0123-456789abcdef")]
Https = Annotated[
    str, Field(max_length=2048), _like(r"(?i)https://[^/\s]\S*", "an address with https://")
]
IconFile = Annotated[str, _like(r"[^/\\]+\.png", "a PNG file beside the manifest")]
Colour = Annotated[str, _like("#[0-9a-fA-F]{6}", "a colour like #1F3A5F")]
Version = Annotated[str, _like(r"\d+\.\d+\.\d+", "a version like 1.2.0")]
Domain = Annotated[str, _like(r"[^/:\s]+", "the name of a host")]
Scope = Literal["personal", "team", "groupChat", "copilot"]


class _Developer(_Part):
    name: str = Field(min_length=1, max_length=32)
    websiteUrl: Https
    privacyUrl: Https
    termsOfUseUrl: Https


class _Name(_Part):
    short: str = Field(min_length=1, max_length=30)
    full: str | None = Field(default=None, min_length=1, max_length=100)


class _Description(_Part):
    short: str = Field(min_length=1, max_length=80)
    full: str = Field(min_length=1, max_length=4000)


class _Icons(_Part):
    color: IconFile
    outline: IconFile


class _Command(_Part):
    title: str = Field(min_length=1, max_length=128)
    description: str | None = Field(default=None, min_length=1, max_length=4000)
    type: Literal["basic", "prompt"] = "basic"
    prompt: str | None = Field(default=None, min_length=1, max_length=4000)

    @checks_all(mode="after")
    def _prompts_say_something(self) -> Self:
        if (self.type == "prompt") is not (self.prompt is not None):
            raise ValueError(f"{self.title!r}: what has the type 'prompt', and only that, has one")
        return self


class _CommandList(_Part):
    scopes: list[Scope] = Field(min_length=1, max_length=4)
    commands: list[_Command] = Field(min_length=1, max_length=12)


class _Bot(_Part):
    botId: Guid
    scopes: list[Scope] = Field(min_length=1, max_length=4)
    commandLists: list[_CommandList] = Field(default=[], max_length=3)

    @checks_all(mode="after")
    def _commands_where_it_is(self) -> Self:
        if lost := {one for some in self.commandLists for one in some.scopes} - {*self.scopes}:
            raise ValueError(f"there are commands for {', '.join(lost)}, where the bot is not")
        return self


class _Permission(_Part):
    name: str = Field(min_length=1, max_length=128)
    type: Literal["Application", "Delegated"]


class _Permissions(_Part):
    resourceSpecific: list[_Permission] = Field(default=[], max_length=16)


class _Authorization(_Part):
    permissions: _Permissions


class _WebApplication(_Part):
    id: Guid
    resource: str = Field(min_length=1, max_length=2048)


class _Manifest(_Part):
    """What has to be right for Teams to take the app."""

    manifestVersion: Literal["1.27", "1.28", "1.29", "1.30"]
    version: Version
    id: Guid
    developer: _Developer
    name: _Name
    description: _Description
    icons: _Icons
    accentColor: Colour
    bots: list[_Bot] = Field(min_length=1, max_length=1)
    authorization: _Authorization | None = None
    webApplicationInfo: _WebApplication | None = None
    validDomains: list[Domain] = Field(default=[], max_length=100)

    @checks_all(mode="after")
    def _who_gets_the_permissions(self) -> Self:
        if self.authorization and not self.webApplicationInfo:
            raise ValueError("authorization needs webApplicationInfo: who gets the permissions")
        return self


def _read(manifest: Path) -> dict[str, Any]:
    try:
        shape = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{manifest} is not JSON: {error}") from None
    if not isinstance(shape, dict):
        raise ConfigError(f"{manifest} is not a JSON object")
    return shape


def _app_id(environ: Mapping[str, str]) -> str:
    """Lower-case, as Azure shows it: the package's bytes depend on it."""
    app_id = environ.get("TEAMS_APP_ID", "").strip().lower()
    where = "copy the Microsoft App ID from your Azure Bot's Configuration page"
    if not app_id:
        raise ConfigError(f"TEAMS_APP_ID is not set: {where}")
    if not is_guid(app_id):
        raise ConfigError(f"TEAMS_APP_ID={app_id} is not the id of an app: {where}")
    return app_id


def _fill(shape: dict[str, Any], app_id: str, publisher: Publisher) -> None:
    """Put the ids and the publisher into a manifest, in place."""
    _replace(shape, PLACEHOLDER_ID, app_id)
    if publisher.version:
        shape["version"] = publisher.version
    developer = shape.get("developer")
    if not isinstance(developer, dict):
        return
    website = publisher.website
    told = {
        "name": publisher.name,
        "websiteUrl": website,
        "privacyUrl": publisher.privacy or website,
        "termsOfUseUrl": publisher.terms or website,
    }
    developer |= {name: value for name, value in told.items() if value}
    if host := urlsplit(website).hostname:
        _replace(shape.get("validDomains"), PLACEHOLDER_HOST, host)


def _replace(shape: Any, old: str, new: str) -> None:
    """Replace a part of every text inside, in place."""
    inside: list[tuple[Any, Any]] = []
    if isinstance(shape, dict):
        inside = list(shape.items())
    elif isinstance(shape, list):
        inside = list(enumerate(shape))
    for key, value in inside:
        if isinstance(value, str):
            shape[key] = value.replace(old, new)
        else:
            _replace(value, old, new)


def _checked(shape: dict[str, Any], manifest: Path) -> _Manifest:
    try:
        return _Manifest.model_validate(shape)
    except ValidationError as error:
        wrong = (
            f"{'.'.join(map(str, one['loc'])) or 'as a whole'}: "
            + one["msg"].removeprefix("Value error, ")
            for one in error.errors()
        )
        raise ConfigError(f"{manifest.name}: {'; '.join(wrong)}") from None


def _check_icon(icon: Path, kind: str, size: int) -> None:
    """https://www.w3.org/TR/png-3/#11IHDR: width and height follow the first chunk's name."""
    beginning = icon.read_bytes()[:24]
    sides = (int.from_bytes(beginning[16:20]), int.from_bytes(beginning[20:24]))
    if not beginning.startswith(PNG):
        raise ConfigError(f"{icon} is not a PNG file")
    if sides != (size, size):
        told = "×".join(map(str, sides))
        raise ConfigError(f"{icon}: the {kind} icon must be {size}×{size} pixels, this is {told}")


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    """A zip with these files at its root; stored, because compressors differ between machines."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)


def _advice(manifest: _Manifest) -> tuple[str, ...]:
    """What is left to do, and what should be better first."""
    pages = manifest.developer
    addresses = (pages.websiteUrl, pages.privacyUrl, pages.termsOfUseUrl)
    advice = []
    if any(urlsplit(one).hostname == PLACEHOLDER_HOST for one in addresses):
        advice.append(
            f"Its addresses still lead to {PLACEHOLDER_HOST}: make it again with --website and the "
            "address of your page about the assistant (--privacy and --terms if they are others)."
        )
    advice.append(
        "Upload it in the Teams admin centre under Teams apps > Manage apps, or for yourself in "
        "Teams under Apps > Manage your apps > Upload an app."
    )
    if manifest.authorization:
        asked = ", ".join(one.name for one in manifest.authorization.permissions.resourceSpecific)
        advice.append(
            f"Whoever adds it to a team or a group chat is asked to consent to {asked}. Without "
            "consent it hears only what mentions it; `frontdesk check` says which is the case."
        )
    return tuple(advice)
