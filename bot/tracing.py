"""`frontdesk trace`: a conversation's timeline, read from the journal."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic_core import to_json

from agent.errors import ConfigError
from agent.messages import ConversationId
from agent.ports import Records
from agent.records import TimelineItem
from bot.clock import SystemClock
from bot.settings import Configuration
from storage import must_be_there, open_store


async def lines(configuration: Configuration, conversation: str) -> list[str]:
    """The timeline as printable lines, oldest first; [] if nothing is known.

    Raises:
        ConfigError: it is not a conversation's name, or there is no database to look into.
        StorageError: the database cannot be read.
    """
    try:
        lane = str(ConversationId.parse(conversation))
    except ValueError as error:
        raise ConfigError(f"{error}; for example slack:T0123:C0123:1790000000.000100") from None
    url = configuration.settings.database_url
    try:
        must_be_there(url)
    except ConfigError as error:
        raise ConfigError(f"nothing is known about {conversation}: {error}") from None
    store = open_store(url, SystemClock(), owner="trace", exclusive=False)
    try:
        return [printed(item) for item in await timeline(store.records, lane)]
    finally:
        await store.close()


async def timeline(records: Records, lane: str) -> list[TimelineItem]:
    """The journal of a lane."""
    return list(await records.timeline(lane))


def printed(item: TimelineItem) -> str:
    """One line: UTC time, turn, kind, data as JSON."""
    at = datetime.fromtimestamp(item.at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    data = to_json(dict(item.data)).decode()
    return f"{at}  {item.turn_id or '-':<8} {item.kind:<12} {data}"
