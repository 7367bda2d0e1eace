"""Every way a value may lie in a file: as written, in other letters, encoded, or hashed as platforms hash it."""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST = 6  # bytes: anything shorter stands everywhere by chance
HASHES = ("sha256", "md5", "sha1")


def spellings(value: str) -> dict[bytes, str]:
    """The bytes to look for, each with the name of its form.

    >>> found = spellings("Äijä@posti.fi")
    >>> sorted(set(found.values()))
    ['base64', 'hashed', 'json', 'lower', 'nfd', 'plain', 'upper', 'url', 'utf16']
    >>> found["äijä@posti.fi".encode()], found[hashlib.sha256("äijä@posti.fi".encode()).hexdigest().encode()]
    ('lower', 'hashed')
    """
    plain = unicodedata.normalize("NFC", value).strip()
    found: dict[bytes, str] = {}

    def add(content: bytes, form: str) -> None:
        if len(content) >= SHORTEST:
            found.setdefault(content, form)

    cases = ((plain, "plain"), (plain.lower(), "lower"), (plain.casefold(), "lower"), (plain.upper(), "upper"))
    for text, form in cases:
        add(text.encode(), form)
        add(unicodedata.normalize("NFD", text).encode(), "nfd")
        add(json.dumps(text)[1:-1].encode(), "json")
    for text in (plain, plain.lower(), unicodedata.normalize("NFD", plain)):
        for encoded in (quote(text, safe=""), quote_plus(text), quote(text, safe="@+")):
            add(encoded.encode(), "url")
            add(_small_escapes(encoded).encode(), "url")
        for order in ("utf-16-le", "utf-16-be"):
            add(text.encode(order), "utf16")
        for content in _base64(text.encode()):
            add(content, "base64")
    for text in _hashed_forms(plain):
        for name in HASHES:
            digest = hashlib.new(name, text.encode(), usedforsecurity=False)
            add(digest.hexdigest().encode(), "hashed")
            add(digest.hexdigest().upper().encode(), "hashed")
            add(digest.digest(), "hashed")
            add(base64.b64encode(digest.digest()).rstrip(b"="), "hashed")
    return found


def spellings_of(values: Iterable[str]) -> dict[bytes, tuple[int, str]]:
    """The bytes to look for of many values: to the number of the value and its form."""
    found: dict[bytes, tuple[int, str]] = {}
    for number, value in enumerate(values):
        for content, form in spellings(value).items():
            found.setdefault(content, (number, form))
    return found


def _small_escapes(encoded: str) -> str:
    """Percent escapes in small letters, as some writers have them."""
    parts = encoded.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def _base64(content: bytes) -> list[bytes]:
    """What stands in base64 of a longer text that has this content in it, wherever it begins."""
    found = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + content)
        first = (0, 2, 3)[before]  # letters that depend on what stands before
        after = (len(content) + before) % 3
        last = len(whole) - (0, 3, 2)[after]  # letters that depend on what stands after, and the padding
        found += [whole[first:last], whole[first:last].replace(b"+", b"-").replace(b"/", b"_")]
    return found


def _hashed_forms(plain: str) -> list[str]:
    """What platforms hash: small letters without blanks; phones with and without plus; mailboxes without dots."""
    low = unicodedata.normalize("NFC", plain.lower().strip())
    forms = {plain, low, "".join(low.split()), unicodedata.normalize("NFD", low)}
    letters = "".join(letter for letter in low if letter.isalnum() or letter.isspace())
    forms |= {letters.strip(), "".join(letters.split())}
    if "@" in low:
        box, _, domain = low.rpartition("@")
        forms.add(f"{box.partition('+')[0].replace('.', '')}@{domain}")
    digits = "".join(letter for letter in low if letter.isdigit())
    if len(digits) >= SHORTEST and not any(letter.isalpha() for letter in low):
        forms |= {digits, f"+{digits}", f"00{digits}", digits.lstrip("0")}
    return sorted(form for form in forms if form)
