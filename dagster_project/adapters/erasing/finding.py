"""Finds everything that is about some people: their records, identifiers and rows, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters.erasing.case import Case, RowsOf
from dagster_project.adapters.erasing.others import look_at_others
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.rows import (
    LakeTable,
    about,
    lake_tables,
    naming,
    record_values,
    things_of,
    values_of,
    with_email,
    with_phone,
)
from dagster_project.adapters.published import has_published, open_published
from dagster_project.domain.erasure.identifiers import (
    CUSTOMER,
    EMAIL,
    NUMBER,
    PHONE,
    RECORD,
    Identifiers,
    Outside,
    email_of,
    phone_of,
)
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.sources.contract import SourceContract
    from dagster_project.settings import Settings

CLUSTERS = "identity/clusters"
LINE, ROW_ID = "line_number", "row_id"
SHOP_CUSTOMER = "shop:customer:"  # a record that is its customer number


@dataclass(frozen=True)
class Wanted:
    """Who is meant: customers by any id they ever had, or whoever has an e-mail address or a phone number.

    ``digests`` are keyed hashes of identifiers, as the journal of erasures has them after a restore.
    """

    customer_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()
    digests: dict[str, str] = field(default_factory=dict)
    everyone: bool = False  # also when an address leads to several customers


def find(
    settings: Settings, ledger: Ledger, contracts: Sequence[SourceContract], wanted: Wanted, erasure_id: str
) -> Case:
    """Make the case: read the lake and who is whom; nothing is changed.

    Somebody whom only a broken or refused file knows is found too: then the case has values to look for and no rows.

    Raises:
        HoivaError: a customer is unknown, or an address leads to several customers.
    """
    region = settings.phone_region
    tables = lake_tables(settings.at_home, contracts)
    clusters = _clusters(settings)
    emails = {email_of(email) for email in wanted.emails}
    phones = {phone_of(phone, region) for phone in wanted.phones}
    customers = _todays(ledger, clusters, wanted.customer_ids)
    records = set(wanted.records) | _records_with(settings, tables, emails, phones, wanted)
    if wanted.digests:
        outside = Outside(wanted.digests, settings.identity_salt, region)
        records |= set(outside.those_named(RECORD, clusters["source_record_id"].to_pylist()))
        customers |= set(outside.those_named(CUSTOMER, ledger.every_customer_id()))
    named = set(clusters.filter(_in(clusters["source_record_id"], records))["customer_id"].to_pylist())
    if len(named) > max(1, len(emails) + len(phones)) and not (wanted.everyone or wanted.digests):
        raise HoivaError(f"these addresses lead to {len(named)} customers: name them by their ids, or add --everyone")
    customers |= named
    mine = clusters.filter(_in(clusters["customer_id"], customers))
    records |= set(mine["source_record_id"].to_pylist())
    aliases = set(mine["record_customer_id"].to_pylist()) | customers | ledger.ids_leading_to(customers)
    who = Identifiers(emails=emails, phones=phones, records=records, customers={one for one in aliases if one})
    who.numbers = {record.removeprefix(SHOP_CUSTOMER) for record in records if record.startswith(SHOP_CUSTOMER)}
    who.contacts = set(ledger.contacts_of(who.customers))
    count = max(1, len(customers)) if not wanted.digests else len(customers)
    case = Case(erasure_id, count, who, count_deliveries=len(ledger.deliveries()))
    _learn_identifiers(settings, tables, who)
    _choose_rows(tables, case)
    look_at_others(settings, tables, case)
    _choose_misfits(settings, contracts, case)
    case.batches = ledger.batches_with(who.customers)
    return case


def _clusters(settings: Settings) -> pa.Table:
    """Who is whom as published: source_record_id, customer_id, record_customer_id."""
    names = ["source_record_id", "customer_id", "record_customer_id"]
    if has_published(settings):
        version = open_published(settings)
        if CLUSTERS in version.tables:
            return version.read(CLUSTERS, names)
    return pa.table({name: pa.array([], pa.string()) for name in names})


def _todays(ledger: Ledger, clusters: pa.Table, asked: Iterable[str]) -> set[str]:
    """Today's ids of the customers asked for."""
    known = dict(
        zip(clusters["record_customer_id"].to_pylist(), clusters["customer_id"].to_pylist(), strict=True)
        if asked
        else ()
    )
    known |= {one: one for one in known.values()}
    today = ledger.current_customers(asked)
    unknown = [one for one in asked if one not in known and one not in today]
    if unknown:
        raise HoivaError(f"{len(unknown)} of the ids are no customer's; hoiva explain shows whose an id is")
    return {known.get(today.get(one, one), today.get(one, one)) for one in asked}


def _records_with(
    settings: Settings, tables: Sequence[LakeTable], emails: set[str], phones: set[str], wanted: Wanted
) -> set[str]:
    """Records whose contact data name one of those wanted, in any version of them."""
    found: set[str] = set()
    outside = Outside(wanted.digests, settings.identity_salt, settings.phone_region)
    if not (emails or phones or outside):
        return found
    for place in tables:
        if not (place.tells_contact_data or outside):
            continue
        columns = naming(place.table)
        for path in place.files():
            rows = place.read(path, columns)
            mask = pa.array([False] * rows.num_rows, pa.bool_())
            for name, column in place.table.columns.items():
                if column.names == EMAIL:
                    mask = pc.or_(mask, with_email(rows[name], emails))
                elif column.names == PHONE:
                    mask = pc.or_(mask, with_phone(rows[name], phones, settings.phone_region))
            if place.tells_contact_data:
                found |= record_values(place.contract, place.table, rows, mask)
            if outside:
                everything = pa.array([True] * rows.num_rows, pa.bool_())
                all_records = record_values(place.contract, place.table, rows, everything)
                found |= set(outside.those_named(RECORD, all_records))
    return found


def _learn_identifiers(settings: Settings, tables: Sequence[LakeTable], who: Identifiers) -> None:
    """Learn e-mails, phones and numbers from every version of their contact rows."""
    for place in tables:
        if not place.tells_contact_data:
            continue
        for path in place.files():
            rows = place.read(path, naming(place.table))
            mask = about(place, rows, who)
            if not pc.any(mask).as_py():
                continue
            who.emails |= {email_of(value) for value in values_of(place.table, rows, mask, EMAIL)}
            who.phones |= {
                phone_of(value, settings.phone_region) for value in values_of(place.table, rows, mask, PHONE)
            }
            who.numbers |= values_of(place.table, rows, mask, NUMBER)


def _choose_rows(tables: Sequence[LakeTable], case: Case) -> None:
    """Find their rows in every table, also those of orders and tickets that are theirs."""
    with_things = [place for place in tables if any(column.part_of for column in place.table.columns.values())]
    while True:
        before = len(case.who.things)
        for place in with_things:
            for path in place.files():
                rows = place.read(path, naming(place.table))
                mask = about(place, rows, case.who)
                if pc.any(mask).as_py():
                    case.who.things |= things_of(place, rows, mask)
        if len(case.who.things) == before:
            break
    for place in tables:
        columns = naming(place.table)
        if not columns:
            continue
        for path in place.files():
            rows = place.read(path, [*columns, LINE, ROW_ID])
            mask = about(place, rows, case.who)
            if pc.any(mask).as_py():
                chosen = rows.filter(mask)
                case.row_ids |= set(chosen[ROW_ID].to_pylist())
                lines = chosen[LINE].to_pylist()
                case.files.append(RowsOf(place.contract.source, place.name, path.stem, loaded=lines))


def _choose_misfits(settings: Settings, contracts: Sequence[SourceContract], case: Case) -> None:
    """Find their records among those that did not fit: whatever holds one of their values is theirs."""
    patterns = Patterns(case.needles)
    chosen = {(rows.source, rows.table, rows.file_id): rows for rows in case.files}
    for path in sorted(settings.at_home.vault_quarantine.rglob("*.parquet")):
        source, table = path.parts[-3:-1]
        rows = pq.read_table(path, partitioning=None, columns=["line_number", "raw"])
        lines = [
            line
            for line, raw in zip(rows[LINE].to_pylist(), rows["raw"].to_pylist(), strict=True)
            if raw and patterns.found_in(raw.encode())
        ]
        if lines:
            key = (source, table, path.stem)
            if key not in chosen:
                chosen[key] = RowsOf(*key)
                case.files.append(chosen[key])
            chosen[key].quarantined = lines


def _in(column: pa.ChunkedArray, values: Iterable[str]) -> pa.Array:
    mask = pc.fill_null(pc.is_in(column.cast(pa.string()), pa.array(sorted(values), pa.string())), False)
    return mask.combine_chunks() if isinstance(mask, pa.ChunkedArray) else mask
