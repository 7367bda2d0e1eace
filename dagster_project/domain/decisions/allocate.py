"""Scarce things in order: who gets the contacts that caps, capacities and the customer's day still allow."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from dagster_project.domain.decisions.policy import CAPPED, CLASS_ORDER, Cap, ContactPolicy
from dagster_project.domain.decisions.standing import Standing, Taken

Limit = tuple[str, str]  # the stage (contact_cap, capacity, priority) and the name of the limit


@dataclass(frozen=True)
class Request:
    """One candidate that passed every other rule."""

    contact_id: str
    customer_id: str
    channel: str
    action_class: str
    day: date
    score: float

    @property
    def turn(self) -> tuple[int, float, str]:
        """The order of service: class, then score, then the id, which is a hash and so as good as a draw."""
        return CLASS_ORDER[self.action_class], -self.score, self.contact_id


def breaks(cap: Cap, days: Sequence[int], day: int) -> bool:
    """Whether one more contact on ``day`` puts more than the cap's contacts into any of its windows.

    Contacts may be planned ahead, so windows that end after ``day`` count too.

    Args:
        cap: the cap.
        days: days (as numbers) of the contacts that the cap counts.
        day: the day of the one more.

    >>> weekly = Cap("two a week", contacts=2, days=7)
    >>> breaks(weekly, [1, 7], 8), breaks(weekly, [1, 7], 5), breaks(weekly, [14, 15], 9)
    (False, True, True)
    """
    near = [other for other in days if abs(other - day) < cap.days]
    if len(near) < cap.contacts:
        return False
    starts = {other for other in near if other <= day} | {day}
    return any(sum(start <= other < start + cap.days for other in near) >= cap.contacts for start in starts)


@dataclass
class Count:
    """What is taken so far: by customer, and by channel and day."""

    taken: defaultdict[str, list[Taken]] = field(default_factory=lambda: defaultdict(list))
    used: Counter[tuple[str, date]] = field(default_factory=Counter)

    def add(self, customer: str, one: Taken) -> None:
        """One contact more."""
        self.taken[customer].append(one)
        self.used[one.channel, one.day] += 1

    def limit(self, request: Request, customer: str, policy: ContactPolicy) -> Limit | None:
        """The first limit that one more contact would break."""
        capped, day = request.action_class in CAPPED, request.day.toordinal()
        own = self.taken.get(customer, [])
        for cap in policy.caps if capped else ():
            if (own or cap.contacts == 0) and cap.counts(request.channel, request.action_class):
                days = [one.day.toordinal() for one in own if cap.counts(one.channel, one.action_class)]
                if breaks(cap, days, day):
                    return "contact_cap", cap.name
        capacity = policy.channels[request.channel].daily_capacity
        if capacity is not None and self.used[request.channel, request.day] >= capacity:
            return "capacity", request.channel
        if capped and policy.per_customer_per_day is not None:
            same_day = sum(one.day == request.day and one.action_class in CAPPED for one in own)
            if same_day >= policy.per_customer_per_day:
                return "priority", "per_customer_per_day"
        return None


def allocate(requests: Iterable[Request], standing: Standing, policy: ContactPolicy) -> dict[str, Limit]:
    """Serve the requests in turn; each one served takes from what is left for the next.

    Contacts that already stand keep their place and are counted before anyone is served. So that a rerun gives the
    same reasons too, each request is also weighed as it was the first time: with those standing contacts alone whose
    turn came before.

    Returns:
        contact id to the limit for those who must go without. Whoever is not named is chosen.
    """
    certain, replay = Count(used=Counter(standing.used)), Count(used=Counter(standing.used))
    for customer, contacts in standing.taken.items():
        certain.taken[customer] = list(contacts)
        replay.taken[customer] = [one for one in contacts if one.contact_id not in standing.stands]
        replay.used.subtract((one.channel, one.day) for one in contacts if one.contact_id in standing.stands)
    stopped: dict[str, Limit] = {}
    for request in sorted(requests, key=lambda request: request.turn):
        customer = standing.today.get(request.customer_id, request.customer_id)
        one = Taken(request.contact_id, request.day, request.channel, request.action_class)
        if request.contact_id in standing.stands:
            replay.add(customer, one)
            continue
        limit = replay.limit(request, customer, policy) or (
            certain.limit(request, customer, policy) if standing.stands else None
        )
        if limit is not None:
            stopped[request.contact_id] = limit
            continue
        replay.add(customer, one)
        if standing.stands:
            certain.add(customer, one)
    return stopped
