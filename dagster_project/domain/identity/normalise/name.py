"""One form for every part of a person's name."""

from __future__ import annotations

import re

from dagster_project.domain.identity.normalise.letters import (
    LOOK_ALIKE_LETTERS,
    NOTHING,
    Normalised,
    folded,
    has_look_alike_letters,
)

NOT_A_NAME = "not_a_name"
HYPHENS = re.compile(r"\s*[-‐‑‒–—]\s*")
APOSTROPHES = re.compile(r"[’‘ʼ`´]")
NEVER_IN_A_NAME = re.compile(r"[\d@/\\<>{}\[\]|_=]")
NOBODY = frozenset(
    {"-", ".", "?", "n/a", "na", "none", "null", "unknown", "test", "testi", "ei tiedossa", "x", "xx", "xxx"}
)


def normalise_name(written: str | None) -> Normalised:
    """A first or last name without differences of typing: case, spaces, kinds of hyphen and apostrophe.

    >>> normalise_name(" Anna – Liisa ").value, normalise_name("O’Brien").value
    ('anna-liisa', "o'brien")
    >>> normalise_name("n/a"), normalise_name("040 123")
    (Normalised(value=None, fault='not_a_name'), Normalised(value=None, fault='not_a_name'))
    """
    text = " ".join(folded(written or "").split())
    if not text:
        return NOTHING
    if text in NOBODY:
        return Normalised(None, NOT_A_NAME)
    text = APOSTROPHES.sub("'", HYPHENS.sub("-", text)).strip("-' .,")
    if not any(letter.isalpha() for letter in text) or NEVER_IN_A_NAME.search(text):
        return Normalised(None, NOT_A_NAME)
    return Normalised(text, LOOK_ALIKE_LETTERS if has_look_alike_letters(text) else None)
