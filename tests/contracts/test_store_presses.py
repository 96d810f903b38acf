"""The contract of Turns: a press tells which of our messages it is on, in our words or in the
platform's.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.messages import IncomingMessage, Kind
from agent.records import DeliveryState, Settlement
from storage import Store
from tests.storage.databases import Database, claim_new, end, entry, place, reply, said


async def post(store: Store, n: int, name: str, ref: str, channel: str = "D1") -> None:
    """A turn whose answer is posted under the platform's id `ref`."""
    asked = await claim_new(store, said(n, channel=channel), lane=str(place(channel)))
    told = entry("answered", asked.turn_id, message=name)
    answer = reply(name, channel, feedback=True)
    ended = await end(store, asked, answer, journal=(told,))
    for delivery in ended.deliveries:
        await store.turns.settle(delivery, Settlement(DeliveryState.SENT, ref=ref))


async def pressed(store: Store, **more: str) -> IncomingMessage:
    """A verdict as the turn of it sees it."""
    press = replace(said(99, Kind.FEEDBACK), detail="up", **more)  # type: ignore[arg-type]
    return (await claim_new(store, press)).rows[0].message


async def test_by_the_platforms_id(database: Database) -> None:
    """What the platform calls it becomes our name of it."""
    store = database.open()
    await post(store, 1, "m1", "99.1")
    await post(store, 2, "m2", "99.2")
    press = await pressed(store, about_ref="99.1")
    assert (press.about, press.about_ref) == ("m1", "99.1")


async def test_our_own_id_counts(database: Database) -> None:
    """A platform that carries our name needs no looking up."""
    store = database.open()
    await post(store, 1, "m1", "99.1")
    assert (await pressed(store, about="other", about_ref="99.1")).about == "other"


@pytest.mark.parametrize("ref", ["99.3", "m1", "99.9"])
async def test_what_is_not_ours_here(database: Database, ref: str) -> None:
    """Not of this conversation, not the platform's id, never heard of: it is on nothing."""
    store = database.open()
    await post(store, 1, "m1", "99.1")
    await post(store, 3, "m3", "99.3", "D2")
    assert (await pressed(store, about_ref=ref)).about == ""


async def test_a_post_is_meant_and_not_its_edit(database: Database) -> None:
    """Both have the same id on the platform; the post is what people judge."""
    store = database.open()
    await post(store, 1, "m1", "99.1")
    edit = reply("e1", replaces="m1")
    ended = await end(store, await claim_new(store, said(2)), edit)
    await store.turns.settle(ended.deliveries[0], Settlement(DeliveryState.SENT, ref="99.1"))
    assert (await pressed(store, about_ref="99.1")).about == "m1"


async def test_without_any_id(database: Database) -> None:
    """A platform that does not tell can only mean the last answer."""
    store = database.open()
    await post(store, 1, "m1", "99.1")
    await post(store, 2, "m2", "99.2")
    notice = entry("notice", "t3", message="m3")
    await end(store, await claim_new(store, said(3)), reply("m3"), journal=(notice,))
    assert (await pressed(store)).about == "m2"


async def test_without_any_answer(database: Database) -> None:
    """There is nothing that it could be on, also in a conversation that has just begun."""
    store = database.open()
    assert (await pressed(store)).about == ""


async def test_other_presses_name_what_they_are_on(database: Database) -> None:
    """Only a verdict is looked up: whatever else is pressed decides something."""
    store = database.open()
    await post(store, 1, "m1", "99.1")
    press = replace(said(2, Kind.ASK_PERSON), about_ref="99.1")
    assert (await claim_new(store, press)).rows[0].message == press
