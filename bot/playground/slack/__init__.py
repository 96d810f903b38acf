"""The local Slack as the playground's page shows it: what is Slack's own about it lies here."""

from __future__ import annotations

from bot.playground.slack.room import SlackRoom

__all__ = ["SlackRoom"]
