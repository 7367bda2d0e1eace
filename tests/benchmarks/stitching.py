"""What identity and customer_360 cost for a million persons, as processor time against a bare scan of the same columns.

Everything runs in one process over one town (big_town.py), the references in turn with what they are compared with:
    stitching    what customer_360 needs of the room identity, against a scan of the columns that it reads.
    rebuild      customer_360 and all that it stands on, from the lake's files, against a scan of all of the lake.
    components   connected parts of the matches, against label propagation in SQL on the same matches.
    one day      the deliveries of one more day, against the rebuild; and whether both give the same tables.
A bare scan reads and hashes every value of every column and keeps nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.figures import forget_peak, peak_gib

if TYPE_CHECKING:
    from dagster_project.domain.sources.delivery import Delivery
    from dagster_project.settings import Settings

REBUILD = ["+fqn:hoiva.customer_360.customer_360"]
EVENT_TABLES = ["stg_ga4__events", "web_events", "visit_events", "events", "customer_events"]
# What identity reads, column by column; texts of contacts are read by the normalisation.
STITCHED = {
    "vault.unified.contacts": "*",
    "unified.events": "source_record_id, occurred_at, known_at",
    "unified.web_events": "source_record_id, login_customer_number, order_number, occurred_at, known_at",
    "unified.order_lines": "source_record_id, order_number, known_at",
}
COMPARED = ("unified.events", "identity.matches", "identity.clusters", "customer_360.customer_events",
            "customer_360.customer_360")  # fmt: skip


@dataclass
class Measured:
    """Processor seconds of each thing measured, and the highest memory."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    peak: float = 0.0

    def time(self, name: str, work: Callable[[], object]) -> None:
        """Do the work once and remember what it took."""
        forget_peak()
        started = time.process_time()
        work()
        self.seconds.setdefault(name, []).append(time.process_time() - started)
        self.peak = max(self.peak, peak_gib())
        print(f"  {name}: {self.seconds[name][-1]:.2f} s CPU, {peak_gib():.2f} GiB", file=sys.stderr, flush=True)

    def middle(self, name: str) -> float:
        """The median of all its times."""
        return statistics.median(self.seconds[name])


def show(home: Settings, deliveries: list[Delivery]) -> None:
    """Let dbt see these deliveries."""
    from dagster_project.adapters.gate import contracts_in
    from dagster_project.adapters.lake import register_lake
    from dagster_project.adapters.landing import CONTRACTS
    from dagster_project.adapters.warehouse import open_warehouse

    with open_warehouse(home) as warehouse:
        register_lake(warehouse, home, contracts_in(CONTRACTS).items.values(), deliveries)


def build(home: Settings, select: list[str], measured: Measured | None = None) -> None:
    """Build these models as of the end of the last day; what those of identity took counts as stitching."""
    from dagster_project.adapters import dbt
    from dagster_project.settings import CHECKOUT
    from tests.benchmarks.big_town import AS_OF

    of_identity = {file.stem for file in (CHECKOUT / "dbt_project" / "models" / "identity").iterdir()}
    took: dict[str, float] = {}
    before = time.process_time()

    def on_event(event: dbt.DbtEvent) -> None:
        nonlocal before
        now = time.process_time()
        took[event.unique_id.split(".")[-1]] = now - before
        before = now

    dbt.build(home, select, AS_OF, on_event, command="run")
    if measured is None:
        return
    measured.seconds.setdefault("stitching", []).append(sum(took[name] for name in of_identity & set(took)))
    for name, seconds in sorted(took.items(), key=lambda one: -one[1])[:12]:
        print(f"    {name}: {seconds:.2f} s CPU", file=sys.stderr, flush=True)


def scan_tables(home: Settings) -> None:
    """The bare scan of what identity reads."""
    from dagster_project.adapters.warehouse import open_warehouse

    with open_warehouse(home) as warehouse:
        for table, columns in STITCHED.items():
            hashed = ", ".join(f"bit_xor(hash({name}))" for name in columns.split(", "))
            hashed = "bit_xor(hash(columns(*)))" if columns == "*" else hashed
            warehouse.connection.execute(f"select {hashed} from {table}").fetchall()


def digests(home: Settings) -> dict[str, tuple[int, str]]:
    """Of each table the number of rows and a digest of all of them, whatever their order."""
    from dagster_project.adapters.warehouse import open_warehouse

    with open_warehouse(home) as warehouse:
        return {
            table: warehouse.connection.execute(
                f"select count(*), cast(sum(cast(md5_number_lower(cast(told as text)) as hugeint)) as text)"
                f" from {table} as told"
            ).fetchall()[0]
            for table in COMPARED
        }


def measure_components(home: Settings, measured: Measured, times: int) -> None:
    """Components by the house's way and by label propagation in SQL, on the matches of the town."""
    import numpy as np

    from dagster_project.adapters.warehouse import open_warehouse
    from dagster_project.domain.identity.union_find import components

    numbered = """create or replace temp table numbered as
        select source_record_id, row_number() over (order by source_record_id) - 1 as node
        from identity.source_records"""
    edges = """create or replace temp table edges as
        select first_records.node as a, other_records.node as b from identity.matches as matches
        inner join numbered as first_records on matches.source_record_id_a = first_records.source_record_id
        inner join numbered as other_records on matches.source_record_id_b = other_records.source_record_id
        where matches.reason is null"""
    with open_warehouse(home) as warehouse:
        run = warehouse.connection.execute
        run(numbered)
        run(edges)
        found = warehouse.read("select a, b from edges")
        a, b = (found[side].to_numpy() for side in "ab")
        count = int(warehouse.read("select count(*) as many from numbered")["many"][0].as_py())
        parts: dict[str, Any] = {}
        for _ in range(times):
            measured.time("components", lambda: parts.update(ours=components(a, b, count)))
            measured.time("label propagation", lambda: parts.update(rounds=propagate(run)))
        theirs = warehouse.read("select label from labels order by node")["label"].to_numpy()
    _, smallest = np.unique(parts["ours"], return_index=True)
    if not (smallest[parts["ours"]] == theirs).all():
        raise AssertionError("components and label propagation disagree")
    print(
        f"{count:,} records, {len(a):,} matches, {len(smallest):,} parts, {parts['rounds']} rounds of label propagation"
    )


def propagate(run: Callable[[str], object]) -> int:
    """Give every record the smallest label among its neighbours, again and again until none changes; the rounds."""
    run("create or replace temp table labels as select node, node as label from numbered")
    run("create or replace temp table both_ways as select a, b from edges union all select b, a from edges")
    rounds, changed = 0, 1
    while changed:
        rounds += 1
        run(
            """create or replace temp table next_labels as
            select labels.node, least(labels.label, coalesce(min(neighbours.label), labels.label)) as label
            from labels left join both_ways on labels.node = both_ways.a
            left join labels as neighbours on both_ways.b = neighbours.node
            group by labels.node, labels.label"""
        )
        counted = run(
            """select count(*) from labels inner join next_labels on labels.node = next_labels.node
            where labels.label <> next_labels.label"""
        )
        changed = counted.fetchall()[0][0]  # type: ignore[attr-defined]
        run("create or replace temp table labels as select * from next_labels")
    return rounds


def main() -> int:
    """Print the processor seconds of each, their ratios, and the highest memory."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stitching", description=__doc__)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3, help="how often each is run; medians are told")
    parser.add_argument("--home", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--without-a-day", action="store_true", help="leave out the deliveries of one more day")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hoiva-bench-") as folder:
        return run(
            arguments.home or Path(folder), arguments.persons, arguments.times, with_a_day=not arguments.without_a_day
        )


def run(folder: Path, persons: int, times: int, *, with_a_day: bool) -> int:
    """Make the town, measure, and tell."""
    from dagster_project.adapters import dbt
    from dagster_project.settings import load_settings
    from tests.benchmarks.big_town import make_big_town
    from tests.benchmarks.reference import BareScan

    home = load_settings(home=folder)
    home.at_home.make()
    measured = Measured()
    towns: list[tuple[list[Delivery], list[Delivery]]] = []
    measured.time("making the town", lambda: towns.append(make_big_town(home, persons)))
    before, of_the_day = towns[0]
    dbt.parsed_manifest(home)
    scan = BareScan([home.at_home.lake, home.at_home.vault_lake], home.threads)
    for _ in range(times):
        start_anew(home, before)
        measured.time("scan of the lake", scan)
        measured.time("rebuild", lambda: build(home, REBUILD, measured))
        measured.time("scan of what identity reads", lambda: scan_tables(home))
    measure_components(home, measured, times)
    if not with_a_day:
        tell(measured)
        return 0
    show(home, before + of_the_day)
    measured.time("one more day: tables of events", lambda: build(home, EVENT_TABLES))
    measured.time("one more day: all of customer_360", lambda: build(home, REBUILD))
    by_day = digests(home)
    start_anew(home, before + of_the_day)
    measured.time("rebuild with that day", lambda: build(home, REBUILD))
    afresh = digests(home)
    tell(measured)
    for table, found in afresh.items():
        print(f"{table}: {found[0]:,} rows, {'the same as built anew' if found == by_day[table] else 'DIFFERS'}")
    return 0


def start_anew(home: Settings, deliveries: list[Delivery]) -> None:
    """Forget everything that was built, and show these deliveries."""
    from dagster_project.adapters import dbt

    for file in (home.at_home.warehouse, home.at_home.vault_database):
        file.unlink(missing_ok=True)
    show(home, deliveries)
    dbt.build(home, ["path:seeds"], deliveries[0].arrived_at, command="seed")


def tell(measured: Measured) -> None:
    """The ratios that count."""
    for name in measured.seconds:
        print(f"{name:34} {measured.middle(name):8.2f} s CPU")
    for name, reference in (
        ("stitching", "scan of what identity reads"),
        ("rebuild", "scan of the lake"),
        ("one more day: tables of events", "rebuild"),
        ("one more day: all of customer_360", "rebuild"),
        ("components", "label propagation"),
    ):
        if name not in measured.seconds:
            continue
        print(f"{name} costs {measured.middle(name) / measured.middle(reference):.3f} of: {reference}")
    print(f"peak memory {measured.peak:.1f} GiB")


if __name__ == "__main__":
    sys.exit(main())
