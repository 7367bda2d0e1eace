"""A town from nothing to its audience batches, in one process: made, delivered, landed, decided, exported."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from tests.benchmarks.figures import Stage, TownFigures, forget_peak, peak_gib, timed
from tests.benchmarks.reference import BareScan

SCAN_EVERY = 6  # steps of the day between two bare scans


def run_town(home: Path, customers: int, days: int, seed: int = 1) -> TownFigures:
    """Run a town end to end in a home of its own and say what each stage took.

    Args:
        home: an empty folder; it must be the home of the settings of this process.
        customers: how many people live in the town.
        days: how many days of their lives are delivered.
        seed: of the town.
    """
    from dagster_project.adapters.landing import land_all
    from dagster_project.adapters.town import deliver
    from dagster_project.domain.clock import end_of_day
    from dagster_project.domain.synthetic import make_town
    from dagster_project.settings import load_settings

    settings = load_settings(home=home)
    found = TownFigures(customers, days)
    with timed(found.stages, "town: make"):
        town = make_town(customers=customers, days=days, seed=seed)
    with timed(found.stages, "town: deliver"):
        files = deliver(town, home / "town", by="whole")
    last_day = town.last_day
    del town
    gc.collect()
    found.counts["files"] = len(files)
    with timed(found.stages, "load the expectations' library"):
        import great_expectations  # noqa: F401  (its seconds are of every process, not of any file)
    landed = []
    for file in files:
        with timed(found.stages, f"land {file.parent.name}.{file.name.split('_2')[0]}"):
            landed += land_all(settings, file.parent.name, [file], None, None, history=True)
    found.counts["rows delivered"] = sum(delivery["count_delivered"] for delivery in landed)
    found.counts["rows loaded"] = sum(delivery["count_loaded"] for delivery in landed)
    found.counts["rows in quarantine"] = sum(delivery["count_quarantined"] for delivery in landed)
    found.failed += [f"{one['file_name']}: {one['message']}" for one in landed if one["status"] != "loaded"]
    scan = BareScan([settings.at_home.lake, settings.at_home.vault_lake], settings.threads)
    scan()
    _run_day(settings, end_of_day(last_day, settings.zone), found, scan)
    scan()
    found.reference_seconds, found.reference_times = scan.median, len(scan.seconds)
    found.counts |= _counts(settings)
    return found


def _run_day(settings, moment, found: TownFigures, scan: BareScan) -> None:  # type: ignore[no-untyped-def]
    """The job ``day``, with a bare scan between its steps every now and then; the scans are taken off again."""
    from dagster_project.adapters.jobs import run_job

    scanned: dict[str, float] = {}
    order: list[str] = []
    peaks: dict[str, float] = {}

    def on_step(step: str, done: int, total: int) -> None:
        if order:
            peaks[order[-1]] = peak_gib()
        order.append(step)
        print(f"  [{done + 1}/{total}] {step} (before: {peak_gib():.2f} GiB)", file=sys.stderr, flush=True)
        if done % SCAN_EVERY == SCAN_EVERY - 1:
            scanned[step] = scan()
        forget_peak()

    with timed(found.stages, "the day"):
        outcome = run_job(settings, "day", moment, on_step)
    if order:
        peaks[order[-1]] = peak_gib()
    found.stages[-1].cpu_seconds -= sum(scanned.values())
    found.stages[-1].peak_gib = max([found.stages[-1].peak_gib, *peaks.values()])
    for step, seconds in outcome.step_cpu_seconds.items():
        cpu = seconds - scanned.get(step, 0.0)
        found.steps.append(Stage(step, cpu, outcome.step_seconds[step], peaks.get(step, 0.0)))
    within = sum(step.cpu_seconds for step in found.steps)
    rest = found.stages[-1].cpu_seconds - within
    found.steps.append(Stage("definitions, events and between the steps", rest, 0.0, 0.0))
    found.failed += [*outcome.failed_steps, *outcome.failed_checks, *outcome.skipped_steps]


def _counts(settings) -> dict[str, int]:  # type: ignore[no-untyped-def]
    from dagster_project.adapters.warehouse import open_warehouse

    wanted = {
        "events": "unified.events",
        "events of customers": "customer_360.customer_events",
        "source records": "identity.clusters",
        "customers": "customer_360.customer_360",
        "candidates": "decisions.candidates",
        "chosen contacts": "decisions.contact_plan",
    }
    with open_warehouse(settings) as warehouse:
        return {
            name: int(warehouse.read(f"select count(*) as rows from {table}")["rows"][0].as_py())
            for name, table in wanted.items()
            if warehouse.has(*table.split("."))
        }
