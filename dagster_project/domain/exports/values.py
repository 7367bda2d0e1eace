"""The cells of a file that leaves the house: typed ones are checked, free text is made harmless.

Nothing here normalises for matching: each destination has its own rule, in its own file.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

import pyarrow as pa

LONGEST_TEXT = 2_000  # bytes of one cell of free text: more is no name, and chokes importers
LONGEST_EMAIL = 254  # characters, RFC 5321
# Typed columns are checked and never escaped. A first character a spreadsheet would take for a formula is no address.
EMAIL = re.compile(r"[^\W][^\s@\"'(),:;<>\[\]\\`|]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{1,62}")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
COUNTRY = re.compile(r"[A-Z]{2}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?")
NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:-]{0,127}")
LINK = re.compile(r"https?://[!-~\u00a1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]{1,2000}")
POSTAL_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{1,10}")
# Characters that break a line, end a string, or turn the text around them: no name has any.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
# Where a spreadsheet would begin to calculate: at the start, and after a semicolon, which many take for a separator.
FORMULA = re.compile(r"^(?=[=+\-@＝＋－＠])|(?<=;)(?=\s*[=+\-@＝＋－＠])")


def texts(column: pa.ChunkedArray | pa.Array) -> list[str]:
    """A column as trimmed text in one Unicode form (NFC); nothing is ''.

    >>> texts(pa.array([" Aino ", None]))
    ['Aino', '']
    """
    return [unicodedata.normalize("NFC", value).strip() if value else "" for value in column.to_pylist()]


def clean_text(value: str, longest: int = LONGEST_TEXT) -> str:
    """Text in one line without anything invisible that acts; cut to ``longest`` bytes of UTF-8.

    >>> clean_text("Aino\\nMaria"), clean_text("=1"), clean_text("Äijä", 3)
    ('Aino Maria', '=1', 'Äi')
    """
    text = CONTROL.sub(" ", value[:longest]).strip()
    return text.encode()[:longest].decode(errors="ignore").strip()


def by_value(column: pa.ChunkedArray | pa.Array, rule: Callable[[str], str]) -> pa.Array:
    """A rule applied to every different value of a column once; '' is null.

    >>> by_value(pa.array(["FI", None, "FI"]), str.lower).to_pylist()
    ['fi', None, 'fi']
    """
    coded = coded_by_value(column, rule)
    return coded.dictionary.take(coded.indices)


def coded_by_value(column: pa.ChunkedArray | pa.Array, rule: Callable[[str], str]) -> pa.DictionaryArray:
    """The same, coded: each row as a number that stands for one of the few values. The column may be coded itself.

    >>> coded_by_value(pa.array(["FI", None, "fi"]).dictionary_encode(), str.lower).indices.to_pylist()
    [0, None, 0]
    """
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    coded = whole if pa.types.is_dictionary(whole.type) else whole.cast(pa.string()).dictionary_encode()
    values = [rule(value) or None for value in texts(coded.dictionary)]
    known = {value: number for number, value in enumerate(dict.fromkeys(value for value in values if value))}
    numbers = pa.array([None if value is None else known[value] for value in values], pa.int32())
    return pa.DictionaryArray.from_arrays(numbers.take(coded.indices), pa.array(list(known), pa.string()))


def free_text(value: str, longest: int = LONGEST_TEXT) -> str:
    """The same for a cell of CSV, where a spreadsheet must not begin to calculate either.

    >>> free_text("=HYPERLINK(1)"), free_text("Aino\\nMaria"), free_text("a; @b"), free_text("Äijä", 3)
    ("'=HYPERLINK(1)", 'Aino Maria', "a;' @b", 'Äi')
    """
    text = FORMULA.sub("'", clean_text(value, longest))
    return text.encode()[:longest].decode(errors="ignore")


def web_link(value: str) -> str:
    """A link as it may stand in a file, or '' for anything that is none.

    >>> web_link("https://shop.example/a"), web_link("javascript:alert(1)"), web_link("https://a.example/ b")
    ('https://shop.example/a', '', '')
    """
    return value if LINK.fullmatch(value) else ""


def valid_email(value: str) -> bool:
    """Whether a text can be a mailbox's address; nothing is asked of the network.

    >>> [valid_email(text) for text in ("aino@example.com", "=cmd@example.com", "aino@example", "a b@example.com")]
    [True, False, False, False]
    """
    return len(value) <= LONGEST_EMAIL and ".." not in value and EMAIL.fullmatch(value) is not None


def valid_phone(value: str) -> bool:
    """Whether a text is a phone number in E.164.

    >>> [valid_phone(text) for text in ("+358401234567", "0401234567", "+358 40 1234567", "=+358401234567")]
    [True, False, False, False]
    """
    return PHONE.fullmatch(value) is not None


def country_code(value: str) -> str:
    """A country as two capital letters, or '' for anything else. The United Kingdom is GB.

    >>> [country_code(text) for text in ("fi", "UK", "Suomi")]
    ['FI', 'GB', '']
    """
    code = {"UK": "GB"}.get(value.upper(), value.upper())
    return code if COUNTRY.fullmatch(code) else ""


def language_code(value: str) -> str:
    """A language as its code, with or without a country, or '' for anything else.

    >>> [language_code(text) for text in ("fi", "sv-FI", "suomeksi", "=1")]
    ['fi', 'sv-FI', '', '']
    """
    return value if LANGUAGE.fullmatch(value) else ""


def postal_code(value: str) -> str:
    """A postal code of letters, digits, spaces and hyphens, or '' for anything else.

    >>> [postal_code(text) for text in ("00100", "SW1A 1AA", "=1+1")]
    ['00100', 'SW1A 1AA', '']
    """
    return value if POSTAL_CODE.fullmatch(value) else ""


def number_of(value: str) -> str:
    """A customer's number, by which another system knows the customer, or '' for what can be no key.

    >>> [number_of(text) for text in ("10017", "A-17.b", "=7", "1 2")]
    ['10017', 'A-17.b', '', '']
    """
    return value if NUMBER.fullmatch(value) else ""


def sha256_hex(value: str) -> str:
    """SHA-256 of a text as UTF-8, in hex; '' stays '', because the hash of nothing would match nobody or everybody.

    >>> sha256_hex("aino@example.com")[:8], sha256_hex("")
    ('01ca3e0e', '')
    """
    return hashlib.sha256(value.encode()).hexdigest() if value else ""


def keyed_hash(key: str, *parts: str, size: int = 16) -> str:
    """A pseudonym: nobody without the key can tell what it stands for, or whether two places mean the same person.

    >>> keyed_hash("secret-1", "a", "b") == keyed_hash("secret-2", "a", "b")
    False
    """
    secret = hashlib.blake2b(key.encode()).digest()
    return hashlib.blake2b("\x1f".join(parts).encode(), key=secret, digest_size=size).hexdigest()


def text_table(columns: Mapping[str, Iterable[str]]) -> pa.Table:
    """Columns of text as a table, '' as null (a blank cell)."""
    return pa.table(
        {name: pa.array([value or None for value in values], pa.string()) for name, values in columns.items()}
    )
