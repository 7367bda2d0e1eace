"""At the gate: rows of people who were erased are counted and not taken in, whatever file brings them back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.erasing.rows import named_outside
from dagster_project.domain.erasure.identifiers import RECORD, Outside
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.adapters.gate.typing import Typed
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.sources.contract import SourceContract
    from dagster_project.domain.sources.opt_outs import OptedOut
    from dagster_project.settings import Settings


def outside_of(settings: Settings, ledger: Ledger) -> Outside:
    """Everybody who was erased from this home, by hashes alone."""
    return Outside(ledger.erased_digests(), settings.identity_salt, settings.phone_region)


def without_erased(
    settings: Settings, ledger: Ledger, contract: SourceContract, name: str, typed: Typed, data: bytes, file_name: str
) -> tuple[Typed, bytes, int]:
    """A delivery without the records about people who were erased, also among what did not fit.

    Returns:
        what may come in, the file's bytes without the others, and how many the others are.
    """
    from dagster_project.adapters.erasing.delivered import without_lines
    from dagster_project.adapters.gate.typing import Typed

    outside = outside_of(settings, ledger)
    if not outside:
        return typed, data, 0
    table = contract.tables[name]
    lines = named_outside(contract, table, typed.rows, outside)
    lines |= set(_misfit_lines(outside, contract, name, typed.misfits))
    if not lines:
        return typed, data, 0
    gone = pa.array(sorted(lines), pa.int64())
    rows, misfits = (
        part.filter(pc.invert(pc.is_in(part["line_number"], gone))) for part in (typed.rows, typed.misfits)
    )
    return Typed(rows, misfits), without_lines(data, file_name, table, lines), len(lines)


def still_inside(settings: Settings, ledger: Ledger, opted_out: list[OptedOut]) -> list[OptedOut]:
    """The refusals of people who were not erased: nothing is written down of the others, not even a no."""
    outside = outside_of(settings, ledger) if opted_out else None
    return [one for one in opted_out if outside is None or not outside.names(RECORD, one.source_record_id)]


def named_lines_of_file(
    settings: Settings, outside: Outside, contract: SourceContract, name: str, data: bytes, file_name: str
) -> set[int]:
    """The lines of a delivered file that are about people who were erased.

    Raises:
        Refused: the file cannot be read as the contract says.
    """
    from dagster_project.adapters.gate.passing import READERS
    from dagster_project.adapters.gate.records import kind_of, unpacked
    from dagster_project.adapters.gate.typing import pseudonyms

    table = contract.tables[name]
    records = READERS[kind_of(file_name)](unpacked(data, file_name), table)
    texts = records.texts
    for column, told in table.columns.items():
        if told.pseudonym:
            place = texts.schema.get_field_index(column)
            texts = texts.set_column(place, column, pseudonyms(texts.column(column), settings.identity_salt))
    lines = named_outside(contract, table, texts.append_column("line_number", records.line_number), outside)
    return lines | {misfit.line_number for misfit in records.misfits if outside.is_in(misfit.raw)}


def holds_erased(settings: Settings, ledger: Ledger, data: bytes, file_name: str) -> bool:
    """Whether a file that nobody could read holds an address or a number of somebody who was erased."""
    from dagster_project.adapters.gate.records import unpacked

    outside = outside_of(settings, ledger)
    if not outside:
        return False
    try:
        plain = unpacked(data, file_name)
    except Refused:
        plain = data
    return outside.is_in(plain.decode("utf-8", errors="replace"))


def _misfit_lines(outside: Outside, contract: SourceContract, name: str, misfits: pa.Table) -> Iterator[int]:
    table = contract.tables[name]
    named = [column for column, told in table.columns.items() if told.names or told.part_of]
    for line, raw in zip(misfits["line_number"].to_pylist(), misfits["raw"].to_pylist(), strict=True):
        values = _values_of(raw)
        record = pa.table(
            {column: pa.array([values.get(column)], pa.string()) for column in named}
            | {"line_number": pa.array([line], pa.int64())}
        )
        if named_outside(contract, table, record, outside) or outside.is_in(raw):
            yield line


def _values_of(raw: str) -> dict[str, str]:
    """The values of a record that was kept as JSON; none when nobody could read it."""
    try:
        values = json.loads(raw)
    except ValueError:
        return {}
    return {key: str(value) for key, value in values.items() if value is not None} if isinstance(values, dict) else {}
