"""How long it takes to forget people in a home of a million: lake, archive, vault, warehouse, ledger, published.

The home is drawn, not run: the lake as :mod:`tests.benchmarks.big_town` writes it, the rest straight from it in the
sizes a run gives it. ``python -m tests.benchmarks.erasing --customers 1000000`` prints seconds of the clock and of the
processor, and both as so many bare scans of the same lake, in one process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.erasing.erasing import House, Told, erase, resume_all
from dagster_project.adapters.erasing.finding import Wanted
from dagster_project.adapters.gate import contracts_in
from dagster_project.adapters.lake import lake_schema
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.outbox import take
from dagster_project.adapters.published import publish
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.domain.exports.destination import Destination
from dagster_project.settings import Settings
from tests.benchmarks.big_town import AS_OF, make_big_town
from tests.benchmarks.reference import BareScan

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
GOOGLE = Destination(
    "google", "membership", "google_ads", "ads", audience="fading", segment="fading", audience_code="hv-01"
)
BATCH = "0" * 32
CUSTOMER = "'c' || substr(md5('customer' || number), 1, 20)"
RECORDS = f"""
create table clusters as select record as source_record_id, customer_id,
    'c' || substr(md5(record), 1, 20) as record_customer_id
from (
    select 'hubspot:contact:h' || number as record, {CUSTOMER} as customer_id from people where in_crm
    union all select 'mailchimp:member:' || md5('m' || number), {CUSTOMER} from people where in_newsletter
    union all select 'shop:customer:' || cast(10000000 + number as text), {CUSTOMER} from people where in_shop
    union all select 'ga4:cookie:' || number % 900000000 || '.' || number * 7, {CUSTOMER} from people where on_the_web
)
"""
WIDE = 60  # columns of numbers, as a customer's row has
ARCHIVED = (("hubspot", "contact"), ("mailchimp", "member"))


def main() -> int:
    """Draw the home, forget one customer and then a thousand, and print what it took."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.erasing",
        description=__doc__,
        epilog="Example: python -m tests.benchmarks.erasing --customers 20000",
    )
    parser.add_argument("--customers", type=int, default=1_000_000, help="people in the home (default 1000000)")
    parser.add_argument("--many", type=int, default=1000, help="how many are forgotten at once the second time")
    parser.add_argument("--folder", type=Path, help="where the home is made; default: a temporary folder")
    arguments = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="hoiva-erasing-", dir=arguments.folder))
    settings = Settings(home=root, duckdb_memory="3GB")
    os.environ["HOIVA_HOME"] = str(root)
    try:
        with open_ledger(settings.ledger_address) as ledger:
            contracts = list(contracts_in(CONTRACTS).items.values())
            timed("the home is drawn", lambda: draw(settings, ledger, arguments.customers))
            sizes(root)
            scan = BareScan([settings.at_home.lake, settings.at_home.vault_lake], settings.threads)
            house = House(settings, ledger, contracts, [GOOGLE])
            for count in (1, arguments.many):
                ids = someone(settings, count)
                scan()
                started, worked = time.perf_counter(), time.process_time()
                told = forget(house, ids)
                clock, processor = time.perf_counter() - started, time.process_time() - worked
                scan()
                print(
                    f"{count} of {arguments.customers:,} forgotten: {told.state}, {clock:.0f} s of the clock,", end=" "
                )
                print(f"{processor:.0f} s of the processor, {processor / scan.median:.1f} bare scans of the lake")
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 0


def forget(house: House, ids: Iterable[str]) -> Told:
    """Erase them; the receiver takes the removal at once."""
    at, step = time.process_time(), "found"

    def on_step(name: str) -> None:
        nonlocal at, step
        print(f"    {step:<12} {time.process_time() - at:6.1f} s of the processor", file=sys.stderr, flush=True)
        at, step = time.process_time(), name

    told = erase(house, Wanted(customer_ids=frozenset(ids)), NOW, on_step)
    for folder in sorted(house.settings.at_home.outbox.glob("google/[0-9]*")):
        take(house.settings.at_home, "google", folder.name)
    ended = resume_all(house, NOW, on_step)
    on_step("end")
    return ended[0] if ended else told


def draw(settings: Settings, ledger: Ledger, persons: int) -> None:
    """Everything a run would have left."""
    from dagster_project.domain.audiences import MEMBERSHIP_SCHEMA

    before, of_the_day = make_big_town(settings, persons)
    for delivery in [*before, *of_the_day]:
        ledger.record_delivery(delivery)
    _archive(settings)
    home = settings.at_home
    with open_warehouse(settings) as warehouse:
        run = warehouse.connection.execute
        lake = f"{home.lake}/ga4/events/*/*.parquet"
        contacts = f"{home.vault_lake}/hubspot/contact/*/*.parquet"
        members = f"{home.vault_lake}/mailchimp/member/*/*.parquet"
        shop = f"{home.lake}/shop/invoice_lines/*/*.parquet"
        run("create schema identity; create schema unified; create schema customer_360; create schema vault.identity")
        sees = "in (select cast(regexp_extract(id, '[0-9]+') as bigint) from read_parquet('{contacts}'))"
        run(
            f"create table people as select range as number, range {sees.format(contacts=contacts)} as in_crm,"
            f" md5('m' || range) in (select id from read_parquet('{members}')) as in_newsletter,"
            f" range + 10000000 in (select cast(CustomerID as bigint) from read_parquet('{shop}')) as in_shop,"
            f" range % 900000000 || '.' || range * 7 in"
            f" (select user_pseudo_id from read_parquet('{lake}')) as on_the_web from range({persons})"
        )
        run(RECORDS)
        run("create table identity.clusters as from clusters")
        run("drop table clusters")
        numbers = ", ".join(f"(hash(number + {place}) % 1000) / 7.0 as measure_{place}" for place in range(WIDE))
        run(f"create table customer_360.customer_360 as select {CUSTOMER} as customer_id, {numbers} from people")
        run("drop table people")
        run(
            "create table unified.events as select row_id as event_id, 'ga4:cookie:' || user_pseudo_id as"
            f" source_record_id, event_name as event_type, occurred_at, known_at from read_parquet('{lake}')"
        )
        run(
            "create table vault.identity.known_contacts as select row_id as contact_version_id,"
            " 'hubspot:contact:' || id as source_record_id, property_email as email_raw,"
            " property_phone as phone_raw, property_firstname as first_name, property_lastname as last_name,"
            " property_address as street, property_city as city"
            f" from read_parquet('{contacts}') union all select row_id, 'mailchimp:member:' || id, email_address, null,"
            f" merge_fname, merge_lname, null, null from read_parquet('{members}')"
        )
        clusters = warehouse.read("from identity.clusters")
        customers = warehouse.read("from customer_360.customer_360")
        points = warehouse.read(
            "select customer_id, cast(null as varchar) as customer_number, any_value(email_raw) as email,"
            " any_value('+358' || phone_raw[2:]) as phone, any_value(first_name) as first_name,"
            " any_value(last_name) as last_name, any_value(street) as street, cast(null as varchar) as postal_code,"
            " any_value(city) as city, 'FI' as country_code, 'fi' as language_code"
            " from vault.identity.known_contacts join identity.clusters using (source_record_id) group by customer_id"
        )
    ids = customers["customer_id"].to_pylist()
    members_of = [one for place, one in enumerate(ids) if place % 3 == 0]
    columns: Sequence[Any] = [
        members_of,
        [f"s-{one}" for one in members_of],
        [AS_OF.replace(tzinfo=None)] * len(members_of),
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, MEMBERSHIP_SCHEMA, strict=True)]
    tables = {
        "identity/clusters": clusters,
        "customer_360/customer_360": customers,
        "audiences/fading": pa.table(arrays, schema=MEMBERSHIP_SCHEMA),
    }
    publish(settings, tables, AS_OF, {"contact_points": points})
    _fill_ledger(settings, ids, members_of, clusters)
    sent = home.vault / "sent" / "google"
    sent.mkdir(parents=True)
    cells = {"customer_id": members_of} | {name: ["ab" * 32] * len(members_of) for name in google_columns()}
    pq.write_table(pa.table(cells), sent / f"000001-{BATCH}.parquet", compression="zstd")


def google_columns() -> list[str]:
    """The columns of the file that the destination is told."""
    from dagster_project.domain.exports.formats import FORMATS

    return list(FORMATS[GOOGLE.format].columns)


def _archive(settings: Settings) -> None:
    """The bytes as they were delivered, one line a row of the lake."""
    contracts = contracts_in(CONTRACTS).items
    for source, table in ARCHIVED:
        names = ", ".join(f'"{name}"' for name in contracts[source].tables[table].columns)
        assert lake_schema(contracts[source].tables[table])
        for path in (settings.at_home.vault_lake / source / table).rglob("*.parquet"):
            target = settings.at_home.vault_archive / source / table / f"{path.stem}__{table}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".numbered")
            with duckdb.connect() as connection:  # CSV counts its header as line 1
                order = f"select * replace (line_number + 1 as line_number) from '{path}' order by line_number"
                connection.execute(f"copy ({order}) to '{fresh}' (format parquet, compression zstd)")
                connection.execute(
                    f"copy (select {names} from read_parquet('{fresh}') order by line_number) to '{target}' (header)"
                )
            os.replace(fresh, path)


def _fill_ledger(settings: Settings, ids: list[str], members: list[str], clusters: pa.Table) -> None:
    """Consents, identities, contacts and memberships of everybody, row by row as the tables have them."""
    at = "2026-03-01 10:00:00.000000"
    connection = sqlite3.connect(settings.at_home.ledger)
    connection.execute("pragma synchronous = off")
    many: Callable[[str, Iterable[tuple[Any, ...]]], Any] = connection.executemany
    consents = (
        (one, "marketing", channel, 1, f"s{place}", at)
        for place, one in enumerate(ids)
        for channel in ("email", "phone", "letter", "ads")
    )
    named = "customer_id, purpose, channel, is_allowed, consent_id, decided_at"
    many(f"insert into consents ({named}) values (?, ?, ?, ?, ?, ?)", consents)
    pairs = zip(clusters["record_customer_id"].to_pylist(), clusters["customer_id"].to_pylist(), strict=True)
    many("insert into identities values (?, ?)", pairs)
    pairs = zip(clusters["record_customer_id"].to_pylist(), clusters["customer_id"].to_pylist(), strict=True)
    many("insert into customer_aliases (alias_customer_id, customer_id, is_current) values (?, ?, 1)", pairs)
    connection.execute(
        "insert into batches (batch_id, destination, kind, sequence, as_of, manifest_sha256, purpose, channel, state,"
        " count_rows, published_at)"
        " values (?, 'google', 'membership', 1, ?, 'x', 'marketing', 'ads', 'accepted', ?, ?)",
        (BATCH, at, len(members), at),
    )
    many(
        "insert into contacts (contact_id, customer_id, care_model, version, step, window_key, channel, treatment,"
        " purpose, action_class, score, cost, planned_for, planned_date, decided_as_of, claimed_at, status, reason)"
        " values (?, ?, 'welcome', '1', 'first', 'once', 'email', 'hello', 'marketing', 'marketing', 1, 0, ?,"
        " '2026-03-01', ?, ?, 'returned', 'no_valid_email')",
        ((f"k{place:030d}", one, at, at, at) for place, one in enumerate(ids)),
    )
    rows = [(one, f"m{place:018d}", place) for place, one in enumerate(members)]
    many(
        "insert into memberships (destination, customer_id, customer_key, fingerprint, state, batch_id, added_in)"
        f" values ('google', ?, ?, ?, 'member', '{BATCH}', '{BATCH}')",
        rows,
    )
    many(
        "insert into membership_changes (batch_id, customer_id, operation, customer_key, fingerprint)"
        f" values ('{BATCH}', ?, 'add', ?, ?)",
        rows,
    )
    connection.commit()
    connection.close()


def someone(settings: Settings, count: int) -> list[str]:
    """Customers who are known to every source, as far as there are."""
    with duckdb.connect(str(settings.at_home.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select customer_id from identity.clusters group by all order by count(*) desc, customer_id limit $many",
            {"many": count},
        ).fetchall()
    return [one for (one,) in rows]


def timed(what: str, act: Callable[[], None]) -> None:
    """Say how long something took."""
    started = time.perf_counter()
    act()
    print(f"{what}: {time.perf_counter() - started:.0f} s")


def sizes(root: Path) -> None:
    """Say how large each place is."""
    for path in sorted(root.iterdir()):
        size = sum(one.stat().st_size for one in ([path] if path.is_file() else path.rglob("*")) if one.is_file())
        if size > 2**20:
            print(f"  {path.name:<20} {size / 2**20:8.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
