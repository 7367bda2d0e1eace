"""The choice in parts for very many candidates: prices from samples, one look at everybody, and a small rest.

A sample of customers tells what everything scarce costs, nearly. Customers whose best plan is the same at all prices
near those are settled; of the others again a sample is taken, and so on until the rest is small enough for HiGHS. At
the prices of the rest everybody settled is looked at once more: who would now want something else joins the rest.
Where nobody does, the answer is the one HiGHS would give for all, and in any case the bound holds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dagster_project.domain.decisions.arbitration.local import (
    Rules,
    best_of_each,
    bound_of,
    part_of,
    proved,
    with_members,
)
from dagster_project.domain.decisions.arbitration.problem import Numbers, Problem
from dagster_project.domain.decisions.arbitration.relaxed import Relaxed, relax

SAMPLES = 4  # each tells the prices; how far they differ tells how sure that is
IN_SAMPLE = 3_000  # candidates of one sample, about: HiGHS takes some 30 ms
SMALL = 16_000  # candidates that HiGHS solves at once
WIDE = 2.5  # times the spread of the samples' prices: beyond that no price is looked for
NARROWEST = 1e-4  # of a typical price: a spread of nothing is chance
LEVELS, ROUNDS = 6, 6
CHANCE = 1e-7  # of a minimum: less is what numbers lose on their way
SEED = 20_220  # samples are the same in every run: so are the plans


def relax_by_samples(problem: Problem, *, small: int = SMALL, in_sample: int = IN_SAMPLE) -> Relaxed:
    """The choice in parts, as :func:`~dagster_project.domain.decisions.arbitration.relaxed.relax` has it.

    Args:
        problem: the choice.
        small: candidates that are solved at once.
        in_sample: candidates of one sample, about.
    """
    full = with_members(problem)
    if full.count <= small:
        return relax(full)
    found = _Search(full, small, in_sample).found()
    if not found.missing.any():
        return found
    # What is missing among the rest need not be missing where everybody may help.
    missing = _missing(full, small, in_sample)
    found = _Search(replace(full, least=full.least - missing), small, in_sample).found()
    return replace(found, missing=found.missing + missing)


def _missing(problem: Problem, small: int, in_sample: int) -> Numbers:
    """The least that must be missing of the minimums: what is left when nothing else is of value."""
    promised = problem.least > 0
    value = problem.uses() @ promised.astype(np.float64)
    most = np.where(promised, np.minimum(problem.most, problem.least), problem.most)
    nothing = np.zeros(len(most))
    search = _Search(replace(problem, value=value, most=most, least=nothing), small, in_sample)
    kept = search.found().parts @ search.uses
    short = np.maximum(problem.least - kept, 0.0)
    return np.where(short > CHANCE * problem.least, short + CHANCE * problem.least, 0.0)


class _Search:
    """What is settled so far: of which customers, and what they get."""

    def __init__(self, problem: Problem, small: int, in_sample: int) -> None:
        self.problem, self.small, self.in_sample = problem, small, in_sample
        self.rules = Rules.of(problem)
        self.uses = problem.uses()
        self.open = np.ones(self.rules.owners, dtype=bool)
        self.chosen = np.zeros(problem.count, dtype=bool)
        self.random = np.random.default_rng(SEED)

    def left(self) -> tuple[Numbers, Numbers]:
        """What the settled leave of the limits and of the minimums."""
        used = self.chosen.astype(np.float64) @ self.uses
        return np.maximum(self.problem.most - used, 0.0), np.maximum(self.problem.least - used, 0.0)

    def found(self) -> Relaxed:
        """Settle who can be settled, then solve the rest."""
        self.settle()
        return self.end()

    def settle(self) -> None:
        """Settle customers, from samples of those still open, until few are."""
        for _ in range(LEVELS):
            mine = self.open[self.rules.owner]
            if mine.sum() <= self.small:
                return
            low, middle, high = self._box()
            part = part_of(self.problem, mine, *self.left())
            rules, uses = Rules.of(part), part.uses()
            chosen = best_of_each(rules, part.value - uses @ middle)
            _, whole = proved(rules, chosen, part.value - uses @ high, part.value - uses @ low)
            places = np.flatnonzero(mine)
            self.chosen[places[chosen & whole[rules.owner]]] = True
            self.open[np.flatnonzero(self.open)[whole]] = False
            if whole.mean() < 0.1:
                return

    def _box(self) -> tuple[Numbers, Numbers, Numbers]:
        """Between which prices (of one more used: of the limit, less of the minimum) the right ones must lie."""
        most, least = self.left()
        owners = self.random.permutation(np.flatnonzero(self.open))
        each = min(
            len(owners) // SAMPLES, max(1, int(self.in_sample * len(owners) / self.open[self.rules.owner].sum()))
        )
        found = []
        for sample in range(SAMPLES):
            inside = np.zeros(self.rules.owners, dtype=bool)
            inside[owners[sample * each : (sample + 1) * each]] = True
            share = each / len(owners)
            solved = relax(part_of(self.problem, inside[self.rules.owner], most * share, least * share))
            found.append(solved.prices - solved.price_least)
        prices = np.array(found)
        middle = prices.mean(axis=0)
        amount = np.maximum(self.uses.sum(axis=0), 1.0)
        typical = np.maximum(np.abs(middle), self.problem.value.clip(0).sum() / amount)
        wide = np.maximum(WIDE * prices.std(axis=0, ddof=1), NARROWEST * typical)
        bound = np.isfinite(self.problem.most)
        floor = np.where(self.problem.least > 0, -np.inf, 0.0)
        ceiling = np.where(bound, np.inf, 0.0)
        return np.clip(middle - wide, floor, ceiling), middle, np.clip(middle + wide, floor, ceiling)

    def end(self) -> Relaxed:
        """Solve the rest; who of the settled would change at its prices joins it."""
        problem, rules = self.problem, self.rules
        for turn in range(ROUNDS):
            mine = self.open[rules.owner]
            most, least = self.left()
            rest = relax(part_of(problem, mine, most, least))
            reduced = problem.value - self.uses @ (rest.prices - rest.price_least)
            price, whole = proved(rules, self.chosen, reduced, reduced)
            change = ~whole & ~self.open
            if turn + 1 == ROUNDS or not change.any():
                break
            self.open |= change
            self.chosen &= ~change[rules.owner]
        price[self._open_groups()] = rest.price_group
        parts = self.chosen.astype(np.float64)
        parts[mine] = rest.parts
        finite = np.isfinite(problem.most)
        kept = problem.least - rest.missing
        bound = float(rest.prices[finite] @ problem.most[finite] - rest.price_least @ kept)
        bound += bound_of(rules, reduced, price)
        return Relaxed(parts, rest.prices, rest.price_least, price, bound, rest.missing)

    def _open_groups(self) -> Numbers:
        first = self.problem.group_candidate[self.problem.group_start[:-1]]
        return np.flatnonzero(self.open[self.rules.owner[first]])
