"""A choice among candidates as numbers, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Numbers = np.ndarray
TINY = 1e-12


@dataclass(frozen=True)
class Problem:
    """Candidates, what each takes of scarce things, and of which at most so many may be chosen together.

    Attributes:
        value: float64[n]: of each candidate; one of no value is chosen only where a minimum needs it.
        owner: int64[n], ascending: the customer (or household) a candidate belongs to.
        use_start: int64[n + 1]: candidate i takes ``use_amount[use_start[i]:use_start[i + 1]]`` ...
        use_resource: int32[m]: ... of these resources.
        use_amount: float64[m]: whole numbers above zero.
        most: float64[r]: what there is of each resource; inf for no limit.
        least: float64[r]: what was promised of each; 0 for nothing.
        group_start: int64[g + 1]: group j holds ``group_candidate[group_start[j]:group_start[j + 1]]``.
        group_candidate: int64[k]: candidates; all of one group belong to one owner.
        group_most: int64[g]: how many of a group may be chosen.
    """

    value: Numbers
    owner: Numbers
    use_start: Numbers
    use_resource: Numbers
    use_amount: Numbers
    most: Numbers
    least: Numbers
    group_start: Numbers
    group_candidate: Numbers
    group_most: Numbers

    @property
    def count(self) -> int:
        """Candidates."""
        return len(self.value)

    def uses(self) -> csr_array:
        """What each candidate (row) takes of each resource (column)."""
        from scipy.sparse import csr_array

        return csr_array((self.use_amount, self.use_resource, self.use_start), shape=(self.count, len(self.most)))

    def groups(self) -> csr_array:
        """Which candidates (columns) each group (row) holds."""
        from scipy.sparse import csr_array

        ones = np.ones(len(self.group_candidate))
        return csr_array((ones, self.group_candidate, self.group_start), shape=(len(self.group_most), self.count))


@dataclass(frozen=True)
class Arbitrated:
    """A plan, and how good it is.

    Attributes:
        chosen: bool[n]; passes no limit and no group, by not a single unit.
        value: of the chosen together.
        bound: no plan that keeps every limit and as much of the minimums has more: certified by ``prices``.
        gap: (bound - value) / bound; 0 where nothing is worth anything.
        prices: float64[r]: what one more of ``most`` would bring.
        price_least: float64[r]: what one less of ``least`` would bring.
        shortfall: float64[r]: what is missing of ``least``.
        way: ``exact`` or ``prices``.
    """

    chosen: Numbers
    value: float
    bound: float
    gap: float
    prices: Numbers
    price_least: Numbers
    shortfall: Numbers
    way: str

    @classmethod
    def of(
        cls, problem: Problem, chosen: Numbers, bound: float, prices: Numbers, price_least: Numbers, way: str
    ) -> Arbitrated:  # fmt: skip
        """The answer of this plan; a bound below the plan's own value (by rounding) is raised to it."""
        value = float(problem.value[chosen].sum())
        bound = max(bound, value)
        used = chosen.astype(np.float64) @ problem.uses() if len(problem.most) else np.zeros(0)
        short = np.maximum(problem.least - used, 0.0)
        return cls(chosen, value, bound, (bound - value) / max(abs(bound), TINY), prices, price_least, short, way)
