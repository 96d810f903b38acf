"""Teams' activities become messages of ours, or None for what is deliberately not read.

Pure functions over the parsed JSON of an activity, because the SDK's models lose fields that are
needed here (the tenant, what cards send); nothing in it is trusted to have the shape it should
have. The shapes are those of
https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability, of
https://github.com/microsoft/Agents/blob/main/specs/activity/protocol-activity.md, and the bodies in
the tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from adapters.teams import mentions
from adapters.teams.cards import ABOUT, VERB
from adapters.teams.places import Note, PlaceKind, Reference, parted
from agent.addressing import as_command
from agent.messages import Author, Button, ConversationId, IncomingMessage, Kind

Payload = Mapping[str, Any]

LOCAL = "local"
"""The tenant of a bot without authentication that was told none: everybody's is fine."""
BUTTONS = {VERB + button.value: Kind(button.value) for button in Button}
"""The verbs of our buttons and the controls they are."""
VERDICTS = {"like": "up", "heart": "up", "sad": "down", "angry": "down", "dislike": "down"}
"""What a press on a thumb or a reaction says of an answer; other reactions say nothing of it."""
KINDS = {kind.value: kind for kind in PlaceKind}
LONGEST_ID = 200
"""Characters of an id of ours that comes back in a card's data."""
NO_FILES = ("text/html", "messagereference", "application/vnd.microsoft.card")
"""Attachments that are the text once more, a quoted message, or cards."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What most activities tell: where something happened, who did it, and when ('' if untold)."""

    conversation: ConversationId
    kind: PlaceKind
    author: Author
    time: str

    @property
    def direct(self) -> bool:
        """Whether it is a personal chat with the bot."""
        return self.kind is PlaceKind.PERSONAL


def is_ours(body: Payload, tenant: str) -> bool:
    """Whether an activity belongs to the organisation this deployment serves: no tenant that it
    names is another one.
    """
    if tenant == LOCAL:
        return True
    tenants = (_map(body, "conversation"), "tenantId"), (_map(_data(body), "tenant"), "id")
    return all(_text(*one).lower() in ("", tenant.lower()) for one in tenants)


def scene(body: Payload, tenant: str, *, root: str = "") -> Scene | None:
    """Where, who and when; None if that is not told, or if it was done by a bot.

    `root`: what begins the thread if the conversation's id does not say.
    """
    author = _author(body, tenant)
    channel, thread = _place(body)
    if author is None or not channel:
        return None
    kind = _kind(body)
    where = (thread or root) if kind is PlaceKind.CHANNEL else ""
    return Scene(
        conversation=ConversationId("teams", tenant, channel, where),
        kind=kind,
        author=author,
        time=_utc(_text(body, "timestamp") or _text(body, "localTimestamp")),
    )


def channel_of(body: Payload) -> str:
    """The conversation's id without its thread, '' if there is none."""
    return _place(body)[0]


def reference(body: Payload) -> Reference:
    """How the activity's conversation is reached. Only for activities that were authenticated."""
    data, kind = _data(body), _kind(body)
    team = _map(data, "team")
    person = _author(body, LOCAL) if kind is PlaceKind.PERSONAL else None
    return Reference(
        service_url=_text(body, "serviceUrl"),
        kind=kind,
        bot_id=_bot(body),
        person=person.id if person is not None else "",
        team=_text(team, "id") or _text(data, "teamsTeamId"),
        group=_text(team, "aadGroupId"),
    )


def note(body: Payload, known: Note) -> Note:
    """What the activity tells of its author beside the words, on top of what is known."""
    return Note(
        name=_text(_map(body, "from"), "name") or known.name,
        locale=_text(body, "locale") or known.locale,
        time_zone=_text(body, "localTimezone") or known.time_zone,
    )


def read_message(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `message`: words for the bot, a command, or what a card sent (Action.Submit)."""
    value = _map(body, "value")
    if _text(value, "verb").startswith(VERB):
        return _pressed(body, tenant, _text(value, "verb"), value)
    if value and not _text(body, "text"):
        return None  # a card that is not ours
    return _spoken(body, tenant)


def read_update(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `messageUpdate`: an edit, or the return of what was deleted.

    What was taken back and returns is asked again: nothing is left that an edit could change. But
    a command was carried out when it was given.
    """
    revision = _utc(_text(body, "timestamp") or _text(body, "localTimestamp"))
    if not revision:
        return None  # it could not be told from the message, nor from a later edit
    match _text(_data(body), "eventType"):
        case "editMessage":
            return _spoken(body, tenant, kind=Kind.EDIT, revision=revision)
        case "undeleteMessage":
            message = _spoken(body, tenant, revision=revision)
            return message if message is not None and message.kind is Kind.MESSAGE else None
    return None


def read_deletion(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `messageDelete`; its id is the one of the message that is gone."""
    return _utterance(body, tenant, Kind.DELETE, "", "deleted")


def read_reaction(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `messageReaction`: a thumb or a heart for a message of ours is feedback.

    Teams tells only of reactions to the bot's messages; taking one away takes nothing back.
    """
    added = (_text(one, "type") for one in _maps(body, "reactionsAdded"))
    verdict = next((VERDICTS[one] for one in added if one in VERDICTS), "")
    ref = _text(body, "replyToId")
    # The activity's id is the one of the message, whoever reacts to it and however often.
    return _feedback(body, tenant, verdict, _text(body, "timestamp")) if verdict and ref else None


def read_feedback(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `message/submitAction`: a press on a thumb under an answer, and what was said to it
    (https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content).
    """
    value = _map(body, "value")
    chosen = _map(value, "actionValue")
    verdict = VERDICTS.get(_text(chosen, "reaction"), "")
    given = _feedback(body, tenant, verdict, _text(body, "id") or _text(body, "timestamp"))
    if _text(value, "actionName") != "feedback" or not verdict or given is None:
        return None
    return replace(given, text=_comment(_text(chosen, "feedback")))


def read_action(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read an `adaptiveCard/action`: a press on one of our cards (Action.Execute)."""
    action = _map(_map(body, "value"), "action")
    return _pressed(body, tenant, _text(action, "verb"), _map(action, "data"))


def read_joined(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read an `installationUpdate` or `conversationUpdate` that begins a personal chat."""
    begins = scene(body, tenant)
    for member in _maps(body, "membersAdded"):
        # Of who did it only the one is told whom it concerns, or only the bot.
        begins = begins or scene({**body, "from": member}, tenant)
    if begins is None or not begins.direct:
        return None
    return IncomingMessage(
        conversation=begins.conversation,
        id="joined",  # once, however many activities tell of it
        kind=Kind.JOINED,
        author=begins.author,
        sent_at=_seconds(begins.time),
        direct=True,
    )


def adds_somebody(body: Payload) -> bool:
    """Whether a `conversationUpdate` brings the bot, or in a personal chat the person."""
    added = [_text(one, "id") for one in _maps(body, "membersAdded")]
    return bool(added) and (_kind(body) is PlaceKind.PERSONAL or _bot(body) in added)


def _spoken(
    body: Payload, tenant: str, *, kind: Kind = Kind.MESSAGE, revision: str = ""
) -> IncomingMessage | None:
    text = mentions.read(_text(body, "text"), body.get("entities"), _bot(body))
    message = _utterance(body, tenant, kind, text, revision)
    if message is None or kind is not Kind.MESSAGE:
        return message
    to_bot = message.direct or message.mentions_bot
    words = as_command(text) if to_bot else None
    return message if words is None else replace(message, kind=Kind.COMMAND, text=words)


def _utterance(
    body: Payload, tenant: str, kind: Kind, text: str, revision: str
) -> IncomingMessage | None:
    activity = _text(body, "id")
    said = scene(body, tenant, root=activity)
    if said is None or not activity:
        return None
    return IncomingMessage(
        conversation=said.conversation,
        id=activity,
        kind=kind,
        author=said.author,
        text=text,
        revision=revision,
        sent_at=_seconds(said.time),
        mentions_bot=mentions.mentions(body.get("entities"), _bot(body)),
        direct=said.direct,
        in_thread=said.conversation.thread not in ("", activity),
        files=_files(body),
    )


def _pressed(body: Payload, tenant: str, verb: str, data: Payload) -> IncomingMessage | None:
    """A press on a card of ours. Its data comes from a client: only who pressed is certain."""
    card, press = _text(body, "replyToId"), _text(body, "id") or _text(body, "timestamp")
    done = scene(body, tenant, root=card)
    if done is None or not press:
        return None
    kind, about = BUTTONS.get(verb), _text(data, ABOUT)
    if kind is None or len(about) > LONGEST_ID:
        return None
    return IncomingMessage(
        conversation=done.conversation,
        id=f"{card}.{done.author.id}.{press}",
        kind=kind,
        author=done.author,
        sent_at=_seconds(done.time),
        direct=done.direct,
        in_thread=bool(done.conversation.thread),
        about=about,
        about_ref=card,
    )


def _feedback(body: Payload, tenant: str, verdict: str, press: str) -> IncomingMessage | None:
    ref = _text(body, "replyToId")
    given = scene(body, tenant, root=ref)
    if given is None or not press:
        return None
    return IncomingMessage(
        conversation=given.conversation,
        id=f"{ref}.{given.author.id}.{press}",
        kind=Kind.FEEDBACK,
        author=given.author,
        sent_at=_seconds(given.time),
        direct=given.direct,
        in_thread=bool(given.conversation.thread),
        detail=verdict,
        about_ref=ref,
    )


def _comment(feedback: str) -> str:
    """What a person wrote to a verdict: the form is JSON within the JSON."""
    try:
        form = json.loads(feedback)
    except (ValueError, RecursionError):
        return ""
    return _text(form, "feedbackText").strip() if isinstance(form, Mapping) else ""


def _author(body: Payload, tenant: str) -> Author | None:
    """Who did it, None for bots and for nobody."""
    who = _map(body, "from")
    name = _text(who, "id")
    is_bot = _text(who, "role") in ("bot", "skill") or name.startswith("28:") or name == _bot(body)
    person = _text(who, "aadObjectId") or name
    if is_bot or not person:
        return None
    home = _text(who, "tenantId")
    external = tenant != LOCAL and home.lower() not in ("", tenant.lower())
    return Author(person, _text(who, "name"), external=external)


def _place(body: Payload) -> tuple[str, str]:
    """The channel, and the root of the thread in it ('' if there is none)."""
    return parted(_text(_map(body, "conversation"), "id"))


def _kind(body: Payload) -> PlaceKind:
    place, (channel, thread) = _map(body, "conversation"), _place(body)
    if told := KINDS.get(_text(place, "conversationType")):
        return told
    # Some activities do not tell; only a channel has threads, and only a group is called one.
    found = PlaceKind.CHANNEL if thread else PlaceKind.of(channel)
    is_group = found is PlaceKind.PERSONAL and place.get("isGroup") is True
    return PlaceKind.GROUP if is_group else found


def _bot(body: Payload) -> str:
    """Who we are there."""
    return _text(_map(body, "recipient"), "id")


def _data(body: Payload) -> Payload:
    """What Teams tells beside the protocol."""
    return _map(body, "channelData")


def _files(body: Payload) -> tuple[str, ...]:
    """The names of what was attached; the text itself is attached too, as HTML."""
    files = []
    for one in _maps(body, "attachments"):
        content_type = _text(one, "contentType").lower()
        if content_type and not content_type.startswith(NO_FILES):
            what = "a picture" if content_type.startswith("image/") else "a file"
            files.append(_text(one, "name") or what)
    return tuple(files)


def _map(payload: Payload, name: str) -> Payload:
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}


def _maps(payload: Payload, name: str) -> list[Payload]:
    value = payload.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _text(payload: Payload, name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str):
        return ""
    # Half an emoji, left by a cut, can be written in JSON but not stored as UTF-8.
    return value if value.isascii() else value.encode(errors="replace").decode()


def _utc(time: str) -> str:
    """A time as ISO 8601 in UTC, always of the same length so that later is greater as text; ''
    if it is none.
    """
    try:
        moment = datetime.fromisoformat(time)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return ""


def _seconds(time: str) -> float:
    """What `_utc` gave as seconds since the epoch, 0 for ''."""
    return datetime.fromisoformat(time).timestamp() if time else 0.0
