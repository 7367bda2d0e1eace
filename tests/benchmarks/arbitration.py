"""The choice for a million customers, against numpy's look at the same values, and a small one against HiGHS.

Both in one process, on one thread, in turn, as processor seconds and medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from dagster_project.domain.decisions.arbitration import arbitrate  # noqa: E402
from dagster_project.domain.decisions.arbitration.dense import SAMPLE, share_out  # noqa: E402
from dagster_project.domain.decisions.arbitration.rounding import is_feasible  # noqa: E402
from tests.domain.decisions.arbitration.matrices import limits_passed, matrix, night, optimum  # noqa: E402

KINDS: dict[str, dict[str, int]] = {
    "one action": {},
    "two actions": {"k": 2},
    "costs of each customer": {"own": 1},
}


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.arbitration", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--without-highs", action="store_true")
    arguments = parser.parse_args()
    for kind, given in KINDS.items():
        share_out(matrix(2 * SAMPLE + 1_000, 0, **given))  # the loops are compiled once in a process
        for seed in range(arguments.seeds):
            large = matrix(arguments.customers, seed, **given)
            ours, theirs = in_turn(partial(share_out, large), partial(large.value.max, axis=1), arguments.times)
            plan = share_out(large)
            passed = limits_passed(large, plan.chosen)
            print(
                f"{kind}, seed {seed}: {arguments.customers} x 20 x {len(large.limits)}: {ours:.2f} s,"
                f" {ours / theirs:.1f} x max(axis=1) of {theirs * 1000:.0f} ms, gap {plan.gap:.1e},"
                f" {plan.count_active} looked at again, {plan.count_ties} shared out; limits passed: {len(passed)}",
                flush=True,
            )
    for kind, given in KINDS.items():
        as_a_night(kind, arguments.customers, given)
    print("growth:", ", ".join(f"{count}: {grown(count):.3f} s" for count in (10_000, 100_000, 1_000_000)))
    if not arguments.without_highs:
        for seed in range(1, 4):
            against_highs(seed)
    return 0


def as_a_night(kind: str, customers: int, given: dict[str, int]) -> None:
    """The same choice as the nightly run states it, candidate by candidate: recognised, solved and proved."""
    large = matrix(customers, 1, **given)
    stated = night(large)
    started = time.process_time()
    large.value.max(axis=1)
    between = time.process_time()
    solved = arbitrate(stated)
    seconds = time.process_time() - between
    print(
        f"{kind} as a night: {stated.count} candidates: {seconds:.1f} s, {seconds / (between - started):.0f} x"
        f" max(axis=1), gap {solved.gap:.1e}; limits kept: {is_feasible(stated, solved.chosen)}",
        flush=True,
    )


def in_turn(one: Callable[[], Any], other: Callable[[], Any], times: int) -> tuple[float, float]:
    """The medians of the processor seconds of both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for seconds, run in zip(taken, (one, other), strict=True):
            started = time.process_time()
            run()
            seconds.append(time.process_time() - started)
    return statistics.median(taken[0]), statistics.median(taken[1])


def grown(count: int) -> float:
    """Processor seconds of one choice."""
    given = matrix(count, 1)
    share_out(given)
    return in_turn(partial(share_out, given), partial(given.value.max, axis=1), 3)[0]


def against_highs(seed: int) -> None:
    """10,000 customers: HiGHS may stop once it is as near the optimum as our own plan is proved to be."""
    given = matrix(10_000, seed)
    share_out(given)
    started = time.process_time()
    ours = share_out(given)
    between = time.process_time()
    best = optimum(given, ours.gap, 600.0)
    highs = time.process_time() - between
    print(
        f"10000 customers, seed {seed}: ours {between - started:.3f} s, value {ours.value:.1f}, gap {ours.gap:.1e};"
        f" HiGHS {highs:.1f} s, value {best:.1f}: {highs / (between - started):.0f} times, ours is"
        f" {1 - ours.value / best:.1e} below",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
