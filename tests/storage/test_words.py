"""The informative words of a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sqlite.words import MOST_WORDS, STOP_WORDS, informative_words


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How do I reset my VPN password?", ["reset", "vpn", "password"]),
        ("What's the VPN's address, and what isn't?", ["vpn", "address"]),
        ("vpn VPN Vpn", ["vpn"]),
        ("snake_case e-mail C++ 2FA", ["snake", "case", "mail", "2fa"]),
        ("ﬁnance １２３", ["finance", "123"]),
        ("Wie setze ich mein Kennwort zurück?", ["wie", "setze", "ich", "mein", "kennwort"]),
        ("请 重置", ["请", "重置"]),
        ("is it?", []),
    ],
)
def test_what_is_asked_for(question: str, words: list[str]) -> None:
    """Function words, doubles and single letters are no help in finding anything."""
    assert informative_words(question)[: len(words) or None] == words


@given(st.text())
def test_words_are_plain(text: str) -> None:
    """Whatever is typed, what is looked for are a few distinct runs of letters and digits."""
    words = informative_words(text)
    assert len(words) == len(set(words)) <= MOST_WORDS
    assert all(word.isalnum() and word not in STOP_WORDS for word in words)
