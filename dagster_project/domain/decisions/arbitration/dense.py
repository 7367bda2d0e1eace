"""The choice for very many customers at once: a matrix of values, at most k actions each, and some scarce resources.

Prices are found on a sample, then on the customers whose choice the last bit of price can change, and nobody else: who
is far from any change is looked at twice. The plan is the prices' own, but for the few who stand between two actions,
who are shared out by the general solver so that every limit holds to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dagster_project.domain.decisions.arbitration.exchanges import used_up
from dagster_project.domain.decisions.arbitration.problem import TINY, Numbers, Problem
from dagster_project.domain.decisions.arbitration.solve import arbitrate

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = 60_000  # customers on whom prices are first found; 40,000 missed the box of prices in three of fifteen choices
FEWEST_TIES, MOST_TIES = 500, 4_000  # customers who are shared out one by one: one in 250 of them all
ENOUGH = 7e-7  # of the value: so little left over is not looked at again
BOXES = (0.03, 0.003)  # how far from the last prices the true ones are looked for, in parts of the price


@dataclass(frozen=True)
class Matrix:
    """Values of actions for customers, and what each action takes.

    Attributes:
        value: float64[m, a]: of each action for each customer.
        use: float64[a, r]: whole numbers: what an action takes of each resource, of whomever.
        most: float64[r]: what there is.
        own_use: float64[m, a, d] or None: whole numbers: what an action takes of further resources, by customer.
        own_most: float64[d]: what there is of those.
        k: actions a customer may meet.
    """

    value: Numbers
    use: Numbers
    most: Numbers
    own_use: Numbers | None = None
    own_most: Numbers | None = None
    k: int = 1

    @property
    def limits(self) -> Numbers:
        """Of all resources: first those whose use is the same for everybody."""
        return self.most if self.own_most is None else np.concatenate([self.most, self.own_most])

    def rows(self, picked: Numbers) -> Matrix:
        """Some customers, with all that there is."""
        own = None if self.own_use is None else np.ascontiguousarray(self.own_use[picked])
        return Matrix(np.ascontiguousarray(self.value[picked]), self.use, self.most, own, self.own_most, self.k)


@dataclass(frozen=True)
class Shared:
    """A plan for a matrix, and how good it is.

    Attributes:
        chosen: int32[m, k]: actions of each customer, -1 for none.
        value, bound, gap, prices: as in :class:`~dagster_project.domain.decisions.arbitration.problem.Arbitrated`.
        count_active: customers looked at more than twice.
        count_ties: customers shared out one by one.
    """

    chosen: Numbers
    value: float
    bound: float
    gap: float
    prices: Numbers
    count_active: int
    count_ties: int


def share_out(matrix: Matrix, seed: int = 0) -> Shared:
    """The plan of most value for a matrix, with a certified gap.

    Args:
        matrix: the choice.
        seed: of the sample.
    """
    kernels = _kernels()
    limits = matrix.limits
    count = len(matrix.value)
    rng = np.random.default_rng(seed)
    if count > 2 * SAMPLE:
        sample = matrix.rows(np.sort(rng.choice(count, SAMPLE, replace=False)))
        prices = _lowest(kernels, sample, limits * (SAMPLE / count), np.zeros(len(limits)))
        prices, active = _prices_of_the_active(kernels, matrix, limits, prices)
    else:
        prices = _lowest(kernels, matrix, limits, np.zeros(len(limits)), precision=1e-13)
        active = np.arange(count)
    chosen, count_ties, better = _plan(kernels, matrix, limits, prices, active)
    value = float(kernels.value(matrix.value, chosen))
    bound = _bound(kernels, matrix, limits, prices)
    other = _bound(kernels, matrix, limits, better)
    if other < bound:
        bound, prices = other, better
    gap = max(0.0, bound - value) / max(abs(bound), TINY)
    return Shared(chosen, value, max(bound, value), gap, prices, len(active), count_ties)


def _bound(kernels: _Kernels, matrix: Matrix, limits: Numbers, prices: Numbers) -> float:
    return kernels.dual(matrix, prices)[0] + float(prices @ limits)


def _lowest(
    kernels: _Kernels, matrix: Matrix, limits: Numbers, start: Numbers, fixed_use: Numbers | None = None,
    bounds: list[tuple[float, float]] | None = None, precision: float = 1e-10,
) -> Numbers:  # fmt: skip
    """The prices of the lowest bound. The bound has so many corners that it is smooth for all that matters."""
    from scipy.optimize import minimize

    left = limits if fixed_use is None else limits - fixed_use
    scale = max(float(np.abs(matrix.value).sum()), 1.0)
    unit = np.maximum(start, matrix.value.mean() / max(float(matrix.use.mean()), TINY) * 0.1)

    def bound(scaled: Numbers) -> tuple[float, Numbers]:
        worth, used = kernels.dual(matrix, scaled * unit)
        return (worth + float((scaled * unit) @ left)) / scale, (left - used) * unit / scale

    box = [(0.0, None)] * len(start) if bounds is None else bounds
    box = [(low / one, None if high is None else high / one) for (low, high), one in zip(box, unit, strict=True)]
    found = minimize(
        bound, start / unit, jac=True, method="L-BFGS-B", bounds=box,
        options={"maxiter": 200, "ftol": precision, "gtol": 1e-11, "maxls": 30},
    )  # fmt: skip
    return np.maximum(found.x, 0.0) * unit


def _prices_of_the_active(
    kernels: _Kernels, matrix: Matrix, limits: Numbers, prices: Numbers
) -> tuple[Numbers, Numbers]:  # fmt: skip
    """The prices over everybody, from those of a sample; and the customers whose choice they may still change.

    Each look takes a narrower box of prices around the last ones, and leaves fewer customers whose choice is open.
    """
    active, fixed, rest = np.arange(len(matrix.value)), np.zeros(len(limits)), matrix
    for width in BOXES:
        room = width * prices + width * 0.25 * max(float(prices.max(initial=0.0)), TINY)
        while True:
            low, high = np.maximum(prices - room, 0.0), prices + room
            is_open, used = kernels.screen(rest, prices, low, high)
            inner = rest.rows(np.flatnonzero(is_open))
            box = list(zip(low.tolist(), high.tolist(), strict=True))
            last = width < BOXES[0]
            found = _lowest(kernels, inner, limits, prices, fixed + used, box, 1e-13 if last else 1e-10)
            at_edge = (found >= high * (1 - 1e-9)) | ((found <= low * (1 + 1e-9)) & (low > 0))
            prices = found
            if not at_edge.any() or is_open.mean() > 0.9:
                break
            room = np.where(at_edge, 3 * room, room)
        active, fixed, rest = active[is_open], fixed + used, inner
    return prices, active


def _plan(
    kernels: _Kernels, matrix: Matrix, limits: Numbers, prices: Numbers, active: Numbers
) -> tuple[Numbers, int, Numbers]:
    """Everybody's best at these prices, and those between two actions shared out.

    Returns:
        the plan, how many were shared out, and the prices at which they were.
    """
    chosen, margins, used = kernels.best(matrix, prices)
    near = active[np.argsort(margins[active], kind="stable")]
    wanted = min(max(FEWEST_TIES, min(MOST_TIES, len(matrix.value) // 250)), len(near))
    while True:
        ties = near[:wanted]
        left = limits - used + kernels.used(matrix, chosen, ties)
        if (left >= 0).all() or wanted >= len(near):
            break
        wanted = min(len(near), wanted * 4)
    enough = ENOUGH * float(kernels.value(matrix.value, chosen))
    shared, better = _share(matrix, np.maximum(left, 0.0), ties, prices, enough)
    chosen[ties] = shared
    return chosen, len(ties), better


def _share(
    matrix: Matrix, left: Numbers, ties: Numbers, prices: Numbers, enough: float
) -> tuple[Numbers, Numbers]:  # fmt: skip
    """The best plan for a few customers with what the others leave, by the general solver."""
    rest = matrix.rows(ties)
    count, actions = rest.value.shape
    uses = np.broadcast_to(rest.use, (count, actions, rest.use.shape[1]))
    if rest.own_use is not None:
        uses = np.concatenate([uses, rest.own_use], axis=2)
    reduced = rest.value - uses @ prices
    best = np.sort(reduced, axis=1)[:, ::-1]
    floor = np.maximum(best[:, min(rest.k, actions - 1)], 0.0)
    room = np.partition((best[:, rest.k - 1] - floor).clip(0.0), -1)[-1] + TINY
    keeps = reduced >= np.minimum(best[:, [rest.k - 1]], floor[:, None]) - 4 * room - 1e-9
    owner, action = np.nonzero(keeps)
    taken = uses[owner, action]
    item, resource = np.nonzero(taken)
    sizes = np.bincount(owner, minlength=count)
    problem = Problem(
        value=rest.value[owner, action],
        owner=owner.astype(np.int64),
        use_start=np.concatenate([[0], np.cumsum(np.bincount(item, minlength=len(owner)))]).astype(np.int64),
        use_resource=resource.astype(np.int32),
        use_amount=taken[item, resource],
        most=left,
        least=np.zeros(len(left)),
        group_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        group_candidate=np.arange(len(owner), dtype=np.int64),
        group_most=np.full(count, rest.k, dtype=np.int64),
    )
    solved = arbitrate(problem, exact_up_to=0, near_ties=0)
    picked = used_up(problem, solved, taken, enough)
    chosen = np.full((count, rest.k), -1, dtype=np.int32)
    place = np.zeros(count, dtype=np.int64)
    for one in np.flatnonzero(picked):
        chosen[owner[one], place[owner[one]]] = action[one]
        place[owner[one]] += 1
    return chosen, solved.prices


@dataclass(frozen=True)
class _Kernels:
    """The loops over all customers."""

    dual: Callable[[Matrix, Numbers], tuple[float, Numbers]]
    screen: Callable[[Matrix, Numbers, Numbers, Numbers], tuple[Numbers, Numbers]]
    best: Callable[[Matrix, Numbers], tuple[Numbers, Numbers, Numbers]]
    used: Callable[[Matrix, Numbers, Numbers], Numbers]
    value: Callable[[Numbers, Numbers], float]


def _kernels() -> _Kernels:
    """Compiled when first asked for: who never has a million customers never waits for it."""
    from dagster_project.domain.decisions.arbitration import dense_loops as loops

    def own(matrix: Matrix) -> Numbers:
        return np.zeros((1, 1, 0)) if matrix.own_use is None else matrix.own_use

    def dual(matrix: Matrix, prices: Numbers) -> tuple[float, Numbers]:
        same = matrix.use.shape[1]
        costs = matrix.use @ prices[:same]
        if matrix.k == 1 and matrix.own_use is None:
            worth, counts = loops.dual_of_one(matrix.value, costs)
            return worth, counts @ matrix.use
        worth, counts, own_used = loops.dual(matrix.value, costs, own(matrix), prices[same:], matrix.k)
        return worth, np.concatenate([counts @ matrix.use, own_used])

    def screen(matrix: Matrix, prices: Numbers, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
        same = matrix.use.shape[1]
        least, most = matrix.use @ low[:same], matrix.use @ high[:same]
        if matrix.k == 1 and matrix.own_use is None:
            active, counts = loops.screen_of_one(matrix.value, least, most)
            return active, counts @ matrix.use
        active, counts, own_used = loops.screen(
            matrix.value, least, most, own(matrix), low[same:], high[same:], matrix.k
        )  # fmt: skip
        return active, np.concatenate([counts @ matrix.use, own_used])

    def best(matrix: Matrix, prices: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        same = matrix.use.shape[1]
        costs = matrix.use @ prices[:same]
        chosen, margins, counts, own_used = loops.best(matrix.value, costs, own(matrix), prices[same:], matrix.k)
        return chosen, margins, np.concatenate([counts @ matrix.use, own_used])

    def used(matrix: Matrix, chosen: Numbers, some: Numbers) -> Numbers:
        total = np.zeros(len(matrix.limits))
        same = matrix.use.shape[1]
        for column in range(matrix.k):
            actions = chosen[some, column]
            there = actions >= 0
            total[:same] += matrix.use[actions[there]].sum(axis=0)
            if matrix.own_use is not None:
                total[same:] += matrix.own_use[some[there], actions[there]].sum(axis=0)
        return total

    return _Kernels(dual, screen, best, used, loops.value)
