"""What each customer would get at given prices, and the proof that nothing would be better for her."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dagster_project.domain.decisions.arbitration.problem import Numbers, Problem

CLOSE = 1e-9  # of a value: less is no difference
PASSES = 3  # over the groups, to make a proof; those it does not reach are solved in parts


@dataclass(frozen=True)
class Rules:
    """Who belongs to whom, and which groups hold which candidates, made ready for sums over all customers at once.

    Attributes:
        owner: int64[n]: 0, 1, 2 ... without gaps. ``owners``: how many.
        start: int64[g]: where each group's members begin. ``candidate``, ``group``: int64[k]: of each member.
        most: int64[g]; ``size``: int64[g].
        by_start: int64[n + 1]; ``by_member``: int64[k]: the members of each candidate.
    """

    owner: Numbers
    owners: int
    start: Numbers
    candidate: Numbers
    group: Numbers
    most: Numbers
    size: Numbers
    by_start: Numbers
    by_member: Numbers

    @classmethod
    def of(cls, problem: Problem) -> Rules:
        """The rules of a problem, whose groups all have members."""
        owner = np.zeros(problem.count, dtype=np.int64)
        owner[1:] = np.cumsum(problem.owner[1:] != problem.owner[:-1])
        size = np.diff(problem.group_start)
        group = np.repeat(np.arange(len(size)), size)
        degree = np.bincount(problem.group_candidate, minlength=problem.count)
        by_start = np.concatenate([[0], np.cumsum(degree)])
        by_member = np.argsort(problem.group_candidate, kind="stable")
        owners = int(owner[-1]) + 1 if problem.count else 0
        start = problem.group_start[:-1]
        return cls(
            owner, owners, start, problem.group_candidate, group, problem.group_most, size, by_start, by_member
        )  # fmt: skip

    def over_groups(self, of_candidate: Numbers) -> Numbers:
        """The sum, per candidate, of what its groups hold. ``of_candidate`` is float64[g]."""
        return np.bincount(self.candidate, weights=of_candidate[self.group], minlength=len(self.owner))

    def members_of(self, candidates: Numbers) -> tuple[Numbers, Numbers]:
        """The groups of these candidates one after the other, and the place in ``candidates`` each belongs to."""
        degree = self.by_start[candidates + 1] - self.by_start[candidates]
        whose = np.repeat(np.arange(len(candidates)), degree)
        within = np.arange(len(whose)) - np.repeat(np.cumsum(degree) - degree, degree)
        return self.group[self.by_member[self.by_start[candidates][whose] + within]], whose


def with_members(problem: Problem) -> Problem:
    """The same problem without groups that hold nobody."""
    size = np.diff(problem.group_start)
    if (size > 0).all():
        return problem
    start = np.concatenate([[0], np.cumsum(size[size > 0])])
    return replace(problem, group_start=start, group_most=problem.group_most[size > 0])


def part_of(problem: Problem, keep: Numbers, most: Numbers, least: Numbers) -> Problem:
    """The problem of some customers only.

    Args:
        problem: of everybody.
        keep: bool[n]: all candidates of a customer, or none.
        most: of these resources that much is left for them; ``least`` that much must come from them.
    """
    places = np.flatnonzero(keep)
    new_place = np.cumsum(keep) - 1
    used = np.repeat(keep, np.diff(problem.use_start))
    size = np.diff(problem.group_start)
    member = keep[problem.group_candidate]
    kept_group = np.add.reduceat(member, problem.group_start[:-1]) > 0 if len(size) else np.zeros(0, dtype=bool)
    return Problem(
        value=problem.value[places],
        owner=problem.owner[places],
        use_start=np.concatenate([[0], np.cumsum(np.diff(problem.use_start)[places])]),
        use_resource=problem.use_resource[used],
        use_amount=problem.use_amount[used],
        most=most,
        least=least,
        group_start=np.concatenate([[0], np.cumsum(size[kept_group])]),
        group_candidate=new_place[problem.group_candidate[member]],
        group_most=problem.group_most[kept_group],
    )


def best_of_each(rules: Rules, reduced: Numbers) -> Numbers:
    """For every customer her candidates by reduced value, the best first, as far as her groups allow.

    All customers at once: first everybody's best, then everybody's second ...

    Args:
        rules: of the problem.
        reduced: float64[n]: value less what is used, at its price. Nothing is chosen at or below 0.

    Returns:
        bool[n].
    """
    chosen = np.zeros(len(reduced), dtype=bool)
    wanted = np.flatnonzero(reduced > 0)
    order = wanted[np.lexsort((-reduced[wanted], rules.owner[wanted]))]
    if not len(order):
        return chosen
    first = np.flatnonzero(np.concatenate([[True], np.diff(rules.owner[order]) > 0]))
    count = np.diff(np.concatenate([first, [len(order)]]))
    room = rules.most.copy()
    for turn in range(int(count.max())):
        now = order[first[count > turn] + turn]
        groups, whose = rules.members_of(now)
        free = np.ones(len(now), dtype=bool)
        free[whose[room[groups] < 1]] = False
        chosen[now[free]] = True
        room[groups[free[whose]]] -= 1  # one candidate of an owner in each turn: no group comes twice
    return chosen


def proved(rules: Rules, chosen: Numbers, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
    """Prices of groups that prove a plan the best of each customer, wherever between low and high the values lie.

    A candidate left out must be worth no more than the prices of its groups; one chosen no less; and only a full group
    has a price. Such prices are looked for by raising those of full groups, at first of the largest that suffices.

    Args:
        rules: of the problem.
        chosen: bool[n]: keeps all groups.
        low: float64[n]: least reduced value of each candidate; ``high``: its most.

    Returns:
        float64[g] prices of groups, valid for a bound in any case, and bool[owners]: whether the proof is whole.
    """
    price = np.zeros(len(rules.most))
    whole = np.ones(rules.owners, dtype=bool)
    tolerance = CLOSE * (1.0 + np.abs(high))
    if len(rules.most):
        inside = chosen[rules.candidate]
        full = np.add.reduceat(inside, rules.start, dtype=np.int64) >= rules.most
        for _ in range(PASSES):
            covered = rules.over_groups(price)
            lacks = np.where(chosen, 0.0, high - covered)
            members = np.flatnonzero((lacks > tolerance)[rules.candidate] & full[rules.group])
            if not len(members):
                break
            spare = np.where(inside, (low - covered)[rules.candidate], np.inf)
            _raise(rules, price, lacks, np.minimum.reduceat(spare, rules.start), members)
    covered = rules.over_groups(price) if len(price) else np.zeros(len(low))
    wrong = np.where(chosen, low < covered - tolerance, high > covered + tolerance)
    whole[rules.owner[wrong]] = False
    return price, whole


def _raise(rules: Rules, price: Numbers, lacks: Numbers, weakest: Numbers, members: Numbers) -> None:
    """Raise the price of one full group of every candidate that lacks, in place."""
    candidate, group = rules.candidate[members], rules.group[members]
    enough = weakest[group] >= lacks[candidate]
    order = np.lexsort((-np.minimum(weakest[group], 1e300), -np.where(enough, rules.size[group], 0), candidate))
    first = order[np.concatenate([[True], np.diff(candidate[order]) > 0])]
    highest = np.zeros(len(price))
    np.maximum.at(highest, group[first], lacks[candidate[first]])
    price += highest


def bound_of(rules: Rules, reduced: Numbers, price: Numbers) -> float:
    """What all customers together cannot exceed, at these reduced values and prices of groups (all at least 0)."""
    covered = rules.over_groups(price) if len(price) else 0.0
    return float(price @ rules.most + np.maximum(reduced - covered, 0.0).sum())
