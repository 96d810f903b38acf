"""The informative words of a question: what a full-text search should look for."""

from __future__ import annotations

import re
import unicodedata

MOST_WORDS = 32
"""Words of one question that are looked for; a longer text repeats itself or is not one."""

# Like the tokenizer of the index: runs of letters and digits. What follows an apostrophe in
# "don't" or "VPN's" is no word.
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

# English words that say nothing about a subject, and what people wrap a question in.
ENGLISH = """
a about after again all also am an and any anybody anyone anything are aren as at be because been
before being but by can cannot could couldn did didn do does doesn doing don done each either else
ever every everyone few for from get gets getting give go goes going gonna got had has hasn have
haven having he hello help her here hers hey hi him his how i if in instead into is isn it its
just know let like ll lot may maybe me might mine more most must my need needs
neither no nobody none nor not nothing now of off ok okay on once one only or other our ours out
over own please possible question same say see shall she should shouldn so some somebody somehow
someone something still such sure tell than thank thanks that the their them then there these they
thing things this those through to today tomorrow too under until up us very want wants was wasn
way we well were weren what whatever when where whether which while who whom whose why will with
within without won would wouldn yes yesterday yet you your yours
"""
STOP_WORDS = frozenset(ENGLISH.split())


def informative_words(question: str) -> list[str]:
    """The distinct words that are worth looking for, in their order, lower-case."""
    text = unicodedata.normalize("NFKC", question).lower()
    words = (re.split(r"['’]", word)[0] for word in WORD.findall(text))
    return list(dict.fromkeys(word for word in words if _says_something(word)))[:MOST_WORDS]


def _says_something(word: str) -> bool:
    """Single letters are left over from abbreviations, unless one is a word of its script."""
    return word not in STOP_WORDS and (len(word) > 1 or not "a" <= word <= "z")
