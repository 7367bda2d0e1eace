"""The choice as a problem of numbers: values, what each takes of scarce things, and who excludes whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import gcd, inf
from typing import TYPE_CHECKING

from dagster_project.domain.decisions.allocate import Count, Request
from dagster_project.domain.decisions.cliques import Group, as_cliques
from dagster_project.domain.decisions.contact_rules import between, interruptions
from dagster_project.domain.decisions.policy import CAPPED, PER_HOUSEHOLD, Cap, ContactPolicy
from dagster_project.domain.decisions.resources import Resource, left_of, resources_of
from dagster_project.domain.decisions.volume import scaled

if TYPE_CHECKING:
    from dagster_project.domain.decisions.arbitration import Problem


@dataclass(frozen=True)
class Stated:
    """The problem, and what its numbers stand for.

    Attributes:
        members: per item, the places of its requests: several where they travel in one package.
        resources: per resource of the problem.
        grains: per resource, how many counted parts are one in the problem: the largest number that divides all uses.
    """

    problem: Problem
    members: list[tuple[int, ...]]
    resources: list[Resource]
    grains: list[int]


def as_problem(requests: Sequence[Request], count: Count, policy: ContactPolicy) -> Stated:
    """State the choice among requests, each of which may be by itself.

    Offers that travel in one package are one item, the best first, as many as the package holds: they go together or
    are looked at one by one afterwards.

    Args:
        requests: of one class, in turn.
        count: what is taken before.
        policy: every rule.
    """
    import numpy as np

    from dagster_project.domain.decisions.arbitration import Problem

    owners: defaultdict[str, list[int]] = defaultdict(list)
    for place, request in enumerate(requests):
        owners[_owner(request, count, policy)].append(place)
    members: list[tuple[int, ...]] = []
    owner_of: list[int] = []
    groups: list[Group] = []
    for number, owner in enumerate(sorted(owners)):
        items = _items(owners[owner], requests, count, policy)
        first = len(members)
        members += items
        owner_of += [number] * len(items)
        if len(items) > 1:
            own = [[requests[place] for place in item] for item in items]
            groups += [([first + place for place in places], most) for places, most in _groups(own, count, policy)]
    uses = [_together([resources_of(requests[place], count) for place in item]) for item in members]
    resources = _that_matter(uses, count, policy)
    number_of = {resource: number for number, resource in enumerate(resources)}
    left = left_of(resources, count)
    kept = [[(number_of[one], amount) for one, amount in sorted(use.items()) if one in number_of] for use in uses]
    grains = [0] * len(resources)
    for row in kept:
        for number, amount in row:
            grains[number] = gcd(grains[number], amount)
    most = [inf if (room := left[one]) is None else room // grains[at] for at, one in enumerate(resources)]
    least = [-(-_promised(one, count, policy) // grains[at]) for at, one in enumerate(resources)]
    flat = [pair for row in kept for pair in row]
    problem = Problem(
        value=np.array([sum(requests[place].score for place in item) for item in members], dtype=np.float64),
        owner=np.array(owner_of, dtype=np.int64),
        use_start=np.cumsum([0, *map(len, kept)], dtype=np.int64),
        use_resource=np.array([number for number, _ in flat], dtype=np.int32),
        use_amount=np.array([amount // grains[number] for number, amount in flat], dtype=np.float64),
        most=np.array(most, dtype=np.float64),
        least=np.array(least, dtype=np.float64),
        group_start=np.cumsum([0, *(len(places) for places, _ in groups)], dtype=np.int64),
        group_candidate=np.array([place for places, _ in groups for place in places], dtype=np.int64),
        group_most=np.array([most for _, most in groups], dtype=np.int64),
    )
    return Stated(problem, members, resources, grains)


def _owner(request: Request, count: Count, policy: ContactPolicy) -> str:
    customer = count.customer(request)
    return count.households.get(customer, customer) if policy.asks_households else customer


def _items(
    places: Sequence[int], requests: Sequence[Request], count: Count, policy: ContactPolicy
) -> list[tuple[int, ...]]:
    """The requests of one owner as items; those of one package on one day together."""
    if not policy.packages:
        return [(place,) for place in places]
    items: list[tuple[int, ...]] = []
    packed: defaultdict[tuple[str, str, object], list[int]] = defaultdict(list)
    sizes = {package.name: package.most for package in policy.packages}
    for place in places:
        one = requests[place]
        package = policy.package_of(one.channel, one.care_model, one.step)
        if package is None or one.action_class not in CAPPED:
            items.append((place,))
        else:
            packed[count.customer(one), package, one.day].append(place)
    for (_, package, _), some in packed.items():
        mates: list[int] = []
        for place in some:
            fits = len(mates) < sizes[package]
            agree = all(between(requests[place].taken, requests[mate].taken, policy) is None for mate in mates)
            if fits and agree:
                mates.append(place)
        items.append(tuple(mates))
    return sorted(items)


def _groups(items: Sequence[Sequence[Request]], count: Count, policy: ContactPolicy) -> list[Group]:
    """What the rules between contacts say about the items of one owner, as "at most so many of these"."""
    groups: list[Group] = []
    customers: defaultdict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        if item[0].action_class in CAPPED:
            customers[count.customer(item[0])].append(place)
    for customer, places in customers.items():
        if len(places) < 2:
            continue
        own = count.taken.get(customer, [])
        if policy.per_customer_per_day is not None:
            by_day: defaultdict[object, list[int]] = defaultdict(list)
            for place in places:
                by_day[items[place][0].day].append(place)
            for day, some in by_day.items():
                met = interruptions([one for one in own if one.day == day and one.action_class in CAPPED], policy)
                groups.append((some, policy.per_customer_per_day - len(met)))
        for cap in policy.caps:
            if cap.per != PER_HOUSEHOLD:
                groups += _windows(cap, places, items, own, policy)
        if policy.rests or policy.pairs:
            groups += [(list(pair), 1) for pair in combinations(places, 2) if _exclude(*pair, items, policy)]
    everyone = [place for places in customers.values() for place in places]
    for cap in policy.caps:
        if cap.per == PER_HOUSEHOLD and len(everyone) > 1:
            customer = count.customer(items[everyone[0]][0])
            household = count.of_household.get(count.households.get(customer, ""), count.taken.get(customer, []))
            groups += _windows(cap, everyone, items, household, policy)
    return as_cliques([(places, max(most, 0)) for places, most in groups if len(places) > most])


def _windows(
    cap: Cap, places: Sequence[int], items: Sequence[Sequence[Request]], taken: Sequence[object], policy: ContactPolicy
) -> list[Group]:
    """A cap as groups: in each of its windows the items that lie in it, and how many the cap leaves them."""
    days = {
        place: items[place][0].day.toordinal()
        for place in places
        if any(cap.counts(one.channel, one.action_class, one.purpose) for one in items[place])
    }
    if not days:
        return []
    counted = [one for one in taken if cap.counts(one.channel, one.action_class, one.purpose)]  # type: ignore[attr-defined]
    before = interruptions(counted, policy)  # type: ignore[arg-type]
    groups: dict[tuple[int, ...], int] = {}
    for start in sorted({*days.values(), *before}):
        inside = tuple(place for place, day in days.items() if start <= day < start + cap.days)
        most = cap.contacts - sum(start <= day < start + cap.days for day in before)
        if len(inside) > most:
            groups[inside] = min(most, groups.get(inside, most))
    return [(list(inside), most) for inside, most in groups.items()]


def _exclude(a: int, b: int, items: Sequence[Sequence[Request]], policy: ContactPolicy) -> bool:
    return any(between(one.taken, other.taken, policy) is not None for one in items[a] for other in items[b])


def _together(uses: Sequence[dict[Resource, int]]) -> dict[Resource, int]:
    if len(uses) == 1:
        return uses[0]
    total: defaultdict[Resource, int] = defaultdict(int)
    for use in uses:
        for resource, amount in use.items():
            total[resource] += amount
    return dict(total)


def _that_matter(uses: Sequence[dict[Resource, int]], count: Count, policy: ContactPolicy) -> list[Resource]:
    """The resources of which there is less than is asked for, or of which something was promised."""
    asked: defaultdict[Resource, int] = defaultdict(int)
    for use in uses:
        for resource, amount in use.items():
            asked[resource] += amount
    left = left_of(asked, count)
    return sorted(
        resource
        for resource, amount in asked.items()
        if ((room := left[resource]) is not None and room < amount) or _promised(resource, count, policy) > 0
    )


def _promised(resource: Resource, count: Count, policy: ContactPolicy) -> int:
    """What is still missing of a minimum, in counted parts."""
    if resource.kind == "capacity":
        return 0
    constraint = next(one for one in policy.volumes if one.name == resource.name)
    if constraint.least is None or constraint.report_only:
        return 0
    return max(0, scaled(constraint.least) - count.volumes[resource.name, resource.period])
