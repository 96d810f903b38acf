"""Teams' activities become messages of ours, or None for what is deliberately not read.

Pure functions over the parsed JSON of an activity, because the SDK's models lose fields that are
needed here (the tenant, what cards send); nothing in it is trusted to have the shape it should
have. The shapes are those of
https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability, of
https://github.com/microsoft/Agents/blob/main/specs/activity/protocol-activity.md, and the bodies in
the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from adapters.teams import markup, mentions
from adapters.teams.fields import Payload, part, parts, seconds, string, utc
from adapters.teams.places import Note, PlaceKind, Reference, parted
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.phrases import as_command

LOCAL = "local"
"""The tenant of a bot without authentication that was told none: everybody's is fine."""
KINDS = {kind.value: kind for kind in PlaceKind}
HTML = "text/html"
NO_FILES = (HTML, "messagereference", "application/vnd.microsoft.card")
"""Attachments that are the text once more, a quoted message, or cards."""
LONGEST_TIME = 15
"""Digits of a moment in milliseconds: it lasts for some 30 000 years."""
UNTOLD_FILE = re.compile(r'<attachment\s+id="[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"', re.I)
"""All that Teams tells of a file in a channel or a group chat: that there is one
(https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bots-filesv4). A message that is
quoted stands there too, with a number."""


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
    tenants = (part(body, "conversation"), "tenantId"), (part(_data(body), "tenant"), "id")
    return all(string(*one).lower() in ("", tenant.lower()) for one in tenants)


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
        time=utc(string(body, "timestamp") or string(body, "localTimestamp")),
    )


def channel_of(body: Payload) -> str:
    """The conversation's id without its thread, '' if there is none."""
    return _place(body)[0]


def reference(body: Payload) -> Reference:
    """How the activity's conversation is reached. Only for activities that were authenticated."""
    data, kind = _data(body), _kind(body)
    team = part(data, "team")
    person = _author(body, LOCAL) if kind is PlaceKind.PERSONAL else None
    return Reference(
        service_url=string(body, "serviceUrl"),
        kind=kind,
        bot_id=_bot(body),
        person=person.id if person is not None else "",
        team=string(team, "id") or string(data, "teamsTeamId"),
        group=string(team, "aadGroupId"),
    )


def note(body: Payload, known: Note) -> Note:
    """What the activity tells of its author beside the words, on top of what is known."""
    return Note(
        name=string(part(body, "from"), "name") or known.name,
        locale=string(body, "locale") or known.locale,
        time_zone=string(body, "localTimezone") or known.time_zone,
        bot_knows_as=string(part(body, "from"), "id") or known.bot_knows_as,
    )


def read_message(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `message`: words for the bot, or a command."""
    if part(body, "value") and not string(body, "text"):
        return None  # what a card sent
    return _spoken(body, tenant)


def read_update(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `messageUpdate`: an edit, or the return of what was deleted.

    What was taken back and returns is asked again: nothing is left that an edit could change. But
    a command was carried out when it was given.
    """
    revision = utc(string(body, "timestamp") or string(body, "localTimestamp"))
    if not revision:
        return None  # it could not be told from the message, nor from a later edit
    match string(_data(body), "eventType"):
        case "editMessage":
            return _spoken(body, tenant, kind=Kind.EDIT, revision=revision)
        case "undeleteMessage":
            message = _spoken(body, tenant, revision=revision)
            return message if message is not None and message.kind is Kind.MESSAGE else None
    return None


def read_deletion(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `messageDelete`; its id is the one of the message that is gone."""
    return _utterance(body, tenant, Kind.DELETE, "", "deleted")


def read_joined(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read an `installationUpdate` or `conversationUpdate` that begins a personal chat."""
    begins = scene(body, tenant)
    for member in parts(body, "membersAdded"):
        # Of who did it only the one is told whom it concerns, or only the bot.
        begins = begins or scene({**body, "from": member}, tenant)
    if begins is None or not begins.direct:
        return None
    return IncomingMessage(
        conversation=begins.conversation,
        id="joined",  # once, however many activities tell of it
        kind=Kind.NEWCOMER,
        author=begins.author,
        sent_at=seconds(begins.time),
        direct=True,
    )


def adds_somebody(body: Payload) -> bool:
    """Whether a `conversationUpdate` brings the bot, or in a personal chat the person."""
    added = [string(one, "id") for one in parts(body, "membersAdded")]
    return bool(added) and (_kind(body) is PlaceKind.PERSONAL or _bot(body) in added)


def _spoken(
    body: Payload, tenant: str, *, kind: Kind = Kind.MESSAGE, revision: str = ""
) -> IncomingMessage | None:
    said, told, bot = string(body, "text"), body.get("entities"), _bot(body)
    message = _utterance(body, tenant, kind, mentions.read(said, told, bot), revision)
    if message is None or kind is not Kind.MESSAGE:
        return message
    to_bot = message.direct or message.mentions_bot
    words = as_command(mentions.read(said, told, bot, by_id=True)) if to_bot else None
    return message if words is None else replace(message, kind=Kind.COMMAND, text=words)


def _utterance(
    body: Payload, tenant: str, kind: Kind, text: str, revision: str
) -> IncomingMessage | None:
    activity = string(body, "id")
    said = scene(body, tenant, root=activity)
    if said is None or not activity:
        return None
    files = _files(body)
    return IncomingMessage(
        conversation=said.conversation,
        id=activity,
        kind=kind,
        author=said.author,
        text=text,
        revision=revision,
        sent_at=seconds(said.time),
        mentions_bot=mentions.mentions(body.get("entities"), _bot(body)),
        direct=said.direct,
        in_thread=said.conversation.thread not in ("", activity),
        thread_at=_root_time(said.conversation.thread),
        files=tuple(name for name, _ in files),
        file_links=tuple(link for _, link in files),
    )


def _root_time(thread: str) -> float:
    """When the post was written that a thread is under: its id is its time, in milliseconds."""
    is_time = thread.isdecimal() and len(thread) <= LONGEST_TIME
    return int(thread) / 1000 if is_time else 0.0


def _author(body: Payload, tenant: str) -> Author | None:
    """Who did it, None for bots and for nobody."""
    who = part(body, "from")
    name = string(who, "id")
    is_bot = string(who, "role") in ("bot", "skill") or name.startswith("28:") or name == _bot(body)
    person = string(who, "aadObjectId") or name
    if is_bot or not person:
        return None
    home = string(who, "tenantId")
    external = tenant != LOCAL and home.lower() not in ("", tenant.lower())
    return Author(person, string(who, "name"), external=external)


def _place(body: Payload) -> tuple[str, str]:
    """The channel, and the root of the thread in it ('' if there is none)."""
    return parted(string(part(body, "conversation"), "id"))


def _kind(body: Payload) -> PlaceKind:
    place, (channel, thread) = part(body, "conversation"), _place(body)
    if told := KINDS.get(string(place, "conversationType")):
        return told
    # Some activities do not tell; only a channel has threads, and only a group is called one.
    found = PlaceKind.CHANNEL if thread else PlaceKind.of(channel)
    is_group = found is PlaceKind.PERSONAL and place.get("isGroup") is True
    return PlaceKind.GROUP if is_group else found


def _bot(body: Payload) -> str:
    """Who we are there."""
    return string(part(body, "recipient"), "id")


def _data(body: Payload) -> Payload:
    """What Teams tells beside the protocol."""
    return part(body, "channelData")


def _files(body: Payload) -> list[tuple[str, str]]:
    """The names of what was attached, and where people can open it ('' if that is not told); the
    text itself is attached too, as HTML.
    """
    attached = parts(body, "attachments")
    told = [one for one in attached if not string(one, "contentType").lower().startswith(HTML)]
    html = "".join(string(one, "content") for one in attached if one not in told)
    untold = max(0, len(UNTOLD_FILE.findall(html)) - len(told))
    return [*(_file(one) for one in told if _is_file(one)), *[("a file", "")] * untold]


def _is_file(attachment: Payload) -> bool:
    content_type = string(attachment, "contentType").lower()
    return bool(content_type) and not content_type.startswith(NO_FILES)


def _file(attachment: Payload) -> tuple[str, str]:
    if string(attachment, "contentType").lower().startswith("image/"):
        return string(attachment, "name") or "a picture", ""  # its address asks for our token
    link = string(attachment, "contentUrl")
    return string(attachment, "name") or "a file", link if markup.is_link(link) else ""
