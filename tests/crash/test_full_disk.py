"""A full disk: one clear sentence, nothing half done to be seen, and the next time with room ends it by itself.

The short test lets the disk be full where each task first passes each of its named points; the long one fills a small
file system for real, at twenty levels, and ends each task in a process of its own, as DuckDB does not recover within
one.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.backing_up import back_up
from dagster_project.adapters.exporting import export_all
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.published import open_published
from dagster_project.adapters.redaction import DISK_FULL, is_disk_full
from dagster_project.adapters.restoring import faults_of, read_list
from dagster_project.adapters.verifying import verify
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT, Settings
from tests.adapters.small_deliveries import HEADER, NOON, Gate
from tests.adapters.small_house import AS_OF, GOOGLE, LETTERS, batches, claim, consent, customer_ids, house, point
from tests.crash.killed import PROCESSES

MANY = 3_000  # customers of the long test: each task writes some hundred kilobytes
LEVELS = 20
MEGABYTE = 1 << 20
SIZE = 48 * MEGABYTE  # of the small file system
MENDS_ITSELF = {"batch_half_done", "left_over", "lake_file_unknown"}  # what the next run ends


def land(own: Settings, count: int) -> None:
    folder = own.at_home.root.parent / "delivered"
    folder.mkdir(exist_ok=True)
    lines = [f"v{number},2026-03-30 18:00:00,2,0.5,12.50,true,note {number * 7919}" for number in range(count)]
    content = "\n".join([HEADER, *lines, "broken,not a moment,2,0.5,1.00,true,"]) + "\n"
    with open_ledger(own.ledger_address) as ledger:
        Gate(own, ledger, folder).land("visits_9.csv", content, landed_at=NOON)


def show(own: Settings, count: int) -> None:
    ids = customer_ids(count)
    house(own, [point(one, city="Turku") for one in ids], audience=ids[1:])


def build(own: Settings, count: int) -> None:
    with open_warehouse(own) as warehouse:
        rows = {"customer_id": customer_ids(count), "note": [str(number * 7919) * 9 for number in range(count)]}
        warehouse.write("analytics", "notes", pa.table(rows))


def export(own: Settings, count: int) -> None:
    with open_ledger(own.ledger_address) as ledger:
        export_all(own, ledger, [LETTERS, GOOGLE], AS_OF)


def save(own: Settings, count: int) -> None:
    back_up(own, own.at_home.root.parent / "backups", NOON)


TASKS: dict[str, Callable[[Settings, int], None]] = {
    "land": land, "publish": show, "build": build, "export": export, "backup": save,
}  # fmt: skip


def prepare(own: Settings, count: int) -> None:
    """A home in which every task has something to do: a version shown, contacts that wait, an audience to tell."""
    own.at_home.make()
    ids = customer_ids(count)
    with open_ledger(own.ledger_address) as ledger:
        consent(ledger, ids)
        house(own, map(point, ids), audience=ids[:-1])
        claim(ledger, ids[: count // 2])


def whole(own: Settings, task: str, count: int) -> bool:
    """Whether a task has come to its end, as its readers see it."""
    home = own.at_home
    if task == "land":
        with open_ledger(own.ledger_address) as ledger:
            return [one.status for one in ledger.deliveries()] == ["loaded"]
    if task == "publish":
        return set(open_published(own).read_vault("contact_points")["city"].to_pylist()) == {"Turku"}
    if task == "build":
        with open_warehouse(own) as warehouse:
            return (
                warehouse.has("analytics", "notes")
                and warehouse.read("select * from analytics.notes").num_rows == count
            )
    if task == "export":
        rows = [(batch / "rows.csv").read_text().count("\n") - 1 for batch in batches(own, "letters")]
        return sum(rows) == count // 2 and len(batches(own, "google")) == 1
    made = sorted((home.root.parent / "backups").glob("hoiva-*"))
    return len(made) == 1 and faults_of(made[0], read_list(made[0])) == []


def nothing_partial(own: Settings) -> None:
    """What can be seen is whole: verify finds nothing but what mends itself, and a backup that has its name has all."""
    found = verify(own)
    assert {finding.kind for finding in found} <= MENDS_ITSELF, found
    for made in (own.at_home.root.parent / "backups").glob("hoiva-*"):
        assert faults_of(made, read_list(made)) == []
    assert not list(own.at_home.root.glob(".backup-*/ledger.db")), "the copy held meanwhile is gone"


def points_of(own: Settings, task: str, count: int) -> list[str]:
    seen: list[str] = []
    durable.on_reached = seen.append
    try:
        TASKS[task](own, count)
    finally:
        durable.on_reached = None
    return seen


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    prepare(Settings(home=folder / "home"), 6)
    return folder


def copied(template: Path, folder: Path) -> Settings:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder, symlinks=True)
    return Settings(home=folder / "home")


@pytest.mark.parametrize("task", ["publish", pytest.param("export", marks=pytest.mark.slow), "backup"])
def test_a_disk_that_is_full_at_any_point_harms_nothing(template: Path, tmp_path: Path, task: str) -> None:
    points = points_of(copied(template, tmp_path / "all"), task, 6)
    assert points
    for number in sorted({name: place for place, name in reversed(list(enumerate(points)))}.values()):
        own = copied(template, tmp_path / "one")
        _full_at(number, lambda own=own: TASKS[task](own, 6))
        nothing_partial(own)
        TASKS[task](own, 6)
        assert whole(own, task, 6), points[number]
        assert verify(own) == []


def test_a_database_cut_off_as_it_is_made_is_never_seen(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB leaves a file behind that it does not open again."""

    def cut_off(path: str, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    with monkeypatch.context() as full:
        full.setattr(duckdb, "connect", cut_off)
        with pytest.raises(duckdb.IOException), open_warehouse(home):
            pass
    assert not [path.name for path in home.at_home.root.glob("*.duckdb*")]
    with open_warehouse(home) as warehouse:
        assert warehouse.read("select 1").num_rows == 1


def _full_at(number: int, work: Callable[[], None]) -> None:
    """Let the disk be full at the so manyth point that is passed."""
    before = iter(range(number))

    def full(point_name: str) -> None:
        if next(before, None) is None:
            durable.on_reached = None
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    durable.on_reached = full
    try:
        with pytest.raises((OSError, HoivaError)) as failed:
            work()
    finally:
        durable.on_reached = None
    assert is_disk_full(failed.value) or "No space left" in str(failed.value)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which only root may make."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("only root may make a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@dataclass(frozen=True)
class Ended:
    """How a task's process ended: its exit code and its last words."""

    code: int | None
    lines: list[str]


def in_a_process(place: Path, task: str, words: Path) -> Ended:
    """A task as the command would do it, in a process of its own: a copy of one that has everything imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(CHECKOUT))
        forkserver.ensure_running()
    words.unlink(missing_ok=True)
    process = PROCESSES.Process(target=as_a_command, args=(place, task, words))
    process.start()
    process.join()
    return Ended(process.exitcode, words.read_text().strip().splitlines() if words.exists() else [])


def as_a_command(place: Path, task: str, words: Path) -> None:
    from rich.console import Console

    from dagster_project import cli

    cli.err = Console(file=words.open("w", buffering=1), width=300)
    cli.app = lambda: TASKS[task](Settings(home=place / "home"), MANY)  # type: ignore[assignment]
    cli.main()


def fill(place: Path, free: int) -> None:
    """Leave so many bytes."""
    room = os.statvfs(place)
    more = room.f_bavail * room.f_frsize - free
    with (place / "filler").open("wb") as filler:
        filler.write(b"\0" * max(more, 0))


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("task", TASKS)
def test_a_disk_filled_to_twenty_levels(small_disk: Path, tmp_path: Path, task: str) -> None:
    template, words = tmp_path / "template", tmp_path / "words.txt"
    prepare(Settings(home=template / "home"), MANY)

    def fresh() -> Settings:
        for path in small_disk.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(template / "home", small_disk / "home", symlinks=True)
        return Settings(home=small_disk / "home")

    def used() -> int:
        room = os.statvfs(small_disk)
        return (room.f_blocks - room.f_bfree) * room.f_frsize

    fresh()
    before = used()
    assert in_a_process(small_disk, task, words).code == 0
    needed = max(used() - before, 64 * 1024) + MEGABYTE // 2  # and what it needs meanwhile
    full = 0
    for level in range(LEVELS):
        own = fresh()
        fill(small_disk, needed * level // LEVELS)
        ended = in_a_process(small_disk, task, words)
        if ended.code != 0:
            full += 1
            (line,) = ended.lines
            assert DISK_FULL in line or "the backup broke off (No space left on device)" in line
            (small_disk / "filler").unlink()
            nothing_partial(own)
            ended = in_a_process(small_disk, task, words)
            assert ended.code == 0, ended.lines
        (small_disk / "filler").unlink(missing_ok=True)
        assert whole(own, task, MANY), level
        assert {finding.kind for finding in verify(own)} <= {"left_over"}
    print(f"{task}: full at {full} of {LEVELS} levels, {needed >> 10} KiB needed")
    assert full, "the levels reach where it is too full"
