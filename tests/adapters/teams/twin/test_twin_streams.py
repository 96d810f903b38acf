"""Streamed messages in the local Teams: how they grow, and what is refused."""

from __future__ import annotations

import pytest

from adapters.teams.twin import TeamsTwin
from tests.support.clock import TestClock
from tests.support.teams_listener import Client, Json, Reply


class Streamer:
    """A bot that streams to Ada."""

    def __init__(self, twin: TeamsTwin, client: Client, chat: str = "") -> None:
        self.ada = twin.add_user()
        self.chat = chat or twin.dm(self.ada)
        self.client = client
        self.stream = ""

    async def piece(
        self, text: str, sequence: int, kind: str = "streaming", **info: object
    ) -> Reply:
        """Send a piece, the first or a later one."""
        entity: Json = {"type": "streaminfo", "streamType": kind, "streamSequence": sequence}
        if self.stream:
            entity["streamId"] = self.stream
        body = {"type": "typing", "text": text, "entities": [entity | info]}
        reply = await self.client.call("POST", self.chat, "activities", body=body)
        if reply.status == 201:
            self.stream = reply.json["id"]
        return reply

    async def end(self, text: str, **info: object) -> Reply:
        """Send the last message."""
        entity = {"type": "streaminfo", "streamType": "final", "streamId": self.stream, **info}
        return await self.client.post(self.chat, text, entities=[entity])


@pytest.fixture
def streamer(twin: TeamsTwin, client: Client) -> Streamer:
    return Streamer(twin, client)


async def test_a_message_grows(clock: TestClock, twin: TeamsTwin, streamer: Streamer) -> None:
    """First a notice, then the words so far, then all of them; one message in the end."""
    first = await streamer.piece("Searching…", 1, "informative")
    assert (first.status, twin.notice(streamer.ada)) == (201, "Searching…")
    await clock.advance(1)
    second = await streamer.piece("A quick", 2)
    assert (second.status, second.json) == (202, {})
    (message,) = twin.messages(streamer.chat)
    assert (message.id, message.text, message.streaming) == (first.json["id"], "A quick", True)
    assert twin.notice(streamer.ada) == ""
    await clock.advance(1)
    assert (await streamer.end("A quick brown fox")).status == 202
    (message,) = twin.messages(streamer.chat)
    assert (message.text, message.streaming, message.edited) == ("A quick brown fox", False, False)
    assert [call.operation for call in twin.calls()] == ["token", "stream", "stream", "post"]


async def test_pieces_come_a_second_apart(clock: TestClock, streamer: Streamer) -> None:
    """Faster ones are too many."""
    await streamer.piece("A", 1)
    await clock.advance(0.5)
    refused = await streamer.piece("A b", 2)
    assert (refused.status, refused.message) == (429, "API calls quota exceeded")
    await clock.advance(0.5)
    assert (await streamer.piece("A b", 2)).status == 202


async def test_streams_end_after_two_minutes(
    clock: TestClock, twin: TeamsTwin, streamer: Streamer
) -> None:
    """Also their last message is refused then; a plain one is not."""
    await streamer.piece("A", 1)
    await clock.advance(120)
    assert (await streamer.piece("A b", 2)).status == 202
    await clock.advance(1)
    for refused in (await streamer.piece("A b c", 3), await streamer.end("A b c")):
        assert (refused.status, refused.code) == (403, "ContentStreamNotAllowed")
        assert refused.message == "Content stream finished due to exceeded streaming time."
    assert not twin.messages(streamer.chat)[0].streaming
    assert (await streamer.client.post(streamer.chat, "A b c")).status == 201


async def test_a_person_stops_a_stream(
    clock: TestClock, twin: TeamsTwin, streamer: Streamer
) -> None:
    """What comes after that is refused."""
    await streamer.piece("A", 1)
    await twin.stop_stream(streamer.ada)
    await clock.advance(1)
    for refused in (await streamer.piece("A b", 2), await streamer.end("A b")):
        assert (refused.status, refused.message) == (403, "Content stream was canceled by user.")
    with pytest.raises(ValueError, match="nothing is streaming"):
        await twin.stop_stream(streamer.ada)


async def test_what_was_shown_stays(clock: TestClock, streamer: Streamer) -> None:
    """Each piece, and the end, begins with what was streamed before."""
    await streamer.piece("A quick", 1)
    await clock.advance(1)
    for refused in (await streamer.piece("Hello", 2), await streamer.end("Hello")):
        assert (refused.status, refused.code) == (403, "ContentStreamNotAllowed")
        assert refused.message.startswith("Request streamed content should contain")


async def test_a_piece_that_was_overtaken_is_dropped(
    clock: TestClock, twin: TeamsTwin, streamer: Streamer
) -> None:
    """Its answer is a success that says so."""
    await streamer.piece("A", 1)
    await clock.advance(1)
    await streamer.piece("A b c", 3)
    await clock.advance(1)
    late = await streamer.piece("A b", 2)
    assert (late.status, late.code) == (202, "ContentStreamSequenceOrderPreConditionFailed")
    assert twin.messages(streamer.chat)[0].text == "A b c"


async def test_only_personal_chats_stream(twin: TeamsTwin, client: Client) -> None:
    """Not groups, not channels."""
    for place in (twin.add_group(), twin.add_channel()):
        refused = await Streamer(twin, client, place).piece("A", 1)
        assert (refused.status, refused.code) == (400, "BadArgument")
        assert "streaming api is not enabled" in refused.message


async def test_streaming_can_be_forbidden(twin: TeamsTwin, streamer: Streamer) -> None:
    """By the organisation; and there is one stream per chat."""
    await streamer.piece("A", 1)
    streamer.stream = ""
    assert "one stream" in (await streamer.piece("B", 1)).message
    twin.streaming = False
    refused = await streamer.piece("A", 1)
    assert (refused.status, refused.message) == (403, "Content stream is not allowed")


async def test_an_ended_stream_is_over(clock: TestClock, streamer: Streamer) -> None:
    """Neither pieces nor a second end; and the next one may begin."""
    await streamer.piece("A", 1)
    await streamer.end("A")
    await clock.advance(1)
    for refused in (await streamer.piece("A b", 2), await streamer.end("A b")):
        assert (refused.status, "already completed" in refused.message) == (403, True)
    streamer.stream = ""
    assert (await streamer.piece("B", 1)).status == 201


@pytest.mark.parametrize(
    ("text", "sequence", "kind"),
    [
        ("", 1, "streaming"),
        ("A", 0, "streaming"),
        ("A", 2, "streaming"),
        ("A", 1, "final"),
        ("A" * 1001, 1, "informative"),
    ],
)
async def test_pieces_that_are_none(
    streamer: Streamer, text: str, sequence: int, kind: str
) -> None:
    """Without text, out of turn, of a kind that is no piece, too long."""
    assert (await streamer.piece(text, sequence, kind)).status == 400


async def test_ends_that_are_none(twin: TeamsTwin, streamer: Streamer) -> None:
    """With a number, without being final, of a stream that is not there."""
    await streamer.piece("A", 1)
    assert (await streamer.end("A", streamSequence=2)).status == 400
    assert (await streamer.end("A", streamType="streaming")).status == 400
    assert (await streamer.end("A", streamId="1")).status == 404
    assert twin.messages(streamer.chat)[0].streaming
