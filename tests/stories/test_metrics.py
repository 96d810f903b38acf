"""What operations see of a running Frontdesk."""

from __future__ import annotations

from agent.errors import ProviderAuth
from tests.stories.conftest import OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Fail, ScriptedProvider


async def test_metrics(opened: OpenCompany, clock: TestClock) -> None:
    """/metrics tells of rows by what they wait for, and which models may be asked."""
    sick = ScriptedProvider("sick", clock, [Fail(ProviderAuth())])
    one = await opened(sick, ScriptedProvider("well", clock))
    await one.dm(one.ada, "Hello?")
    one.store.fail("claim")
    await one.dm(one.grace, "Hello?")
    status, text = await one.get("/metrics")
    assert status == 200
    assert 'frontdesk_rows{kind="rows_waiting"} 1.0' in text
    assert 'frontdesk_rows{kind="outbox_dead"} 0.0' in text
    assert 'frontdesk_model_available{model="sick"} 0.0' in text
    assert 'frontdesk_model_available{model="well"} 1.0' in text


async def test_nobody_else_is_served(handbook: Company) -> None:
    """There is no other page, and no listing of any."""
    for path in ("/", "/slack", "/api", f"{handbook.chat.route}/", "/admin", "/.env"):
        assert (await handbook.get(path))[0] == 404
    assert (await handbook.get(handbook.chat.route))[0] == 405
