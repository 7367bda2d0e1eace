"""What is held of a person, gathered from every store, with its source: the answer to a request for access."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters import sent_rows
from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, write_file
from dagster_project.adapters.erasing.case import Case
from dagster_project.adapters.erasing.finding import Wanted, find
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import tables_of
from dagster_project.adapters.published import has_published, open_published
from dagster_project.adapters.warehouse import look_into_warehouse
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.sources.contract import SourceContract
    from dagster_project.settings import Settings

Rows = list[dict[str, Any]]


@dataclass
class Held:
    """Everything held of a person: place to rows; a place says which store and table, or which file."""

    places: dict[str, Rows] = field(default_factory=dict)

    def add(self, place: str, rows: Rows) -> None:
        """Note rows of a place; none leave no trace."""
        if rows:
            self.places.setdefault(place, []).extend(rows)

    def counts(self) -> dict[str, int]:
        """How many rows each place has."""
        return {place: len(rows) for place, rows in sorted(self.places.items())}


def held_of(settings: Settings, ledger: Ledger, contracts: Sequence[SourceContract], wanted: Wanted) -> Held:
    """Gather what is held of the person wanted; nothing is changed.

    Raises:
        HoivaError: nobody, or more than one customer, is meant.
    """
    case = find(settings, ledger, contracts, wanted, "")
    if case.count_customers > 1:
        raise HoivaError("more than one customer is meant: a person is given her own data alone")
    held = Held()
    for place, rows in _delivered(settings, case):
        held.add(place, rows)
    for place, rows in _made(settings, case):
        held.add(place, rows)
    for table, rows in ledger.about(case.who.customers, case.who.contacts).items():
        held.add(f"ledger/{table}", rows)
    for place, rows in _told(settings, case):
        held.add(place, rows)
    if not held.places:
        raise HoivaError("nothing is held of this person")
    return held


def write_held(held: Held, folder: Path) -> list[Path]:
    """Write a folder a person can be handed: ``everything.json``, and one CSV for each place."""
    if folder.exists() and any(folder.iterdir()):
        raise HoivaError(f"{folder.name} is not empty: name a new folder")
    make_folder(folder, PRIVATE_FOLDER)
    files = [folder / "everything.json"]
    write_file(files[0], as_json(held).encode(), PRIVATE_FILE)
    for place, rows in sorted(held.places.items()):
        path = folder / f"{place.replace('/', '__')}.csv"
        write_file(path, _as_csv(rows), PRIVATE_FILE)
        files.append(path)
    return files


def as_json(held: Held) -> str:
    """Everything as one JSON text: place to rows."""
    return json.dumps(held.places, indent=1, ensure_ascii=False, default=_as_text)


def _delivered(settings: Settings, case: Case) -> Iterator[tuple[str, Rows]]:
    """Rows of the lake and records of the quarantine, each with the delivery it came in."""
    home = settings.at_home
    for rows in case.files:
        for root in (home.lake, home.vault_lake):
            for path in sorted((root / rows.source / rows.table).glob(f"*/{rows.file_id}.parquet")):
                yield f"delivered/{rows.source}/{rows.table}", _lines(path, rows.loaded)
        path = home.vault_quarantine / rows.source / rows.table / f"{rows.file_id}.parquet"
        if rows.quarantined and path.is_file():
            yield f"did_not_fit/{rows.source}/{rows.table}", _lines(path, rows.quarantined)


def _lines(path: Path, lines: Sequence[int]) -> Rows:
    rows = pq.read_table(path, partitioning=None)
    return _rows(rows.filter(pc.is_in(rows["line_number"], pa.array(sorted(lines), pa.int64()))))


def _made(settings: Settings, case: Case) -> Iterator[tuple[str, Rows]]:
    """What the house has made of it: rows of warehouse and vault, and of what is published."""
    keys = pa.array(sorted(case.keys), pa.string())
    if settings.at_home.warehouse.is_file() and settings.at_home.vault_database.is_file():
        with look_into_warehouse(settings) as warehouse:
            for database, name in ((None, "warehouse"), ("vault", "vault")):
                for schema, table in tables_of(warehouse.connection, database):
                    source = f'"{schema}"."{table}"' if database is None else f'{database}."{schema}"."{table}"'
                    columns = warehouse.connection.execute(f"describe {source}").fetchall()
                    texts = [column[0] for column in columns if column[1] == "VARCHAR"]
                    if texts:
                        hit = " or ".join(f'"{column}" in (select unnest($keys))' for column in texts)
                        rows = warehouse.read(f"select * from {source} where {hit}", {"keys": keys.to_pylist()})
                        yield f"{name}/{schema}/{table}", _rows(rows)
    if has_published(settings):
        version = open_published(settings)
        for table in sorted(version.tables):
            yield f"published/{table}", _with_keys(version.read(table), keys)


def _with_keys(rows: pa.Table, keys: pa.Array) -> Rows:
    mask = pa.array([False] * rows.num_rows, pa.bool_())
    for column in rows.schema:
        if pa.types.is_string(column.type):
            mask = pc.or_(mask, pc.fill_null(pc.is_in(rows[column.name], keys), False))
    return _rows(rows.filter(mask))


def _told(settings: Settings, case: Case) -> Iterator[tuple[str, Rows]]:
    """What others were told: rows that audiences were given, and lines of batches that lie in the outbox."""
    home = settings.at_home
    keys = pa.array(sorted(case.who.customers), pa.string())
    for path in sent_rows.files(sent_rows.folder_of(home)):
        rows = sent_rows.rows_of(path)
        yield f"told/{path.parent.name}", _rows(rows.filter(pc.is_in(rows["customer_id"], keys)))
    patterns = Patterns(case.needles)
    for path in sorted(home.outbox.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            found = [
                {"batch": path.parent.name, "file": path.name, **row}
                for row in csv.DictReader(file)
                if patterns.found_in("\x1f".join(value or "" for value in row.values()).encode())
            ]
        yield f"outbox/{path.relative_to(home.outbox).parts[0]}", found


def _rows(rows: pa.Table) -> Rows:
    listed: Rows = rows.to_pylist()
    return listed


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _as_csv(rows: Rows) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
