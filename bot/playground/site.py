"""The playground's web server: one page, what it sees, and what one can do on it.

    GET  /                        the page; its parts lie beside it
    GET  /handbook/<name>.md      a page of the handbook
    GET  /state?as=USER           what USER sees (`snapshot`), once
    GET  /changes?as=USER         the same as Server-Sent Events, at every change
    GET  /timeline?as=USER&channel=…&thread=…   the journal of a conversation (`telling`)
    POST /say, /edit, /delete, /press           bodies: see `requests`; errors: {"error": …}

It listens on the loopback interface only. That keeps other machines out, but not the web pages
open in the same browser: requests that name another host (DNS rebinding) are refused, and so is
every POST that another origin sends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from pydantic import ValidationError

from adapters.slack.twin import Change, SlackTwin
from agent.errors import StorageError
from agent.messages import ConversationId
from agent.ports import Records
from bot.playground import handbook
from bot.playground.company import Company
from bot.playground.requests import Delete, Edit, Order, Press, Say
from bot.playground.snapshot import Json, Sight
from bot.playground.telling import told
from bot.playground.words import typed

HERE = Path(__file__).parent
PARTS = ("base.css", "handbook.css", "icon.svg", "page.css", "page.html", "page.js")
MAX_BODY = 64 * 1024
"""Bytes; the longest text that can be said is 12 000 characters."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
