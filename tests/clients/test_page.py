"""The playground's page in a real browser, as a newcomer uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.providers.echo import Echo
from tests.support.browser import CHROMIUM, Tab, chromium
from tests.support.clock import TestClock
from tests.support.play import Play, playing

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

ANSWERED = "document.querySelectorAll('#employee .feedback').length === 1"
COMPOSER = "#employee .writing textarea"
REPLY = "#employee .replying textarea"


CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "FactSet", "facts": [{"title": "Who", "value": "Tove"}]},
        {"type": "Input.Text", "id": "when", "label": "When", "isRequired": True},
        {
            "type": "Input.ChoiceSet",
            "id": "what",
            "label": "What",
            "value": "2",
            "choices": [{"title": "One", "value": "1"}, {"title": "Two", "value": "2"}],
        },
    ],
    "actions": [
        {"type": "Action.Execute", "title": "Send", "verb": "unknown"},
        {
            "type": "Action.ShowCard",
            "title": "More",
            "card": {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Details"}]},
        },
    ],
}
"""What Frontdesk's own cards are not made of, too."""


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    """A browser."""
    async with chromium() as one:
        yield one


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    """A playground that knows two pages of the handbook and no model."""
    async with playing(tmp_path, TestClock()) as one:
        await one.teach("payroll.md", "email-calendar-rooms.md")
        yield one


async def begin(tab: Tab, play: Play) -> None:
    """Open the page and wait until it shows who one can be."""
    await tab.open(play.address)
    await tab.until("document.querySelectorAll('.people label').length === 9")


async def ask(tab: Tab, text: str = "When is payday?") -> None:
    """Type a question and send it with Enter."""
    await tab.click(COMPOSER)
    await tab.type(text)
    await tab.press("Enter", 13)
    await tab.until(ANSWERED)


async def test_a_newcomer_clicks_an_example_and_gets_a_person(tab: Tab, play: Play) -> None:
    """From the empty page to a card on the desk by clicking, asking nobody but this server."""
    await begin(tab, play)
    await tab.click("#employee .chip")
    await tab.until(ANSWERED)
    assert "calendar" in await tab.run("document.querySelector('#employee blockquote').innerText")
    link = await tab.run("document.querySelector('#employee .context a').href")
    assert link.startswith(f"{play.address}/handbook/email-calendar-rooms.md")
    await tab.click(".thumb")
    await tab.until("!!document.querySelector('.thumb[aria-pressed=true]')")
    await tab.click("[data-action=frontdesk_ask_person]")
    await tab.until("document.querySelectorAll('#desk .thread').length === 1")
    await tab.click("#timeline > summary")
    await tab.until("document.querySelector('#timeline-lines').innerText.includes('person_asked')")
    assert {address for address in tab.requests if not address.startswith(play.address)} == set()
    assert tab.errors == []


async def test_everything_is_there_after_a_reload(tab: Tab, play: Play) -> None:
    """Who one is, where one writes, what was pressed, and what was half typed."""
    await begin(tab, play)
    for side, name, place in (("employee", "Grace", "it-help"), ("desk", "Linus", "general")):
        await tab.run(choose(side, name))
        heading = f"document.querySelector('#{side} h2 strong').innerText"
        await tab.until(f"{heading}.startsWith('{name}')")
        await tab.run(choose(side, place))
        await tab.until(f"{chosen(side)}[1] === '{place}'")
    await tab.click("#employee .tool.word")
    await tab.type("When is payday?")
    await tab.press("Enter", 13)
    await tab.until(ANSWERED)
    await tab.click(".thumb")
    await tab.until("!!document.querySelector('.thumb[aria-pressed=true]')")
    await tab.click(COMPOSER)
    await tab.type("half a thou")
    await tab.run("window.before = true")
    await tab.reload()
    await tab.until("window.before === undefined")
    await tab.until(f"document.readyState === 'complete' && {ANSWERED}")
    assert await tab.run(chosen("employee")) == ["Grace", "it-help"]
    assert await tab.run(chosen("desk")) == ["Linus", "general"]
    await tab.until("!!document.querySelector('.thumb[aria-pressed=true]')")
    assert await tab.run(f"document.querySelector('{COMPOSER}').value") == "half a thou"
    shown = "document.querySelector('#employee .mention').innerText"
    assert await tab.run(shown) == "@Frontdesk"


async def test_who_asked_goes_on_in_the_thread_by_typing(tab: Tab, play: Play) -> None:
    """After a question the focus is in its reply field; Shift+Enter sends nothing."""
    await begin(tab, play)
    await ask(tab)
    await tab.until(f"document.activeElement === document.querySelector('{REPLY}')")
    await tab.type("And where")
    await tab.press("Enter", 13, shift=True)
    await tab.type("do I see it?")
    assert "\n" in await tab.run(f"document.querySelector('{REPLY}').value")
    await tab.press("Enter", 13)
    await tab.until("document.querySelectorAll('#employee .message').length === 4")
    assert await tab.run("document.querySelectorAll('#employee .thread').length") == 1
    assert await tab.run(f"document.querySelector('{REPLY}').value") == ""


async def test_typing_is_not_disturbed_by_what_arrives(tab: Tab, play: Play) -> None:
    """Text, cursor and focus stay while others write."""
    ts = await play.say(play.ada, play.general, "Lunch?")
    await begin(tab, play)
    await tab.run(choose("employee", "general"))
    await tab.click(REPLY)
    await tab.type("Yes, at noo")
    await tab.run(f"document.querySelector('{REPLY}').setSelectionRange(3, 3)")
    await play.say(play.grace, play.general, "Me too", ts)
    await play.say(play.grace, play.general, "And who brings cake?")
    await tab.until("document.querySelectorAll('#employee .message').length === 3")
    field = f"document.querySelector('{REPLY}')"
    assert await tab.run(f"document.activeElement === {field}")
    assert await tab.run(f"[{field}.value, {field}.selectionStart]") == ["Yes, at noo", 3]


async def test_one_edits_a_message_with_the_keyboard(tab: Tab, play: Play) -> None:
    """The menu opens, Escape leaves all as it was, Enter saves."""
    await begin(tab, play)
    await ask(tab, "When is payday")
    for key, code in (("Escape", 27), ("Enter", 13)):
        await tab.run("document.querySelector('.menu summary').focus()")
        await tab.press(" ", 32)
        await tab.until("document.querySelector('.menu').open")
        await tab.run("document.querySelector('.menu button').focus()")
        await tab.press(" ", 32)
        await tab.until("document.activeElement.matches('.editing textarea')")
        await tab.run("document.activeElement.select()")
        await tab.type("When is payday?")
        await tab.press(key, code)
        await tab.until("!document.querySelector('.editing')")
        edited = await tab.run("document.querySelector('#employee .text').innerText")
        if key == "Escape":
            assert edited == "When is payday"
    await tab.until("!!document.querySelector('.edited')")
    assert await tab.run("document.querySelector('#employee .text').innerText") == "When is payday?"


async def test_a_card_leads_to_its_conversation(tab: Tab, play: Play) -> None:
    """From the desk one gets to whoever asked, wherever one was."""
    channel = await play.dm(play.grace)
    await play.say(play.grace, channel, "I want to talk to a person")
    await begin(tab, play)
    await tab.until("!!document.querySelector('#desk a')")
    await tab.run("document.querySelector('#desk a').click()")
    await tab.until(f"{chosen('employee')}[0] === 'Grace'")
    assert await tab.run(chosen("desk")) == ["Mia", "desk"]
    await tab.until(says("employee", "I want to talk to a person"))
    assert tab.errors == []


async def test_a_refusal_is_said_and_the_text_is_kept(tab: Tab, play: Play) -> None:
    """What could not be sent is still in the field."""
    await begin(tab, play)
    await tab.click(COMPOSER)
    await tab.type("/lunch")
    await tab.press("Enter", 13)
    await tab.until(
        "document.querySelector('#employee .trouble').innerText.includes('/lunch is not a command')"
    )
    assert await tab.run(f"document.querySelector('{COMPOSER}').value") == "/lunch"


async def test_a_narrow_window_shows_the_sides_below_each_other(tab: Tab, play: Play) -> None:
    """Nothing is cut off, and the desk is one press away; side by side from 800 pixels on."""
    await begin(tab, play)
    await ask(tab)
    top = "document.querySelector('#{}').getBoundingClientRect().top"
    assert await tab.run(f"{top.format('employee')} === {top.format('desk')}")
    await tab.resize(380, 700)
    assert await tab.run(f"{top.format('employee')} + 400 < {top.format('desk')}")
    assert await tab.run("document.querySelector('#show-employee').innerText") == "You are Ada"
    await tab.click("#show-desk")
    await tab.until(f"{top.format('desk')} < 200")
    await tab.until("document.querySelector('#desk .writing').getBoundingClientRect().top < 700")
    assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
    messages = "[...document.querySelectorAll('#employee .message')]"
    assert await tab.run(f"{messages}.every((one) => one.scrollWidth <= one.clientWidth)")


def choose(side: str, name: str) -> str:
    """A script that chooses who one is on a side of the page, or where."""
    return (
        f"[...document.querySelectorAll('#{side} .choice')]"
        f".find((one) => one.innerText.includes('{name}')).querySelector('input').click()"
    )


def chosen(side: str) -> str:
    """A script that tells who one is on a side of the page, and where."""
    shown = f"[...document.querySelectorAll('#{side} .choice:has(:checked)')]"
    return f"{shown}.map((one) => one.lastElementChild.innerText)"


def press(side: str, label: str) -> str:
    """A script that presses the last button of this name; true if there was one."""
    found = f"[...document.querySelectorAll('#{side} button')]"
    fitting = f"{found}.findLast((one) => one.innerText === '{label}' && !one.disabled)"
    return f"((one) => one && (one.click(), true))({fitting})"


def says(side: str, words: str) -> str:
    """A script that tells whether words stand on a side of the page."""
    return f"document.querySelector('#{side} .threads').innerText.includes('{words}')"


async def test_an_employee_and_the_desk_side_by_side(tab: Tab, play: Play) -> None:
    """From a question to its rating in one window, the form of the desk in front of its side."""
    await begin(tab, play)
    assert await tab.run("document.querySelector('#employee h2 strong').innerText") == "Ada Byron"
    assert await tab.run("document.querySelector('#desk h2 strong').innerText") == "Mia Keller"
    await ask(tab)
    await tab.until(press("employee", "Ask a person"))
    await tab.until(press("desk", "Claim"))
    await tab.until(says("desk", "claimed by Mia Keller"))
    await tab.click("#desk .replying textarea")
    await tab.type("On the 26th, Ada.")
    await tab.press("Enter", 13)
    await play.rest()
    await tab.until(says("employee", "Mia Keller: On the 26th, Ada."))
    await tab.run(choose("desk", "Linus"))
    await tab.until("document.querySelector('#desk h2 strong').innerText === 'Linus Berg'")
    await tab.until(press("desk", "Resolve"))
    form = "document.querySelector('#desk .form')"
    await tab.until(f"{form}?.contains(document.activeElement)")
    await tab.click("#desk .form .button.primary")
    await tab.until("!document.querySelector('#desk .trouble').hidden")
    await tab.press("Escape", 27)
    await tab.until(f"!{form}")
    await tab.until(press("desk", "Resolve"))
    await tab.click("#desk .form input")
    await tab.click("#desk .form textarea")
    await tab.type("Told her the day.")
    await tab.click("#desk .form .button.primary")
    await tab.until(f"!{form}")
    await play.rest()
    await tab.until(says("desk", "resolved by Linus Berg"))
    await tab.until(says("desk", "Told her the day."))
    await tab.until(says("employee", "Linus Berg has closed your case"))
    thumbs = "[...document.querySelectorAll('#employee .thumb')]"
    await tab.run(f"{thumbs}.at(-2).click()")
    await tab.until(f"{thumbs}.at(-2).getAttribute('aria-pressed') === 'true'")
    assert tab.errors == [ERROR_400.format(play.address)]


ERROR_400 = (
    "Failed to load resource: the server responded with a status of 400 (Bad Request) {}/submit"
)
"""What Chromium writes down when a form is refused."""


async def test_the_form_on_a_card_in_teams(tab: Tab, tmp_path: Path) -> None:
    """It opens below the buttons, stays open when the card changes, and resolves the case; what a
    press is answered with is shown to who pressed.
    """
    async with playing(tmp_path, TestClock(), FRONTDESK_HUMAN_CHANNEL="teams:") as play:
        await play.say(play.ada, play.general, "@Frontdesk talk to a person")
        await begin(tab, play)
        await tab.until(press("desk", "Resolve"))
        await tab.until("document.querySelector('#desk .reveal').checkVisibility()")
        await tab.run("document.querySelector('#desk .reveal input').click()")
        await tab.until(press("desk", "Claim"))
        await play.rest()
        await tab.until(says("desk", "Claimed by Ines Moreau"))
        assert await tab.run("document.querySelector('#desk .reveal').checkVisibility()")
        assert await tab.run("document.querySelector('#desk .reveal input').checked")
        await tab.until(press("desk", "Take over"))
        await tab.until("document.querySelector('#desk .toast').innerText.includes('have')")
        assert await tab.run("document.querySelector('#employee .toast').hidden")
        await tab.until(press("desk", "Resolve the case"))
        await play.rest()
        await tab.until(says("desk", "Resolved by Ines Moreau: Answered"))
        assert tab.errors == []


async def test_a_newcomer_in_teams_is_welcomed_and_gets_a_person(tab: Tab, play: Play) -> None:
    """From the welcome to a card on the desk by clicking; the chat has one field to write in."""
    await begin(tab, play)
    await tab.run(choose("employee", "Tove"))
    await tab.click("#employee .prompts .chip")
    await tab.until(ANSWERED)
    assert await tab.run("document.querySelectorAll('.prompts').length") == 0
    # The buttons stand right below the answer, as part of it, without a name of their own.
    await tab.until("!!document.querySelector('#employee .message.follows .button')")
    below = "document.querySelector('#employee .message:has(.feedback) + .message.follows')"
    assert await tab.run(f"{below}.querySelector('.button').innerText") == "Ask a person"
    assert await tab.run(f"{below}.querySelector('.head').checkVisibility()") is False
    assert await tab.run("document.querySelectorAll('#employee .message.follows').length") == 1
    assert await tab.run(f"document.querySelectorAll('{REPLY}').length") == 0
    await tab.click(".thumb")
    await tab.until("!!document.querySelector('.thumb[aria-pressed=true]')")
    await tab.click('#employee [data-action="frontdesk.ask_person"]')
    await tab.until("document.querySelectorAll('#desk .thread').length === 1")
    await tab.click(COMPOSER)
    await tab.type("never mind")
    await tab.press("Enter", 13)
    await tab.until("document.querySelector('#desk .threads').innerText.includes('withdrawn')")
    assert await tab.run("document.querySelectorAll('#employee .thread').length") == 1
    assert await tab.run(f"document.activeElement === document.querySelector('{COMPOSER}')")
    assert tab.errors == []


async def test_a_card_is_filled_in_and_sent(tab: Tab, play: Play) -> None:
    """What is typed into a card survives what arrives, and goes with the button."""
    chat = await play.dm(play.tove)
    await play.post_card(chat, CARD)
    await begin(tab, play)
    await tab.run(choose("employee", "Tove"))
    await tab.until(press("employee", "More"))
    await tab.click("#employee .card textarea")
    await tab.type("On Monday")
    await play.post_card(chat, {**CARD, "body": [{"type": "TextBlock", "text": "Another"}]})
    await tab.until("document.querySelector('#employee .threads').innerText.includes('Another')")
    field = "document.querySelector('#employee .card textarea')"
    assert await tab.run(f"{field}.value") == "On Monday"
    assert await tab.run(f"document.activeElement === {field}")
    assert await tab.run("document.querySelector('#employee .card select').value") == "2"
    assert await tab.run("document.querySelector('#employee dd').innerText.trim()") == "Tove"
    assert await tab.run("document.querySelector('#employee .card .reveal').checkVisibility()")
    await tab.run("document.querySelector('#employee .card button').click()")
    await tab.until("!document.querySelector('#employee .trouble').hidden")
    # Without what is required nothing would have been brought to the bot. It knows no such button
    # and says so; then the words stay where they are.
    brought = [one.type for one in play.playground.teams.twin.deliveries]
    assert brought.count("adaptiveCard/action") == 1
    assert await tab.run(f"{field}.value") == "On Monday"


async def test_hostile_words_stay_words(tab: Tab, tmp_path: Path) -> None:
    """A script that a model repeats is shown, not run."""
    hostile = "<img src=x onerror='hacked=1'><script>hacked=1</script> [x](javascript:hacked=1)"
    async with playing(tmp_path, TestClock(), [Echo("")]) as play:
        await begin(tab, play)
        await ask(tab, hostile)
        assert await tab.run(
            "document.querySelector('#employee .threads').innerText.includes('<script>')"
        )
        assert (
            await tab.run(
                "document.querySelectorAll('#employee script, #employee .text img').length"
            )
            == 0
        )
        assert await tab.run("typeof window.hacked") == "undefined"
        assert tab.errors == []
