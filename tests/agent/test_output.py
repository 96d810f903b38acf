"""The last look at an answer: nothing in it may do harm, and nothing else changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import output
from agent.decision import Action, Decision
from agent.messages import Citation
from agent.models import Passage


def decision(response: str, *citations: str) -> Decision:
    """A decision with this response."""
    return Decision(
        thinking="", action=Action.CONTINUE, confidence=1.0, citations=citations, response=response
    )


def shown(response: str, *citations: str) -> str:
    """What people see of a response."""
    return output.check(decision(response, *citations))


@pytest.mark.parametrize(
    "text",
    [
        "Plain **Markdown** with `code`, 10 m², ½ and … – all as it was.",
        "[a page](https://x.example/a?b=c#d), <https://x.example>, [mail](mailto:a@x.example)",
        "[a page](leave/annual.md) [top](#top) [root](/handbook)",
        "[ref][1]\n\n[1]: https://x.example",
        "- [ ] task\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        "```python\nlist[int](x)\n```",
        "a < b and c > d, <placeholder>, ada@x.example",
    ],
)
def test_what_is_harmless_stays(text: str) -> None:
    """Ordinary answers are not touched."""
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("![a chart](https://evil.example/x.png)", "a chart"),
        ("![](https://evil.example/x.png)", ""),
        ("![a][b]\n\n[b]: https://x.example/y.png", "[a][b]\n\n[b]: https://x.example/y.png"),
        ("[click](javascript:x)", "click"),
        ("[click]( <JavaScript:x> 'title')", "click"),
        ("[click](data:text/html,x)", "click"),
        ("[click](file:///etc/passwd)", "click"),
        ("[a [b] c](javascript:x)", "[a [b] c]"),
        (r"[a\]b](javascript:x)", r"[a\]b]"),
        ("[a][1]\n\n[1]: javascript:x 'title'", "[a][1]"),
        ("sk-ant-[p9]abcdefghijklmnopqrst", "[secret]"),
        ("@[p9]channel", "@\u2060channel"),
        ("![x[p9]](http://evil.example/a.png)", "x"),
        ("> [1]:\n javascript:x", ""),
        ("<javascript:x>", "javascript:x"),
        (
            "@channel, @here, @Everyone and @all",
            "@\u2060channel, @\u2060here, @\u2060Everyone and @\u2060all",
        ),
        ("zero\u200bwidth \u202eturned", "zerowidth turned"),
        ("key sk-ant-api03-abcdefghijklmnop", "key [secret]"),
    ],
)
def test_what_could_do_harm(text: str, seen: str) -> None:
    """Pictures become captions, odd links words, mass mentions call nobody, secrets are masked."""
    assert shown(text) == seen


MARKUP = st.text(alphabet=st.sampled_from(list("[]()<>!:\\ \n\tjavascript:datahttps/.x'\"1")))


@given(MARKUP)
def test_no_link_leads_astray(text: str) -> None:
    """However links are nested, escaped or broken, none leads to an address of another kind."""
    seen = shown(text)
    for target in re.findall(r"\]\(\s*<?([^)]*)", seen):
        assert output.SAFE_LINK.match(target), seen
    for target in re.findall(r"<([a-zA-Z][\w+.-]*:[^\s<>]*)>", seen):
        assert output.SAFE_LINK.match(target), seen
    assert "![" not in seen


def test_what_never_comes_to_rest_is_shown_plain() -> None:
    """Addresses within addresses within addresses end as words without any markup."""
    assert shown("<a:" * 3 + "x" + ">" * 3) == "a:a:a:x"
    assert shown("**Now:** " + "<a:" * 20 + "x" + ">" * 20) == "**Now:** " + "a:" * 20 + "x"


@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", ["[", "![", "[a](", "![a](", "](", "<a:", "[x]: ", "@all", "\n>"])
def test_no_text_takes_long(piece: str) -> None:
    """The longest text made of nothing but markup is looked through at once, not in hours."""
    output.harmless(piece * (400_000 // len(piece)))


def test_markers_become_numbers() -> None:
    """A citation's marker is its place in the list; one without a citation vanishes."""
    assert shown("A [p2]. B [p1, p3][p9].", "p2", "p1") == "A [1]. B [2]."
    assert shown("A[p3].", "p1") == "A."


def test_sources() -> None:
    """The cited passages, in the decision's order."""
    passages = [Passage("p1", "One", "", "x"), Passage("p2", "Two", "S", "y", "https://x.example")]
    assert output.sources(decision("x", "p2", "p1"), passages) == (
        Citation("Two", "S", "https://x.example"),
        Citation("One"),
    )
