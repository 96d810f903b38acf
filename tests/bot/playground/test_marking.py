"""Whatever a text says, only known tags and safe links come out of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from bot.playground.marking import led, link, markdown, page
from tests.support.html import TEXTS, assert_safe, found


@pytest.mark.parametrize("render", [markdown, page])
@given(TEXTS)
def test_only_known_tags_and_safe_links_come_out(render: Callable[[str], str], text: str) -> None:
    """No text of an employee, a model or a page can bring a tag, an attribute or a script."""
    assert_safe(render(text))


def test_markdown_of_an_answer() -> None:
    """Line breaks stay, bare addresses become links, relative ones lead to the handbook."""
    html = markdown(
        "one\ntwo https://x.example/a. [page](expenses.md#limits)\n\n`https://no.example`"
    )
    assert "one<br />\ntwo" in html
    links = [attributes["href"] for tag, attributes in found(html).tags if tag == "a"]
    assert links == ["https://x.example/a", "/handbook/expenses.md#limits"]
    assert markdown("[x](https://x.example)").count("<a ") == 1


def test_tables_keep_their_alignment_without_styles() -> None:
    """The page's policy forbids styles in elements, so it is said with a class."""
    html = markdown("| a |\n|--:|\n| 1 |")
    assert '<td class="right">1</td>' in html


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "//x.example", "/say"]
)
def test_unsafe_links_stay_text(target: str) -> None:
    """A link may lead to the web and to the handbook, and nowhere else."""
    assert "<a" not in markdown(f"[x]({target}) <{target}>")
    assert "<a" not in link(target, "x")


def test_permalinks_lead_to_the_page() -> None:
    """A message is opened here, a file in a new tab; what leads nowhere is no link any more."""
    places = {"https://a.example/?x=1&y=2": "/#in=1", "https://b.example": "/files/b.png"}
    places["https://c.example"] = ""
    text = "".join(f"[x]({url}) " for url in [*places, "https://d.example"])
    tags = found(led(markdown(text), places.get)).tags
    here, file, nowhere, elsewhere = [attributes for tag, attributes in tags if tag == "a"]
    assert here == {"href": "/#in=1"}
    assert (file["href"], file["target"]) == ("/files/b.png", "_blank")
    assert (nowhere, elsewhere["href"]) == ({}, "https://d.example")
