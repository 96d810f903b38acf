"""The relay: words between an employee and the people who have the case, in both directions.

Each post is relayed as a message of ours that says whose words it is, in the thread of the case's
card or in the employee's conversation; a long one in pieces. The journal keeps which post went into
which messages: so an edit changes them, and a deletion takes the words out of them. A case that is
not shown anywhere yet keeps the words until it is. Under the card where the talk is, people read,
too, what was written under another card of the case.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from urllib.parse import quote

from agent import output, texts
from agent.cases import Case
from agent.desk import cards, which_card
from agent.desk.joining import arrival, stirring
from agent.desk.place import DeskPlace, person_of
from agent.draft import Draft
from agent.journal import TO_DESK, TO_EMPLOYEE, TO_OTHER_CARDS, Line, Relayed
from agent.masking import MASKS
from agent.messages import (
    Author,
    Button,
    ConversationId,
    IncomingMessage,
    Kind,
    OutgoingMessage,
    Tone,
)
from agent.policy import Policy
from agent.text import is_only_notes, pieces, plain_name, without_notes

RELAY_CHARACTERS = 8000
"""Of one relayed message, below every platform's limit."""
FILE_NAME = 60
SAFE_IN_ADDRESS = ":/?#@!$&'*+,;=%~"
"""Reserved characters of RFC 3986, section 2.2, without the brackets that end a Markdown link."""


def is_note(message: IncomingMessage) -> bool:
    """Whether what a person of the desk wrote is not meant for the employee."""
    return is_only_notes(message.text)


def has_content(message: IncomingMessage) -> bool:
    """Whether there is anything to relay."""
    return bool(message.text or message.files)


class Relay:
    """The performers of everything that is relayed; holds no state between turns."""

    def __init__(
        self,
        place: DeskPlace,
        policy: Policy,
        say_nobody: Callable[[Draft], Awaitable[None]],
        link_to: Callable[[IncomingMessage], Awaitable[str]],
    ) -> None:
        """`place` may change while it is used; `say_nobody` tells that nobody is there; `link_to`
        is an address that leads to a message, '' if there is none.
        """
        self._place = place
        self._say_nobody = say_nobody
        self._link_to = link_to
        self._policy = policy

    async def relay_to_desk(self, draft: Draft) -> None:
        """Relay what was written, and changed, to the people who have the case."""
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is None or channel is None:
            await self._say_nobody(draft)  # the desk was taken away while the case was open
            return
        if which_card.is_missing(case) and draft.claim.undelivered is None:
            # Otherwise all was just tried.
            case, channel = cards.show(draft, case, self._place.channel or channel)
        way = _Way(draft, case, TO_DESK, channel)
        way.relay(lambda author: _speaker(draft, case, author))
        if case.incident and not case.card_id:
            news = stirring(case, draft.claim.turn_id)
            draft.timers.append(arrival(news, draft.now))
        if draft.cause is not None and case.card_id:
            draft.post(channel, f"_{cards.reason(draft, draft.cause)}_", under=case.card_id)

    async def catch_up(self, draft: Draft) -> None:
        """Put under the card, now that the case has one, what was written before."""
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is None or channel is None or not case.card_id:
            return
        way = _Way(draft, case, TO_DESK, channel)
        for one in draft.history.relays.values():
            if one.case == case.id and one.text:
                way.say(one.post, one.text)

    async def receipt(self, draft: Draft) -> None:
        """Tell once per case that what is written is relayed."""
        case = draft.case if self._place.channel_of(draft.case) else None
        if case is not None and case.id not in draft.history.receipts:
            text = texts.RECEIPT if draft.is_theirs else texts.RECEIPT_BESIDE
            buttons = (Button.LEAVE_QUEUE,) if draft.is_theirs else ()
            draft.notice(text.format(case=case.id), buttons=buttons, receipt=case.id)

    async def relay_to_employee(self, draft: Draft) -> None:
        """Relay what a person of the desk wrote, and changed, in their name."""
        case, channel, staff = draft.case, self._place.channel_of(draft.case), draft.staff
        if case is None or channel is None or staff is None:
            return
        name = self._place.signed(staff.name, case)
        _Way(draft, case, TO_EMPLOYEE, channel).relay(lambda _: name)
        await self._show_beside(draft, case, channel, staff)
        most = self._policy.max_input
        if any(len(one.text) > most for one in (*draft.asked, *draft.edited)):
            draft.post(channel, texts.CUT.format(limit=f"{most:,}"), under=case.card_id)
        said = [without_notes(one.text) for one in (*draft.asked, *draft.edited)]
        if any(mask in text for text in said for mask in MASKS):
            draft.post(channel, texts.MASKED, under=case.card_id)

    async def _show_beside(
        self, draft: Draft, case: Case, channel: ConversationId, staff: Author
    ) -> None:
        """What was written under a card that is not the case's main one is shown there, too: that
        is where the employee's words go. Whoever wrote it is told so, once.
        """
        card = which_card.acted_on(draft, case)
        if card is None or card.card_id == case.card_id or not case.card_id or case.incident:
            return
        _Way(draft, case, TO_OTHER_CARDS, channel).relay(lambda _: staff.name)
        where = which_card.seen_from(channel, ConversationId.parse(card.channel))
        text = texts.TALK_ELSEWHERE.format(case=case.id, where=where)
        person = person_of(draft.first)
        if draft.asked and (case.id, person, text) not in draft.history.told:
            link = await self._link_to_card(draft, case, channel)
            shown = text.replace(where, f"[{where}]({link})") if link else text
            message = draft.post(draft.first.conversation, shown)
            draft.write(Line.ASIDE, message=message, text=text, case=case.id, staff=person)

    async def _link_to_card(self, draft: Draft, case: Case, channel: ConversationId) -> str:
        ref = which_card.ref_of(draft, case.card_id)
        if not ref:
            return ""
        post = IncomingMessage(channel, ref, Kind.MESSAGE, Author(""))
        return _address(await self._link_to(post))


@dataclass(frozen=True, slots=True)
class _Way:
    """One direction, in one turn; `channel` is where the case's card is."""

    draft: Draft
    case: Case
    to: str
    channel: ConversationId

    def relay(self, name_of: Callable[[Author], str]) -> None:
        """Pass on everything that was written, edited and deleted in this turn."""
        for message in self.draft.asked:
            if has_content(message):
                self._words(message, name_of(message.author))
        for message in self.draft.edited:
            self._edit(message, name_of(message.author))
        for message in self.draft.deleted:
            self._mark(message, f"{self._spoken(name_of(message.author))} {texts.DELETED}")

    def say(self, post: str, text: str, known: Relayed | None = None) -> None:
        """Say it in as many messages as it takes: those it was `known` in, and new ones."""
        old = known.messages if known else ()
        said = pieces(text, RELAY_CHARACTERS)
        said += [texts.SHORTENED] * (len(old) - len(said))
        before = [*old, *[""] * (len(said) - len(old))]
        sent = [self._send(piece, one, known) for piece, one in zip(said, before, strict=True)]
        place, under = (known.place, known.under) if known else self._here
        self._keep(Relayed(post, self.case.id, self.to, tuple(sent), place, under))

    def _spoken(self, name: str) -> str:
        """The beginning of what somebody said."""
        return texts.BESIDE.format(name=name) if self.to == TO_OTHER_CARDS else f"**{name}:**"

    def _post(self, message: IncomingMessage) -> str:
        """How the journal knows the words of a post on this way: they may go two ways."""
        return f"{message.id} {self.to}" if self.to == TO_OTHER_CARDS else message.id

    def _words(self, message: IncomingMessage, name: str, known: Relayed | None = None) -> None:
        if self.to != TO_DESK:
            message = replace(message, text=without_notes(message.text))
        text = f"{self._spoken(name)} {_content(message)}"
        if self.to == TO_DESK and not self.case.card_id:
            self._keep(Relayed(message.id, self.case.id, self.to, (), *self._here, text))
        else:
            self.say(self._post(message), text, known)

    def _edit(self, message: IncomingMessage, name: str) -> None:
        known = self._known(message)
        if self.to != TO_DESK and is_note(message):
            self._mark(message, f"{self._spoken(name)} {texts.WITHDRAWN}")
        elif known is not None or self.draft.history.keeps_back(message.id):
            self._words(message, name, known)
        else:
            self._words(message, f"{name} {texts.EDITED}")

    def _mark(self, message: IncomingMessage, text: str) -> None:
        """Take the words out of the messages they were in."""
        known = self._known(message)
        if known is None:
            return
        for one in known.messages:
            self._send(text, one, known)
        if known.text:
            self._keep(Relayed(known.post, known.case, known.to, (), known.place, known.under))

    def _known(self, message: IncomingMessage) -> Relayed | None:
        known = self.draft.history.relays.get(self._post(message))
        same = known is not None and (known.case, known.to) == (self.case.id, self.to)
        return known if same else None

    @property
    def _here(self) -> tuple[str, str]:
        return str(self.channel), self.case.card_id

    def _send(self, text: str, replaces: str, known: Relayed | None) -> str:
        """Send a new message, or an edit where the message is; the id of what stands there then."""
        draft = self.draft
        place, under = (known.place, known.under) if known else self._here
        message = OutgoingMessage(
            draft.next_id(),
            ConversationId.parse(place),
            text,
            tone=Tone.NOTICE if self.to == TO_OTHER_CARDS else Tone.PERSON,
            under=under,
            replaces=replaces,
            for_desk=True,
        )
        if self.to == TO_EMPLOYEE:
            who, where = draft.employee.id, draft.conversation
            message = replace(
                message, conversation=where, under="", to=who, for_desk=False, invites=True
            )
        draft.outbox.append(message)
        return replaces or message.id

    def _keep(self, relayed: Relayed) -> None:
        keep(self.draft, relayed)


def pass_files(draft: Draft, case: Case, channel: ConversationId) -> None:
    """Put under the card of a new case what was sent along with what the card shows, and what was
    for people alone.
    """
    way = _Way(draft, case, TO_DESK, channel)
    files = [replace(message, text="") for message in draft.asked if message.files]
    for message in (*files, *draft.for_people):
        speaker = _speaker(draft, case, message.author)
        way.say(message.id, f"**{speaker}:** {_content(message)}")


def keep(draft: Draft, relayed: Relayed) -> None:
    """Journal where the words of a post are now."""
    facts = asdict(relayed)
    if not relayed.text:
        del facts["text"]
    draft.write(Line.RELAYED, **facts)


def _speaker(draft: Draft, case: Case, author: Author) -> str:
    """Who wrote in the employee's conversation."""
    known = case.card.employee_name if case.card and author.id == case.employee_id else ""
    said = (one.name for one in draft.history.said if one.author == author.id and one.name)
    return plain_name(draft.profile.name or author.name or known or next(said, "") or author.id)


def _content(message: IncomingMessage) -> str:
    """What a post says and brings along, harmless to show."""
    words = output.harmless(message.text)
    links = (*message.file_links, *[""] * len(message.files))
    files = ", ".join(map(_file, message.files, links))
    return f"{words}\n{texts.SENT_ALONG.format(files=files)}".strip() if files else words


def _file(name: str, link: str) -> str:
    shown = plain_name(name, FILE_NAME) or texts.FILE
    if not link.lower().startswith(("https://", "http://")):
        return shown
    return f"[{shown}]({_address(link)})"


def _address(link: str) -> str:
    return quote(link, safe=SAFE_IN_ADDRESS)
