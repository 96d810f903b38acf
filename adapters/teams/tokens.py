"""The token that the bot sends messages with: asked of Entra, kept, renewed before it runs out.

A token is renewed at 80 % of its life in the background, so that nobody but the first caller waits
for the identity provider; while that is down the old token serves to its end. However many callers
wait, one request is under way. A provider that fails, or refuses, is left alone for some seconds.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from dataclasses import dataclass, field

import aiohttp
from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from adapters.teams.credentials import Credentials, Question
from adapters.teams.keys import Session
from agent.defects import report
from agent.errors import DeliveryError, DeliveryRetry, InstallationFatal
from agent.ports import Clock

log = logging.getLogger(__name__)

RENEWED_AT = 0.8
"""Part of a token's life after which it is renewed; Entra's live for 60 to 90 minutes, or a day."""
ASK_SECONDS = 10.0
FAILED_SECONDS = 5.0
"""Between requests while they fail, unless the provider says otherwise."""
REFUSED_SECONDS = 30.0
"""Between requests that are refused: somebody must mend something first."""
LONGEST_WAIT = 120.0
"""A wish of the provider's, or of a proxy before it, is not followed any longer than this."""
FORCED_SECONDS = 5.0
"""Between requests because the connector refuses a token: one that refuses them all would have a
new one asked for with each message."""
TEMPORARY = frozenset({"temporarily_unavailable", "server_error"})
"""OAuth's names for what passes by itself (RFC 6749, section 4.1.2.1)."""
REFUSALS = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class _Held:
    """A token; times are seconds since the epoch."""

    text: str = field(repr=False)
    renew_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why there is no newer token, and when the provider may be asked again (monotonic)."""

    message: str
    refused: bool
    again_at: float


class _Granted(BaseModel):
    """Entra and IMDS tell how long a token lives, App Service when it ends; some as a string."""

    access_token: str = Field(pattern=r"^[\x21-\x7e]+$")
    expires_in: FiniteFloat | None = None
    expires_on: FiniteFloat | None = None


class _Refusal(BaseModel):
    """OAuth's error; the sentence beside it is not kept, nobody knows what it quotes."""

    error: str = ""
    error_codes: list[int] = Field(default_factory=list)


class TokenProvider:
    """Tokens for the connector."""

    def __init__(self, session: Session, credentials: Credentials | None, clock: Clock) -> None:
        """Without credentials every token is ''. Nothing is asked yet."""
        self._session = session
        self._credentials = credentials
        self._clock = clock
        self._held: _Held | None = None
        self._trouble: _Trouble | None = None
        self._forced_at = -math.inf
        """When a token was last given up because the connector refused it (monotonic)."""
        self._asking: asyncio.Task[None] | None = None

    async def token(self) -> str:
        """A token that has not expired.

        Raises:
            DeliveryRetry: there is none left, and the provider cannot be asked.
            InstallationFatal: the provider refuses the app; the message says how to mend it.
        """
        if self._credentials is None:
            return ""
        held = self._held
        if held is None or held.ends_at <= self._clock.now():
            await self._ask(self._credentials)
        elif held.renew_at <= self._clock.now():
            self._begin(self._credentials)
        held = self._held
        if held is None or held.ends_at <= self._clock.now():
            raise self._error()
        return held.text

    def refused(self, token: str) -> None:
        """The connector did not take this token: the next caller gets another one. Unless one was
        just replaced for this reason: then it is kept, for another would not be taken either.
        """
        if self._held is None or self._held.text != token:
            return
        now = self._clock.monotonic()
        if now - self._forced_at >= FORCED_SECONDS:
            self._forced_at = now
            self._held = None

    async def close(self) -> None:
        """End a request that is under way; idempotent."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait([asking])

    def _error(self) -> DeliveryError:
        trouble = self._trouble
        if trouble is None:
            return DeliveryRetry("there is no token any more")
        if trouble.refused:
            return InstallationFatal(trouble.message)
        wait = max(0.0, trouble.again_at - self._clock.monotonic())
        return DeliveryRetry(trouble.message, wait)

    async def _ask(self, credentials: Credentials) -> None:
        asking = self._begin(credentials)
        if asking is not None:
            # Unlike a plain await: whoever hangs up does not end what others wait for.
            await asyncio.wait([asking])

    def _begin(self, credentials: Credentials) -> asyncio.Task[None] | None:
        if self._asking is not None and not self._asking.done():
            return self._asking
        if self._trouble is not None and self._clock.monotonic() < self._trouble.again_at:
            return None
        self._asking = asyncio.create_task(self._renew(credentials))
        return self._asking

    async def _renew(self, credentials: Credentials) -> None:
        now = self._clock.now()
        try:
            async with self._clock.timeout(ASK_SECONDS):
                status, headers, body = await self._send(credentials.question(now))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._fail(f"the identity provider cannot be reached: {type(error).__name__}")
            return
        except Exception as error:  # noqa: BLE001 the top of a task
            report(log, "asking for a token went wrong", error)
            self._fail("asking for a token went wrong")
            return
        refusal = _read_refusal(status, body)
        if status == 200:
            self._keep(body, now)
        elif refusal is not None:
            self._fail(_told(refusal, credentials), REFUSED_SECONDS, refused=True)
        else:
            self._fail(f"the identity provider answered {status}", _retry_after(headers))

    async def _send(self, question: Question) -> tuple[int, dict[str, str], bytes]:
        # A redirect would take the secret elsewhere.
        async with self._session().request(
            question.method,
            question.url,
            params=question.query,
            data=question.form,
            headers=question.headers,
            allow_redirects=False,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return response.status, headers, await response.read()

    def _keep(self, body: bytes, asked_at: float) -> None:
        try:
            granted = _Granted.model_validate_json(body)
        except ValidationError:
            self._fail("the identity provider's answer is unreadable")
            return
        life = granted.expires_in
        if life is None and granted.expires_on is not None:
            life = granted.expires_on - asked_at
        if life is None or life < 1.0:
            self._fail("the identity provider sent a token without a life")
            return
        self._held = _Held(granted.access_token, asked_at + life * RENEWED_AT, asked_at + life)
        self._trouble = None

    def _fail(
        self, message: str, seconds: float = FAILED_SECONDS, *, refused: bool = False
    ) -> None:
        self._trouble = _Trouble(message, refused, self._clock.monotonic() + seconds)
        log.warning("no new token: %s", message)


def _read_refusal(status: int, body: bytes) -> _Refusal | None:
    """What was refused; None for what a proxy says, or what passes by itself."""
    if status not in REFUSALS:
        return None
    try:
        refusal = _Refusal.model_validate_json(body)
    except ValidationError:
        return _Refusal() if status == 401 else None
    return None if refusal.error in TEMPORARY else refusal


def _told(refusal: _Refusal, credentials: Credentials) -> str:
    name = refusal.error if re.fullmatch(r"[a-z_]{1,40}", refusal.error) else ""
    why = ", ".join(filter(None, [name, *(f"AADSTS{code}" for code in refusal.error_codes)]))
    refused = f"Microsoft Entra refuses the app ({why})" if why else "Microsoft refuses the app"
    return f"{refused}: {credentials.mend(name)}"


def _retry_after(headers: dict[str, str]) -> float:
    """Seconds of the Retry-After header within reason; FAILED_SECONDS without a usable one."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return FAILED_SECONDS
    return FAILED_SECONDS if math.isnan(seconds) else min(max(1.0, seconds), LONGEST_WAIT)
