"""Files that survive a power cut: written, flushed to the disk, and put in place by one rename.

Every step that another process could see half done passes :func:`reached`, so that a test can end the process exactly
there. Nothing happens at those points unless a test asks for it.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

LARGE = 8 << 20  # bytes: from here on a file goes to the disk without a copy in the system's memory
AT_ONCE = 1 << 20  # bytes of one such write; a multiple of every disk's block
PRIVATE_FOLDER = 0o700  # personal data: its owner alone
PRIVATE_FILE = 0o600

on_reached: Callable[[str], None] | None = None  # set by crash tests alone


def reached(point: str) -> None:
    """Name a moment at which a crash must do no harm."""
    if on_reached is not None:
        on_reached(point)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder (new, renamed, removed) survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the bytes of a finished file survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def writing(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A new file to be written to, flushed to the disk at the end. What breaks off leaves a part of it there.

    Raises:
        FileExistsError: there is one of that name; nothing is ever overwritten.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def writing_much(path: Path, mode: int = 0o644) -> Iterator[PastTheCache]:
    """The same for a file of many megabytes that nobody reads soon."""
    with writing(path, mode) as file, PastTheCache(path, file) as sink:
        yield sink


def write_file(path: Path, content: bytes | memoryview, mode: int = 0o644) -> None:
    """Write a new file and flush it to the disk.

    Raises:
        FileExistsError: there is one of that name; nothing is ever overwritten.
    """
    if len(content) >= LARGE:
        with writing_much(path, mode) as sink:
            sink.write(content)
    else:
        with writing(path, mode) as file:
            file.write(content)


class PastTheCache:
    """Writes whole blocks from one small buffer straight to the disk, and the rest in the ordinary way.

    They are flushed at once anyway, so that a copy in the system's memory costs time and serves nobody. A filesystem
    that cannot do it (from the start, or any more) gets everything in the ordinary way.
    """

    closed = False  # as a file tells it

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """``file``: the same one, open for writing at its beginning."""
        self._file, self._written, self._filled = file, 0, 0
        self._room = mmap.mmap(-1, AT_ONCE)
        try:
            self._handle = os.open(path, os.O_WRONLY | getattr(os, "O_DIRECT", 0))
        except OSError:
            self._handle = -1

    def write(self, content: bytes | memoryview) -> int:
        """Write on; how many bytes that was."""
        view = memoryview(content).cast("B")
        for at in range(0, len(view), AT_ONCE):
            part = view[at : at + AT_ONCE]
            fits = min(len(part), AT_ONCE - self._filled)
            self._fill(part[:fits])
            if self._filled == AT_ONCE:
                self._empty()
                self._fill(part[fits:])
        return len(view)

    def flush(self) -> None:
        """Nothing: whoever closes it flushes the file."""

    def _fill(self, part: memoryview) -> None:
        self._room[self._filled : self._filled + len(part)] = part
        self._filled += len(part)

    def _empty(self) -> None:
        """Let go of what is in the buffer."""
        if self._filled == AT_ONCE and self._handle >= 0:
            try:
                if os.write(self._handle, self._room) == AT_ONCE:
                    self._written, self._filled = self._written + AT_ONCE, 0
                    return
            except OSError as trouble:
                if trouble.errno != errno.EINVAL:
                    raise
            self._close()  # less than all of it, perhaps: writing on in the ordinary way tells
        self._file.seek(self._written)
        self._file.write(memoryview(self._room)[: self._filled])
        self._written, self._filled = self._written + self._filled, 0

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> PastTheCache:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._empty()
        finally:
            self._close()
            self._room.close()


def replace_file(path: Path, content: bytes | memoryview, mode: int = 0o644) -> None:
    """Put new content in a file's place as a whole: a reader sees the old or the new, never a part."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_file(fresh, content, mode)
    os.replace(fresh, path)
    sync_folder(path.parent)


def make_folder(path: Path, mode: int = 0o755) -> Path:
    """Create a folder (and those above it) with these rights, whatever the process's umask takes away."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True, mode=mode)
    if mode == PRIVATE_FOLDER and path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)
    return path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
