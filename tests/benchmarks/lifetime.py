"""BG/NBD on a million customers: equal ones taken together, against plain maximum likelihood over every row.

The reference is what one would write first, and not a weak one: the likelihood of the paper with its slopes over all
rows in numpy, and the same search. Both run in this process, in turn.
"""

from __future__ import annotations

import statistics
import sys
import time

import duckdb
import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.lifetime.bg_nbd import BgNbd, fit
from dagster_project.domain.analytics.lifetime.counts import Counts, kinds_of

TRUTH = BgNbd(0.243, 4.414 * 7, 0.793, 2.426)
DAYS = 273
COLLAPSED = "select repeats, recency, age, count(*) as weight from customers group by all order by all"


def simulated(count: int, seed: int) -> pa.Table:
    """Customers of the paper's model: repeats, recency and age in whole days, as purchase days are."""
    rng = np.random.default_rng(seed)
    age = (DAYS - rng.integers(0, 84, count)).astype(np.float64)
    pace = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, count)
    leaves = rng.beta(TRUTH.a, TRUTH.b, count)
    repeats, recency, at = np.zeros(count), np.zeros(count), np.zeros(count)
    there = np.ones(count, dtype=bool)
    while there.any():
        at = at + np.where(there, rng.exponential(1, count) / np.maximum(pace, 1e-12), 0)
        there &= at <= age
        repeats += there
        recency = np.where(there, at, recency)
        there &= rng.random(count) >= leaves
    return pa.table({"repeats": repeats, "recency": np.ceil(recency).clip(max=age), "age": age})


def plain(repeats: np.ndarray, recency: np.ndarray, age: np.ndarray) -> BgNbd:
    """Maximum likelihood over every row."""
    from scipy.optimize import minimize
    from scipy.special import gammaln, psi

    unit = age.mean()
    t_x, t = recency / unit, age / unit

    def minus(logs: np.ndarray) -> tuple[float, np.ndarray]:
        r, alpha, a, b = np.exp(logs)
        x, again = repeats, repeats > 0
        safe = np.maximum(x, 1)
        log_age, log_recency = np.log(alpha + t), np.log(alpha + t_x)
        there = -(r + x) * log_age
        left = np.where(again, np.log(a) - np.log(b + safe - 1) - (r + x) * log_recency, -np.inf)
        both = np.logaddexp(there, left)
        value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + x) - gammaln(b)
        value = value - gammaln(a + b + x) + both
        weight = np.exp(left - both)
        slopes = np.array(
            [
                (psi(r + x) - psi(r) + np.log(alpha) - (1 - weight) * log_age - weight * log_recency).sum() * r,
                (r / alpha - (r + x) * ((1 - weight) / (alpha + t) + weight / (alpha + t_x))).sum() * alpha,
                (psi(a + b) - psi(a + b + x) + weight / a).sum() * a,
                (psi(a + b) + psi(b + x) - psi(b) - psi(a + b + x) - weight / (b + safe - 1)).sum() * b,
            ]
        )
        return -value.sum() / len(x), -slopes / len(x)

    found = minimize(
        minus, np.log([1.0, 1.0, 1.0, 2.0]), jac=True, method="L-BFGS-B",
        options={"maxiter": 1_000, "ftol": 1e-12, "gtol": 1e-8},
    )  # fmt: skip
    r, alpha, a, b = np.exp(found.x)
    return BgNbd(float(r), float(alpha * unit), float(a), float(b))


def main() -> int:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rows = simulated(count, seed=7)
    connection = duckdb.connect(config={"threads": 1})
    whole = ", ".join(f"cast({name} as integer) as {name}" for name in ("repeats", "recency", "age"))
    connection.execute(f"create table customers as select {whole} from rows")  # as customer_360 has them
    columns = [rows.column(name).to_numpy() for name in ("repeats", "recency", "age")]
    counts = Counts(pa.chunked_array([pa.array([""])]), *columns, np.zeros(count))
    ours: list[float] = []
    here: list[float] = []
    reference: list[float] = []
    for _ in range(3):
        started = time.process_time()
        kinds = connection.execute(COLLAPSED).fetchnumpy()
        model = fit(*(kinds[name].astype(np.float64) for name in ("repeats", "recency", "age", "weight")))
        ours.append(time.process_time() - started)
        started = time.process_time()
        same = kinds_of(counts)
        fit(same.repeats, same.recency, same.age, same.weights)
        here.append(time.process_time() - started)
        started = time.process_time()
        other = plain(*columns)
        reference.append(time.process_time() - started)
    one, inside, two = (statistics.median(seconds) for seconds in (ours, here, reference))
    print(f"{count:,} customers, {len(kinds['weight']):,} kinds of them")
    print(f"collapsed in the warehouse and fitted: {one:.2f} s CPU (median of 3)")
    print(f"collapsed in the run, as the asset does, and fitted: {inside:.2f} s CPU (median of 3)")
    print(f"plain maximum likelihood over every row: {two:.2f} s CPU (median of 3)")
    print(f"ratios: 1/{two / one:.0f} and 1/{two / inside:.0f}")
    for name in ("r", "alpha", "a", "b"):
        print(f"{name}: {getattr(model, name):.6g} and {getattr(other, name):.6g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
