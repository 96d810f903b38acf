"""Messages of ours for Teams, the places they go to, and what stands on a card."""

from __future__ import annotations

import json
from typing import Any

from adapters.teams import cards
from adapters.teams.places import PlaceKind, Reference
from agent.cases import CaseCard, CaseState
from agent.messages import ConversationId, OutgoingMessage

SERVICE = "https://smba.trafficmanager.net/teams"
PERSONAL = Reference(service_url=SERVICE)
GROUP = Reference(service_url=SERVICE, kind=PlaceKind.GROUP)
CHANNEL = Reference(service_url=SERVICE, kind=PlaceKind.CHANNEL)
HEARD = CHANNEL.model_copy(update={"hears_all": True})
PLACE = ConversationId("teams", "T", "19:a@thread.tacv2", "17")
CARD = CaseCard(
    case_id="C7",
    state=CaseState.WAITING,
    reason="The employee asked for a person.",
    employee_ref="teams:aad-ada",
    employee_name="Ada Byron",
    place="a direct message",
    summary="My *laptop* [melts](https://evil.example)",
    transcript=("Ada: it melts", "Frontdesk: Oh"),
    draft="Use water.\n\nOr sand.",
    confidence=0.31,
    permalink="https://teams.microsoft.com/l/message/a/1",
)


def message(text: str = "Words.", **fields: Any) -> OutgoingMessage:
    """Something that we have to say."""
    return OutgoingMessage("t1.1", PLACE, text, **fields)


def size(activity: dict[str, Any]) -> int:
    """Bytes as they go out."""
    return len(json.dumps(activity, ensure_ascii=False).encode())


def content(activity: dict[str, Any]) -> dict[str, Any]:
    """The card on an activity."""
    (attached,) = activity["attachments"]
    assert attached["contentType"] == cards.CONTENT_TYPE
    card: dict[str, Any] = attached["content"]
    return card


def runs(card: dict[str, Any]) -> list[str]:
    """The lines of a card that people wrote, in order."""
    blocks = [one for block in card["body"] for one in block.get("items", [block])]
    texts = [one["inlines"] for one in blocks if one["type"] == "RichTextBlock"]
    return ["".join(run["text"] for run in inlines) for inlines in texts]
