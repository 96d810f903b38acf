"""Answers to a press or a command that do not come through the Web API: response URLs and acks.

https://docs.slack.dev/interactivity/handling-user-interaction (message responses)
"""

from __future__ import annotations

from adapters.slack.twin_api import ApiError, Args, blocks_of
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_state import Post, ResponseUrl

URL_SECONDS = 30 * 60.0
URL_USES = 5


def mint_url(platform: Platform, user: str, channel: str, message: Post | None) -> str:
    """The id of a new response URL; `message` is what `replace_original` would replace."""
    workspace = platform.workspace
    id_ = workspace.mint("R")
    until = workspace.clock.now() + URL_SECONDS
    workspace.response_urls[id_] = ResponseUrl(user, channel, until, URL_USES, message)
    return id_


def respond(platform: Platform, id_: str, args: Args) -> None:
    """Do what was POSTed to a response URL.

    Raises:
        ApiError: used_url, expired_url, no_text, or what is wrong with the blocks.
    """
    url = platform.workspace.response_urls.get(id_)
    if url is None:
        raise ApiError("expired_url")
    if platform.workspace.clock.now() >= url.until:
        raise ApiError("expired_url")
    if url.left <= 0:
        raise ApiError("used_url")
    show(platform, url, args)
    url.left -= 1


def show(platform: Platform, url: ResponseUrl, args: Args) -> None:
    """Delete or replace the message in question, or show a new one to its user or the channel.

    Raises:
        ApiError: no_text, or what is wrong with the blocks.
    """
    original = url.message
    if args.flag("delete_original") and original:
        _remove(platform, original)
        return
    text, blocks = args.text("text"), blocks_of(args)
    if not text and not blocks:
        raise ApiError("no_text")
    if args.flag("replace_original") and original:
        # Not the parts that are missing but the whole message is replaced.
        editor = platform.workspace.identity.bot_id
        platform.edit(original, editor, text=text, blocks=blocks or [])
        return
    channel = platform.workspace.channels[url.channel]
    bot = platform.workspace.users[platform.bot_user]
    post = platform.draft(channel, bot, text, args.text("thread_ts"))
    post.blocks = blocks or []
    if args.text("response_type") != "in_channel":
        post.ephemeral_to = url.user
    platform.publish(post)


def _remove(platform: Platform, original: Post) -> None:
    if not original.ephemeral_to:
        platform.delete(original)
        return
    original.deleted = True
    platform.workspace.changed("ephemeral", original.channel, original.ts)
