"""Streamed messages in the local Teams: pieces, their pace and their end.

https://learn.microsoft.com/microsoftteams/platform/bots/streaming-ux ("Response codes"): one
request per second, two minutes, personal chats only, one stream per chat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.teams.twin_state import PERSONAL, Json, Place, Post, Settings, World

LONGEST_SECONDS = 120.0
# Teams buffers a little: what sets out a second apart may arrive somewhat closer.
PIECE_SECONDS = 0.9
INFORMATIVE_CHARACTERS = 1000
NOT_ALLOWED = "ContentStreamNotAllowed"
CANCELLED = "Content stream was canceled by user."
TOO_LATE = "Content stream finished due to exceeded streaming time."
COMPLETED = "Content stream is not allowed on an already completed streamed message"
DIFFERENT = "Request streamed content should contain the previously streamed content"
QUOTA = "API calls quota exceeded"
NOT_HERE = "BadArgument: streaming api is not enabled"
OUT_OF_ORDER = {
    "code": "ContentStreamSequenceOrderPreConditionFailed",
    "message": "PreCondition failed exception when processing streaming activity.",
}
Refuse = Callable[[int, str, str], Exception]


@dataclass(slots=True)
class Stream:
    """A message that is being streamed."""

    post: Post
    began: float
    last: float
    sequence: int
    text: str = ""
    notice: str = ""
    cancelled: bool = False
    ended: bool = False


class Streams:
    """All streams, by the id of their message."""

    def __init__(self, world: World, settings: Settings, refuse: Refuse) -> None:
        self._world = world
        self._settings = settings
        self._refuse = refuse
        self._streams: dict[str, Stream] = {}

    def of(self, place: Place) -> Stream | None:
        """The stream that is running in a chat."""
        running = [one for one in self._streams.values() if one.post.place == place.id]
        running = [one for one in running if not one.ended and one.post.streaming]
        return running[-1] if running else None

    def stop(self, place: Place) -> None:
        """A person presses Stop.

        Raises:
            ValueError: nothing is streaming there.
        """
        stream = self.of(place)
        if stream is None:
            raise ValueError(f"nothing is streaming in {place.id}")
        stream.cancelled = True
        self._finish(stream)

    def piece(self, place: Place, activity: Json) -> tuple[int, Any]:
        """One typing activity of a stream: its first begins it."""
        info = stream_info(activity)
        kind, sequence = info.get("streamType"), info.get("streamSequence")
        text = activity.get("text")
        if kind not in {"informative", "streaming"}:
            only = "Only start streaming and continue streaming types are allowed"
            raise self._refuse(400, "BadRequest", f"{only} as a typing activity")
        if not isinstance(sequence, int) or sequence < 1:
            raise self._refuse(400, "BadRequest", "Streaming activities require streamSequence")
        if not isinstance(text, str) or not text.strip():
            raise self._refuse(400, "BadRequest", "Start streaming activities should include text")
        if kind == "informative" and len(text) > INFORMATIVE_CHARACTERS:
            raise self._refuse(400, "BadRequest", "Informative messages are limited to 1 KB")
        if not info.get("streamId"):
            return self._begin(place, activity, kind, sequence)
        return self._continue(self._known(place, info), activity, kind, sequence)

    def _begin(self, place: Place, activity: Json, kind: str, sequence: int) -> tuple[int, Any]:
        if place.kind != PERSONAL:
            raise self._refuse(400, "BadArgument", NOT_HERE)
        if not self._settings.streaming:
            raise self._refuse(403, NOT_ALLOWED, "Content stream is not allowed")
        if sequence != 1:
            raise self._refuse(400, "BadRequest", "A stream begins with streamSequence 1")
        if self.of(place) is not None:
            raise self._refuse(403, NOT_ALLOWED, "Only one stream per chat at a time")
        now = self._world.clock.monotonic()
        post = Post(self._world.mint(), place.id, "", "", {}, bot=True, streaming=True)
        stream = Stream(post, now, now, sequence)
        self._streams[post.id] = stream
        self._world.add_post(post)
        self._show(stream, activity, kind)
        return 201, {"id": post.id}

    def _continue(
        self, stream: Stream, activity: Json, kind: str, sequence: int
    ) -> tuple[int, Any]:
        now = self._world.clock.monotonic()
        if now - stream.last < PIECE_SECONDS:
            raise self._refuse(429, "", QUOTA)
        if sequence <= stream.sequence:
            return 202, {"error": OUT_OF_ORDER}
        if kind == "streaming" and not str(activity["text"]).startswith(stream.text):
            raise self._refuse(403, NOT_ALLOWED, DIFFERENT)
        stream.last, stream.sequence = now, sequence
        self._show(stream, activity, kind)
        return 202, {}

    def _show(self, stream: Stream, activity: Json, kind: str) -> None:
        if kind == "informative":
            stream.notice = activity["text"]
        else:
            stream.text, stream.notice = activity["text"], ""
        stream.post.activity = {"type": "typing", "text": stream.text}
        self._world.changed("message", stream.post.place, stream.post.id)

    def end(self, place: Place, activity: Json) -> tuple[int, Any]:
        """The message that ends a stream."""
        info = stream_info(activity)
        if info.get("streamType") != "final" or "streamSequence" in info:
            only = "Only end streaming type is allowed as a message activity"
            raise self._refuse(400, "BadRequest", only)
        stream = self._known(place, info)
        if not str(activity.get("text") or "").startswith(stream.text):
            raise self._refuse(403, NOT_ALLOWED, DIFFERENT)
        stream.ended = True
        stream.post.activity = activity
        self._finish(stream)
        return 202, {}

    def _known(self, place: Place, info: Json) -> Stream:
        """The stream that a piece belongs to, if it may still go on."""
        stream = self._streams.get(str(info.get("streamId")))
        if stream is None or stream.post.place != place.id:
            raise self._refuse(404, "ActivityNotFoundInConversation", "There is no such stream.")
        if stream.cancelled:
            raise self._refuse(403, NOT_ALLOWED, CANCELLED)
        if stream.ended:
            raise self._refuse(403, NOT_ALLOWED, COMPLETED)
        if self._world.clock.monotonic() - stream.began > LONGEST_SECONDS:
            self._finish(stream)
            raise self._refuse(403, NOT_ALLOWED, TOO_LATE)
        return stream

    def _finish(self, stream: Stream) -> None:
        stream.post.streaming = False
        self._world.changed("message", stream.post.place, stream.post.id)


def stream_info(activity: object) -> Json:
    """What an activity says of the stream it belongs to, {} if it belongs to none."""
    entities = activity.get("entities") if isinstance(activity, dict) else None
    for entity in entities if isinstance(entities, list) else []:
        if isinstance(entity, dict) and entity.get("type") == "streaminfo":
            return entity
    return {}
