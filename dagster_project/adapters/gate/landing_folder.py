"""The landing folder: files dropped there are taken in and moved away, so that nothing is landed twice or forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.adapters.gate.passing import land
from dagster_project.adapters.gate.records import ENDINGS
from dagster_project.domain.sources.delivery import Delivery

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.components.fenced import Folder
    from dagster_project.domain.sources.contract import SourceContract
    from dagster_project.settings import Settings

SETTLED_AFTER = timedelta(seconds=2)  # without a change: most tools write under the final name, in bursts


def settled_files(settings: Settings, now: datetime) -> list[Path]:
    """Files in ``landing/<source>/<table>/`` (or ``landing/<source>/``) that have stopped growing, oldest name first.

    Hidden files and other endings (``.part``, ``.tmp``) are somebody's work in progress.
    """
    return [path for path in _candidates(settings.at_home.landing) if _settled(path, now)]


def _candidates(landing: Path) -> Iterator[Path]:
    for path in sorted([*landing.glob("*/*"), *landing.glob("*/*/*")]):
        if path.is_file() and not path.name.startswith(".") and path.name.lower().endswith(ENDINGS):
            yield path


def _settled(path: Path, now: datetime) -> bool:
    try:
        return now.timestamp() - path.stat().st_mtime >= SETTLED_AFTER.total_seconds()
    except FileNotFoundError:
        return False  # taken away meanwhile


def arrived_at(path: Path, now: datetime) -> datetime:
    """When a file came to lie here whole: the last moment its bytes or its place changed.

    Not the moment it is taken in: a run asked about the moment a sensor saw the file would not know it.
    """
    status = path.stat()
    return min(now, datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC))


def land_waiting(
    settings: Settings,
    ledger: Ledger,
    contracts: Folder[SourceContract],
    now: datetime,
    until: datetime | None = None,
) -> list[Delivery]:
    """Take in every settled file of the landing folder; a refused one is archived as such and stops nobody.

    A file of a source without a valid contract stays where it is: it waits until the contract is mended.

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
        table = parts[1] if len(parts) == 3 else None
        try:
            arrival = arrived_at(path, now)
            if until is not None and arrival > until:
                continue
            told = land(settings, ledger, contract, path, table, arrived_at=arrival, history=False, landed_at=now)
        except FileNotFoundError:
            continue  # taken away meanwhile, by its owner or by another process that lands
        landed.append(told)
        path.unlink(missing_ok=True)  # its bytes are in the vault's archive, and the ledger knows them
    return landed
