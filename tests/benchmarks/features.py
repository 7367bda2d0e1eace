"""What the figures of customer_360 cost for a million customers, against reading their events.

Two references, run in turn with the features in one process over the same tables, each of which reads every column that
the features use and decodes every value:
    scan             one hash over each column: nothing is grouped or kept.
    scan by customer the same, kept apart for each customer: what any figure per customer has to do at least.
The events are drawn in the mix of the real shop: about 20 a customer, a third of the customers on the web.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from dagster_project.adapters import dbt
from dagster_project.adapters.warehouse import Warehouse, open_warehouse
from dagster_project.settings import Settings, load_settings

AS_OF = "timestamp '2026-03-31 20:59:59.999999'"
SECONDS = 455 * 86_400  # told about, up to AS_OF
# event type: share of the customers who have any, and how many they have on average
MIX = {
    "purchase": (0.62, 3.45),
    "return": (0.22, 2.0),
    "newsletter_sent": (0.58, 10.7),
    "newsletter_opened": (0.45, 3.8),
    "newsletter_clicked": (0.16, 1.7),
    "newsletter_machine_clicked": (0.16, 6.0),
    "newsletter_machine_opened": (0.16, 1.2),
    "web_visit": (0.33, 3.9),
    "product_view": (0.33, 8.5),
    "consent_given": (0.84, 2.05),
    "joined": (0.97, 1.3),
}
READ = ("event_type", "subject_id", "event_id", "amount", "occurred_at", "known_at")
SCAN = f"select bit_xor(hash(customer_id)), {', '.join(f'bit_xor(hash({name}))' for name in READ)} from main.events"
BY_CUSTOMER = SCAN.replace("bit_xor(hash(customer_id))", "customer_id") + " group by customer_id"


def draw(warehouse: Warehouse, customers: int) -> None:
    """Customers, their events in the order in which the timeline is put together, and their service contacts."""
    run = warehouse.connection.execute
    run(
        "create table main.spine as select 'c' || substr(md5('customer' || number), 1, 20) as customer_id,"
        f" {AS_OF} as as_of, number from range({customers}) as numbers(number)"
    )
    kinds = [
        f"""select md5('{kind}' || number || '-' || nth) as event_id, customer_id,
            '{kind[:4]}:' || (100000000 + number * 64 + nth) as subject_id, '{kind}' as event_type,
            case when '{kind}' in ('purchase', 'return') then (hash(number * 79 + nth) % 100000 / 100 + 1) end
            as amount, hash(number * 1000003 + nth * 17 + {place}) % {SECONDS} as seconds_ago
        from main.spine, unnest(range(cast(1 - ln(1 - hash(number * 31 + {place}) % 1000000 / 1e6) * {mean - 1}
            as bigint))) as numbers(nth) where hash(number * 17 + {place}) % 1000 < {share * 1000}"""
        for place, (kind, (share, mean)) in enumerate(MIX.items())
    ]
    run(
        "create table main.events as select event_id, customer_id, subject_id, event_type,"
        " cast(amount as decimal(18, 4)) as amount,"
        f" {AS_OF} - to_seconds(seconds_ago) as occurred_at, {AS_OF} - to_seconds(seconds_ago) as known_at"
        f" from ({' union all '.join(kinds)}) as drawn"
    )
    run(
        "create table main.service as select md5('t' || number) as service_contact_version_id, customer_id,"
        " 't' || number as service_contact_id, case when number % 7 = 0 then 'complaint' else 'delivery' end"
        f" as category, {AS_OF} - to_seconds(hash(number) % {SECONDS}) as opened_at, cast(null as timestamp) as"
        " closed_at, opened_at as updated_at, opened_at as known_at from main.spine where hash(number * 3) % 5 = 0"
    )


def features_sql(home: Settings) -> str:
    """The macro as dbt writes it for this engine."""
    call = "{{ customer_features('main.spine', 'main.events', 'main.service') }}"
    arguments = ["compile", "--inline", call, *dbt._arguments(home), "--no-write-json"]
    try:
        outcome = dbtRunner(manifest=dbt.parsed_manifest(home)).invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()
    if not outcome.success:
        raise RuntimeError(str(outcome.exception))
    return str(outcome.result.results[0].node.compiled_code)  # type: ignore[union-attr]


def main() -> int:
    """Print the processor seconds of each, and their ratios."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.features", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3, help="how often each is run; medians are told")
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {"scan": [], "scan by customer": [], "features": []}
    with tempfile.TemporaryDirectory(prefix="hoiva-bench-") as folder:
        home = load_settings(home=Path(folder))
        home.at_home.make()
        features = f"create or replace table main.features as {features_sql(home)}"
        with open_warehouse(home) as warehouse:
            draw(warehouse, arguments.customers)
        with open_warehouse(home) as warehouse:
            count = warehouse.read("select count(*) from main.events").column(0)[0]
            statements = (SCAN, f"create or replace table main.by_customer as {BY_CUSTOMER}", features)
            for _ in range(arguments.times):
                for name, statement in zip(seconds, statements, strict=True):
                    started = time.process_time()
                    warehouse.connection.execute(statement).fetchall()
                    seconds[name].append(time.process_time() - started)
    middle = {name: statistics.median(took) for name, took in seconds.items()}
    print(f"{arguments.customers:,} customers, {count.as_py():,} events")
    for name, took in middle.items():
        print(f"{name:17} {took:6.2f} s CPU   features cost {middle['features'] / took:.2f} of it")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
