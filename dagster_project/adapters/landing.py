"""Hands files to the gate, one after another: a refused one is recorded and never stops the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT

if TYPE_CHECKING:
    from dagster_project.components.fenced import Folder
    from dagster_project.domain.sources.contract import SourceContract
    from dagster_project.settings import Settings

CONTRACTS = CHECKOUT / "dagster_project" / "defs" / "sources" / "contracts"


def contract_of(contracts: Folder[SourceContract], source: str) -> SourceContract:
    """The contract of a source.

    Raises:
        HoivaError: there is none of that name, or its file is faulty (the first fault is named).
    """
    if source in contracts.items:
        return contracts.items[source]
    faults = [str(fault) for fault in contracts.faults if fault.file.startswith(f"{source}.")]
    if faults:
        raise HoivaError(f"the contract of {source} is fenced off: {faults[0]}")
    raise HoivaError(f"no source is called {source!r}; there are {', '.join(sorted(contracts.items))}")


def land_all(
    settings: Settings,
    source: str,
    files: Sequence[Path],
    table: str | None,
    arrived_at: datetime | None,
    *,
    history: bool,
    on_file: Callable[[str, int], None] = lambda name, done: None,
) -> list[dict[str, Any]]:
    """Land these files of one source, in order; what became of each, as plain dictionaries.

    Args:
        settings: whose home to land in.
        source: whose contract they follow.
        files: the delivered files.
        table: the table, or None to read it off each file's name.
        arrived_at: when they became known; None means now, or with ``history`` each row's own time.
        history: a first load.
        on_file: called before each file with its name and how many are done.

    Raises:
        HoivaError: there is no such source or no such file.
    """
    from dagster_project.adapters.gate import contracts_in, land
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.starting import end_what_broke_off

    contract = contract_of(contracts_in(CONTRACTS), source)
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise HoivaError(f"there is no file {missing[0]!r}: give paths of delivered files")
    landed = []
    with open_ledger(settings.ledger_address) as ledger:
        end_what_broke_off(settings, ledger)
        for done, file in enumerate(files):
            on_file(file.name, done)
            delivery = land(
                settings,
                ledger,
                contract,
                file,
                table,
                arrived_at=arrived_at,
                history=history,
                landed_at=datetime.now(UTC),
            )
            landed.append(asdict(delivery))
    return landed
