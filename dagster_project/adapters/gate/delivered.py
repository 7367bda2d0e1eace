"""The bytes of a delivered file: an ordinary file of a bearable size, or a refusal before a byte of it is read."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from dagster_project.adapters.gate.records import LARGEST_PLAIN
from dagster_project.errors import Refused

FILE_ID_LENGTH = 32  # hex digits of SHA-256: 128 bits tell any number of files apart
LONGEST_NAME = 200  # letters of a file's name that are kept


@dataclass(frozen=True)
class Delivered:
    """What lies there: its bytes and their id, or why they were not read (the id is then that of its outward facts)."""

    name: str
    file_id: str
    data: bytes = b""
    refused: Refused | None = None


def delivered(path: Path, *, follow_links: bool = True) -> Delivered:
    """Read a delivered file. A link, a pipe, a device, or one that cannot be opened or held is refused unread.

    A pipe would keep the reader waiting for ever; a link in the landing folder could show any file of the machine.

    Args:
        path: where it lies.
        follow_links: false for what somebody else put there.

    Raises:
        FileNotFoundError: it was taken away meanwhile.
    """
    name = safe_name(path)
    try:
        facts = path.stat() if follow_links else path.lstat()
    except PermissionError:
        return _unread(name, path, None, "unreadable_file", "the file's folder may not be entered: change its rights")
    if not stat.S_ISREG(facts.st_mode):
        what = "a link" if stat.S_ISLNK(facts.st_mode) else "no ordinary file"
        return _unread(name, path, facts, "not_a_file", f"it is {what}: deliver the file itself")
    if facts.st_size > LARGEST_PLAIN:
        many = f"{facts.st_size // 2**20} MiB, more than the {LARGEST_PLAIN // 2**20} that are read at once"
        return _unread(name, path, facts, "too_large", f"the file has {many}: deliver it in parts")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (0 if follow_links else os.O_NOFOLLOW))
        with os.fdopen(handle, "rb") as file:
            data = file.read(LARGEST_PLAIN + 1)
    except FileNotFoundError:
        raise
    except OSError:
        return _unread(name, path, facts, "unreadable_file", "the file may not be read: change its rights")
    return Delivered(name, hashlib.sha256(data).hexdigest()[:FILE_ID_LENGTH], data)


def safe_name(path: Path) -> str:
    """A file's name as it may stand in a table or a log: no control characters, nothing that is not text.

    >>> safe_name(Path("visits\\n2026.csv"))
    'visits?2026.csv'
    """
    text = os.fsencode(path.name).decode("utf-8", errors="replace")
    shown = "".join(letter if letter.isprintable() and letter != "\ufffd" else "?" for letter in text)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 41]}~{shown[-40:]}"


def _unread(name: str, path: Path, facts: os.stat_result | None, reason: str, message: str) -> Delivered:
    told = f"{os.fsencode(path)!r} {(facts.st_size, facts.st_mtime_ns) if facts else ''} {reason}"
    return Delivered(name, hashlib.sha256(told.encode()).hexdigest()[:FILE_ID_LENGTH], b"", Refused(reason, message))
