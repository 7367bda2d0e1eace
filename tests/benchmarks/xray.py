"""What the base x-ray costs in a larger base: its queries against reading what they ask, and the drawing.

``python -m tests.benchmarks.xray HOME --times 100`` takes the published tables of a home and puts each customer into
them so many times over, under other ids, in memory. Reference in the same process, in turn: one hash over every column
of the tables asked.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.adapters.xray import xray_of
from dagster_project.domain.pages import render
from dagster_project.settings import settings

PER_CUSTOMER = ("customer_360/customer_360", "customer_360/customer_events", "analytics/customer_analytics",
                "analytics/rfm", "analytics/rhythm")  # fmt: skip
AS_THEY_ARE = ("analytics/lifecycle_migration", "analytics/value_tier_migration", "analytics/segment_sizes")
ROUNDS = 3


def larger(published: Path, times: int) -> duckdb.DuckDBPyConnection:
    """The tables the x-ray asks, with each customer so many times."""
    base = duckdb.connect(config={"threads": 1})
    for room in ("customer_360", "analytics"):
        base.execute(f"create schema {room}")
    for name in (*PER_CUSTOMER, *AS_THEY_ARE):
        copies = times if name in PER_CUSTOMER else 1
        other = "replace (customer_id || '-' || copy as customer_id)" if copies > 1 else ""
        base.execute(
            f"create table {name.replace('/', '.')} as select * exclude (copy) {other}"
            f" from '{published / name}.parquet', range({copies}) as copies(copy)"
        )
    return base


def scan(base: duckdb.DuckDBPyConnection) -> None:
    """Read every value of the tables once."""
    for name in PER_CUSTOMER:
        base.execute(f"select bit_xor(hash(columns(*))) from {name.replace('/', '.')}").fetchall()


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one piece of work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.xray", description=__doc__)
    parser.add_argument("home", type=Path, help="a home after hoiva run or hoiva demo")
    parser.add_argument("--times", type=int, default=100, help="copies of each customer (default 100)")
    arguments = parser.parse_args()
    base = larger(arguments.home / "published", arguments.times)
    own = settings()
    found = base.execute("select max(as_of), count(*) from customer_360.customer_360").fetchone()
    events = base.execute("select count(*) from customer_360.customer_events").fetchone()
    if found is None or events is None or found[0] is None:
        print("the home has no customers", file=sys.stderr)
        return 1
    as_of = found[0].replace(tzinfo=UTC)
    asking = [0.0]

    def ask(sql: str) -> pa.Table:
        start = time.process_time()
        rows = base.execute(sql).to_arrow_table()
        asking[0] += time.process_time() - start
        return rows

    queries, drawing, scans = [], [], []
    for _ in range(ROUNDS):
        scans.append(cpu(lambda: scan(base)))
        asking[0] = 0.0
        whole = cpu(lambda: render(xray_of(ask, own, as_of), own.zone))
        queries.append(asking[0])
        drawing.append(whole - asking[0])
    reading, asked, drawn = (statistics.median(times) for times in (scans, queries, drawing))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    print(f"{found[1]:,} customers, {events[0]:,} events, one thread, CPU seconds, medians of {ROUNDS} in turn")
    print(f"scan {reading:.2f}; queries {asked:.2f} ({asked / reading:.1f} scans); drawing {drawn:.2f}")
    print(f"first drawing, with the libraries loaded: {drawing[0]:.2f}; most memory, tables included: {memory:.1f} GB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
