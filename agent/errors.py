"""Everything that can go wrong, as one tree; each class says what happened.

AgentError
├── InputRejected            the message cannot be worked on as it is
│   ├── NotAllowed
│   ├── NothingToRead
│   ├── NotKnown
│   ├── OnlyFiles
│   ├── Paused
│   └── TooLong
├── ProviderError            a model did not deliver
│   ├── ProviderUnavailable
│   ├── RateLimited
│   ├── SpendLimited
│   ├── ProviderAuth
│   ├── BadRequest
│   ├── ContextTooLong
│   ├── OutputCut
│   ├── Refused
│   └── TooSlow
├── OutputInvalid            a model delivered something that must not be shown
│   └── SchemaMismatch
├── ToolError                a tool call did not end well
│   ├── ToolFailed
│   └── ToolUnknown
├── StorageError             the database
│   ├── StoreUnavailable
│   ├── LeaseLost
│   └── SchemaTooNew
├── DeliveryError            a platform did not take a message
│   ├── DeliveryRetry
│   ├── DeliveryUnknown
│   ├── RowFatal
│   ├── PlaceFatal
│   └── InstallationFatal
├── IllegalTransition        an event that the state machine does not know in this state
└── ConfigError              a setting is missing or wrong

`recovery` is what the ladder does about a model's error: 'retry' the same model, have it 'repair'
its output once, or 'fallback' to the next one, as after any other error (`agent/attempt.py`). What
else follows from an error is done where its class is caught, so there it is changed. Vendors' own
exceptions never leave their rim: it translates them into these.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Recovery = Literal["retry", "repair", "fallback"]


class AgentError(Exception):
    """Root of all errors of Frontdesk. The message never contains what an employee wrote."""

    recovery: ClassVar[Recovery] = "fallback"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])

    @property
    def code(self) -> str:
        """A stable name for logs, the journal and metrics."""
        return type(self).__name__


class InputRejected(AgentError):
    """The message cannot be worked on as it is."""


class NotAllowed(InputRejected):
    """This person may not use the assistant here."""


class NotKnown(InputRejected):
    """Who this is could not be found out, and a setting depends on it."""


class NothingToRead(InputRejected):
    """There are no words in the message."""


class OnlyFiles(InputRejected):
    """The message is nothing but files, which are not read yet."""


class Paused(InputRejected):
    """An admin has told the assistant not to answer for now."""


class TooLong(InputRejected):
    """The message is longer than can be read at once."""


class ProviderError(AgentError):
    """A model did not deliver."""


class ProviderUnavailable(ProviderError):
    """The vendor could not be reached, answered with a server error, or broke off."""

    recovery: ClassVar[Recovery] = "retry"


class RateLimited(ProviderError):
    """The vendor asked us to slow down."""

    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the vendor asked us to wait, if it said."""


class SpendLimited(ProviderError):
    """The account's spending limit is reached; waiting does not help."""


class ProviderAuth(ProviderError):
    """The credentials, the permission or the model's name are wrong."""


class BadRequest(ProviderError):
    """The vendor rejected the request itself: a defect of ours, reported to admins."""


class ContextTooLong(ProviderError):
    """The prompt does not fit into the model's context."""


class OutputCut(ProviderError):
    """The output ended before it was complete."""


class Refused(ProviderError):
    """The model declined to answer."""


class TooSlow(ProviderError):
    """The model did not answer within its time."""


class OutputInvalid(AgentError):
    """A model delivered something that must not be shown."""


class SchemaMismatch(OutputInvalid):
    """The output does not fit the schema; the message says how, and is shown to the model."""

    recovery: ClassVar[Recovery] = "repair"


class ToolError(AgentError):
    """A tool call did not end well."""


class ToolFailed(ToolError):
    """It certainly did not happen; the message says why, and is shown to the model."""


class ToolUnknown(ToolError):
    """It may or may not have happened; people must look."""


class StorageError(AgentError):
    """The database could not do what was asked."""


class StoreUnavailable(StorageError):
    """Nothing was committed: the database is locked, full, read-only, corrupt or gone."""


class LeaseLost(StorageError):
    """Another worker owns the lane now; nothing was written."""


class SchemaTooNew(StorageError):
    """The database was written by a newer version of Frontdesk; update the program."""


class DeliveryError(AgentError):
    """A platform did not take a message."""


class DeliveryRetry(DeliveryError):
    """It certainly did not arrive; the same again later."""

    def __init__(self, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the platform asked us to wait, if it said."""


class DeliveryUnknown(DeliveryError):
    """It may or may not have arrived.

    A platform that can be asked is asked before anything else; where none can, a post is not sent
    again by itself (`Capabilities.can_be_asked`). An edit is simply made again.
    """


class RowFatal(DeliveryError):
    """The platform will never take this message in this form."""


class PlaceFatal(DeliveryError):
    """The channel is archived, gone or closed to us."""


class InstallationFatal(DeliveryError):
    """The app's token is revoked or the app is not installed any more: nothing can be sent."""


class IllegalTransition(AgentError):
    """The state machine has no such row; the state is unchanged."""


class ConfigError(AgentError):
    """A setting is missing or wrong."""
