"""OpenAI's models by the `responses` API, and those of every compatible server by its `chat` API.

Environment: OPENAI_API_KEY; OPENAI_BASE_URL for another server (Ollama, vLLM, Azure, a gateway),
which may need no key; OPENAI_ORG_ID and OPENAI_PROJECT_ID. All are handed to the SDK explicitly;
its own switches for proxies and extra headers (HTTPS_PROXY, OPENAI_CUSTOM_HEADERS) it reads from
the process as everywhere else.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from typing import TYPE_CHECKING, Protocol

from agent.errors import ConfigError, ProviderAuth, ProviderError
from agent.models import Piece, Prompt
from agent.ports import Clock, Provider
from agent.providers._faults import (
    Account,
    Fault,
    fault_in_stream,
    lost,
    verdict,
)
from agent.providers._openai_chat import Chat
from agent.providers._openai_responses import Responses
from agent.providers._settings import need_model
from agent.providers._wire import CONNECT_SECONDS, EventStream, LazyModules, Reader, pieces, text
from agent.surroundings import Surroundings, host_of, read_address, read_key

if TYPE_CHECKING:
    from openai import APIError, AsyncOpenAI

KEY, ADDRESS = "OPENAI_API_KEY", "OPENAI_BASE_URL"
VARIABLES: Mapping[str, str] = {
    KEY: "a key for `openai:…` models; other servers may need none",
    ADDRESS: "another server that speaks OpenAI's chat completions",
    "OPENAI_ORG_ID": "the organisation that pays",
    "OPENAI_PROJECT_ID": "the project that pays",
}
"""All that is read here, and what it means."""
DEFAULT_ADDRESS = "https://api.openai.com/v1"
OPENAI_HOST = "api.openai.com"
NO_KEY = "not-needed"
"""What is sent as a key where none is set: servers of one's own take anything but nothing."""

_SDK = LazyModules(
    "openai", "openai.resources.responses", "openai.resources.chat", "openai.resources.models"
)


def preload() -> None:
    """Import the SDK now; takes about a second, made for a thread."""
    _SDK.load()


def open_provider(model: str, surroundings: Surroundings) -> Provider:
    """One model of OpenAI, or of the server at OPENAI_BASE_URL; nothing is imported or connected.

    Raises:
        ConfigError: the model is not named, OpenAI's key is missing, or the address is none.
    """
    need_model(model, "openai:gpt-6.2-sol")
    environ = surroundings.environ
    key = read_key(environ, KEY)
    address = read_address(environ, ADDRESS) or DEFAULT_ADDRESS
    openai_itself = _is_openai(host_of(address))
    if openai_itself and not key:
        raise ConfigError(f"{KEY} is not set: it is needed to ask openai:{model}")
    connection = Connection(
        key=key or NO_KEY,
        address=address,
        organization=read_key(environ, "OPENAI_ORG_ID"),
        project=read_key(environ, "OPENAI_PROJECT_ID"),
    )
    vendor = "OpenAI" if openai_itself else f"the server at {host_of(address)}"
    account = Account(vendor, model, KEY, ADDRESS)
    surface = Responses(account) if openai_itself else Chat(account, address)
    return OpenAIModel(surface, account, connection, surroundings.clock)


def _is_openai(host: str) -> bool:
    # Regional addresses (eu.api.openai.com) are OpenAI as well.
    return host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")


@dataclass(frozen=True, slots=True, repr=False)
class Connection:
    """How a server is reached: key, base URL with its '/v1', and OpenAI's two account names."""

    key: str
    address: str
    organization: str = ""
    project: str = ""


class OpenAISurface(Protocol):
    """One of the two APIs that the SDK offers."""

    def reader(self) -> Reader:
        """A reader for one answer."""

    async def open_stream(self, client: AsyncOpenAI, prompt: Prompt) -> EventStream:
        """Send the question."""

    async def look_up(self, client: AsyncOpenAI) -> str:
        """Ask the list of models for ours; a warning to append to the good news, or ''.

        Raises:
            ProviderAuth: ours is not in it.
        """

    async def try_out(self, client: AsyncOpenAI) -> None:
        """Ask the model for next to nothing."""


class OpenAIModel:
    """A `Provider` for one model behind the OpenAI SDK, with one connection pool."""

    model_free = False

    def __init__(
        self,
        surface: OpenAISurface,
        account: Account,
        connection: Connection,
        clock: Clock,
        *,
        module: str = "openai",
    ) -> None:
        """`module` is the vendor's name in the configuration, for one whose API is like OpenAI's;
        the clock only reads Retry-After dates.
        """
        self.name = f"{module}:{account.model}"
        self._surface = surface
        self._account = account
        self._connection = connection
        self._clock = clock
        self._client: AsyncOpenAI | None = None

    def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        return pieces(self, prompt)

    async def check(self) -> str:
        failure: ProviderError
        try:
            warning = await self._surface.look_up(await self._connected())
        except self.failures() as error:
            failure = self.translate(error)
        else:
            return f"{self.name} is available at {self._account.vendor}{warning}"
        if not isinstance(failure, ProviderAuth):
            raise failure
        # A gateway may serve answers and no list of models; then the model itself must answer.
        try:
            await self._surface.try_out(await self._connected())
        except self.failures() as error:
            failure = self.translate(error)
        else:
            return f"{self.name} answers at {self._account.vendor}"
        raise failure

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def reader(self) -> Reader:
        """A reader for one answer."""
        return self._surface.reader()

    async def open_stream(self, prompt: Prompt) -> EventStream:
        """Send the question."""
        return await self._surface.open_stream(await self._connected(), prompt)

    def failures(self) -> tuple[type[Exception], ...]:
        """What the SDK raises. It wraps what the transport raises; a chunk that is not JSON comes
        through it as it is.
        """
        if not _SDK.loaded:
            return ()
        from openai import OpenAIError

        return (OpenAIError, JSONDecodeError, UnicodeDecodeError)

    def translate(self, error: Exception) -> ProviderError:
        """The error of ours that one of the SDK's is."""
        from openai import APIConnectionError, APIError, APIStatusError

        if isinstance(error, APIStatusError):
            headers = error.response.headers
            fault = Fault(error.status_code, _words(error), _sentence(error), headers)
        elif isinstance(error, APIError) and not isinstance(error, APIConnectionError):
            # An error inside a stream: the SDK raises its base class, which has no status.
            fault = fault_in_stream(_words(error), _sentence(error))
        else:
            return lost(self._account, error)
        return verdict(fault, self._account, self._clock.now())

    async def _connected(self) -> AsyncOpenAI:
        await _SDK.ready()
        if self._client is None:
            from openai import AsyncOpenAI, Timeout

            connection = self._connection
            client = AsyncOpenAI(
                api_key=connection.key,
                base_url=connection.address,
                max_retries=0,  # the ladder retries, on our clock and within its own budget
                timeout=Timeout(None, connect=CONNECT_SECONDS),
            )
            # Set afterwards, because the constructor takes None for "look into the environment".
            client.organization = connection.organization or None
            client.project = connection.project or None
            self._client = client
        return self._client


def _words(error: APIError) -> tuple[str, ...]:
    return tuple(word for word in (error.code, error.type) if isinstance(word, str))


def _sentence(error: APIError) -> str:
    return text(error.body, "message")
