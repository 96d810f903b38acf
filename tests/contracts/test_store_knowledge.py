"""The contract of Knowledge: documents come in whole and questions find their passages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.models import Passage
from storage import Store
from tests.storage.databases import Database, accept, said


def passage(title: str, section: str, text: str, **rest: Any) -> Passage:
    return Passage("", title, section, text, **rest)


VPN = (
    passage("VPN", "Install", "Download the client from the portal and restart your laptop."),
    passage(
        "VPN",
        "Reset your password",
        "Open the portal and choose Forgotten. You get a code by text message.",
        link="https://handbook.example/vpn#reset",
        owner="it@example.com",
        updated="2026-05-01",
    ),
)
CANTEEN = (
    passage("Canteen", "Menu", "Lunch is from noon. There is a vegetarian dish every day."),
    passage("Canteen", "Café", "Coffee and cake until five."),
)


@pytest.fixture
async def store(database: Database) -> Store:
    store = database.open()
    await store.knowledge.replace("vpn.md", "1", VPN)
    await store.knowledge.replace("canteen.md", "1", CANTEEN)
    return store


async def sections(store: Store, question: str) -> list[str]:
    return [found.section for found in await store.knowledge.search(question, 5)]


@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("How do I reset my VPN password?", "Reset your password"),
        ("i have FORGOTTEN the passwords of the vpn, what now??", "Reset your password"),
        ("Where can I download it?", "Install"),
        ("Is there anything for vegetarians today?", "Menu"),
        ("cafe", "Café"),
        ("What's the café's closing time for coffee?", "Café"),
    ],
)
async def test_a_question_finds_its_passage(store: Store, question: str, section: str) -> None:
    """People ask in sentences, with other endings and accents than the document's."""
    assert (await sections(store, question))[0] == section


async def test_passages_come_back_whole(store: Store) -> None:
    """A passage carries what a citation shows, and an id of its place in this answer."""
    found = await store.knowledge.search("reset the VPN password", 5)
    assert [one.id for one in found] == ["p1", "p2"]
    assert replace(found[0], id="", score=0.0) == VPN[1]


async def test_the_score_is_the_share_of_what_was_asked(store: Store) -> None:
    """1 if a passage contains every informative word; words nobody knows count against it."""

    async def best(question: str) -> float:
        return (await store.knowledge.search(question, 1))[0].score

    assert await best("how do I reset the password") == 1.0
    half = await best("how do I reset the password of the blorptastic frobnicator")
    assert 0.0 < half < 0.5
    assert await best("VPN frobnicator") < await best("VPN client frobnicator") < 1.0


async def test_rare_words_weigh_more(store: Store) -> None:
    """A word that only one passage has says more than one that many have."""
    found = await store.knowledge.search("VPN restart", 5)
    assert [one.section for one in found] == ["Install", "Reset your password"]
    assert found[1].score < 0.5


async def test_the_answer_is_bounded(store: Store) -> None:
    """As many passages as asked for, and none for nothing."""
    assert len(await store.knowledge.search("VPN", 1)) == 1
    assert await store.knowledge.search("VPN", 0) == []


@pytest.mark.parametrize(
    "question", ["", "   ", "how is it with you?", "?!*", '"', "NOT", "a OR b", "frobnicator", "'s"]
)
async def test_nothing_fits_nothing(store: Store, question: str) -> None:
    """A question without an informative word, or with none that is known, finds nothing."""
    assert await store.knowledge.search(question, 5) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.text()
    | st.lists(
        st.sampled_from(["VPN", '"', "*", "(", ")", "AND", "NEAR/2", "^", "-", "title:", "\x00"])
    ).map(" ".join)
)
async def test_any_text_is_safe_to_search(store: Store, question: str) -> None:
    """Nothing that people type is syntax, and scores are shares."""
    found = await store.knowledge.search(question, 5)
    assert all(0.0 < one.score <= 1.0 for one in found)


async def test_a_long_message_can_be_searched(store: Store) -> None:
    """Somebody pastes a log file before asking."""
    noise = " ".join(f"word{n}" for n in range(5000))
    assert await store.knowledge.search(f"VPN {noise}", 5)


async def test_an_unchanged_document_is_left_alone(store: Store) -> None:
    """Loading again is cheap: only another digest replaces anything."""
    assert await store.knowledge.replace("vpn.md", "1", CANTEEN) is False
    assert await sections(store, "restart the laptop") == ["Install"]
    assert await store.knowledge.replace("vpn.md", "2", VPN[1:]) is True
    assert await sections(store, "restart the laptop") == []
    assert "Reset your password" in await sections(store, "VPN portal")


async def test_an_empty_document_is_a_document(store: Store) -> None:
    """A file may have lost all its text; it is not loaded again and again."""
    assert await store.knowledge.replace("empty.md", "1", ()) is True
    assert await store.knowledge.replace("empty.md", "1", ()) is False


async def test_a_document_can_be_removed(store: Store) -> None:
    """What is gone from the handbook is gone from the answers."""
    assert dict(await store.knowledge.documents()) == {"vpn.md": "1", "canteen.md": "1"}
    assert await store.knowledge.remove("vpn.md") is True
    assert await store.knowledge.remove("vpn.md") is False
    assert await sections(store, "VPN") == []
    assert dict(await store.knowledge.documents()) == {"canteen.md": "1"}
    assert (await store.records.counts())["documents"] == 1


async def test_what_others_load_is_found(database: Database) -> None:
    """The command line loads documents beside a running worker, which found none before."""
    store, loader = database.open(), database.open(owner="cli")
    for _ in range(3):
        assert await store.knowledge.search("VPN", 5) == []
    await loader.knowledge.replace("vpn.md", "1", VPN)
    assert len(await store.knowledge.search("VPN", 5)) == 2
    await loader.knowledge.remove("vpn.md")
    assert await store.knowledge.search("VPN", 5) == []


async def test_a_turn_finds_what_others_loaded_before_it(database: Database) -> None:
    """An empty knowledge is remembered from turn to turn, but not longer than it is true."""
    store, loader = database.open(), database.open(owner="cli")
    for n in range(3):
        await accept(store, said(n))
        assert await store.knowledge.search("VPN", 5) == []
    await loader.knowledge.replace("vpn.md", "1", VPN)
    await accept(store, said(9))
    assert len(await store.knowledge.search("VPN", 5)) == 2
    await loader.knowledge.remove("vpn.md")
    await accept(store, said(10))
    assert await store.knowledge.search("VPN", 5) == []
    await accept(store, said(11))
    await loader.knowledge.replace("vpn.md", "2", VPN)
    await store.knowledge.search("VPN", 5)  # by the turn that was claimed before
    assert len(await store.knowledge.search("VPN", 5)) == 2
    assert await store.knowledge.remove("vpn.md")
    await accept(store, said(12))
    assert await store.knowledge.search("VPN", 5) == []
    await store.knowledge.replace("vpn.md", "1", VPN)
    assert len(await store.knowledge.search("VPN", 5)) == 2
