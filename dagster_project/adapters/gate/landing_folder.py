"""The landing folder: files dropped there are taken in and moved away, so that nothing is landed twice or forgotten."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.adapters.gate.delivered import delivered
from dagster_project.adapters.gate.passing import land_found
from dagster_project.adapters.gate.records import ENDINGS
from dagster_project.domain.sources.delivery import Delivery

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.components.fenced import Folder
    from dagster_project.domain.sources.contract import SourceContract
    from dagster_project.settings import Settings

SETTLED_AFTER = timedelta(seconds=2)  # without a change: most tools write under the final name, in bursts
LEVELS = 2  # of folders below landing/: the source, and the table where the file's name does not tell it


def settled_files(settings: Settings, now: datetime) -> list[Path]:
    """Files in ``landing/<source>/<table>/`` (or ``landing/<source>/``) that have stopped growing, oldest name first.

    Hidden files and other endings (``.part``, ``.tmp``) are somebody's work in progress. Links, pipes and devices are
    listed as well, to be refused once and never opened; a folder that is a link is not entered.
    """
    return [path for path in _candidates(settings.at_home.landing) if _settled(path, now)]


def facts_of(paths: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Size and times of each file that still lies there."""
    for path in paths:
        try:
            yield path, path.lstat()
        except OSError:
            continue


def _candidates(landing: Path) -> Iterator[Path]:
    found = [path for folder in _entries(landing) for path in _below(folder, LEVELS)]
    yield from sorted(found, key=os.fsencode)


def _below(entry: os.DirEntry[str], levels: int) -> Iterator[Path]:
    """What a folder directly under landing/ holds."""
    for inner in _entries(entry.path) if entry.is_dir(follow_symlinks=False) else ():
        if inner.is_dir(follow_symlinks=False):
            if levels > 1:
                yield from _below(inner, levels - 1)
        elif not inner.name.startswith(".") and inner.name.lower().endswith(ENDINGS):
            yield Path(inner.path)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # gone meanwhile, or not ours to enter
        return []


def _settled(path: Path, now: datetime) -> bool:
    try:
        facts = path.lstat()
    except OSError:
        return False  # taken away meanwhile
    # A time to come is a clock that goes wrong; the file system's own time is then what counts.
    changed = facts.st_mtime if facts.st_mtime <= now.timestamp() else facts.st_ctime
    return not stat.S_ISREG(facts.st_mode) or now.timestamp() - changed >= SETTLED_AFTER.total_seconds()


def arrived_at(path: Path, now: datetime) -> datetime:
    """When a file came to lie here whole: the last moment its bytes or its place changed.

    Not the moment it is taken in: a run asked about the moment a sensor saw the file would not know it.
    """
    facts = path.lstat()
    changed = max(facts.st_mtime, facts.st_ctime)
    return now if changed >= now.timestamp() else datetime.fromtimestamp(changed, UTC)


def land_waiting(
    settings: Settings,
    ledger: Ledger,
    contracts: Folder[SourceContract],
    now: datetime,
    until: datetime | None = None,
) -> list[Delivery]:
    """Take in every settled file of the landing folder; a refused one is archived as such and stops nobody.

    A file of a source without a valid contract stays where it is: it waits until the contract is mended. What cannot be
    read at all (a link, a pipe, a file too large or without the right to read it) is refused once and stays too.

    Args:
        settings: whose home.
        ledger: where deliveries are recorded.
        contracts: what the sources promise.
        now: the moment of landing.
        until: leave files that came later where they are. A run that took in what came after the moment it is asked
            about would not know it, and no sensor would ask for another run.
    """
    landing = settings.at_home.landing
    landed = []
    for path in settled_files(settings, now):
        parts = path.relative_to(landing).parts
        contract = contracts.items.get(parts[0])
        if contract is None:
            continue
        table = os.fsencode(parts[1]).decode("utf-8", "replace") if len(parts) == 3 else None
        try:
            arrival = arrived_at(path, now)
            if until is not None and arrival > until:
                continue
            facts = path.lstat()
            found = delivered(path, follow_links=False)
            if found.refused and ledger.delivery_by_file(contract.source, found.file_id) is not None:
                continue  # told before
            told = land_found(
                settings, ledger, contract, found, table, arrived_at=arrival, history=False, landed_at=now
            )
            landed.append(told)
            if not found.refused and _is_same(facts, path.lstat()):
                path.unlink()  # its bytes are in the vault's archive, and the ledger knows them
        except FileNotFoundError:
            continue  # taken away meanwhile, by its owner or by another process that lands
    return landed


def _is_same(facts: os.stat_result, later: os.stat_result) -> bool:
    """Whether nobody put another file in its place while it was landed."""
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns) == (later.st_ino, later.st_size, later.st_mtime_ns)
