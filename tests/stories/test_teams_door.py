"""Who gets in from Teams: signed, of our tenant, in time; and what happens while Microsoft's
identity services change or are out. (Every way to forge a request is in tests/adapters/teams.)
"""

from __future__ import annotations

import logging

import pytest

from adapters.teams.keys import UNKNOWN_SECONDS
from adapters.teams.twin import Fault
from tests.stories.conftest import OpenCompany, teams_only
from tests.support.clock import TestClock
from tests.support.company import Company, teams
from tests.support.scripted import Say, ScriptedProvider

QUESTION = "How many days of annual leave do I get?"
IDENTITY = "token|openid|keys|entra_openid|entra_keys"
pytestmark = teams_only


async def test_what_got_no_answer_comes_again_with_the_same_id(handbook: Company) -> None:
    """Nothing can be accepted for longer than Teams waits: Ada is answered by a redelivery."""
    handbook.store.hang("accept")
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(16)
    handbook.store.heal()
    await handbook.clock.advance(60)
    first, *_, last = teams(handbook).deliveries
    assert (first.reason, last.status) == ("http_timeout", 202)
    assert first.id == last.id
    assert len(handbook.answers(asked)) == 1


async def test_a_slow_model_keeps_nobody_waiting(opened: OpenCompany, clock: TestClock) -> None:
    """Teams has its 202 before the model has said a word, so nothing is redelivered."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=40)]))
    asked = await one.dm(one.ada, QUESTION)
    assert one.chat.acknowledged() == [True]
    await clock.advance(60)
    assert len(one.answers(asked)) == 1
    assert len(teams(one).deliveries) == 1


async def test_another_tenant_is_refused(
    handbook: Company, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody of another organisation mentions the bot in a shared channel: refused, unstored."""
    stranger = handbook.chat.add_person("Eve", stranger=True)
    await handbook.chat.join(stranger, handbook.general)
    before = await handbook.counts()
    await handbook.say(stranger, handbook.general, handbook.mention(QUESTION))
    assert teams(handbook).deliveries[-1].status == 403
    assert await handbook.counts() == before
    assert handbook.written(handbook.general) == []
    assert "it is of another tenant" in caplog.text
    assert QUESTION not in caplog.text


@pytest.mark.parametrize("authorization", ["", "Bearer garbage", "Basic dXNlcjpwYXNz"])
async def test_unsigned_activities_are_refused(handbook: Company, authorization: str) -> None:
    """Whoever cannot sign is refused, and nothing is left behind."""
    twin = teams(handbook)
    before = await handbook.counts()
    activity = twin.activity("message", handbook.ada, text=QUESTION)
    await twin.deliver(activity, authorization=authorization)
    await handbook.rest()
    assert twin.deliveries[-1].status == 401
    assert await handbook.counts() == before


async def test_keys_are_rotated_while_it_runs(handbook: Company) -> None:
    """Microsoft signs with a new key after a while: the next message is answered like the last."""
    first = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(UNKNOWN_SECONDS)
    teams(handbook).rotate_keys()
    second = await handbook.dm(handbook.grace, QUESTION)
    assert len(handbook.answers(first)) == len(handbook.answers(second)) == 1
    assert set(handbook.chat.acknowledged()) == {True}


async def test_the_identity_provider_is_out_while_it_answers(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Tokens and keys cannot be had for a while; those at hand do, and nobody notices."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5)]))
    first = await one.dm(one.ada, QUESTION)
    teams(one).fault(IDENTITY, Fault.unavailable(), None)
    await clock.advance(6)
    second = await one.dm(one.grace, QUESTION)
    await clock.advance(6)
    assert len(one.answers(first)) == len(one.answers(second)) == 1


async def test_the_identity_provider_is_out_at_the_start(
    handbook: Company, caplog: pytest.LogCaptureFixture
) -> None:
    """It starts all the same and is ready; what comes meanwhile is brought again and answered when
    that is over.
    """
    await handbook.close()
    teams(handbook).fault(IDENTITY, Fault.unavailable(), None)
    caplog.set_level(logging.WARNING)
    await handbook.open()
    assert (await handbook.get("/readyz"))[0] == 200
    assert "starting without all of Microsoft's services" in caplog.text
    asked = await handbook.dm(handbook.ada, QUESTION)
    assert not any(handbook.chat.acknowledged())
    handbook.chat.heal()
    await handbook.clock.advance(120)
    assert len(handbook.answers(asked)) == 1


async def test_no_token_is_to_be_had(handbook: Company) -> None:
    """The process is new, so it has no token, and none is to be had for two minutes: the answer
    waits, and nothing dies.
    """
    await handbook.close()
    teams(handbook).fault("token", Fault.unavailable(), None)
    await handbook.open()
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(120)
    assert handbook.answers(asked) == []
    handbook.chat.heal()
    await handbook.clock.advance(120)
    assert len(handbook.answers(asked)) == 1
    counts = await handbook.counts()
    assert counts["outbox_dead"] == counts["outbox_unconfirmed"] == 0


async def test_the_secret_has_expired(handbook: Company) -> None:
    """Entra refuses the credentials while it runs: sending pauses, and goes on with the next."""
    handbook.chat.revoke()
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(90)
    assert (await handbook.counts())["outbox_pending"] == 1
    handbook.chat.heal()
    await handbook.clock.advance(61)
    assert len(handbook.answers(asked)) == 1
