"""A day of the engine: many enrolments in many care models moved on, against DuckDB reading where they stand.

Both in one process, in turn, as processor seconds and medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.domain.care_models.engine.advance import advance
from dagster_project.domain.care_models.engine.fold import standings_of
from dagster_project.domain.care_models.engine.record import path
from dagster_project.domain.clock import end_of_day
from tests.benchmarks.enrolled import TODAY, ZONE, Model, asking_at, customers_of, lived
from tests.benchmarks.figures import forget_peak, peak_gib

REFERENCE = "select bit_xor(hash(columns(*))) from read_parquet($file)"  # every value of every column is decoded


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engine", description=__doc__)
    parser.add_argument("--enrolments", type=int, default=1_000_000)
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    rng = np.random.default_rng(7)
    each = int(arguments.enrolments / arguments.models * 1.32)  # a quarter of those who came in has ended by now
    customers = customers_of(each * 6, rng)
    started = time.process_time()
    models = [lived(number, customers, each, rng) for number in range(arguments.models)]
    print(f"made in {time.process_time() - started:.0f} s CPU", file=sys.stderr)
    print(json.dumps(measured(models, customers, arguments.times, arguments.profile), indent=2))
    return 0


def measured(models: list[Model], customers: pa.Table, times: int, profile: bool) -> dict[str, Any]:
    """The processor seconds of a day and of the reference, in turn."""
    now, since = end_of_day(TODAY, ZONE), end_of_day(TODAY - timedelta(days=1), ZONE)
    held = [path(pa.concat_tables([*model.record])) for model in models]

    def from_the_record() -> int:
        count = 0
        recorded = path(pa.concat_tables([part for model in models for part in model.record]))
        asking = asking_at(customers, recorded, now)
        for model in models:
            stand = standings_of(model.plan, model.standings.select(model.entries.column_names), recorded)
            done = advance(model.plan, stand, model.told, now, since, ZONE, asking)
            count += done.transitions.num_rows
        return count

    def a_day() -> int:
        count = 0
        asking = asking_at(customers, pa.concat_tables(held), now)
        for model in models:
            done = advance(model.plan, model.standings, model.told, now, since, ZONE, asking)
            count += done.transitions.num_rows
        return count

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "standings.parquet"
        everyone = pa.concat_tables([model.standings for model in models])
        pq.write_table(everyone, file)

        def reading() -> int:
            with duckdb.connect() as connection:
                return len(connection.execute(REFERENCE, {"file": str(file)}).fetchall())

        work: dict[str, Callable[[], int]] = {"reading": reading, "a_day": a_day, "from_the_record": from_the_record}
        if profile:
            import cProfile
            import pstats

            for job in (a_day, from_the_record):
                with cProfile.Profile() as watched:
                    job()
                pstats.Stats(watched, stream=sys.stderr).sort_stats("cumulative").print_stats(40)
        seconds: dict[str, list[float]] = {name: [] for name in work}
        found: dict[str, int] = {}
        forget_peak()
        for _ in range(times):
            for name, job in work.items():
                begun = time.process_time()
                found[name] = job()
                seconds[name].append(time.process_time() - begun)
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    active = pc.sum(pc.is_valid(everyone["step"])).as_py()
    return {
        "enrolments": everyone.num_rows,
        "active": active,
        "transitions": {name: found[name] for name in ("a_day", "from_the_record")},
        "seconds": {name: round(value, 3) for name, value in middle.items()},
        "ratio": {name: round(value / middle["reading"], 1) for name, value in middle.items()},
        "peak_gib": round(peak_gib(), 2),
    }


if __name__ == "__main__":
    sys.exit(main())
