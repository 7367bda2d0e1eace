"""Letters: composed, without case, and a flag where alphabets that look alike are mixed.

Letters that only look alike (a Cyrillic ``а`` in ``pаivi@``) are never exchanged for each other: the value stays as
written and carries a fault.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

LOOK_ALIKE_LETTERS = "look_alike_letters"

# Alphabets whose letters are drawn alike: аeорс are Cyrillic, αοντ Greek, and a name uses one of them at a time.
ALPHABETS_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})


class Normalised(NamedTuple):
    """A written value in its one form. ``value`` is null when unusable; ``fault`` says why, or what is odd about it."""

    value: str | None
    fault: str | None = None


NOTHING = Normalised(None)


def folded(text: str) -> str:
    """Text without differences that people do not see: composed letters, no case, no space around.

    >>> folded("  A\\u0308IJA\\u0308LA\\u0308 ") == folded("äijälä")
    True
    """
    if text.isascii():  # most texts: nothing to compose, and three times as fast
        return text.strip().lower()
    before, after = text, unicodedata.normalize("NFC", text).strip().casefold()
    while after != before:  # folding may leave letters to compose, and composing letters to fold: a few rare ones
        before, after = after, unicodedata.normalize("NFC", after).strip().casefold()
    return after


def has_look_alike_letters(text: str) -> bool:
    """Whether a name mixes alphabets that are drawn alike, or uses ornamental forms of letters.

    >>> has_look_alike_letters("päivi"), has_look_alike_letters("иван"), has_look_alike_letters("p\\u0430ivi")
    (False, False, True)
    """
    if text.isascii():
        return False
    if unicodedata.normalize("NFKC", text) != text:
        return True
    return len({_alphabet(letter) for letter in text if letter.isalpha()} & ALPHABETS_ALIKE) > 1


@lru_cache(maxsize=4096)
def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]
