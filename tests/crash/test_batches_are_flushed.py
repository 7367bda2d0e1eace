"""What a power cut could undo: a kill does not show it, as the machine's memory stays; the order of the calls does."""

from __future__ import annotations

import re
from pathlib import Path

from tests.crash.played import Played
from tests.crash.syscalls import Call, calls_of, needs_strace
from tests.crash.wrong_days import nothing_flushed


def unflushed(calls: list[Call]) -> list[str]:
    """What a power cut could undo: files of a batch not flushed before it appears, and names not flushed after.

    A kill does not show it, as what was written stays in the machine's memory. The order of the calls does.
    """
    written, wrong = set(), []
    appeared: str | None = None
    for call in calls:
        path = _path_of(call)
        if call.name in ("openat", "write", "mkdir") and "/.staging/" in path and "EEXIST" not in call.text:
            written.add(path)
        elif call.name in ("fsync", "fdatasync"):
            written.discard(path)
            appeared = None if appeared and path == str(Path(appeared).parent) else appeared
            if appeared and path.endswith("ledger.db-wal"):
                wrong.append(f"noted before the name is on the disk: {appeared}")
        elif call.name == "rename" and "/.staging/" in path:
            wrong += [f"seen before it is on the disk: {name}" for name in sorted(written) if name.startswith(path)]
            appeared = re.findall(r'"([^"]+)"', call.text)[1]
    return wrong


def _path_of(call: Call) -> str:
    quoted, of_handle = re.search(r'"([^"]+)"', call.text), re.search(r"^\d+<([^>]+)>", call.text)
    found = of_handle or quoted
    return found.group(1) if found else ""


@needs_strace
def test_a_batch_is_on_the_disk_before_it_is_seen_and_its_name_before_it_is_noted(calls: list[Call]) -> None:
    assert unflushed(calls) == []
    assert sum("/.staging/" in call.text for call in calls if call.name == "rename") == 2


@needs_strace
def test_a_day_that_flushes_nothing_is_found_out(played: Played) -> None:
    """Negative control."""
    found = unflushed(calls_of(played.killed(), nothing_flushed, played.folder / "record"))
    assert any("seen before" in line for line in found)
    assert any("noted before" in line for line in found)
