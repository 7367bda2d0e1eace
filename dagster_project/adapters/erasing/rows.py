"""Which rows of a table are about somebody, by what the contract says its columns name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.domain.erasure.identifiers import (
    CONTACT,
    EMAIL,
    NUMBER,
    PHONE,
    RECORD,
    THING,
    Identifiers,
    Outside,
    email_of,
    end_of,
    phone_of,
)
from dagster_project.domain.sources.contract import SHARED_NAMES, SourceContract, Table

if TYPE_CHECKING:
    from dagster_project.settings import Home

DIGITS_ALONE = r"\D"
ROWS_AT_ONCE = 122_880


@dataclass(frozen=True)
class LakeTable:
    """A table of a contract and where its files lie."""

    contract: SourceContract
    name: str
    folder: Path

    @property
    def table(self) -> Table:
        """The table's contract."""
        return self.contract.tables[self.name]

    @property
    def tells_contact_data(self) -> bool:
        """Whether its rows are contacts: then a row is its record's, and a shared phone makes nobody another."""
        return any(column.names in (EMAIL, PHONE) for column in self.table.columns.values())

    def files(self) -> Iterator[Path]:
        """Its files, one a delivery."""
        yield from (path for path in sorted(self.folder.rglob("*.parquet")) if path.name != "empty.parquet")

    def read(self, path: Path, columns: Iterable[str]) -> pa.Table:
        """Columns of one file; one that the contract gained later is null."""
        wanted = [*columns]
        with pq.ParquetFile(path) as file:
            return _with(wanted, file.read(_there(file, wanted)))

    def batches(self, path: Path, columns: Iterable[str]) -> Iterator[pa.Table]:
        """The same a part at a time."""
        wanted = [*columns]
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=_there(file, wanted)):
                yield _with(wanted, pa.Table.from_batches([batch]))


def _there(file: pq.ParquetFile, wanted: Sequence[str]) -> list[str]:
    there = set(file.schema_arrow.names)
    return [name for name in wanted if name in there]


def _with(wanted: Sequence[str], rows: pa.Table) -> pa.Table:
    for name in wanted:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
    return rows.select(wanted)


def lake_tables(home: Home, contracts: Iterable[SourceContract]) -> list[LakeTable]:
    """Every table of every contract that has a folder in the lake or in the vault's part of it."""
    return [
        LakeTable(contract, name, folder)
        for contract in contracts
        for name in contract.tables
        for folder in (home.lake / contract.source / name, home.vault_lake / contract.source / name)
        if folder.is_dir()
    ]


def naming(table: Table) -> list[str]:
    """The columns that name somebody or something of theirs."""
    return [name for name, column in table.columns.items() if column.names or column.part_of]


def record_values(contract: SourceContract, table: Table, rows: pa.Table, mask: pa.Array) -> set[str]:
    """The records that the chosen rows name."""
    found: set[str] = set()
    for name, column in table.columns.items():
        if column.names and column.names not in SHARED_NAMES:
            values = pc.unique(rows[name].filter(mask)).to_pylist()
            found |= {contract.key_of(column, str(value)) for value in values if value}
    return found


def values_of(table: Table, rows: pa.Table, mask: pa.Array, kind: str) -> set[str]:
    """What the chosen rows have in the columns that name this kind, as written."""
    names = [name for name, column in table.columns.items() if column.names == kind and name in rows.column_names]
    return {str(value) for name in names for value in pc.unique(rows[name].filter(mask)).to_pylist() if value}


def about(place: LakeTable, rows: pa.Table, who: Identifiers) -> pa.Array:
    """Which rows are about these people: a row of a contact table by its record, any other by whatever it names."""
    mask = nobody(rows)
    for name, column in place.table.columns.items():
        if column.names and (column.names not in SHARED_NAMES):
            mask = pc.or_(mask, is_one_of(rows[name], _own(place.contract, column.names, who.records)))
        elif column.names == RECORD:
            mask = pc.or_(mask, is_one_of(rows[name], who.records))
        elif column.names == CONTACT:
            mask = pc.or_(mask, is_one_of(rows[name], who.contacts))
        elif column.names == NUMBER and not place.tells_contact_data:
            mask = pc.or_(mask, is_one_of(rows[name], who.numbers))
        if column.part_of:
            mask = pc.or_(mask, is_one_of(rows[name], _own(place.contract, column.part_of, who.things)))
    return mask


def things_of(place: LakeTable, rows: pa.Table, mask: pa.Array) -> set[str]:
    """What is theirs alone, as the chosen rows name it."""
    return {
        f"{place.contract.source}:{column.part_of}:{value}"
        for name, column in place.table.columns.items()
        if column.part_of
        for value in pc.unique(rows[name].filter(mask)).to_pylist()
        if value
    }


def with_email(column: pa.ChunkedArray, emails: set[str]) -> pa.Array:
    """Where one of these addresses stands, however it is written."""
    if not emails:
        return pa.array([False] * len(column), pa.bool_())
    forms = emails | {_unicode_domain(email) for email in emails}
    low = pc.utf8_lower(pc.utf8_normalize(pc.utf8_trim_whitespace(column), "NFC"))
    plain = is_one_of(low, forms)
    odd = pc.fill_null(pc.invert(pc.string_is_ascii(column)), False)
    if not pc.any(odd).as_py():
        return plain
    others = pa.array(
        [bool(value and email_of(value) in emails) for value in column.filter(odd).to_pylist()], pa.bool_()
    )
    return pc.or_(plain, pc.replace_with_mask(pa.array([False] * len(column), pa.bool_()), _flat(odd), others))


def with_phone(column: pa.ChunkedArray, phones: set[str], region: str) -> pa.Array:
    """Where one of these numbers stands, however it is written: only those that end alike are read as numbers."""
    if not phones:
        return pa.array([False] * len(column), pa.bool_())
    digits = pc.replace_substring_regex(column, DIGITS_ALONE, "")
    likely = is_one_of(pc.utf8_slice_codeunits(digits, -7), {end_of(phone) for phone in phones})
    if not pc.any(likely).as_py():
        return likely
    read = pa.array([phone_of(value, region) in phones for value in column.filter(likely).to_pylist()], pa.bool_())
    return pc.replace_with_mask(pa.array([False] * len(column), pa.bool_()), _flat(likely), read)


def named_outside(contract: SourceContract, table: Table, rows: pa.Table, outside: Outside) -> set[int]:
    """The lines of rows about people who must stay outside, known by their hashes alone."""
    mask = nobody(rows)
    is_contact_table = any(column.names in (EMAIL, PHONE) for column in table.columns.values())
    for name, column in table.columns.items():
        kinds = [(column.names, column.names if column.names in SHARED_NAMES else RECORD)] if column.names else []
        kinds += [(column.part_of, THING)] if column.part_of else []
        for word, kind in kinds:
            if kind not in outside.kinds or (kind == NUMBER and is_contact_table) or name not in rows.column_names:
                continue
            own = word not in SHARED_NAMES
            values = [value for value in pc.unique(rows[name]).to_pylist() if value]
            gone = [
                value
                for value in values
                if outside.names(kind, f"{contract.source}:{word}:{value}" if own else str(value))
            ]
            mask = pc.or_(mask, is_one_of(rows[name], gone))
    return set(rows["line_number"].filter(mask).to_pylist())


def nobody(rows: pa.Table) -> pa.Array:
    """A choice of no row."""
    return pa.array([False] * rows.num_rows, pa.bool_())


def _own(contract: SourceContract, word: str, keys: Iterable[str]) -> set[str]:
    start = f"{contract.source}:{word}:"
    return {key[len(start) :] for key in keys if key.startswith(start)}


def is_one_of(column: pa.ChunkedArray | pa.Array, values: Iterable[str]) -> pa.Array:
    """Where one of these values stands alone."""
    wanted = sorted(values)
    if not wanted:
        return pa.array([False] * len(column), pa.bool_())
    text = column if pa.types.is_string(column.type) else column.cast(pa.string())
    return _flat(pc.fill_null(pc.is_in(text, pa.array(wanted, pa.string())), False))


def _flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _unicode_domain(email: str) -> str:
    box, _, domain = email.rpartition("@")
    try:
        return f"{box}@{domain.encode().decode('idna')}"
    except UnicodeError:
        return email
