"""The last look at an answer before it may be shown.

The schema, the citations and the length are settled by then (`agent/decision.py`). Here whatever
could do harm by being displayed is made harmless on every platform alike; what is special to one
platform (how a ping is written, how links unfold) is the matter of its adapter's renderer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.decision import Decision
from agent.masking import mask
from agent.messages import Citation
from agent.models import Passage
from agent.text import visible

# No part of these runs across another opening bracket: else thousands of them would take hours.
IMAGE = re.compile(r"!\[([^\[\]]*)\]\([^)\[]*\)")
LINK = re.compile(r"\[([^\[\]]*)\]\(\s*<?([^)\[]*)\)")
TARGET = re.compile(r"\]\(\s*<?([^)]*)\)?")
"""What is left of a link whose label has brackets or escapes of its own."""
DEFINITION = re.compile(r"(?m)^[ >\t]*\[[^\]\n]+\]:\s*<?(.*)$")
AUTOLINK = re.compile(r"<([a-zA-Z][\w+.-]*:[^\s<>]*)>")
SAFE_LINK = re.compile(r"(?i)^(https?://|mailto:|#|/|[^:&\\]*$)")
"""Known kinds of addresses, and what cannot be another kind because nothing in it ends a scheme
(nor hides a colon as an entity or behind a backslash): a relative one, or code like `f[x](y)`."""
MARKER = re.compile(r" ?\[(p\d{1,3}(?:, ?p\d{1,3})*)\]")
MASS_MENTION = re.compile(r"(?i)@(?=(channel|here|everyone|all)\b)")
MOST_LOOKS = 8
SPECIAL = re.compile(r"[\[\]()<>@!]")
NO_PING = "@\u2060"
"""An at sign with a word joiner behind it: looks the same, calls nobody."""


def check(decision: Decision) -> str:
    """The text of a decision, harmless to show.

    Pictures (which a client would fetch, telling a stranger that it did) become their caption,
    links keep only addresses of known kinds, secrets are masked, mass mentions call nobody, and
    citation markers become the number of the source in the list under the answer.
    """
    numbered = MARKER.sub(lambda match: _numbers(match[1], decision.citations), decision.response)
    return harmless(numbered)


def harmless(text: str) -> str:
    """Markdown that somebody else wrote, harmless to show.

    Taking something out may put together what stood around it: it is looked at until nothing
    changes any more, and what never comes to rest is shown as plain text.
    """
    for _ in range(MOST_LOOKS):
        before, text = text, _defused(text)
        if text == before:
            return text
    return SPECIAL.sub("", text)


def _defused(text: str) -> str:
    text = mask(visible(text))
    text = IMAGE.sub(lambda match: match[1], text).replace("![", "[")
    text = LINK.sub(lambda match: match[0] if SAFE_LINK.match(match[2]) else match[1], text)
    text = TARGET.sub(lambda match: match[0] if SAFE_LINK.match(match[1]) else "]", text)
    text = DEFINITION.sub(lambda match: match[0] if SAFE_LINK.match(match[1]) else "", text)
    text = AUTOLINK.sub(lambda match: match[0] if SAFE_LINK.match(match[1]) else match[1], text)
    return MASS_MENTION.sub(NO_PING, text)


def sources(decision: Decision, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The cited passages as citations, in the order of the decision."""
    by_id = {passage.id: passage for passage in passages}
    cited = (by_id[citation] for citation in decision.citations)
    return tuple(Citation(passage.title, passage.section, passage.link) for passage in cited)


def _numbers(ids: str, citations: Sequence[str]) -> str:
    known = [citation for citation in re.split(r", ?", ids) if citation in citations]
    if not known:
        return ""
    return " [" + ", ".join(str(citations.index(citation) + 1) for citation in known) + "]"
