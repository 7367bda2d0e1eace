"""Every system call as a place to die: a run is listened to once, then killed at the entry of each call it made.

A copy of a warm process waits until strace has attached to it, so that a kill costs no start of Python. strace counts
calls by their name: ``rename`` number 3 is the third rename of the run, and SIGKILL comes before the call acts.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.crash.killed import PROCESSES, warm

# What changes a file, a folder or a lock, or makes a change last. Names the machine's kernel lacks are left out ("?").
CALLS = tuple(
    f"?{name}"
    for name in (
        "open openat openat2 creat write pwrite64 writev pwritev pwritev2 fsync fdatasync sync_file_range msync"
        " rename renameat renameat2 unlink unlinkat mkdir mkdirat rmdir ftruncate truncate fallocate"
        " link linkat symlink symlinkat chmod fchmod fchmodat fcntl flock copy_file_range sendfile"
    ).split()
)
OPENS = ("open", "openat", "openat2")
WRITING = re.compile(r"O_(CREAT|WRONLY|RDWR|TRUNC)")
LOCKING = re.compile(r"F_(OFD_)?SETLKW?")
LINE = re.compile(r"^(?:\[pid +)?(\d+)?\]? *([a-z0-9_]+)\((.*)")

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on this machine")


@dataclass(frozen=True)
class Call:
    """One system call of a run: the ``number``-th of its name, and what strace said of it."""

    name: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.name} {self.number}: {self.text}"


def _when_attached(line: Connection, home: Path, task: Callable[[Path], None]) -> None:
    line.send_bytes(b"here")
    line.recv_bytes()
    task(home)


@contextmanager
def _traced(home: Path, task: Callable[[Path], None], *options: str) -> Iterator[int | None]:
    """Run a task in a process that strace is attached to before it begins; its exit code."""
    here, there = PROCESSES.Pipe()
    warm()
    process = PROCESSES.Process(target=_when_attached, args=(there, home, task))
    process.start()
    here.recv_bytes()  # it stands still before the task: nothing of its own start is counted
    trace = ",".join(CALLS)
    command = ["strace", "-f", "-p", str(process.pid), "-e", f"trace={trace}", "-e", "signal=none", "-y", "-s", "0"]
    command += options
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline()
        try:
            assert "attached" in said, f"strace could not attach: {said.strip()}"
            here.send_bytes(b"go")
            process.join()
            strace.stderr.read()
        finally:
            process.kill()
            process.join()
            strace.terminate()
    here.close()
    there.close()
    yield process.exitcode


def calls_of(home: Path, task: Callable[[Path], None], record: Path) -> list[Call]:
    """Every call of a whole run that changes something outside the process, in order.

    Opening a file to read it and asking about a lock are no changes and are left out, but are counted.
    """
    with _traced(home, task, "-o", str(record)) as exitcode:
        assert exitcode == 0, "the run that is listened to ends well"
    return _read(record)


def _read(record: Path) -> list[Call]:
    main: str | None = None
    numbers: Counter[str] = Counter()
    found = []
    for line in record.read_text(errors="replace").splitlines():
        matched = LINE.match(line)
        if matched is None or "resumed>" in line:
            continue
        thread, name, text = matched.groups()
        main = main or thread
        changes = _changes(name, text)
        if thread != main:
            assert not changes, f"another thread changes something: {line}"
            continue
        numbers[name] += 1
        if changes:
            found.append(Call(name, numbers[name], text))
    return found


def _changes(name: str, text: str) -> bool:
    if name in OPENS:
        return WRITING.search(text) is not None
    return LOCKING.search(text) is not None if name == "fcntl" else True


def killed_before(home: Path, call: Call, task: Callable[[Path], None], record: Path) -> int | None:
    """Run a task in a process that is killed as it enters this call.

    Returns:
        how many calls that change something it had made before; None when it was not killed.
    """
    inject = f"inject={call.name}:signal=KILL:when={call.number}"
    with _traced(home, task, "-e", inject, "-o", str(record)) as exitcode:
        if exitcode != -signal.SIGKILL:
            return None
    last = _read(record)[-1]
    assert (last.name, last.number) == (call.name, call.number), f"killed at {last} instead of {call}"
    return len(_read(record)) - 1
