"""Anthropic's models, by the `messages` API.

Environment: ANTHROPIC_API_KEY, and ANTHROPIC_BASE_URL for a gateway in between. Both are handed to
the SDK explicitly, so that it looks up neither; its own switches for proxies and extra headers
(HTTPS_PROXY, ANTHROPIC_CUSTOM_HEADERS) it reads from the process as everywhere else.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from json import JSONDecodeError
from typing import TYPE_CHECKING

from agent.errors import ConfigError, ProviderAuth, ProviderError
from agent.models import Piece, Prompt
from agent.ports import Clock, Provider
from agent.providers._anthropic_messages import MessageReader, request
from agent.providers._faults import (
    Account,
    Fault,
    fault_in_stream,
    lost,
    verdict,
)
from agent.providers._settings import need_model
from agent.providers._wire import (
    CHECK_QUESTION,
    CONNECT_SECONDS,
    EventStream,
    LazyModules,
    look,
    pieces,
    text,
)
from agent.surroundings import Surroundings, read_address, read_key

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic

KEY, ADDRESS = "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"
VARIABLES: Mapping[str, str] = {
    KEY: "a key for `anthropic:…` models",
    ADDRESS: "a gateway in front of Anthropic",
}
"""All that is read here, and what it means."""
DEFAULT_ADDRESS = "https://api.anthropic.com"

_SDK = LazyModules("anthropic", "anthropic.resources.messages", "anthropic.resources.models")


def preload() -> None:
    """Import the SDK now; takes about a second, made for a thread."""
    _SDK.load()


def open_provider(model: str, surroundings: Surroundings) -> Provider:
    """One of Anthropic's models; nothing is imported or connected yet.

    Raises:
        ConfigError: the model is not named, the key is missing, or the address is none.
    """
    need_model(model, "anthropic:claude-sonnet-5-5")
    key = read_key(surroundings.environ, KEY)
    if not key:
        raise ConfigError(f"{KEY} is not set: it is needed to ask anthropic:{model}")
    address = read_address(surroundings.environ, ADDRESS) or DEFAULT_ADDRESS
    return AnthropicModel(model, key, address, surroundings.clock)


class AnthropicModel:
    """A `Provider` for one of Anthropic's models, with one connection pool."""

    model_free = False

    def __init__(self, model: str, key: str, address: str, clock: Clock) -> None:
        """`address` is the base URL without '/v1'; the clock only reads Retry-After dates."""
        self.name = f"anthropic:{model}"
        self._model = model
        self._key = key
        self._address = address
        self._clock = clock
        self._account = Account("Anthropic", model, KEY, ADDRESS)
        self._client: AsyncAnthropic | None = None

    def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        return pieces(self, prompt)

    async def check(self) -> str:
        failure: ProviderError
        try:
            return await self._look_up()
        except self.failures() as error:
            failure = self.translate(error)
        if not isinstance(failure, ProviderAuth):
            raise failure
        # A gateway may serve messages and no list of models; then the model itself must answer.
        try:
            return await self._try_out()
        except self.failures() as error:
            failure = self.translate(error)
        raise failure

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def reader(self) -> MessageReader:
        """A reader for one answer."""
        return MessageReader(self._model)

    async def open_stream(self, prompt: Prompt) -> EventStream:
        """Send the question."""
        client = await self._connected()
        from anthropic import AsyncStream

        asked = request(self._model, prompt)
        head = await client.messages.with_raw_response.create(**asked)
        stream: EventStream = await head.parse(to=AsyncStream[object])
        return stream

    def failures(self) -> tuple[type[Exception], ...]:
        """What the SDK raises. A connection that breaks in mid-stream and a chunk that is not JSON
        come through it as they are, not as its own exceptions.
        """
        if not _SDK.loaded:
            return ()
        from anthropic import AnthropicError
        from httpx2 import HTTPError

        return (AnthropicError, HTTPError, JSONDecodeError, UnicodeDecodeError)

    def translate(self, error: Exception) -> ProviderError:
        """The error of ours that one of the SDK's is."""
        from anthropic import APIStatusError

        if isinstance(error, APIStatusError):
            return verdict(_fault(error), self._account, self._clock.now())
        return lost(self._account, error)

    async def _connected(self) -> AsyncAnthropic:
        await _SDK.ready()
        if self._client is None:
            from anthropic import AsyncAnthropic, Timeout

            self._client = AsyncAnthropic(
                api_key=self._key,
                base_url=self._address,
                max_retries=0,  # the ladder retries, on our clock and within its own budget
                timeout=Timeout(None, connect=CONNECT_SECONDS),
                open_telemetry=False,  # our spans are the same for all vendors
            )
        return self._client

    async def _look_up(self) -> str:
        client = await self._connected()
        found = await client.models.retrieve(self._model)
        warning = _deprecation(self._model, found)
        return f"{self.name} is available and {KEY} is accepted{warning}"

    async def _try_out(self) -> str:
        client = await self._connected()
        await client.messages.create(
            model=self._model,
            max_tokens=1,
            messages=[{"role": "user", "content": CHECK_QUESTION}],
        )
        return f"{self.name} answers and {KEY} is accepted{_deprecation(self._model, None)}"


def _fault(error: APIStatusError) -> Fault:
    words = tuple(word for word in (error.error_code, error.type) if isinstance(word, str))
    sentence = text(error, "api_message")
    if error.status_code == 200:
        # An error event inside the stream: the SDK raises its base class with the stream's status.
        return fault_in_stream(words, sentence)
    return Fault(error.status_code, words, sentence, error.response.headers)


def _deprecation(model: str, found: object) -> str:
    """A warning to append if the vendor, or the SDK's own list, says that the model will end."""
    from anthropic.resources.messages import DEPRECATED_MODELS

    told = look(found, "retires_at")
    date = f"{told:%Y-%m-%d}" if hasattr(told, "strftime") else DEPRECATED_MODELS.get(model, "")
    if date:
        return f", but it is deprecated and ends on {date}: choose another model"
    if text(found, "lifecycle") in ("deprecated", "retired"):
        return f", but it is {text(found, 'lifecycle')}: choose another model"
    return ""
