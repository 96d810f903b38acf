"""`frontdesk ingest`: files become passages, once per change.

Markdown and plain text are read; a Markdown page is cut at its headings, so that a passage is one
section that makes sense alone. Front matter (title, owner, updated) travels with every passage.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from agent.errors import ConfigError
from agent.models import Passage
from agent.ports import Knowledge
from storage import Documents

SUFFIXES = frozenset({".md", ".markdown", ".txt"})
MAX_PASSAGE = 2400
"""Characters; a longer section is cut at a paragraph."""
MAX_FILE = 2_000_000
VERSION = 1
"""Of the way documents are cut: a change here reads every document again."""
RELATIVE_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?![a-z][a-z0-9+.-]*:|/|#)([^)\s]+)\)")
FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
BLOCK_START = re.compile(r"\s*([-*+]\s|\d+[.)]\s|\||>|#{1,6}\s|(-{3,}|\*{3,}|_{3,})$)")
"""Lines that begin something of their own in Markdown."""
FIELD = re.compile(r"^(\w+):[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One file, cut into passages. `source` names it for good, `digest` tells its content apart."""

    source: str
    digest: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one file; `trouble` says why it was not read, '' if it was."""

    source: str
    passages: int = 0
    changed: bool = False
    trouble: str = ""


def find(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """All readable files under the paths with their names as sources, README.md files left out.

    Raises:
        ConfigError: a path does not exist, nothing readable is there, or two files would have
            the same name.
    """
    found: list[tuple[Path, str]] = []
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path} does not exist")
        if path.is_file():
            found.append((path, path.name))
            continue
        pages = sorted(
            page for page in path.rglob("*") if page.suffix.lower() in SUFFIXES and page.is_file()
        )
        found += [
            (page, page.relative_to(path).as_posix())
            for page in pages
            if page.name.lower() != "readme.md"
        ]
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise ConfigError(f"nothing to ingest: no {kinds} file under the given paths")
    named: dict[str, Path] = {}
    for path, source in found:
        if (other := named.setdefault(source, path)) != path:
            raise ConfigError(
                f"{other} and {path} would both be called {source}: ingest the folder above them"
            )
    return found


def read(path: Path, source: str, link_base: str = "") -> Document:
    """Read and cut one file.

    Args:
        path: the file.
        source: its name in the knowledge.
        link_base: put before the source to make each passage's link; '' for no links.

    Raises:
        ConfigError: it is too large, not UTF-8, or of a kind that is not read.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: only {', '.join(sorted(SUFFIXES))} files are read")
    if path.stat().st_size > MAX_FILE:
        raise ConfigError(f"{path} is larger than {MAX_FILE} bytes")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    fields, body = _front_matter(text)
    link = f"{link_base.rstrip('/')}/{source}" if link_base else ""
    page = Passage(
        id="",
        title=fields.get("title") or _title(body) or Path(source).stem,
        section="",
        text="",
        link=link,
        owner=fields.get("owner", ""),
        updated=fields.get("updated", ""),
    )
    digest = hashlib.sha256(f"{VERSION}\n{link}\n{text}".encode()).hexdigest()
    return Document(source, digest, tuple(_passages(page, _linked(body, source, link_base))))


async def ingest(
    knowledge: Knowledge, files: Sequence[tuple[Path, str]], link_base: str
) -> AsyncIterator[Ingested]:
    """Put files into the knowledge one by one; unchanged ones are left alone.

    One that cannot be read is told as such and does not stop the others.

    Raises:
        StoreUnavailable: the database did not take one; the ones before it are in.
    """
    for path, source in files:
        try:
            document = read(path, source, link_base)
        except ConfigError as error:
            yield Ingested(source, trouble=str(error))
            continue
        except OSError as error:
            yield Ingested(source, trouble=f"{path}: {error.strerror or error}")
            continue
        changed = await knowledge.replace(document.source, document.digest, document.passages)
        yield Ingested(source, len(document.passages), changed)


async def prune(knowledge: Documents, files: Sequence[tuple[Path, str]]) -> int:
    """Take every document out that is not one of the files; how many there were.

    Sources do not tell which folder they came from: `files` must be all that shall be known. A
    file that cannot be read now is one of them, and keeps what was read of it before.

    Raises:
        StoreUnavailable: the database cannot be reached; some may be out.
    """
    gone = set(await knowledge.documents()) - {source for _, source in files}
    for source in sorted(gone):
        await knowledge.remove(source)
    return len(gone)


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    match = FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    fields = {name.lower(): value.strip().strip("\"'") for name, value in FIELD.findall(match[1])}
    return fields, text[match.end() :]


def _title(body: str) -> str:
    match = re.search(r"^# +(.+)$", body, re.MULTILINE)
    return match[1].strip() if match else ""


def _passages(page: Passage, body: str) -> Iterator[Passage]:
    for section, text in _sections(body):
        for piece in _pieces(text):
            yield replace(page, section=section, text=piece)


def _sections(body: str) -> Iterator[tuple[str, str]]:
    """(heading, text below it) for headings of level 2 and more; level 1 is the page's title."""
    lines = body.split("\n")  # as the parser counts them; splitlines() knows more line ends
    cuts = [
        (token.map[0], token.map[1], int(token.tag[1]), following.content)
        for token, following in _pairs(body)
        if token.map is not None
    ]
    start, heading = 0, ""
    for first, after, level, content in [*cuts, (len(lines), len(lines), 0, "")]:
        if text := "\n".join(lines[start:first]).strip():
            yield heading, text
        start, heading = after, content if level > 1 else ""


def _pairs(body: str) -> Iterator[tuple[Token, Token]]:
    tokens = MarkdownIt("commonmark").parse(body)
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            yield token, tokens[number + 1]


def _linked(body: str, source: str, link_base: str) -> str:
    """Links between pages lead somewhere from a chat too; without a base only their words stay."""
    folder = source.rpartition("/")[0]
    base = "/".join(part for part in (link_base.rstrip("/"), folder) if part)

    def absolute(match: re.Match[str]) -> str:
        return f"[{match[1]}]({base}/{match[2]})" if link_base else match[1]

    return RELATIVE_LINK.sub(absolute, body)


def _unwrapped(text: str) -> str:
    """The text without line breaks inside paragraphs and list items: a chat would show them."""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        fence = line.lstrip().startswith(("```", "~~~"))
        goes_on = bool(lines) and bool(lines[-1].strip()) and not lines[-1].endswith("  ")
        if not fenced and not fence and goes_on and line.strip() and not BLOCK_START.match(line):
            lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
        else:
            lines.append(line)
        fenced ^= fence
    return "\n".join(lines)


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most MAX_PASSAGE characters, cut between paragraphs if possible."""
    piece = ""
    for paragraph in re.split(r"\n\s*\n", _unwrapped(text)):
        if piece and len(piece) + len(paragraph) + 2 > MAX_PASSAGE:
            yield piece
            piece = ""
        piece = f"{piece}\n\n{paragraph}" if piece else paragraph
        while len(piece) > MAX_PASSAGE:
            yield piece[:MAX_PASSAGE]
            piece = piece[MAX_PASSAGE:]
    if piece:
        yield piece
