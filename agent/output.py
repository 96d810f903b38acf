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

IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
LINK = re.compile(r"\[([^\]]*)\]\(\s*<?([^)\s>]*)[^)]*\)")
TARGET = re.compile(r"\]\(\s*<?([^)\s>]*)[^)]*\)?")
"""What is left of a link whose label has brackets or escapes of its own."""
DEFINITION = re.compile(r"(?m)^[ >\t]*\[[^\]\n]+\]:\s*<?([^\s>]*).*$")
AUTOLINK = re.compile(r"<([a-zA-Z][\w+.-]*:[^\s<>]*)>")
SAFE_LINK = re.compile(r"(?i)^(https?://|mailto:|#|/|[\w./-]+\.(md|html)\b)")
MARKER = re.compile(r" ?\[(p\d{1,3}(?:, ?p\d{1,3})*)\]")
MASS_MENTION = re.compile(r"(?i)@(?=(channel|here|everyone|all)\b)")
NO_PING = "@\u2060"
"""An at sign with a word joiner behind it: looks the same, calls nobody."""


def check(decision: Decision) -> str:
    """The text of a decision, harmless to show.

    Pictures (which a client would fetch, telling a stranger that it did) become their caption,
    links keep only addresses of known kinds, secrets are masked, mass mentions call nobody, and
    citation markers become the number of the source in the list under the answer.
    """
    text = mask(visible(decision.response))
    text = IMAGE.sub(lambda match: match[1], text).replace("![", "[")
    text = LINK.sub(lambda match: match[0] if SAFE_LINK.match(match[2]) else match[1], text)
    text = TARGET.sub(lambda match: match[0] if SAFE_LINK.match(match[1]) else "]", text)
    text = DEFINITION.sub(lambda match: match[0] if SAFE_LINK.match(match[1]) else "", text)
    text = AUTOLINK.sub(lambda match: match[0] if SAFE_LINK.match(match[1]) else match[1], text)
    text = MASS_MENTION.sub(NO_PING, text)
    return MARKER.sub(lambda match: _numbers(match[1], decision.citations), text)


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
