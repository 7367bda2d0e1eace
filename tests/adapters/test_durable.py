"""Large files reach the disk past the system's cache, with the bytes they would have anyway."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters import durable

SIZE = durable.LARGE + 3 * durable.AT_ONCE + 17  # neither whole writes nor whole blocks
CONTENT = bytes(os.urandom(SIZE))


def refusing(monkeypatch: pytest.MonkeyPatch, name: str, number: int, after: int) -> list[int]:
    """Let one of the system's calls fail when it is the direct one, after so many that went well."""
    real, direct, calls = getattr(os, name), set[int](), list[int]()
    opened = os.open

    def is_direct(arguments: tuple[Any, ...]) -> bool:
        return bool(arguments[1] & os.O_DIRECT) if name == "open" else arguments[0] in direct

    def opening(path: Any, flags: int, *rest: Any) -> int:
        handle = opened(path, flags, *rest)
        if flags & os.O_DIRECT:
            direct.add(handle)
        return handle

    def failing(*arguments: Any) -> Any:
        if is_direct(arguments):
            calls.append(len(calls))
            if len(calls) > after:
                raise OSError(number, os.strerror(number))
        return real(*arguments)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, name, failing)
    return calls


@pytest.mark.parametrize("size", [0, 1, durable.LARGE - 1, durable.LARGE, SIZE])
def test_a_file_holds_what_was_written_whatever_its_size(tmp_path: Path, size: int) -> None:
    durable.write_file(tmp_path / "file", memoryview(CONTENT)[:size], durable.PRIVATE_FILE)
    assert (tmp_path / "file").read_bytes() == CONTENT[:size]
    assert (tmp_path / "file").stat().st_mode & 0o777 == durable.PRIVATE_FILE


@pytest.mark.parametrize(("name", "after"), [("open", 0), ("write", 0), ("write", 2)])
def test_a_filesystem_that_cannot_do_it_gets_the_rest_in_the_ordinary_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: int
) -> None:
    calls = refusing(monkeypatch, name, errno.EINVAL, after)
    durable.write_file(tmp_path / "file", CONTENT)
    assert len(calls) == after + 1
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_full_disk_is_said_and_not_written_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, "write", errno.ENOSPC, 1)
    with pytest.raises(OSError, match="No space left"):
        durable.write_file(tmp_path / "file", CONTENT)


def test_a_large_file_is_never_written_over_another(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"here")
    with pytest.raises(FileExistsError):
        durable.write_file(tmp_path / "file", CONTENT)
    assert (tmp_path / "file").read_bytes() == b"here"
