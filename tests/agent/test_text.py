"""Text of people is cleaned without losing what they said, and secrets are masked for good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.masking import mask
from agent.text import clean, has_words, is_only_notes, one_line, without_notes


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """A cleaned text is clean."""
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=200))
def test_nothing_invisible_survives(text: str) -> None:
    """No zero-width, bidirectional or control character reaches a model."""
    for character in "\u200b\u200e\u202e\u2066\ufeff\U000e0041\x00\x1b":
        assert character not in clean(text + character)


@pytest.mark.parametrize(
    "text", ["", "   ", "\u200b\u200b", "\u200d", ":tada:", ":wave::skin-tone-2:", "🎉🎉", "?!…"]
)
def test_there_is_nothing_to_read_in(text: str) -> None:
    """Emoji, punctuation and invisible characters are no words."""
    assert not has_words(text)


@pytest.mark.parametrize("text", ["VPN?", "5", "ä", "漢字", ":wave: hello"])
def test_there_is_something_to_read_in(text: str) -> None:
    """A letter or a digit of any script is."""
    assert has_words(text)


def test_one_line_says_that_it_cut() -> None:
    """A shortened text ends in an ellipsis and keeps its length."""
    assert one_line("a\n b  c", 80) == "a b c"
    assert one_line("abcdefgh", 5) == "abcd…"


SECRETS = [
    "xoxb-" + "1234567890-abcdefghij",
    "sk-" + "ant-api03-abcdefghijklmnop",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk",
    "4111 1111 1111 1111",
    "GB82 WEST 1234 5698 7654 32",
    "gb82west12345698765432",
    "4111.1111.1111.1111",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstu",
    "https://hooks.slack.com/services/" + "T000/B000/abcdef",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_and_account_numbers_are_masked(secret: str) -> None:
    """No part of it is left, the words around it are."""
    masked = mask(f"please look at {secret} for me")
    assert secret not in masked
    assert masked.startswith("please look at [")
    assert masked.endswith("] for me")


def test_what_stands_around_a_secret_stays() -> None:
    """The address and the word Bearer say what the secret was for."""
    assert mask("postgres://ada:s3cret@db.example/x") == "postgres://[secret]@db.example/x"
    assert mask("Bearer abcdefghijklmnop1234") == "Bearer [secret]"
    assert mask("my pwd: hunter22x") == "my pwd: [secret]"


def test_a_password_that_is_told_is_masked_and_a_question_about_one_is_not() -> None:
    """'password: x' is a secret, 'my password is expired' is a question."""
    assert mask("my password: hunter22x") == "my password: [secret]"
    assert mask("password is Tr0ub4dor") == "password is [secret]"
    assert mask("my password is expired") == "my password is expired"


@pytest.mark.parametrize("text", ["ticket 4111 1111 1111 1112", "call 0032 9 123 45 67", "p1-p12"])
def test_ordinary_numbers_are_left_alone(text: str) -> None:
    """Only what passes its checksum is an account number."""
    assert mask(text) == text


@given(st.text(max_size=300))
def test_masking_twice_is_masking_once(text: str) -> None:
    """What is masked stays masked and nothing more is."""
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "line", ["// no", "  // no", "> // no", "*// no*", "• // no", "- // no", "\u00a0// no"]
)
def test_notes(line: str) -> None:
    """A line is a note however it is set, and nothing else of the post is."""
    assert is_only_notes(line)
    assert without_notes(f"Try again.\n{line}\nhttps://example.com // yes") == (
        "Try again.\nhttps://example.com // yes"
    )
    assert not is_only_notes("")
