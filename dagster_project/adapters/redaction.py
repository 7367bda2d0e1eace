"""Keeps personal data out of messages: what an engine quotes from a row is cut before anyone logs it."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"""(['"])(?:(?!\1).){1,2000}\1""", re.DOTALL)
_EMAIL = re.compile(r"[^\s@,;'\"<>()]+@[^\s@,;'\"<>()]+")
_LONG_NUMBER = re.compile(r"\+?\d[\d\s().-]{6,}\d")
_NAME = re.compile(r"""^["'][A-Za-z_][A-Za-z0-9_.]{0,80}["']$""")  # a table or column, not a value
LONGEST_MESSAGE = 400  # characters: enough for the engine's sentence, too short for a row


def redact(message: str) -> str:
    """The message without quoted values, e-mail addresses and long numbers, on one line.

    Engines quote the value that failed ("Could not convert string 'aino@example.com' to INT64"); names of tables
    and columns stay readable.

    >>> redact("Could not convert string 'aino@example.com' to INT64")
    "Could not convert string '…' to INT64"
    >>> redact('column "count_orders" of +358 40 123 4567')
    'column "count_orders" of …'
    """

    def keep_names(match: re.Match[str]) -> str:
        text = match.group(0)
        return text if match.group(1) == '"' and _NAME.match(text) else f"{match.group(1)}…{match.group(1)}"

    line = " ".join(message.split())
    line = _QUOTED.sub(keep_names, line)
    line = _EMAIL.sub("…", line)
    line = _LONG_NUMBER.sub("…", line)
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"
