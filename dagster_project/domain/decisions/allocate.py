"""Every rule over contacts and scarce things in one count: whether one contact more may be, and what it would break.

One count serves all: the plan is proved against it, the greedy comparison is made with it, and the ledger asks it once
more inside the transaction that claims.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dagster_project.domain.decisions.contact_rules import PER_DAY, Limit, first_broken, takes_a_full_day
from dagster_project.domain.decisions.policy import CLASS_ORDER, ContactPolicy
from dagster_project.domain.decisions.standing import Standing, Taken
from dagster_project.domain.decisions.volume import VolumeConstraint, scaled


@dataclass(frozen=True)
class Request:
    """One candidate that passed every other rule. Cost, minutes and units are in ten-thousandths."""

    contact_id: str
    customer_id: str
    channel: str
    action_class: str
    day: date
    score: float
    purpose: str = ""
    department: str = ""
    care_model: str = ""
    step: str = ""
    treatment: str = ""
    offer: str | None = None
    cost: int = 0
    minutes: int = 0
    units: int = 0

    @property
    def turn(self) -> tuple[int, float, str]:
        """The order of service: class, then score, then the id, which is a hash and so as good as a draw."""
        return CLASS_ORDER[self.action_class], -self.score, self.contact_id

    @property
    def taken(self) -> Taken:
        """The request as a contact that is reserved."""
        return Taken(
            self.contact_id, self.day, self.channel, self.action_class, self.purpose, self.care_model, self.step
        )


def requests_of(rows: Mapping[str, Sequence[Any]]) -> list[Request]:
    """The requests that proposals or a plan make, given as columns. Text that is unknown is empty."""
    texts = ("purpose", "department", "care_model", "step", "treatment")
    columns: list[Sequence[Any]] = [
        *(rows[name] for name in ("contact_id", "customer_id", "channel", "action_class", "planned_date", "score")),
        *([one if isinstance(one, str) else "" for one in rows[name]] for name in texts),
        [one if isinstance(one, str) else None for one in rows["offer"]],
        *([scaled(one) for one in rows[name]] for name in ("cost", "minutes", "units")),
    ]
    return [Request(*row) for row in zip(*columns, strict=True)]


class Count:
    """What is taken so far: by customer and household, by channel and day, and of every volume constraint.

    Args:
        policy: the rules.
        standing: what stands before.
        without: contacts of ``standing`` to leave out, with the requests they were.
    """

    def __init__(self, policy: ContactPolicy, standing: Standing, without: Iterable[Request] = ()) -> None:
        self.policy = policy
        self.today, self.households = standing.today, standing.households
        self.used = Counter(standing.used)
        self.volumes = Counter(standing.volumes)
        self._constraints: dict[tuple[str | None, ...], list[VolumeConstraint]] = {}
        gone = {one.contact_id for one in without}
        self.taken: defaultdict[str, list[Taken]] = defaultdict(list)
        self.of_household: defaultdict[str, list[Taken]] = defaultdict(list)
        for customer, contacts in standing.taken.items():
            left = [one for one in contacts if one.contact_id not in gone]
            self.taken[customer] = left
            if customer in self.households:
                self.of_household[self.households[customer]] += left
        for request in without:
            self._count(request, -1)

    def customer(self, request: Request) -> str:
        """Whose contact it is today."""
        return self.today.get(request.customer_id, request.customer_id)

    def add(self, request: Request) -> None:
        """One contact more."""
        customer = self.customer(request)
        self.taken[customer].append(request.taken)
        if customer in self.households:
            self.of_household[self.households[customer]].append(request.taken)
        self._count(request, 1)

    def _count(self, request: Request, sign: int) -> None:
        self.used[request.channel, request.day] += sign
        for constraint in self.constraints(request):
            self.volumes[constraint.name, constraint.period(request.day)] += sign * constraint.use(request)

    def constraints(self, request: Request) -> list[VolumeConstraint]:
        """The volume constraints that count a contact. Contacts of one kind are looked up once."""
        key = (
            request.department, request.care_model, request.step, request.channel, request.treatment, request.offer,
            request.purpose, request.action_class,
        )  # fmt: skip
        found = self._constraints.get(key)
        if found is None:
            found = self._constraints[key] = [one for one in self.policy.volumes if one.counts(request)]
        return found

    def limit(self, request: Request) -> Limit | None:
        """The first limit that one more contact would break; None: it may be."""
        customer = self.customer(request)
        own = self.taken.get(customer, [])
        household = self.of_household.get(self.households.get(customer, ""), [])
        one = request.taken
        return (
            first_broken(one, own, household, self.policy)
            or self.scarce(request)
            or (("priority", PER_DAY) if takes_a_full_day(one, own, self.policy) else None)
        )

    def scarce(self, request: Request) -> Limit | None:
        """The first scarce thing of which there is not enough left."""
        capacity = self.policy.channels[request.channel].daily_capacity
        if capacity is not None and self.used[request.channel, request.day] >= capacity:
            return "capacity", request.channel
        for constraint in self.constraints(request):
            if constraint.limit is not None:
                used, use = self.volumes[constraint.name, constraint.period(request.day)], constraint.use(request)
                if use and used + use > constraint.limit:
                    return "volume_constraint", constraint.name
        return None


def serve(requests: Iterable[Request], count: Count) -> dict[str, Limit]:
    """Serve requests in turn; each one served takes from what is left for the next.

    Returns:
        contact id to the limit for those who must go without. Whoever is not named is served, and counted.
    """
    stopped: dict[str, Limit] = {}
    for request in sorted(requests, key=lambda request: request.turn):
        limit = count.limit(request)
        if limit is None:
            count.add(request)
        else:
            stopped[request.contact_id] = limit
    return stopped


def allocate(requests: Iterable[Request], standing: Standing, policy: ContactPolicy) -> dict[str, Limit]:
    """Who of a plan may still be contacted, served in turn; contacts that already stand keep their place.

    Returns:
        contact id to the limit for those who must go without.
    """
    return serve((one for one in requests if one.contact_id not in standing.stands), Count(policy, standing))
