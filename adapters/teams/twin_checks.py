"""Messages of the bot as Teams takes them: text, attachments, the AI label, citations, feedback.

Stricter than Teams, which drops much of this without a word:
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content
"""

from __future__ import annotations

from collections.abc import Callable

from adapters.teams.twin_cards import Refusals, card_refusals
from adapters.teams.twin_state import CARD, PERSONAL, Json

FORMATS = frozenset({"plain", "markdown", "extendedmarkdown", "xml"})
SCHEMA = "https://schema.org/Message"
# The real client (Agents Playground) takes no more.
MOST_CITATIONS = 10
NAME_CHARACTERS, ABSTRACT_CHARACTERS = 80, 160
MOST_KEYWORDS, KEYWORD_CHARACTERS = 3, 28
MOST_ATTACHMENTS = 10
# https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages:
# suggested actions are for personal chats, of type imBack, at most six, and not beside attachments.
MOST_SUGGESTED = 6
OTHER_CARDS = frozenset(
    {
        f"application/vnd.microsoft.{name}"
        for name in (
            "card.hero",
            "card.thumbnail",
            "card.oauth",
            "card.signin",
            "teams.card.file.consent",
            "teams.card.list",
            "teams.card.o365connector",
            "teams.file.download.info",
        )
    }
)


def refusals(activity: Json, kind: str = PERSONAL) -> list[str]:
    """What is wrong with a message for a conversation of this kind; [] if nothing."""
    wrong = Refusals()
    if activity.get("type") != "message":
        return [f"activity: unknown type '{activity.get('type')}'"]
    for check in (_check_text, _check_attachments, _check_entities, _check_feedback):
        check(wrong, activity)
    _check_suggested(wrong, activity, kind)
    return wrong.found


def _check_text(wrong: Refusals, activity: Json) -> None:
    text = activity.get("text")
    if text is not None and not isinstance(text, str):
        wrong.add("must be a string", "text")
    elif not (text or "").strip() and not activity.get("attachments"):
        wrong.add("text and attachments are both missing", "activity")
    if activity.get("textFormat", "markdown") not in FORMATS:
        wrong.add(f"unknown format '{activity['textFormat']}'", "textFormat")


def _check_attachments(wrong: Refusals, activity: Json) -> None:
    found = wrong.objects(activity.get("attachments"), "attachments")
    if len(found) > MOST_ATTACHMENTS:
        wrong.add(f"at most {MOST_ATTACHMENTS}", "attachments")
    for index, attachment in enumerate(found):
        where = f"attachments[{index}]"
        kind = str(attachment.get("contentType"))
        if kind == CARD:
            wrong.found += card_refusals(attachment.get("content"), f"{where}.content")
        elif kind not in OTHER_CARDS and not kind.startswith(("image/", "text/html")):
            wrong.add(f"unknown content type '{kind}'", where)


def _check_entities(wrong: Refusals, activity: Json) -> None:
    found = wrong.objects(activity.get("entities"), "entities")
    checks: dict[str, Callable[[Refusals, Json, Json, str], None]] = {
        SCHEMA: _check_label,
        "mention": _check_mention,
    }
    for index, entity in enumerate(found):
        where = f"entities[{index}]"
        if not isinstance(entity.get("type"), str):
            wrong.add("an entity needs a type", where)
        elif check := checks.get(entity["type"]):
            check(wrong, entity, activity, where)
    if len([one for one in found if one.get("type") == SCHEMA]) > 1:
        wrong.add("only one entity may describe the message", "entities")


def _check_mention(wrong: Refusals, entity: Json, activity: Json, where: str) -> None:
    mentioned = entity.get("mentioned")
    if not isinstance(mentioned, dict) or not mentioned.get("id"):
        wrong.add("a mention needs mentioned.id", where)
    if not entity.get("text") or str(entity["text"]) not in str(activity.get("text")):
        wrong.add("a mention's text must stand in the message", where)


def _check_label(wrong: Refusals, entity: Json, activity: Json, where: str) -> None:
    if entity.get("@type") != "Message":
        wrong.add("@type must be 'Message'", where)
    if entity.get("@context") != "https://schema.org":
        wrong.add("@context must be 'https://schema.org'", where)
    kinds = entity.get("additionalType", [])
    if not isinstance(kinds, list) or any(kind != "AIGeneratedContent" for kind in kinds):
        wrong.add("additionalType must be ['AIGeneratedContent']", where)
    citations = wrong.objects(entity.get("citation"), f"{where}.citation")
    if len(citations) > MOST_CITATIONS:
        wrong.add(f"at most {MOST_CITATIONS} citations", where)
    positions = [one.get("position") for one in citations]
    if len(positions) != len(set(map(str, positions))):
        wrong.add("two citations have the same position", where)
    for index, citation in enumerate(citations):
        here = f"{where}.citation[{index}]"
        _check_position(wrong, citation, str(activity.get("text") or ""), here)
        _check_appearance(wrong, citation.get("appearance"), f"{here}.appearance")


def _check_position(wrong: Refusals, citation: Json, text: str, where: str) -> None:
    position = citation.get("position")
    if citation.get("@type") != "Claim":
        wrong.add("@type must be 'Claim'", where)
    if type(position) is not int or position < 1:
        wrong.add("position must be a number above 0", where)
    elif f"[{position}]" not in text:
        wrong.add(f"[{position}] does not stand in the text", where)


def _check_appearance(wrong: Refusals, appearance: object, where: str) -> None:
    if not isinstance(appearance, dict) or appearance.get("@type") != "DigitalDocument":
        wrong.add("must be a 'DigitalDocument'", where)
        return
    wrong.has(appearance, {"name": str, "abstract": str}, where)
    for name, most in (("name", NAME_CHARACTERS), ("abstract", ABSTRACT_CHARACTERS)):
        if len(str(appearance.get(name) or "")) > most:
            wrong.add(f"{name} is longer than {most} characters", where)
    url = appearance.get("url")
    if url is not None and not str(url).startswith(("https://", "http://")):
        wrong.add("url must be absolute", where)
    keywords = appearance.get("keywords", [])
    if not isinstance(keywords, list) or len(keywords) > MOST_KEYWORDS:
        wrong.add(f"at most {MOST_KEYWORDS} keywords", where)
    elif any(len(str(word)) > KEYWORD_CHARACTERS for word in keywords):
        wrong.add(f"a keyword is longer than {KEYWORD_CHARACTERS} characters", where)


def _check_feedback(wrong: Refusals, activity: Json) -> None:
    data = activity.get("channelData", {})
    if not isinstance(data, dict):
        wrong.add("must be an object", "channelData")
        return
    loop = data.get("feedbackLoop")
    if loop is None:
        return
    if not isinstance(loop, dict) or loop.get("type") not in {"default", "custom"}:
        wrong.add("type must be 'default' or 'custom'", "channelData.feedbackLoop")
    if "feedbackLoopEnabled" in data:
        wrong.add("feedbackLoop and feedbackLoopEnabled exclude each other", "channelData")


def _check_suggested(wrong: Refusals, activity: Json, kind: str) -> None:
    suggested = activity.get("suggestedActions")
    if suggested is None:
        return
    if not isinstance(suggested, dict):
        wrong.add("must be an object", "suggestedActions")
        return
    found = wrong.objects(suggested.get("actions"), "suggestedActions.actions")
    if kind != PERSONAL:
        wrong.add("only personal chats show them", "suggestedActions")
    if activity.get("attachments"):
        wrong.add("not beside attachments", "suggestedActions")
    if len(found) > MOST_SUGGESTED:
        wrong.add(f"at most {MOST_SUGGESTED}", "suggestedActions.actions")
    for index, action in enumerate(found):
        where = f"suggestedActions.actions[{index}]"
        if action.get("type") != "imBack":
            wrong.add("type must be 'imBack'", where)
        wrong.has(action, {"title": str, "value": str}, where)
