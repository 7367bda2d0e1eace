"""What a hashed export of an audience costs, as processor time against DuckDB's plain COPY of the same columns.

Everything runs in one process, the references in turn with what they are compared with, medians of processor seconds:
    copy        DuckDB writes address, number, names, country and postal code of everybody, unhashed, to one CSV.
    copy of the audience    the same for the members of the audience: a join is part of any export.
    full        a destination that holds nobody is told of everybody (the form of Google Ads).
    changed     one customer in a hundred has another address or number; the destination is told of those.
The digests are in the vault, as they are after a night. What the ledger does is measured apart: it is asked who may be
in an audience and who is held, and it notes every change. ``files`` is all the rest: reading, joining, fingerprints and
keys, the platform's file and the file of rows, the rows kept for removals, hashes, manifest, flushing to the disk.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tests.benchmarks.figures import forget_peak, peak_gib
from tests.benchmarks.no_ledger import NoLedger

if TYPE_CHECKING:
    from dagster_project.adapters.published import Version
    from dagster_project.settings import Settings

COPIED = "email, phone, first_name, last_name, country_code, postal_code"
FIRST_NAMES, LAST_NAMES, TOWNS = 5_000, 20_000, 300
CHANGED_EVERY = 100  # one customer in so many


@dataclass
class Taken:
    """Processor seconds of each thing, once per round."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    peak: float = 0.0

    def note(self, name: str, seconds: float) -> None:
        self.seconds.setdefault(name, []).append(seconds)
        print(f"  {name}: {seconds:.2f} s CPU", file=sys.stderr, flush=True)

    def time(self, name: str, work: Callable[[], object]) -> None:
        started = time.process_time()
        work()
        self.note(name, time.process_time() - started)

    def middle(self, name: str) -> float:
        return statistics.median(self.seconds[name])


class Asked:
    """A ledger that counts what it is asked, in processor seconds."""

    def __init__(self, ledger: Any) -> None:
        self._ledger, self.seconds = ledger, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ledger, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.process_time()
            try:
                return found(*arguments, **named)
            finally:
                self.seconds += time.process_time() - started

        return timed if callable(found) else found


def contact_points(count: int) -> pa.Table:
    """Fictional customers, one row each, sorted by id."""
    with duckdb.connect() as connection:
        query = f"""
            select 'c' || md5(i::varchar)[:20] as customer_id, (10000 + i)::varchar as customer_number,
                'asiakas' || i || '@' || ['example.com', 'example.fi', 'posti.example.org'][1 + i % 3] as email,
                '+35840' || lpad(i::varchar, 7, '0') as phone,
                'Etunimi' || i % {FIRST_NAMES} as first_name, 'Sukunimi' || i * 7 % {LAST_NAMES} as last_name,
                'Katu ' || i % 90 as street, lpad((i * 13 % 9000)::varchar, 5, '0') as postal_code,
                'Kaupunki' || i % {TOWNS} as city, 'FI' as country_code, 'fi' as language_code
            from range({count}) as numbers(i) order by 1
        """
        return connection.execute(query).to_arrow_table()


def with_changes(points: pa.Table) -> pa.Table:
    """The same customers, one in a hundred with another address."""
    with duckdb.connect() as connection:
        connection.register("points", points)
        return connection.execute(
            "select * replace (case when hash(customer_id) % $every = 0 then 'uusi.' || email else email end as email)"
            " from points order by customer_id",
            {"every": CHANGED_EVERY},
        ).to_arrow_table()


def publish_house(settings: Settings, points: pa.Table) -> Version:
    """Everybody is in the audience."""
    from dagster_project.adapters.published import publish
    from dagster_project.domain.audiences import MEMBERSHIP_SCHEMA
    from dagster_project.domain.clock import naive_utc
    from tests.adapters.small_house import AS_OF

    ids = points["customer_id"].combine_chunks().cast(pa.string())
    consents = pc.binary_join_element_wise("s-", ids, "")
    moments = pa.repeat(pa.scalar(naive_utc(AS_OF), pa.timestamp("us")), len(ids))
    audience = pa.table([ids, consents, moments], schema=MEMBERSHIP_SCHEMA)
    return publish(settings, {"audiences/fading": audience}, AS_OF, {"contact_points": points})


def allow(ledger: Any, ids: pa.Array) -> None:
    """Everybody allows advertising."""
    from dagster_project.domain.clock import naive_utc
    from tests.adapters.small_house import AS_OF

    count = len(ids)
    consents = pa.table(
        {
            "customer_id": ids,
            "purpose": pa.repeat("marketing", count),
            "channel": pa.repeat("ads", count),
            "is_allowed": pa.repeat(True, count),
            "consent_id": pc.binary_join_element_wise("s-", ids, ""),
            "decided_at": pa.repeat(pa.scalar(naive_utc(AS_OF), pa.timestamp("us")), count),
        }
    )
    ledger.sync_consents(consents, AS_OF)


def copy(version: Version, target: Path, *, of_audience: bool) -> None:
    """The references."""
    assert version.vault_folder is not None
    points = version.vault_folder / "contact_points.parquet"
    audience = version.folder / version.tables["audiences/fading"]["file"]
    chosen = f" semi join '{audience}' using (customer_id)" if of_audience else ""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"copy (select {COPIED} from '{points}'{chosen}) to '{target}' (header)").fetchall()


def measure(folder: Path, count: int, rounds: int, *, with_ledger: bool) -> Taken:
    """Each round: both copies, a full export to a destination that holds nobody, then one of what has changed."""
    from dagster_project.adapters.at_hand import keep_at_hand
    from dagster_project.adapters.differences import keep_differences
    from dagster_project.adapters.digests import keep_digests
    from dagster_project.adapters.exporting import export_destination
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.domain.exports.formats import FORMATS
    from dagster_project.settings import Settings
    from tests.adapters.small_house import AS_OF

    taken = Taken()
    settings = Settings(home=folder / "home")
    form = FORMATS["google_ads"]
    points = contact_points(count)
    changed = with_changes(points)
    with open_ledger(settings.ledger_address) as opened:
        ledger: Any = opened if with_ledger else NoLedger()
        if with_ledger:
            allow(ledger, points["customer_id"].combine_chunks().cast(pa.string()))
        for number in range(rounds):
            version = publish_house(settings, points)
            night = "night: digests of everybody" if number == 0 else "night: digests of the changed"
            taken.time(night, partial(keep_digests, version, form.digests))
            taken.time("night: tables at hand", partial(keep_at_hand, settings, version, form.contact_points))
            for name, of_audience in (("copy", False), ("copy of the audience", True)):
                taken.time(name, partial(copy, version, folder / "copy.csv", of_audience=of_audience))
            destination = Destination(
                f"google_{number}", "membership", "google_ads", "ads", audience="fading", segment="fading",
                audience_code="hv-01",
            )  # fmt: skip
            for name in ("full", "changed"):
                forget_peak()
                asked = Asked(ledger)
                started = time.process_time()
                batch = export_destination(settings, cast(Any, asked), destination, AS_OF)
                whole = time.process_time() - started
                taken.peak = max(taken.peak, peak_gib())
                taken.note(f"{name}: files", whole - asked.seconds)
                taken.note(f"{name}: ledger", asked.seconds)
                taken.note(name, whole)
                assert batch is not None
                rows = (batch.count("add"), batch.count("remove"))
                print(f"  {name}: {rows[0]} adds, {rows[1]} removes", file=sys.stderr, flush=True)
                if name == "full":
                    version = publish_house(settings, changed)
                    taken.time("night: digests of the changed", partial(keep_digests, version, form.digests))
                    taken.time("night: who differs", partial(keep_differences, settings, version))
                    taken.time("night: tables at hand", partial(keep_at_hand, settings, version, form.contact_points))
            ledger.acknowledge(batch.batch_id, "accepted", {}, AS_OF)
            shutil.rmtree(settings.at_home.outbox / destination.name)
            shutil.rmtree(settings.at_home.vault / "sent" / destination.name)
    return taken


def report(taken: Taken, count: int) -> str:
    """The figures as a table."""
    plain, of_audience = taken.middle("copy"), taken.middle("copy of the audience")
    full, changed = taken.middle("full: files"), taken.middle("changed: files")
    everything = [taken.middle(name) for name in ("full", "changed")]
    lines = [
        f"| {count} members, medians of {len(taken.seconds['full'])} rounds | s CPU | ratio |",
        "|---|---|---|",
        f"| DuckDB COPY, unhashed | {plain:.2f} | 1 |",
        f"| DuckDB COPY of the audience, unhashed | {of_audience:.2f} | {of_audience / plain:.2f} |",
        f"| full export, files | {full:.2f} | {full / plain:.2f}; {full / of_audience:.2f} of the audience's copy |",
        f"| full export, ledger | {taken.middle('full: ledger'):.2f} | |",
        f"| 1 % changed, files | {changed:.2f} | 1/{full / changed:.1f} of the full one |",
        f"| 1 % changed, ledger | {taken.middle('changed: ledger'):.2f} | |",
        f"| 1 % changed, all | {everything[1]:.2f} | 1/{everything[0] / everything[1]:.1f} |",
    ]
    nights = [name for name in taken.seconds if name.startswith("night")]
    lines += [f"| {name}, at most | {max(taken.seconds[name]):.2f} | |" for name in nights]
    return "\n".join([*lines, f"| highest memory | {taken.peak:.2f} GiB | |"])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.exports", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files-only", action="store_true", help="without a ledger, whose part takes minutes")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="hoiva-exports-"))
    try:
        with_ledger = not arguments.files_only
        taken = measure(folder, arguments.customers, arguments.rounds, with_ledger=with_ledger)
        print(report(taken, arguments.customers))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
