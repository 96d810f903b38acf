"""What people do without words: presses, thumbs, joining; and what is kept of a conversation."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.teams import payloads, presses
from adapters.teams.places import Note, PlaceKind, Reference
from agent.cases import NOTE_CHARACTERS, Outcome
from agent.messages import Button, IncomingMessage, Kind
from tests.support import teams_bodies as bodies
from tests.support.teams_bodies import ADA, ANSWER, BOT, ROOT, TENANT

BOB = {"id": "29:1bob"}


def found(message: IncomingMessage | None) -> IncomingMessage:
    """A message, which must be one."""
    assert message is not None
    return message


@pytest.mark.parametrize(
    ("kind", "verdict"), [("like", "up"), ("heart", "up"), ("sad", "down"), ("angry", "down")]
)
def test_reactions(kind: str, verdict: str) -> None:
    """A thumb or a heart is feedback for the message that it is at."""
    rated = found(presses.read_reaction(bodies.reaction(kind), TENANT))
    assert (rated.kind, rated.detail, rated.about_ref) == (Kind.FEEDBACK, verdict, ANSWER)


@pytest.mark.parametrize(
    "body",
    [
        bodies.reaction("laugh"),
        bodies.reaction(reactionsAdded=None, reactionsRemoved=[{"type": "like"}]),
        bodies.reaction(reactionsAdded=[None, {"type": 5}]),
        bodies.reaction(replyToId=""),
    ],
    ids=["says nothing", "taken away", "odd", "at nothing"],
)
def test_reactions_that_are_no_feedback(body: dict[str, Any]) -> None:
    """Everything else that people do with a message is theirs."""
    assert presses.read_reaction(body, TENANT) is None


def test_everybodys_reaction_is_their_own() -> None:
    """Two people's thumbs at one answer, and two of one person's, are different rows."""
    first = presses.read_reaction(bodies.reaction(), TENANT)
    other = presses.read_reaction({**bodies.reaction(), "from": BOB}, TENANT)
    later = presses.read_reaction(bodies.reaction(timestamp="2026-09-21T15:00:00Z"), TENANT)
    assert len({found(one).key for one in (first, other, later)}) == 3


@pytest.mark.parametrize(("verdict", "detail"), [("like", "up"), ("dislike", "down")])
def test_feedback(verdict: str, detail: str) -> None:
    """A thumb under an answer; the Playground does not say under which one."""
    rated = found(presses.read_feedback(bodies.feedback(verdict), TENANT))
    assert (rated.kind, rated.detail, rated.about_ref) == (Kind.FEEDBACK, detail, ANSWER)
    assert rated.text == "nice"
    unsaid = found(presses.read_feedback(bodies.feedback(replyToId=None), TENANT))
    assert unsaid.about_ref == ""


@pytest.mark.parametrize("form", ["", "nice", "[1]", '{"feedbackText": 5}', "[" * 100_000, None])
def test_a_verdict_without_words(form: object) -> None:
    """What cannot be read as the form's text takes nothing from the verdict."""
    chosen = {"reaction": "like", "feedback": form}
    value = {"actionName": "feedback", "actionValue": chosen}
    rated = found(presses.read_feedback(bodies.feedback(value=value), TENANT))
    assert (rated.detail, rated.text) == ("up", "")


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"actionName": "feedback"},
        {"actionName": "feedback", "actionValue": "like"},
        {"actionName": "feedback", "actionValue": {"reaction": "love"}},
        {"actionName": "other", "actionValue": {"reaction": "like"}},
    ],
)
def test_odd_feedback(value: object) -> None:
    """What says neither up nor down is none."""
    assert presses.read_feedback(bodies.feedback(value=value), TENANT) is None


PRESSES = [Kind(button.value) for button in Button if button is not Button.RESOLVE]


@pytest.mark.parametrize("kind", PRESSES)
def test_presses(kind: Kind) -> None:
    """A press is a control of the conversation that the card stands in, about our message."""
    pressed = found(presses.read_action(bodies.press(f"frontdesk.{kind}"), TENANT))
    assert pressed.kind is kind
    assert (pressed.about, pressed.about_ref) == ("t1.1", ANSWER)
    assert pressed.author.id == ADA
    assert pressed.direct
    assert not pressed.in_thread


def test_a_press_in_a_channel() -> None:
    """It belongs to the thread of the card, which may be the card's own."""
    inside = bodies.press(conversation=bodies.channel())
    assert found(presses.read_action(inside, TENANT)).conversation.thread == ROOT
    card = bodies.press(conversation=bodies.channel(""))
    pressed = found(presses.read_action(card, TENANT))
    assert pressed.conversation.thread == ANSWER
    assert pressed.in_thread


def test_an_older_press() -> None:
    """Action.Submit comes as a message whose value is the data."""
    value = {"verb": "frontdesk.approve", "about": "t1.1"}
    pressed = found(presses.read_submitted(bodies.message(text=None, value=value), TENANT))
    assert (pressed.kind, pressed.about) == (Kind.APPROVE, "t1.1")
    assert presses.read_submitted(bodies.message(), TENANT) is None
    assert payloads.read_message(bodies.message(text=None, value=value), TENANT) is None
    assert payloads.read_message(bodies.message(text=None, value={"x": 1}), TENANT) is None
    said = payloads.read_message(bodies.message(text="leave?", value={"x": 1}), TENANT)
    assert found(said).text == "leave?"


def test_every_press_is_its_own() -> None:
    """Pressing again is another control; the same press is the same."""
    once = found(presses.read_action(bodies.press(), TENANT))
    again = found(presses.read_action(bodies.press(id="f:press-3"), TENANT))
    assert once.key == found(presses.read_action(bodies.press(), TENANT)).key
    theirs = found(presses.read_action({**bodies.press(), "from": BOB}, TENANT))
    assert len({one.key for one in (once, again, theirs)}) == 3


@pytest.mark.parametrize(
    "body",
    [
        bodies.press("frontdesk.undeliverable"),
        bodies.press("frontdesk.stop"),
        bodies.press("other"),
        bodies.press(value=None),
        bodies.press(value={"action": "frontdesk.approve"}),
        bodies.press(value={"action": {"verb": ["frontdesk.approve"]}}),
        bodies.press(data={"about": "x" * 201}),
        bodies.press(id="", timestamp=""),
        {**bodies.press(), "from": {"id": BOT}},
        bodies.press("frontdesk.assign", {"about": "t1.1", "detail": "teams:boss"}),
        bodies.press("frontdesk.message", {"about": "t1.1", "reply": "Words"}),
    ],
)
def test_forged_presses(body: dict[str, Any]) -> None:
    """A client can send any verb and any data; what none of our cards sends is no press."""
    assert presses.read_action(body, TENANT) is None


@pytest.mark.parametrize("data", [[], "t1.1", {"about": 5}, {"about": {"id": "t1.1"}}, {}])
def test_a_press_about_nothing(data: object) -> None:
    """Data of another shape says nothing; who pressed, and where, is still certain."""
    pressed = found(presses.read_action(bodies.press(data=data), TENANT))
    assert pressed.about == ""


def form(outcome: object = "done", note: object = "", **changes: Any) -> dict[str, Any]:
    """The form of Resolve, as it is sent off."""
    data = {"about": "t1.1", "outcome": outcome, "note": note, "reply": "half a"}
    return bodies.press("frontdesk.resolve", data, **changes)


@pytest.mark.parametrize("outcome", Outcome)
def test_the_form_of_a_case(outcome: Outcome) -> None:
    """How it was resolved, and the note; what stands in the box above it is left alone."""
    sent = form(outcome.value, " Two lines\r\nof it ", conversation=bodies.channel())
    resolved = found(presses.read_action(sent, TENANT))
    assert (resolved.kind, resolved.detail) == (Kind.RESOLVE, outcome)
    assert resolved.text == "Two lines\nof it"
    assert (resolved.about, resolved.about_ref) == ("t1.1", ANSWER)
    assert presses.lacks(sent) == ""


@pytest.mark.parametrize("outcome", [None, "", "claimed", "DONE", "done ", 5, ["done"], {}])
def test_a_form_without_an_outcome(outcome: object) -> None:
    """Forged or forgotten: whoever sent it is told what is missing."""
    assert presses.read_action(form(outcome), TENANT) is None
    assert presses.lacks(form(outcome)) == presses.CHOOSE


@pytest.mark.parametrize(
    ("note", "read"), [(None, ""), (7, ""), (["x"], ""), ("x" * 5000, "x" * NOTE_CHARACTERS)]
)
def test_an_odd_note(note: object, read: str) -> None:
    """It is left away, or as long as the form lets it be."""
    assert found(presses.read_action(form("done", note), TENANT)).text == read


def reply(words: object = "Twenty-five.", **changes: Any) -> dict[str, Any]:
    """What the reply box of a card sends."""
    return bodies.press("frontdesk.reply", {"about": "t1.1", "reply": words}, **changes)


def test_the_reply_box() -> None:
    """Its words are as good as written in the thread that the card stands in."""
    said = found(presses.read_action(reply(" Yes.\r\nNo. ", conversation=bodies.channel()), TENANT))
    assert (said.kind, said.text, said.author.id) == (Kind.MESSAGE, "Yes.\nNo.", ADA)
    assert said.conversation.thread == ROOT
    assert said.in_thread
    assert not said.mentions_bot
    assert (said.about, said.about_ref) == ("t1.1", ANSWER)


@pytest.mark.parametrize("place", [bodies.personal(), bodies.group(), bodies.channel("")])
def test_the_reply_box_outside_of_a_thread(place: dict[str, Any]) -> None:
    """Then the card itself is what its words are under."""
    said = found(presses.read_action(reply(conversation=place), TENANT))
    assert (said.conversation.thread, said.in_thread) == (ANSWER, True)
    assert presses.read_action(reply(replyToId=None, conversation=bodies.group()), TENANT) is None


@pytest.mark.parametrize("words", [None, "", " \r\n", 5, ["Yes"]])
def test_an_empty_reply_box(words: object) -> None:
    """Whoever sends it is told so."""
    assert presses.read_action(reply(words), TENANT) is None
    assert presses.lacks(reply(words)) == presses.WRITE


@pytest.mark.parametrize(
    "body",
    [
        bodies.press(),
        bodies.press(value=[]),
        bodies.press("frontdesk.x"),
        reply(),
        bodies.message(),
    ],
)
def test_what_lacks_nothing(body: dict[str, Any]) -> None:
    """A button asks for nothing, and what is no form could not be filled in."""
    assert presses.lacks(body) == ""


def test_who_presses_is_not_in_the_data() -> None:
    """Only the activity says who it was."""
    data = {"about": "t1.1", "from": {"id": "29:boss"}, "user": "boss", "author": "boss"}
    assert found(presses.read_action(bodies.press(data=data), TENANT)).author.id == ADA


def test_a_person_begins() -> None:
    """All activities that tell of a new personal chat are one welcome."""
    told = [bodies.installed(), bodies.added(), bodies.added(None, "29:1ada", BOT)]
    joined = [found(payloads.read_joined(body, TENANT)) for body in told]
    assert {one.key for one in joined} == {joined[0].key}
    assert (joined[0].kind, joined[0].id, joined[0].author.id) == (Kind.NEWCOMER, "joined", ADA)
    assert joined[0].direct


def test_a_person_whom_the_bot_itself_adds() -> None:
    """If the activity is from the bot, who was added is the person."""
    body = {**bodies.added(None, BOT, "29:1ada"), "from": {"id": BOT}}
    assert found(payloads.read_joined(body, TENANT)).author.id == "29:1ada"
    assert payloads.read_joined({**bodies.added(), "from": {"id": BOT}}, TENANT) is None


def test_a_team_begins() -> None:
    """In a team or a group nobody in particular is welcomed."""
    assert payloads.read_joined(bodies.installed(bodies.channel("")), TENANT) is None
    assert payloads.read_joined(bodies.installed(bodies.group()), TENANT) is None


@pytest.mark.parametrize(
    ("body", "adds"),
    [
        (bodies.added(), True),
        (bodies.added(None, "29:1ada"), True),
        (bodies.added(bodies.channel("")), True),
        (bodies.added(bodies.channel(""), "29:1bob"), False),
        (bodies.activity("conversationUpdate", membersRemoved=[{"id": BOT}]), False),
        (bodies.activity("conversationUpdate", membersAdded="x"), False),
    ],
)
def test_who_is_new(body: dict[str, Any], adds: bool) -> None:
    """The bot itself, or the person in a personal chat; new colleagues elsewhere do not matter."""
    assert payloads.adds_somebody(body) is adds


def test_the_reference_of_a_personal_chat() -> None:
    """How it is reached, who we are there, and whom it is with."""
    assert payloads.reference(bodies.message()) == Reference(
        service_url=bodies.SERVICE, kind=PlaceKind.PERSONAL, bot_id=BOT, person=ADA
    )


def test_the_reference_of_a_channel() -> None:
    """A channel belongs to a team and to nobody."""
    assert payloads.reference(bodies.chatter()) == Reference(
        service_url=bodies.SERVICE,
        kind=PlaceKind.CHANNEL,
        bot_id=BOT,
        team="19:team@thread.tacv2",
        group="7e4a-group",
    )
    old = bodies.chatter(channelData={"teamsTeamId": "19:t"})
    assert payloads.reference(old).team == "19:t"


def test_what_is_noted_of_a_person() -> None:
    """Name, language and time zone, and what was known where an activity does not tell."""
    ada = Note("Ada Byron", "en-GB", "Europe/Berlin", "29:1ada")
    assert payloads.note(bodies.message(), Note("Old", "de", "UTC")) == ada
    silent = bodies.message(**{"from": {"id": ""}, "locale": None, "localTimezone": 5})
    assert payloads.note(silent, ada) == ada
