"""Secrets and personal identifiers are masked for good, before a model, a log or a disk sees them.

Nothing maps back. Checksums keep ordinary numbers alone: a card number must pass Luhn, an IBAN its
mod-97 (both by python-stdnum). Shapes of keys are those their vendors document.
"""

from __future__ import annotations

import re

SECRET = re.compile(
    r"""
      \bxox[abeoprs]-[A-Za-z0-9-]{10,}                     # Slack tokens
    | \bxapp-[A-Za-z0-9-]{10,}
    | \b(?:sk|pk|rk)[-_](?:ant-|proj-|live_|test_)?[A-Za-z0-9_-]{16,}  # Anthropic, OpenAI, Stripe
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                         # AWS access key ids
    | \bgh[pousr]_[A-Za-z0-9]{30,}                          # GitHub tokens
    | \bgithub_pat_[A-Za-z0-9_]{30,}
    | \bglpat-[A-Za-z0-9_-]{20,}                            # GitLab
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}     # JSON web tokens
    | -----BEGIN[ A-Z]*PRIVATE\ KEY(?:\ BLOCK)?-----.*?
      (?:-----END[ A-Z]*PRIVATE\ KEY(?:\ BLOCK)?-----|\Z)
    | \bAIza[A-Za-z0-9_-]{30,}                               # Google API keys
    | \bhttps://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+  # Slack webhooks
    | (?<=://)[^\s/:@]{1,64}:[^\s/@]{1,128}(?=@)             # user:password in an address
    | (?i:(?<=\bbearer\ ))[A-Za-z0-9._~+/-]{16,}=*
    """,
    re.VERBOSE | re.DOTALL,
)
ASSIGNED = re.compile(
    r"(?i)\b(pass(?:word|wd|phrase)|pwd?|pin|token"
    r"|secret(?:[ _-]access)?(?:[ _-]key)?|api[ _-]?key)"
    r"(\s*[:=]\s*|\s+is\s+)(\S{6,})"
)
DIGIT = re.compile(r"\d")
CARD = re.compile(r"(?<![\w.-])\d(?:[ .-]?\d){12,18}(?![\w-])")
IBAN = re.compile(r"(?i)\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")


MASKS = ("[secret]", "[card number]", "[IBAN]")
"""What stands where something was masked."""


def mask(text: str) -> str:
    """Replace secrets, payment card numbers and IBANs by a word that says what stood there."""
    text = SECRET.sub("[secret]", text)
    text = ASSIGNED.sub(_assigned, text)
    if DIGIT.search(text):
        text = CARD.sub(_card, text)
        text = IBAN.sub(_iban, text)
    return text


def _assigned(match: re.Match[str]) -> str:
    # 'my password is expired' is a question, not a password: those contain a digit or a symbol.
    value = match[3]
    if match[2].strip() == "is" and value.rstrip(".,!?").isalpha():
        return match[0]
    return f"{match[1]}{match[2]}[secret]"


def _card(match: re.Match[str]) -> str:
    from stdnum import luhn

    return "[card number]" if luhn.is_valid(re.sub(r"[ .-]", "", match[0])) else match[0]


def _iban(match: re.Match[str]) -> str:
    from stdnum import iban

    return "[IBAN]" if iban.is_valid(match[0]) else match[0]
