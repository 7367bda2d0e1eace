"""A home from a backup: every byte checked first, whole or not at all, and held until it knows what left since.

The rule: a restored ledger has forgotten what was sent after the backup, and a receiver has not. So nothing leaves a
restored home until a person has settled it (:mod:`dagster_project.adapters.settling`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.backing_up import LIST, PROTOCOL, copy_file
from dagster_project.adapters.durable import (
    PRIVATE_FOLDER,
    file_sha256,
    make_folder,
    reached,
    sync_folder,
    write_file,
)
from dagster_project.adapters.holding import hold
from dagster_project.errors import HoivaError
from dagster_project.settings import Home

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger

JOURNAL = Path("erasures") / "journal.jsonl"  # one line per erased person, by keyed hash
OPEN_FOLDER = 0o755


def restore(
    source: Path,
    root: Path,
    surviving_journal: Path | None = None,
    on_file: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Make a home at ``root`` from a backup, and hold it; returns what was restored.

    Args:
        source: a folder written by ``hoiva backup``.
        root: where the home will be; missing or empty.
        surviving_journal: the newest journal of erasures there is; the lines the backup lacks are to be replayed.
        on_file: called with how many files are copied, and how many there are.

    Raises:
        HoivaError: the backup is damaged or of another kind, the place is taken, or there is no room.
    """
    told = read_list(source)
    root = root.resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise HoivaError(f"{root.name} is not empty: restore into a new folder, and move it when it is settled")
    damaged = faults_of(source, told)
    if damaged:
        raise HoivaError(f"the backup is damaged ({len(damaged)} files, the first is {damaged[0]}): take another one")
    staging = root.with_name(f".{root.name}.restoring-{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        _fill(source, staging, told, on_file)
        to_replay = _journal(staging, surviving_journal)
        held = {
            "backup": source.resolve().name,
            "made_at": told["made_at"],
            "batches": told["batches"],
            "erasures_to_replay": to_replay,
        }
        hold(Home(staging), held)
        reached("restore.filled")
        if root.exists():
            root.rmdir()
        os.rename(staging, root)
        sync_folder(root.parent)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise HoivaError(
            f"restoring broke off ({error.strerror or type(error).__name__}): nothing of it is kept;"
            " make room and run it again"
        ) from None
    return held


def read_list(source: Path) -> dict[str, Any]:
    """The list of a backup.

    Raises:
        HoivaError: it is none, or of a newer Hoiva.
    """
    try:
        told: dict[str, Any] = json.loads((source / LIST).read_bytes())
    except (OSError, ValueError):
        raise HoivaError(f"{source.name} is no backup: it has no readable {LIST}") from None
    if told.get("protocol") != PROTOCOL:
        raise HoivaError(f"{source.name} was made by another Hoiva: use that version to restore it")
    return told


def faults_of(source: Path, told: dict[str, Any]) -> list[str]:
    """The files of a backup that are missing, other than listed, or not listed."""
    folder = source / "home"
    there = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    wrong = sorted(there.keys() ^ told["files"].keys())
    for place, entry in sorted(told["files"].items()):
        path = there.get(place)
        if path is not None and (path.stat().st_size != entry["bytes"] or file_sha256(path) != entry["sha256"]):
            wrong.append(place)
    return wrong


def _fill(source: Path, staging: Path, told: dict[str, Any], on_file: Callable[[int, int], None]) -> None:
    home = Home(staging)
    make_folder(staging)
    home.make()
    for done, (place, entry) in enumerate(sorted(told["files"].items())):
        on_file(done, len(told["files"]))
        is_open = entry["mode"] & 0o077
        make_folder((staging / place).parent, OPEN_FOLDER if is_open else PRIVATE_FOLDER)
        copy_file(source / "home" / place, staging / place)
        (staging / place).chmod(entry["mode"])
    for place, link in told["links"].items():
        path = staging / place
        if path.is_dir():
            path.rmdir()
        path.symlink_to(link)
    for folder in [staging, *(path for path in staging.rglob("*") if path.is_dir() and not path.is_symlink())]:
        sync_folder(folder)


def _journal(staging: Path, surviving: Path | None) -> int:
    """Put the newest journal of erasures in place; how many of its lines the backup's data have not seen."""
    path = staging / JOURNAL
    before = _lines(path) if path.is_file() else []
    if surviving is None:
        return 0
    try:
        later = [line for line in _lines(surviving) if line not in before]
    except OSError:
        raise HoivaError(f"{surviving.name} cannot be read: name the newest journal of erasures") from None
    if later:
        make_folder(path.parent)
        path.unlink(missing_ok=True)
        write_file(path, ("\n".join([*before, *later]) + "\n").encode())
    return len(later)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def not_replayed(home: Home, ledger: Ledger) -> int:
    """How many erasures the journal names that this ledger has never begun: made after its backup."""
    path = home.root / JOURNAL
    ids = set()
    for line in _lines(path) if path.is_file() else []:
        try:
            ids.add(json.loads(line)["erasure_id"])
        except (ValueError, KeyError, TypeError):
            continue  # a line that a crash cut off is no erasure
    erasures = getattr(ledger, "erasures", None)
    known = {one.erasure_id for one in erasures("begun", "waiting", "ended")} if erasures and ids else set()
    return len(ids - known)
