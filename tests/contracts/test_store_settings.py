"""The contract of Settings: what admins set is there at once, for all, and after a restart."""

from __future__ import annotations

from tests.storage.databases import Database


async def test_nothing_is_set_at_first(database: Database) -> None:
    """Everything then comes from the configuration."""
    assert dict(await database.open().settings.read()) == {}


async def test_what_is_set_is_read_at_once(database: Database) -> None:
    """By scope and name, unchanged; the newest value counts."""
    settings = database.open().settings
    for n in range(50):
        await settings.write("", "models", f"ü 🙂 {n}", by="slack:ada")
        assert dict(await settings.read()) == {("", "models"): f"ü 🙂 {n}"}
    await settings.write("slack:T1:C1:", "models", "echo", by="slack:bob")
    assert dict(await settings.read()) == {
        ("", "models"): "ü 🙂 49",
        ("slack:T1:C1:", "models"): "echo",
    }


async def test_a_value_is_taken_away(database: Database) -> None:
    """An empty value is none; taking away what is not there does no harm."""
    settings = database.open().settings
    await settings.write("", "paused", "yes", by="slack:ada")
    for _ in range(2):
        await settings.write("", "paused", "", by="slack:ada")
        assert dict(await settings.read()) == {}


async def test_settings_are_everybodys(database: Database) -> None:
    """Another process sees them, and so does the one that comes after a restart."""
    store, other = database.open(owner="a", exclusive=True), database.open(owner="b")
    await store.settings.write("", "paused", "yes", by="slack:ada")
    assert dict(await other.settings.read()) == {("", "paused"): "yes"}
    restarted = await database.restarted(store)
    assert dict(await restarted.settings.read()) == {("", "paused"): "yes"}
