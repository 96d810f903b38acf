"""The app's package: what Teams would take, always the same bytes, and a sentence for what is not.

The schemas are Microsoft's own, from npm.
"""

from __future__ import annotations

import copy
import io
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft4Validator

from adapters.teams.packaging import MANIFEST, Publisher, package
from agent.errors import ConfigError
from agent.phrases import PERSON_WISH, as_command, spoken
from bot.cli import main
from tests.support.icons import ICONS, pixels
from tests.support.npm import npm_package

APP_ID = "01234567-89ab-cdef-0123-456789abcdef"
ENVIRON = {"TEAMS_APP_ID": APP_ID}
ACME = Publisher(
    name="Acme Ltd",
    website="https://intranet.acme.example/assistant",
    privacy="https://intranet.acme.example/privacy",
    version="2.0.1",
)
VERSIONS = ("1.27", "1.28", "1.29", "1.30")

Shape = dict[str, Any]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a folder for each version of Microsoft's schema."""
    found = npm_package(tmp_path_factory, "@microsoft/app-manifest", "1.1.2")
    return found / "build" / "json-schemas" / "teams"


@pytest.fixture
def manifest() -> Shape:
    """Our manifest, as it is in the repository."""
    loaded: Shape = json.loads(MANIFEST.read_text())
    return loaded


@pytest.fixture
def own(tmp_path: Path, manifest: Shape) -> Callable[[Callable[[Shape], object]], Path]:
    """Makes a folder with the icons and a manifest that a function has changed."""

    def make(change: Callable[[Shape], object]) -> Path:
        changed = copy.deepcopy(manifest)
        change(changed)
        for name in ICONS:
            shutil.copy(MANIFEST.parent / name, tmp_path)
        path = tmp_path / "own.json"
        path.write_text(json.dumps(changed))
        return path

    return make


def packed(path: Path) -> Shape:
    """The manifest inside a package."""
    with zipfile.ZipFile(path) as archive:
        loaded: Shape = json.loads(archive.read("manifest.json"))
    return loaded


def refusal(path: Path, manifest: Path = MANIFEST, publisher: Publisher | None = None) -> str:
    """Why no package is made; none may be there then."""
    with pytest.raises(ConfigError) as caught:
        package(ENVIRON, path / "x.zip", manifest=manifest, publisher=publisher)
    assert not (path / "x.zip").exists()
    return str(caught.value)


# What Teams would take


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifest_fits_every_schema(schemas: Path, tmp_path: Path, version: str) -> None:
    """As it is in the repository, and as it is in a package, in each version of the schema."""
    schema = json.loads((schemas / f"v{version}" / "MicrosoftTeams.schema.json").read_text("utf-8"))
    made = package(ENVIRON, tmp_path, publisher=ACME)
    for shape in (json.loads(MANIFEST.read_text()), packed(made.path)):
        problems = Draft4Validator(schema).iter_errors({**shape, "manifestVersion": version})
        assert [problem.message for problem in problems] == []


def test_the_manifest_names_its_schema(manifest: Shape) -> None:
    """Editors and Microsoft's tools check it against the version that it says it is."""
    assert manifest["manifestVersion"] == "1.29"
    assert "/v1.29/" in manifest["$schema"]


def test_it_is_a_bot_for_all_three_places(manifest: Shape) -> None:
    """Personal chat, channels, group chats; no files, which are not read."""
    (bot,) = manifest["bots"]
    assert set(bot["scopes"]) == {"personal", "team", "groupChat"}
    assert bot["supportsFiles"] is False


def test_it_asks_to_hear_channels_and_chats(manifest: Shape) -> None:
    """Resource-specific consent, as an application, and for no more than that."""
    asked = manifest["authorization"]["permissions"]["resourceSpecific"]
    assert {(one["name"], one["type"]) for one in asked} == {
        ("ChannelMessage.Read.Group", "Application"),
        ("ChatMessage.Read.Chat", "Application"),
    }


def commands(manifest: Shape) -> Iterator[Shape]:
    """Every command of every list."""
    (bot,) = manifest["bots"]
    return (one for some in bot["commandLists"] for one in some["commands"])


def test_every_command_is_one(manifest: Shape) -> None:
    """What the menu offers is understood; a prompt is a question, or the wish for a person."""
    for command in commands(manifest):
        if "prompt" in command:
            assert command["prompt"].endswith("?") or PERSON_WISH.fullmatch(
                spoken(command["prompt"])
            )
        else:
            assert as_command(command["title"]) == command["title"]


def test_the_prompts_are_those_of_slack(manifest: Shape) -> None:
    """One assistant: who opens the chat is offered the same questions everywhere."""
    slack = json.loads((MANIFEST.parents[2] / "manifest.json").read_text())
    offered = slack["features"]["agent_view"]["suggested_prompts"]
    prompts = {one["title"]: one["prompt"] for one in commands(manifest) if "prompt" in one}
    assert prompts == {one["title"]: one["message"] for one in offered}


@pytest.mark.parametrize("name", ICONS)
def test_the_icons_are_what_is_drawn(name: str) -> None:
    """Size and every pixel (`python -m tests.support.icons` draws them)."""
    size, layers = ICONS[name]
    file = (MANIFEST.parent / name).read_bytes()
    length = int.from_bytes(file[33:37])
    assert file[37:41] == b"IDAT"
    rows = zlib.decompress(file[41 : 41 + length])
    width = size * 4 + 1
    drawn = b"".join(rows[at + 1 : at + width] for at in range(0, len(rows), width))
    assert drawn == pixels(size, layers())


def test_the_icons_keep_microsofts_rules() -> None:
    """Full colour to the edge; the outline is white, and nothing where it is not."""
    size, layers = ICONS["color.png"]
    colour = pixels(size, layers())
    assert set(colour[3::4]) == {255}
    size, layers = ICONS["outline.png"]
    outline = pixels(size, layers())
    assert {outline[at : at + 3] for at in range(0, len(outline), 4)} == {b"\xff\xff\xff"}
    assert outline[3] == 0
    assert 255 in outline[3::4]


# The package


def test_the_ids_and_addresses_are_filled_in(tmp_path: Path) -> None:
    """No placeholder is left; pages that were not named are the website."""
    made = package({"TEAMS_APP_ID": f" {APP_ID.upper()} "}, tmp_path, publisher=ACME)
    text = json.dumps(packed(made.path))
    assert "00000000" not in text
    assert "example.com" not in text
    shape = packed(made.path)
    assert {shape["id"], shape["bots"][0]["botId"], shape["webApplicationInfo"]["id"]} == {APP_ID}
    assert shape["webApplicationInfo"]["resource"] == f"api://botid-{APP_ID}"
    assert shape["version"] == "2.0.1"
    assert shape["developer"] == {
        "name": "Acme Ltd",
        "websiteUrl": "https://intranet.acme.example/assistant",
        "privacyUrl": "https://intranet.acme.example/privacy",
        "termsOfUseUrl": "https://intranet.acme.example/assistant",
    }
    assert shape["validDomains"] == ["intranet.acme.example"]


def test_the_files_are_at_the_root(tmp_path: Path) -> None:
    """Teams looks nowhere else, and for nothing else."""
    made = package(ENVIRON, tmp_path)
    assert made.path == tmp_path / "frontdesk-teams.zip"
    with zipfile.ZipFile(made.path) as archive:
        assert archive.namelist() == ["manifest.json", "color.png", "outline.png"]
        assert archive.testzip() is None


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """No date, no user, no compressor of the machine is in it."""
    first = package(ENVIRON, tmp_path / "first.zip", publisher=ACME).path
    (tmp_path / "first.zip").touch()
    second = package(ENVIRON, tmp_path / "second.zip", publisher=ACME).path
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(io.BytesIO(first.read_bytes())) as archive:
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.compress_type == zipfile.ZIP_STORED
            assert (entry.create_system, entry.external_attr) == (3, 0o100644 << 16)


def test_what_teams_knows_and_we_do_not_is_kept(
    tmp_path: Path, own: Callable[[Callable[[Shape], object]], Path]
) -> None:
    """An own manifest may say more than ours."""
    path = own(lambda shape: shape.update(publisherDocsUrl="https://acme.example/docs"))
    made = package(ENVIRON, tmp_path, manifest=path)
    assert packed(made.path)["publisherDocsUrl"] == "https://acme.example/docs"


# What is refused

BAD: list[tuple[Callable[[Shape], object], str]] = [
    (lambda m: m.pop("developer"), "developer: Field required"),
    (lambda m: m.update(developer="Acme"), "developer: "),
    (lambda m: m.update(manifestVersion="1.26"), "manifestVersion: Input should be '1.27'"),
    (lambda m: m.update(version="1.0"), "version: '1.0' is not a version like 1.2.0"),
    (lambda m: m["name"].update(short="x" * 31), "name.short: String should have at most 30"),
    (lambda m: m["description"].update(short="x" * 81), "description.short: "),
    (lambda m: m["description"].update(full=""), "description.full: "),
    (lambda m: m.update(accentColor="navy"), "accentColor: 'navy' is not a colour like #1F3A5F"),
    (lambda m: m["icons"].update(color="img/c.png"), "icons.color: 'img/c.png' is not a PNG file"),
    (lambda m: m["bots"].clear(), "bots: List should have at least 1 item"),
    (lambda m: m["bots"][0].update(botId="me"), "bots.0.botId: 'me' is not an id like 0123"),
    (lambda m: m["bots"][0].update(scopes=["team"]), "bots.0: there are commands for "),
    (
        lambda m: m["bots"][0].update(scopes=["teams"]),
        "bots.0.scopes.0: Input should be 'personal'",
    ),
    (lambda m: next(commands(m)).pop("prompt"), "'Annual leave': "),
    (lambda m: next(commands(m)).update(title="x" * 129), "title: String should have at most 128"),
    (lambda m: m.pop("webApplicationInfo"), "authorization needs webApplicationInfo"),
    (lambda m: m.update(validDomains=["https://x.example"]), "is not the name of a host"),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_a_bad_manifest(
    tmp_path: Path,
    own: Callable[[Callable[[Shape], object]], Path],
    change: Callable[[Shape], object],
    words: str,
) -> None:
    """Each mistake is named with its place, before Teams sees it."""
    told = refusal(tmp_path, own(change))
    assert told.startswith("own.json: ")
    assert words in told


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    """Nobody mends one thing after the other."""
    publisher = Publisher(name="x" * 33, website="http://acme.example", version="2")
    told = refusal(tmp_path, publisher=publisher)
    assert "developer.name: String should have at most 32 characters" in told
    assert "'http://acme.example' is not an address with https://" in told
    assert "'2' is not a version like 1.2.0" in told


@pytest.mark.parametrize(
    ("text", "words"), [("{", "is not JSON"), ("[]", "is not a JSON object"), ("{}", "id: Field")]
)
def test_a_file_that_is_no_manifest(tmp_path: Path, text: str, words: str) -> None:
    """Whatever is in the file, it is one sentence."""
    path = tmp_path / "own.json"
    path.write_text(text)
    assert words in refusal(tmp_path, path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ((MANIFEST.parent / "color.png").read_bytes(), "must be 32×32 pixels, this is 192×192"),
        (b"GIF89a", "is not a PNG file"),
    ],
)
def test_a_bad_icon(
    tmp_path: Path,
    own: Callable[[Callable[[Shape], object]], Path],
    content: bytes,
    words: str,
) -> None:
    """An icon of another size or kind is refused by Teams, so it is here."""
    path = own(lambda shape: shape)
    (tmp_path / "outline.png").write_bytes(content)
    assert words in refusal(tmp_path, path)


# The command


def command(*arguments: str, app_id: str = APP_ID) -> tuple[int, str]:
    """Status and everything said by `frontdesk teams-package`."""
    environ = {"TEAMS_APP_ID": app_id}
    result = CliRunner().invoke(main, ["teams-package", *arguments], env=environ)
    return result.exit_code, result.output


def test_the_command_says_what_to_do_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any option: where the file is, what should be better, where to upload it, consent."""
    monkeypatch.chdir(tmp_path)
    status, told = command()
    assert status == 0
    assert (tmp_path / "frontdesk-teams.zip").exists()
    for words in ("frontdesk-teams.zip", "--website", "Upload", "ChannelMessage.Read.Group"):
        assert words in told


def test_the_command_with_everything_told(tmp_path: Path) -> None:
    """Nothing is left to be better."""
    into = tmp_path / "acme.zip"
    options = ("--developer", ACME.name, "--website", ACME.website, "--app-version", "3.0.0")
    status, told = command("--into", str(into), *options)
    assert status == 0
    assert "--website" not in told
    assert packed(into)["version"] == "3.0.0"


@pytest.mark.parametrize(
    ("app_id", "words"), [("", "TEAMS_APP_ID is not set"), ("me", "TEAMS_APP_ID=me is not the id")]
)
def test_the_command_without_an_id(tmp_path: Path, app_id: str, words: str) -> None:
    """One line says what is missing and where to find it."""
    status, told = command("--into", str(tmp_path / "x.zip"), app_id=app_id)
    assert status == 1
    assert words in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "x.zip").exists()


def test_the_command_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The system's own words, in one line."""
    status, told = command("--into", str(tmp_path / "no" / "x.zip"))
    assert status == 1
    assert told.startswith("frontdesk: No such file or directory")
