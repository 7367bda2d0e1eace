"""Keeps personal data out of messages: what an engine quotes from a row is cut before anyone logs it.

The one place that decides what may be said of an error or written in a log line. ``boundary.py`` puts it where errors
and lines leave a process: Dagster's event log, the log files, the terminal.
"""

from __future__ import annotations

import errno
import re

from dagster_project.errors import HoivaError

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


WITHHELD = "its text is withheld, as it may quote a row"
DISK_FULL = (
    "the disk is full: make room and run it again; nothing half done can be seen, and nothing needs to be undone"
)
_FULL = ("no space left", "disk is full", "disk quota exceeded")  # of DuckDB, SQLite and the operating system
_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")  # the second: no room for the index of its write-ahead log
_PHONE = re.compile(r"(?<![\w.:/-])(?:\+|0)[\d][\d ()-]{5,}\d(?!\w)")
# Whose texts are written by people who know that they are logged. They name keys, steps and settings.
_TRUSTED = ("dagster", "dagster_shared", "click", "typer")


def told_of(kind: type[BaseException] | None, text: str) -> str:
    """What may be said of an error whose text may hold anything.

    Our own errors and Dagster's are written without values; of DuckDB's the first line is kept without what it quotes;
    any other text is withheld: the type and the place in the code must do.

    >>> told_of(ValueError, "Aino Virtanen has no phone")
    'its text is withheld, as it may quote a row'
    >>> told_of(HoivaError, "run hoiva run first")
    'run hoiva run first'
    """
    module = getattr(kind, "__module__", "").partition(".")[0]
    if kind is None:
        return WITHHELD
    if issubclass(kind, (OSError,)) or module in ("duckdb", "_duckdb", "sqlite3", "sqlalchemy"):
        if any(words in text.lower() for words in _FULL):
            return DISK_FULL
        if module in ("duckdb", "_duckdb"):
            return redact(text.partition("\n")[0])
        return WITHHELD
    if issubclass(kind, HoivaError) or module in _TRUSTED:
        return scrub(text)
    return WITHHELD


def told(error: BaseException) -> str:
    """What may be said of an error.

    >>> told(OSError(errno.ENOSPC, "No space left on device", "guests of Aino.csv"))[:17]
    'the disk is full:'
    """
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    if getattr(getattr(error, "orig", error), "sqlite_errorname", "") in _NO_ROOM:
        return DISK_FULL
    return told_of(type(error), str(error))


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or one it came from, is that there is no room."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        if told(one) == DISK_FULL:
            return True
        seen.add(id(one))
        one = one.__cause__ or one.__context__
    return False


def scrub(text: str) -> str:
    """A line for a log without e-mail addresses and phone numbers; dates, counts and names of things stay.

    >>> scrub("2026-03-31 20:59 batch 000007: aino@example.com, +358 40 123 4567")
    '2026-03-31 20:59 batch 000007: …, …'
    """
    return _PHONE.sub("…", _EMAIL.sub("…", text))
