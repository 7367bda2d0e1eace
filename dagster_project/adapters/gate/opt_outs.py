"""Refusals of people in what the gate could not load: a broken row, a held or a refused file still says no."""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters.gate.parquet_records import as_text
from dagster_project.adapters.gate.records import BELIEVED, LARGEST_PLAIN, PACKED_AT_MOST, Misfit, kind_of
from dagster_project.adapters.gate.typing import Typed, pseudonym
from dagster_project.domain.decisions.suppression import WITHDRAWN, Suppression
from dagster_project.domain.identity.ids import record_ids
from dagster_project.domain.sources.opt_outs import OptedOut, opted_out_in, possible_rows, strictest
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.adapters.gate.records import Records
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.sources.contract import Table
    from dagster_project.settings import Settings

Row = Mapping[str, str | None]
JSON_VALUE = r'\s*:\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,}"]+))'
SALVAGED_LINES = 5_000_000  # of a refused file: enough for any list of members, and an end to the search


def of_misfits(records: Records, typed: Typed, table: Table, salt: str) -> list[OptedOut]:
    """What the rows in quarantine say no to."""
    if not table.opt_outs:
        return []
    early = {misfit.line_number for misfit in records.misfits}
    found = [
        one
        for misfit in records.misfits
        for row in _readings(misfit, records.names, table)
        for one in opted_out_in(_with_pseudonyms(row, table, salt), table)
    ]
    for line, raw in zip(*(typed.misfits.column(name).to_pylist() for name in ("line_number", "raw")), strict=True):
        if line not in early:
            found += opted_out_in(json.loads(raw), table)  # typed texts: pseudonyms are made already
    return strictest(found)


def of_rows(typed: Typed, table: Table) -> list[OptedOut]:
    """What rows that fit say no to, of a file that is held as a whole."""
    found: list[OptedOut] = []
    for rule in table.opt_outs:
        rows = typed.rows.select(list(rule.reads)) if typed.rows.num_rows else typed.rows
        texts = pa.table({name: pc.cast(rows.column(name), pa.string()) for name in rule.reads})
        if rule.column:
            plain = pc.utf8_lower(pc.utf8_trim_whitespace(texts.column(rule.column)))
            texts = texts.filter(pc.is_in(plain, pa.array(rule.says)))
        alone = table.model_copy(update={"opt_outs": (rule,)})
        for row in texts.to_pylist():
            found += opted_out_in(row, alone)
    return strictest(found)


def of_refused(data: bytes, file_name: str, table: Table, salt: str) -> list[OptedOut]:
    """What can be made out in a file that was refused as a whole. Never raises: what cannot be read says nothing."""
    if not table.opt_outs or not data:
        return []
    try:
        kind = kind_of(file_name)
        if kind == "parquet":
            rows = _parquet_rows(data, table)
        else:
            rows = (_csv_rows if kind == "csv" else _json_rows)(_text_of(data, file_name), table)
        return strictest(one for row in rows for one in opted_out_in(_with_pseudonyms(row, table, salt), table))
    except (Refused, pa.ArrowException, OSError, ValueError, LookupError, csv.Error, RecursionError):
        return []


def hand_over(settings: Settings, ledger: Ledger, found: Iterable[OptedOut], at: datetime) -> int:
    """Stop contacts of these people at once, before any model has run; returns how many refusals were handed over.

    A consent given later lifts them, as with every withdrawal.
    """
    told = list(found)
    ids = record_ids([one.source_record_id for one in told], settings.identity_salt)
    stopped = [
        Suppression(customer_id, WITHDRAWN, one.purpose, one.channel)
        for customer_id, one in zip(ids, told, strict=True)
    ]
    if stopped:
        ledger.suppress(stopped, at)
    return len(stopped)


def whose(settings: Settings, found: Iterable[OptedOut]) -> set[str]:
    """The ids of the customers these refusals are of."""
    return set(record_ids([one.source_record_id for one in found], settings.identity_salt))


def _readings(misfit: Misfit, names: list[str], table: Table) -> Iterator[Row]:
    """What a record that could not be read may say."""
    if misfit.raw.lstrip().startswith("{"):
        yield from _json_rows(misfit.raw, table)
        return
    cells = next(csv.reader([misfit.raw], strict=False), [])
    if len(cells) == 1:  # a line that was kept whole
        cells = _loose_cells(cells[0])
    yield from possible_rows(cells, names)


def _loose_cells(line: str) -> list[str]:
    return [cell.strip().strip("\"'") for cell in line.split(",")]


def _csv_rows(text: str, table: Table) -> Iterator[Row]:
    lines = io.StringIO(text, newline=None)
    names = _loose_cells(next((line for line in lines if line.strip()), ""))
    if not any(set(rule.needs) <= set(names) for rule in table.opt_outs):
        return
    for number, line in enumerate(lines):
        if number >= SALVAGED_LINES:
            return
        cells = _loose_cells(line)
        yield from possible_rows(cells, names) if len(cells) != len(names) else [dict(zip(names, cells, strict=True))]


def _json_rows(text: str, table: Table) -> Iterator[Row]:
    reads = {name for rule in table.opt_outs for name in rule.reads}
    for number, line in enumerate(io.StringIO(text, newline=None)):
        if number >= SALVAGED_LINES:
            return
        row: dict[str, str | None] = {}
        for name in reads:
            value = re.search(re.escape(json.dumps(name, ensure_ascii=False)) + JSON_VALUE, line)
            row[name] = (value.group(1) if value.group(1) is not None else value.group(2)) if value else None
        yield row


def _parquet_rows(data: bytes, table: Table) -> Iterator[Row]:
    file = pq.ParquetFile(io.BytesIO(data))
    reads = {name for rule in table.opt_outs for name in rule.reads}
    there = [name for name in file.schema_arrow.names if name in reads]
    for batch in file.iter_batches(columns=there, batch_size=10_000):
        texts = {name: as_text(pa.chunked_array([batch.column(name)]), name) for name in there}
        yield from pa.table(texts).to_pylist()


def _text_of(data: bytes, file_name: str) -> str:
    """The text of a damaged file as far as it goes: a cut gzip up to the cut, other encodings letter by letter."""
    if file_name.lower().endswith(".gz") and data.startswith(b"\x1f\x8b"):
        data = _as_far_as_it_goes(data)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8-sig", errors="replace").replace("\x00", "")


def _as_far_as_it_goes(data: bytes) -> bytes:
    unpacking, plain = zlib.decompressobj(wbits=31), bytearray()
    allowed = max(BELIEVED, min(LARGEST_PLAIN, PACKED_AT_MOST * len(data)))
    for start in range(0, len(data), 4096):
        try:
            plain += unpacking.decompress(data[start : start + 4096], allowed)
        except zlib.error:
            break
        if len(plain) >= allowed:
            break
    return bytes(plain)


def _with_pseudonyms(row: Row, table: Table, salt: str) -> Row:
    """The row as the lake would have it: digests and online identifiers replaced by keyed hashes."""
    hidden = {
        name: pseudonym(value.strip(), salt)
        for name, value in row.items()
        if value is not None and name in table.columns and table.columns[name].pseudonym
    }
    return {**row, **hidden}
