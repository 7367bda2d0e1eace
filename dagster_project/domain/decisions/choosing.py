"""From the candidates that passed every rule of their own to the plan: the most value under all limits together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dagster_project.domain.decisions.allocate import Count, Request
from dagster_project.domain.decisions.contact_rules import Limit
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.domain.decisions.resources import Resource
from dagster_project.domain.decisions.standing import Standing

if TYPE_CHECKING:
    from dagster_project.domain.decisions.arbitration import Arbitrated, Problem

SCARCE = ("capacity", "volume_constraint")
OUTBID, PRIORITY = "outbid", "priority"
Solve = Callable[["Problem"], "Arbitrated"]


@dataclass
class Choice:
    """What was chosen and what the others gave way to.

    Attributes:
        stopped: contact id to the stage and the rule for those who must go without.
        price: contact id to what it would take at the shadow prices, of those who came to arbitration.
        displaced_by: contact id to the chosen contact of the same customer or household that stands in its way.
        prices: what one unit more of each resource would bring.
        value: the scores of the chosen together; ``bound``: no plan has more that serves the classes in their order.
        way: ``exact``, or by ``prices``.
    """

    stopped: dict[str, Limit] = field(default_factory=dict)
    price: dict[str, float] = field(default_factory=dict)
    displaced_by: dict[str, str] = field(default_factory=dict)
    prices: dict[Resource, float] = field(default_factory=dict)
    value: float = 0.0
    bound: float = 0.0
    way: str = "exact"
    _chosen: list[Request] = field(default_factory=list)

    @property
    def chosen(self) -> set[str]:
        """The contact ids of the plan."""
        return {request.contact_id for request in self._chosen}


def choose(
    requests: Iterable[Request], standing: Standing, policy: ContactPolicy, solve: Solve | None = None
) -> Choice:
    """The plan of most value, class by class: mandatory contacts first, then service, then marketing.

    Contacts that already stand (claimed by an earlier run for this very moment) keep their place. So that a rerun says
    the same, the plan is first made as if they did not stand: where it comes out with the very same contacts, that is
    the answer; where not (somebody else claimed meanwhile), what stands is kept and the rest is chosen anew.

    Args:
        requests: each contact id once.
        standing: what the ledger knows.
        policy: every rule.
        solve: the arbitration; :func:`~dagster_project.domain.decisions.arbitration.arbitrate` unless told.
    """
    ordered = sorted(requests, key=lambda request: request.turn)
    stand = [request for request in ordered if request.contact_id in standing.stands]
    first = _choose(ordered, Count(policy, standing, stand), Count(policy, standing, stand), policy, solve)
    if not stand or first.chosen == {request.contact_id for request in stand}:
        return first
    rest = [request for request in ordered if request.contact_id not in standing.stands]
    again = _choose(rest, Count(policy, standing, stand), Count(policy, standing), policy, solve)
    again._chosen += stand
    again.value += sum(request.score for request in stand)
    again.bound = max(first.bound, again.value)
    again.price = {**first.price, **again.price}
    again.prices = first.prices
    return again


def _choose(
    ordered: Sequence[Request], before: Count, count: Count, policy: ContactPolicy, solve: Solve | None
) -> Choice:
    """Choose among these.

    Args:
        ordered: in turn.
        before: what stood before this run: who is stopped by that alone is not outbid by anybody.
        count: what is taken so far; the chosen are added.
    """
    from dagster_project.domain.decisions.resources import prices_of, resources_of

    choice = Choice()
    rivals: list[Request] = []
    for request in ordered:
        limit = before.limit(request)
        if limit is None:
            rivals.append(request)
        else:
            choice.stopped[request.contact_id] = limit
    for action_class in ("mandatory", "transactional", "marketing"):
        _arbitrate([one for one in rivals if one.action_class == action_class], count, policy, choice, solve)
    chosen = choice.chosen
    near = _by_household(choice._chosen, count)
    for request in rivals:
        uses = resources_of(request, count)
        choice.price[request.contact_id] = prices_of(uses, choice.prices)
        if request.contact_id not in chosen:
            stage, rule = count.limit(request) or (PRIORITY, "order")
            choice.stopped[request.contact_id] = (OUTBID if stage in SCARCE else PRIORITY, rule)
            if stage not in SCARCE:
                rival = _nearest(request, near.get(_household(request, count), ()))
                if rival is not None:
                    choice.displaced_by[request.contact_id] = rival
    choice.value = sum(request.score for request in choice._chosen)
    return choice


def _arbitrate(
    rivals: list[Request], count: Count, policy: ContactPolicy, choice: Choice, solve: Solve | None
) -> None:  # fmt: skip
    """Choose among the rivals of one class, and count them; what one unit more would bring goes to the prices."""
    import numpy as np

    from dagster_project.domain.decisions.arbitration import arbitrate, worth_of_one_more
    from dagster_project.domain.decisions.as_problem import as_problem

    open_ones = [request for request in rivals if count.limit(request) is None]
    if open_ones and open_ones[0].action_class != "mandatory":
        stated = as_problem(open_ones, count, policy)
        solved = (solve or arbitrate)(stated.problem)
        wanted = {index for place in solved.chosen.nonzero()[0] for index in stated.members[place]}
        units = [resource.scale / grain for resource, grain in zip(stated.resources, stated.grains, strict=True)]
        worth = worth_of_one_more(stated.problem, solved, np.array(units, dtype=np.float64))
        for resource, price in zip(stated.resources, worth.tolist(), strict=True):
            choice.prices[resource] = max(choice.prices.get(resource, 0.0), price)
        choice.bound += solved.bound
        choice.way = "prices" if solved.way != "exact" else choice.way
        _take([open_ones[index] for index in sorted(wanted)], count, choice)
    elif open_ones:
        choice.bound += sum(request.score for request in open_ones)
    taken = choice.chosen
    _take([request for request in open_ones if request.contact_id not in taken], count, choice)


def _take(requests: Iterable[Request], count: Count, choice: Choice) -> None:
    """Count those that may still be, in turn. What the arbitration chose always may: it is proved here once more."""
    for request in requests:
        if count.limit(request) is None:
            count.add(request)
            choice._chosen.append(request)


def _household(request: Request, count: Count) -> str:
    customer = count.customer(request)
    return count.households.get(customer, customer)


def _by_household(chosen: Iterable[Request], count: Count) -> Mapping[str, list[Request]]:
    found: defaultdict[str, list[Request]] = defaultdict(list)
    for request in chosen:
        found[_household(request, count)].append(request)
    return found


def _nearest(request: Request, chosen: Sequence[Request]) -> str | None:
    """The chosen contact nearest in time: of those in one's way the one that is most so."""

    def distance(one: Request) -> tuple[int, str]:
        return abs((one.day - request.day).days), one.contact_id

    return min(chosen, key=distance).contact_id if chosen else None
