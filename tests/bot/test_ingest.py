"""Files become passages: one per section, with title, link and front matter, cut where it hurts
least.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError
from bot import ingest
from bot.ingest import Document, find, read


def page(folder: Path, text: str, name: str = "leave.md", link_base: str = "") -> Document:
    """A page with this text, read."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read(path, name, link_base)


def sections(document: Document) -> list[tuple[str, str]]:
    """(section, text) of every passage."""
    return [(one.section, one.text) for one in document.passages]


def test_a_page(tmp_path: Path) -> None:
    """Front matter travels with every passage; each section is one."""
    text = (
        "---\ntitle: 'Annual leave'\nowner: People team\nupdated: 2026-05-01\n---\n"
        "# Leave\n\nIntro.\n\n## Days\n\nYou get 27.\n\n### Part time\n\nFewer.\n"
    )
    document = page(tmp_path, text, link_base="https://x.example/handbook/")
    assert sections(document) == [("", "Intro."), ("Days", "You get 27."), ("Part time", "Fewer.")]
    first = document.passages[0]
    assert (first.title, first.owner, first.updated) == (
        "Annual leave",
        "People team",
        "2026-05-01",
    )
    assert first.link == "https://x.example/handbook/leave.md"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The title\n\nText", "The title"),
        ("Text", "leave"),
        ("## Only a section\n\nText", "leave"),
    ],
)
def test_titles(tmp_path: Path, text: str, title: str) -> None:
    """Without front matter the first heading is the title, without one the file's name."""
    assert page(tmp_path, text).passages[0].title == title


def test_a_heading_in_code_is_no_heading(tmp_path: Path) -> None:
    """A comment in a shell script cuts nothing."""
    text = "## Install\n\n```\n# not a heading\nmake\n```\n"
    assert sections(page(tmp_path, text)) == [("Install", "```\n# not a heading\nmake\n```")]


def test_underlined_headings(tmp_path: Path) -> None:
    """Markdown's older way of writing headings counts as well."""
    text = "Title\n=====\n\nIntro.\n\nDays\n----\n\n27.\n"
    assert sections(page(tmp_path, text)) == [("", "Intro."), ("Days", "27.")]


@pytest.mark.parametrize("odd", ["\x0c", "\x0b", "\u2028", "\u2029", "\x85", "\x1c"])
def test_characters_that_only_python_takes_for_line_ends(tmp_path: Path, odd: str) -> None:
    """A form feed of an old document does not shift the sections after it."""
    text = f"Intro{odd}duction.\n\n## Days\n\n27.\n"
    assert sections(page(tmp_path, text))[1] == ("Days", "27.")


def test_plain_text(tmp_path: Path) -> None:
    """A text file is one section with the file's name as its title."""
    document = page(tmp_path, "Just words.\n", "notes.txt")
    assert sections(document) == [("", "Just words.")]
    assert document.passages[0].title == "notes"
    assert document.passages[0].link == ""


def test_an_empty_page(tmp_path: Path) -> None:
    """Nothing to read is nothing to find."""
    assert page(tmp_path, "\n# Title\n\n## Empty\n").passages == ()


@given(st.lists(st.text("ab \n", min_size=1, max_size=1500), max_size=8))
@settings(deadline=None, max_examples=50)
def test_no_passage_is_too_long_and_nothing_is_lost(paragraphs: list[str]) -> None:
    """Long sections are cut, and every word is still there."""
    text = "\n\n".join(paragraphs)
    pieces = [one for _, section in ingest._sections(text) for one in ingest._pieces(section)]
    assert all(len(piece) <= ingest.MAX_PASSAGE for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_long_sections_are_cut_between_paragraphs(tmp_path: Path) -> None:
    """Two paragraphs that do not fit together become two passages of the same section."""
    text = f"## Days\n\n{'a ' * 700}\n\n{'b ' * 700}\n"
    assert [(name, words[0]) for name, words in sections(page(tmp_path, text))] == [
        ("Days", "a"),
        ("Days", "b"),
    ]


def test_the_digest_tells_changes_apart(tmp_path: Path) -> None:
    """The same page is the same, other words or another address are not."""
    same = page(tmp_path, "One.")
    assert page(tmp_path, "One.").digest == same.digest
    assert page(tmp_path, "Two.").digest != same.digest
    assert page(tmp_path, "One.", link_base="https://x.example").digest != same.digest


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("leave.pdf", b"%PDF", "only .markdown, .md, .txt files"),
        ("leave.md", b"\xff\xfe", "is not UTF-8 text"),
        ("leave.md", b"x" * 2_000_001, "is larger than"),
    ],
    ids=["kind", "encoding", "size"],
)
def test_files_that_are_not_read(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    """Each says why."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint):
        read(path, name)


def test_finding_files(tmp_path: Path) -> None:
    """Folders are searched, READMEs and other kinds left out; a file named is always taken."""
    for name in ("b.md", "a.TXT", "README.md", "c.pdf", "sub/d.markdown"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [source for _, source in find([tmp_path])] == ["a.TXT", "b.md", "sub/d.markdown"]
    assert find([tmp_path / "README.md"]) == [(tmp_path / "README.md", "README.md")]


def test_finding_nothing(tmp_path: Path) -> None:
    """A path that is not there, or a folder without a readable file, is a mistake."""
    with pytest.raises(ConfigError, match="does not exist"):
        find([tmp_path / "nowhere"])
    with pytest.raises(ConfigError, match="nothing to ingest"):
        find([tmp_path])


def test_two_files_of_one_name(tmp_path: Path) -> None:
    """Two pages that would have the same name in the knowledge do not replace each other."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "leave.md").write_text(folder)
    with pytest.raises(ConfigError, match=r"would both be called leave\.md"):
        find([tmp_path / "a", tmp_path / "b"])
    assert len(find([tmp_path])) == 2
