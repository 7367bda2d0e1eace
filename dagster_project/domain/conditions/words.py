"""The first gate: only these marks and words may stand in a condition at all, before any parser sees it."""

from __future__ import annotations

import re
import unicodedata

from dagster_project.domain.conditions.error import ConditionError

MAX_CHARACTERS = 2_000  # a page of text: longer is two conditions
MAX_WORDS = 600  # names, numbers and marks
MAX_PARENTHESES = 16  # levels inside each other

_WORD = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<comment>--|/\*|\#|//)
  | (?P<text>'(?:[^']|'')*')
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<quoted>"[A-Za-z_][A-Za-z0-9_]*")
  | (?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![A-Za-z0-9_.]))
  | (?P<mark><=|>=|<>|!=|[=<>+\-*/%(),])
    """,
    re.VERBOSE,
)


def check_words(text: str) -> None:
    """Refuse a text that holds anything but names, plain numbers, 'text', and the marks ``= <> < > + - * / % ( ) ,``.

    >>> check_words("count_orders >= 2 and country_code in ('FI', 'SE')")
    >>> check_words("count_orders = 2; drop table customers")
    Traceback (most recent call last):
    dagster_project.domain.conditions.error.ConditionError: character 17: the mark ; is not used in a condition

    Raises:
        ConditionError: with the position of the first thing that is not allowed.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConditionError(f"is longer than {MAX_CHARACTERS} characters: split it", MAX_CHARACTERS)
    position, depth, count, before, last_word = 0, 0, 0, "", ""
    while position < len(text):
        found = _WORD.match(text, position)
        if found is None:
            raise ConditionError(_why_not(text, position), position + 1)
        kind, word = str(found.lastgroup), found.group()
        if kind == "comment":
            raise ConditionError("comments are not used in a condition", position + 1)
        if kind == "text":
            if before in ("name", "text"):
                raise ConditionError("text has to stand alone, between an operator and the next word", position + 1)
            if last_word == "interval":
                raise ConditionError("write a span without quotes, as interval 90 day", position + 1)
            _check_text(word, position)
        if kind in ("name", "number", "quoted") and before in ("quoted", "text"):
            raise ConditionError("a space is missing here", position + 1)
        depth += (word == "(") - (word == ")")
        count += kind != "space"
        if depth > MAX_PARENTHESES or count > MAX_WORDS:
            what = f"{MAX_PARENTHESES} levels of parentheses" if depth > MAX_PARENTHESES else f"{MAX_WORDS} words"
            raise ConditionError(f"has more than {what}: split it", position + 1)
        if depth < 0:
            raise ConditionError("closes a parenthesis that was not opened", position + 1)
        last_word = word.lower() if kind != "space" else last_word
        position, before = found.end(), kind
    if depth:
        raise ConditionError(
            f"{depth} parenthesis is left open" if depth == 1 else f"{depth} parentheses are left open"
        )
    if not count:
        raise ConditionError("is empty: write what has to hold, as count_orders = 1")


def _check_text(word: str, position: int) -> None:
    for offset, character in enumerate(word):
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            raise ConditionError("text holds an invisible character", position + offset + 1)


def _why_not(text: str, position: int) -> str:
    character = text[position]
    if character == "'":
        return "the text that begins here is not closed"
    if character == '"':
        return "write text in 'single quotes'; a quoted name has letters, digits and _ only"
    if character.isascii() and character.isdigit():
        return "is not a plain number"
    if character == ".":
        return "the mark . is not used between names: write the column alone"
    if character.isascii() and character.isprintable():
        return f"the mark {character} is not used in a condition"
    return f"the character U+{ord(character):04X} is not used outside 'text'"
