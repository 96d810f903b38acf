"""The database fails while people write: nothing is acknowledged that is not stored, everybody can
see what is wrong, and it goes on by itself when the cause is gone.
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import AbstractContextManager

import pytest

from agent.errors import StoreUnavailable
from tests.stories.conftest import LEAVE, OpenCompany, slack_only
from tests.support.company import Company
from tests.support.sick_disk import Disk

QUESTION = "How many days of annual leave do I get?"
LONG = QUESTION + " I ask because of the summer." * 250
"""Longer than what fits into the free part of any page."""

FAILURES = {
    "locked": "is kept locked by another process",
    "no_growth": "is on a disk that reports errors",
    "full": "has no room: the disk is full",
    "read_only": "cannot be written, only read",
    "garbled": "is damaged",
}


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(tmp_path_factory.getbasetemp(), monkeypatch)


@pytest.fixture
async def office(disk: Disk, opened: OpenCompany) -> Company:
    """A company whose database has answered somebody already."""
    one = await opened()
    await one.teach(LEAVE)
    await one.dm(one.grace, QUESTION)
    disk.path = one.folder / "frontdesk.db"
    return one


def failing(disk: Disk, failure: str) -> AbstractContextManager[None]:
    begin = getattr(disk, failure)
    context: AbstractContextManager[None] = begin()
    return context


@pytest.mark.parametrize("failure", FAILURES)
async def test_it_fails_and_recovers(office: Company, disk: Disk, failure: str) -> None:
    """Ada's message is refused; readiness and metrics tell why. When the cause is gone it is
    brought again and she is answered once. Grace's conversation is as it was.
    """
    channel = office.chat.direct(office.ada)
    with failing(disk, failure):
        asked = await office.say(office.ada, channel, LONG)
        assert not office.chat.acknowledged()[-1]
        assert "frontdesk_store_available 0.0" in (await office.get("/metrics"))[1]
        if failure != "full":  # what needs no new page can still be stored
            code, text = await office.get("/readyz")
            assert (code, FAILURES[failure] in text) == (503, True)
        await office.clock.advance(6)
        assert office.answers(asked) == []
    await office.clock.advance(400)
    assert len(office.answers(asked)) == 1
    assert (await office.get("/readyz"))[0] == 200
    assert "frontdesk_store_available 1.0" in (await office.get("/metrics"))[1]
    counts = await office.counts()
    assert counts["rows_waiting"] == counts["outbox_pending"] == counts["outbox_sending"] == 0
    assert len(office.written(office.chat.direct(office.grace))) == 1


async def test_a_failing_commit_fails_everybody_in_it(office: Company, disk: Disk) -> None:
    """Ten people write at once and share commits that fail: none is acknowledged, none is lost,
    none is answered twice.
    """
    people = [office.chat.add_person(f"Person {n}") for n in range(10)]
    with disk.no_growth():
        says = [office.chat.say(who, office.chat.direct(who), QUESTION) for who in people]
        asked = await asyncio.gather(*says)
        await office.rest()
        assert not any(office.chat.acknowledged()[-10:])
    await office.clock.advance(400)
    assert [len(office.answers(said)) for said in asked] == [1] * 10


async def test_a_disk_that_fails_between_acceptance_and_answer(office: Company, disk: Disk) -> None:
    """Ada's question is accepted, and then nothing can be written for a minute: it is answered,
    once, when that is over.
    """
    office.store.hang("claim")
    asked = await office.dm(office.ada, QUESTION)
    assert office.chat.acknowledged()[-1]
    with disk.no_growth():
        office.store.heal()
        await office.clock.advance(60)
        assert office.answers(asked) == []
    await office.clock.advance(60)
    assert len(office.answers(asked)) == 1
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


async def test_a_damaged_database_is_refused_at_start(office: Company, disk: Disk) -> None:
    """What cannot be relied on is not worked on: one sentence, which says what to do."""
    await office.close()
    with disk.garbled(), pytest.raises(StoreUnavailable, match="frontdesk restore") as caught:
        await office.open()
    assert "\n" not in str(caught.value)
    await office.open()


# What Slack's command tells of it. Elsewhere a command is a message, and none is taken then.


@slack_only
@pytest.mark.parametrize("failure", FAILURES)
async def test_the_status_says_what_is_wrong(office: Company, disk: Disk, failure: str) -> None:
    """While it cannot be written the status is red and tells why; afterwards it is not."""
    with failing(disk, failure):
        await office.dm(office.ada, LONG)
        status = await office.command(office.ada, office.general, "status")
        assert "Frontdesk is red: the database" in status
        assert FAILURES[failure] in status
    await office.clock.advance(400)
    assert "is up" in await office.command(office.ada, office.general, "status")


@slack_only
async def test_a_database_that_cannot_even_be_read(office: Company, disk: Disk) -> None:
    """Nothing can be counted; the status answers all the same."""
    await office.store.close()
    text = await office.command(office.ada, office.general, "status")
    assert "red: the store is closed" in text
    assert (await office.get("/metrics"))[0] == 200
