"""What vendors' modules read of FRONTDESK_MODELS in the same way."""

from __future__ import annotations

from agent.errors import ConfigError


def need_model(model: str, example: str) -> str:
    """The model's name, which must not be empty.

    Raises:
        ConfigError: it is.
    """
    if not model:
        raise ConfigError(f"FRONTDESK_MODELS names a vendor without a model: write {example}")
    return model
