"""The churn score held against what came: on the real shop's files, as of any day; and what a million scores cost.

    python -m tests.benchmarks.churn shop ../shared/data/gift_shop --as-of 2011-05-31
    python -m tests.benchmarks.churn speed

``shop`` lands a folder of the shop's deliveries as history in a home of its own, builds the house as of the day, trains
and scores as a night's run does, then builds it as of three months later to see who bought. Whatever months lie in the
folder, the same code judges them: the day needs three months after it, and months before it to learn from.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dagster_project.domain.clock import end_of_day, naive_utc

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.domain.analytics.churn.checking import Told
    from dagster_project.domain.analytics.churn.measures import Bin
    from dagster_project.settings import Settings

MONTHS = 3  # after the day asked about


def months_later(day: date, months: int) -> date:
    """The last day of the month so many months after this one's."""
    import pandas as pd

    return (pd.Timestamp(day) + pd.offsets.MonthEnd(months)).date()


def landed_shop(home: Path, folder: Path) -> Settings:
    """A home of its own with every delivery of the folder landed as history."""
    from dagster_project.settings import settings
    from tests.journeys.homes import gift_shop_files, land

    os.environ |= {"HOIVA_HOME": str(home), "HOIVA_PHONE_REGION": "GB"}
    settings.cache_clear()
    own = settings()
    own.at_home.make()
    land(own, gift_shop_files(folder))
    return own


def judged(own: Settings, day: date) -> tuple[tuple[Told, ...], tuple[Bin, ...], str]:
    """Train and score as of a day, and hold it against the three months after: figures, tenths, and the verdict.

    Customers are matched by the shop's own number: who is who may be known better three months later.
    """
    from dagster_project.components.churn import learned_for, scores_of
    from dagster_project.domain.analytics.churn.checking import simple_scores, told_of
    from dagster_project.domain.analytics.churn.features import asked_at
    from dagster_project.domain.analytics.churn.measures import bins_of
    from tests.journeys.homes import build_all_models, build_customer_360, built_customers

    as_of, end = end_of_day(day, own.zone), end_of_day(months_later(day, MONTHS), own.zone)
    build_all_models(own, as_of)
    then = built_customers(own)
    learned = learned_for(as_of)
    scored = dict(zip(*columns(scores_of(learned, as_of), "customer_id", "churn_probability"), strict=True))
    build_customer_360(own, end)
    after = zip(*columns(built_customers(own), "customer_number", "last_purchase_at"), strict=True)
    stayed = {number for number, last in after if last is not None and last > naive_utc(as_of)}
    asked = asked_at(then, as_of, own.zone)
    numbers = dict(zip(*columns(then, "customer_id", "customer_number"), strict=True))
    who = asked.customer_id.to_pylist()
    known = np.array([numbers[customer] is not None and customer in scored for customer in who])
    left = np.array([numbers[customer] not in stayed for customer in who])[known]
    probability = np.array([scored.get(customer, np.nan) for customer in who])[known]
    name = f"{learned.version}: {learned.verdict.reason}"
    if not known.any():
        return (), (), name
    told = told_of(left, {"model": probability, **simple_scores(asked.values[known])})
    return told, bins_of(left, probability), name


def columns(rows: pa.Table, *names: str) -> list[list[object]]:
    """Some columns as lists."""
    return [rows.column(name).to_pylist() for name in names]


def shop(folder: Path, days: list[date]) -> None:
    """Print the figures of each day."""
    from dagster_project.domain.analytics.churn.measures import calibration_error

    with tempfile.TemporaryDirectory(prefix="hoiva-churn-") as home:
        own = landed_shop(Path(home), folder)
        for day in days:
            told, bins, verdict = judged(own, day)
            if not bins:
                print(f"\nAs of {day}: {verdict}")
                continue
            count, left = sum(part.count for part in bins), sum(part.count * part.came.value for part in bins)
            print(f"\nAs of {day}, {count} customers, of whom {left / count:.1%} bought nothing by", end=" ")
            print(f"{months_later(day, MONTHS)}; calibration error {calibration_error(bins):.3f}")
            print(f"version {verdict}\n\n| score | AUC | lift at 10 % | AUC behind the model |\n|---|---|---|---|")
            for one in told:
                print(f"| {one.score} | {one.auc} | {one.lift} | {one.auc_behind if one is not told[0] else ''} |")
            for part in bins:
                print(f"  foretold {part.foretold:.3f}, came {part.came}, {part.count} customers")


def many_customers(count: int, seed: int = 1) -> pa.Table:
    """Customers of the synthetic shop of the tests, so many of them, as ``customer_360`` tells them."""
    import pyarrow as pa

    from tests.domain.analytics.churn.shop_of_months import purchases
    from tests.domain.analytics.making import base

    some = base(purchases(5_000, seed=seed))
    rows = some.take(pa.array(np.random.default_rng(seed).integers(0, some.num_rows, count)))
    ids = pa.array([f"c{number:020d}" for number in range(count)])
    return rows.set_column(rows.column_names.index("customer_id"), "customer_id", ids)


def speed(count: int, turns: int) -> None:
    """Processor seconds and memory of scoring so many customers, with their reasons; in turn with a bare look."""
    from dagster_project.domain.analytics.churn.examples import examples_of
    from dagster_project.domain.analytics.churn.scoring import churn_scores
    from dagster_project.domain.analytics.churn.training import log_odds_of, train
    from tests.domain.analytics.churn.shop_of_months import known
    from tests.domain.analytics.making import AS_OF, ZONE

    started = time.process_time()
    examples = examples_of(known(), ZONE)
    model = train(examples)
    print(f"trained on {len(examples.has_left):,} examples in {time.process_time() - started:.1f} s CPU")
    customers = many_customers(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bare = np.random.default_rng(0).normal(size=(count, examples.values.shape[1]))
    for turn in range(turns):
        started = time.process_time()
        log_odds_of(model.classifier, bare)
        trees = time.process_time() - started
        started = time.process_time()
        scored = churn_scores(customers, model, "v1", 0.8, AS_OF, ZONE)
        took = time.process_time() - started
        print(f"turn {turn + 1}: {scored.num_rows:,} scores with reasons {took:.1f} s CPU;", end=" ")
        print(f"the library's trees over {count:,} rows once, without reasons, {trees:.1f} s: {took / trees:.2f} times")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"most memory {after / 1024:,.0f} MB, of which {before / 1024:,.0f} MB before scoring began")


def main() -> int:
    """Run one of the two measurements."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.churn", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    of_shop = kinds.add_parser("shop", help="the real shop's files, as of days")
    of_shop.add_argument("folder", type=Path, help="the folder of its deliveries, as ../shared/data/gift_shop")
    of_shop.add_argument("--as-of", type=date.fromisoformat, nargs="+", default=[date(2011, 5, 31)], metavar="DAY")
    of_speed = kinds.add_parser("speed", help="what scoring costs")
    of_speed.add_argument("--customers", type=int, default=1_000_000)
    of_speed.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    started = datetime.now(UTC)
    shop(arguments.folder, arguments.as_of) if arguments.kind == "shop" else speed(arguments.customers, arguments.turns)
    print(f"\ntook {(datetime.now(UTC) - started).total_seconds():.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
