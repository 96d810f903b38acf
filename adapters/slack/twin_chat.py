"""The local Web API's `chat.*`: posting, changing, deleting, ephemeral messages, streams.

https://docs.slack.dev/reference/methods?family=chat
"""

from __future__ import annotations

import re

from adapters.slack import twin_shapes as shapes
from adapters.slack.twin_api import (
    MARKDOWN_LIMIT,
    TEXT_LIMIT,
    UPDATE_LIMIT,
    ApiError,
    Args,
    Method,
    blocks_of,
    existing_post,
    invalid,
    joined_channel,
    known_user,
    metadata_of,
    visible_channel,
)
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_state import Channel, Json, Post

TS = re.compile(r"\d{1,12}\.\d{6}")
# Undocumented; github.com/slackapi/python-slack-sdk/issues/1859: about five minutes, even in use.
STREAM_SECONDS = 300.0


def _place(platform: Platform, args: Args) -> Channel:
    """Where to post: a channel's id or #name, or a person's id for the direct conversation."""
    name, workspace = args.text("channel"), platform.workspace
    if name in workspace.users:
        if workspace.users[name].deleted or name == platform.bot_user:
            raise ApiError("channel_not_found")
        return workspace.direct(name)
    if name.startswith("#"):
        found = [c.id for c in workspace.channels.values() if c.name == name[1:]]
        name = found[0] if found else name
    channel = visible_channel(platform, name)
    if channel.is_archived:
        raise ApiError("is_archived")
    return joined_channel(platform, channel.id)


def _words(args: Args) -> tuple[str, list[Json] | None]:
    """Text and blocks of a new message."""
    text, blocks, markdown = args.text("text"), blocks_of(args), args.text("markdown_text")
    if markdown:
        if text or blocks:
            raise ApiError("markdown_text_conflict")
        if len(markdown) > MARKDOWN_LIMIT:
            raise ApiError("msg_too_long")
        return markdown, [{"type": "markdown", "text": markdown}]
    if not text.strip() and not blocks and not args.json("attachments"):
        raise ApiError("no_text")
    if len(text) > TEXT_LIMIT:
        raise ApiError("msg_too_long")
    return text, blocks


def _thread(args: Args) -> str:
    thread_ts = args.text("thread_ts")
    if thread_ts and not TS.fullmatch(thread_ts):
        raise invalid(f"{thread_ts} is not a valid thread_ts", code="invalid_thread_ts")
    return thread_ts


def _draft(platform: Platform, channel: Channel, args: Args) -> Post:
    text, blocks = _words(args)
    bot = platform.workspace.users[platform.bot_user]
    post = platform.draft(channel, bot, text, _thread(args))
    post.blocks = blocks or []
    post.attachments = args.json("attachments") or []
    return post


def post_message(platform: Platform, args: Args) -> Json:
    """chat.postMessage. A thread whose root is gone is no thread: the words land in the channel.

    github.com/slackapi/python-slack-events-api/issues/87, github.com/measure-sh/measure/pull/3997
    """
    channel = _place(platform, args)
    post = _draft(platform, channel, args)
    post.metadata = metadata_of(args)
    if args.flag("reply_broadcast"):
        post.subtype = "thread_broadcast"
    platform.publish(post)
    return {
        "channel": channel.id,
        "ts": post.ts,
        "message": shapes.message(platform.workspace, post),
    }


def post_ephemeral(platform: Platform, args: Args) -> Json:
    """chat.postEphemeral."""
    channel = _place(platform, args)
    reader = known_user(platform, args.text("user"))
    if reader.id not in channel.members:
        raise ApiError("user_not_in_channel")
    post = _draft(platform, channel, args)
    post.ephemeral_to = reader.id
    platform.publish(post)
    return {"message_ts": post.ts}


def _own_post(platform: Platform, args: Args, error: str) -> Post:
    channel = visible_channel(platform, args.text("channel"))
    post = existing_post(channel, args.text("ts"))
    if post.user != platform.bot_user:
        raise ApiError(error)
    if channel.is_archived:
        raise ApiError("is_archived")
    return post


def update(platform: Platform, args: Args) -> Json:
    """chat.update: what is not given stays, also the blocks."""
    post = _own_post(platform, args, "cant_update_message")
    text: str | None = args.text("text") if "text" in args else None
    blocks, metadata = blocks_of(args), metadata_of(args)
    if "markdown_text" in args:
        text, blocks = _words(args)
    elif text is not None and len(text.encode()) > UPDATE_LIMIT:
        raise ApiError("msg_too_long")
    if not text and not blocks and metadata is None:
        raise ApiError("no_text")
    editor = platform.workspace.identity.bot_id
    platform.edit(post, editor, text=text, blocks=blocks, metadata=metadata)
    message = shapes.message(platform.workspace, post)
    return {"channel": post.channel, "ts": post.ts, "text": post.text, "message": message}


def delete(platform: Platform, args: Args) -> Json:
    """chat.delete."""
    post = _own_post(platform, args, "cant_delete_message")
    platform.delete(post)
    return {"channel": post.channel, "ts": post.ts}


def get_permalink(platform: Platform, args: Args) -> Json:
    """chat.getPermalink."""
    channel = visible_channel(platform, args.text("channel"))
    post = existing_post(channel, args.text("message_ts"))
    domain = platform.workspace.identity.domain
    link = f"https://{domain}.slack.com/archives/{channel.id}/p{post.ts.replace('.', '')}"
    if post.parent_user_id:
        link += f"?thread_ts={post.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _streamed(args: Args) -> str:
    """The text of one call of a stream: `markdown_text` or chunks, never both."""
    markdown, chunks = args.text("markdown_text"), args.json("chunks", "invalid_chunks")
    if markdown and chunks:
        raise ApiError("cannot_provide_both_markdown_text_and_chunks")
    if len(markdown) > MARKDOWN_LIMIT:
        raise ApiError("msg_too_long")
    if not isinstance(chunks or [], list):
        raise ApiError("invalid_chunks")
    texts = [chunk["text"] for chunk in chunks or [] if chunk.get("type") == "markdown_text"]
    return markdown + "".join(texts)


def start_stream(platform: Platform, args: Args) -> Json:
    """chat.startStream: outside direct conversations it wants to know for whom."""
    channel = joined_channel(platform, args.text("channel"))
    if channel.kind != "im":
        for name in ("recipient_team_id", "recipient_user_id"):
            if name not in args:
                raise ApiError(f"missing_{name}")
    bot = platform.workspace.users[platform.bot_user]
    post = platform.draft(channel, bot, _streamed(args), _thread(args))
    post.streaming_until = platform.workspace.clock.now() + STREAM_SECONDS
    platform.publish(post)
    return {"channel": channel.id, "ts": post.ts}


def _stream(platform: Platform, args: Args) -> Post:
    post = existing_post(visible_channel(platform, args.text("channel")), args.text("ts"))
    if post.user != platform.bot_user:
        raise ApiError("message_not_owned_by_app")
    if platform.workspace.clock.now() >= post.streaming_until:
        raise ApiError("message_not_in_streaming_state")
    return post


def append_stream(platform: Platform, args: Args) -> Json:
    """chat.appendStream: readers see it, the bot is sent no event."""
    post = _stream(platform, args)
    post.text += _streamed(args)
    platform.workspace.changed("edited", post.channel, post.ts)
    return {"channel": post.channel, "ts": post.ts}


def stop_stream(platform: Platform, args: Args) -> Json:
    """chat.stopStream: the last words, blocks below them, and the end of it."""
    post = _stream(platform, args)
    text, blocks = post.text + _streamed(args), blocks_of(args)
    metadata, editor = metadata_of(args), platform.workspace.identity.bot_id
    post.streaming_until = 0.0
    whole = [{"type": "markdown", "text": text}, *blocks] if blocks else None
    platform.edit(post, editor, text=text, blocks=whole, metadata=metadata)
    message = shapes.message(platform.workspace, post)
    return {"channel": post.channel, "ts": post.ts, "message": message}


METHODS = {
    "chat.postMessage": Method(post_message, "chat:write", ("channel",), tier=0),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write", ("channel", "user"), tier=4),
    "chat.update": Method(update, "chat:write", ("channel", "ts")),
    "chat.delete": Method(delete, "chat:write", ("channel", "ts")),
    "chat.getPermalink": Method(get_permalink, "", ("channel", "message_ts"), tier=5),
    "chat.startStream": Method(start_stream, "chat:write", ("channel", "thread_ts"), tier=2),
    "chat.appendStream": Method(append_stream, "chat:write", ("channel", "ts"), tier=4),
    "chat.stopStream": Method(stop_stream, "chat:write", ("channel", "ts"), tier=2),
}
