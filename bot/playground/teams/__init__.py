"""The local Teams as the playground's page shows it: what is Teams' own about it lies here."""

from __future__ import annotations

from bot.playground.teams.room import TeamsRoom

__all__ = ["TeamsRoom"]
