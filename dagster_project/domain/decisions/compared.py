"""The plan beside what would have been done otherwise: by score alone, and by each department for itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa

from dagster_project.domain.decisions.allocate import Count, Request, serve
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.domain.decisions.schemas import COMPARISON_SCHEMA
from dagster_project.domain.decisions.standing import Standing
from dagster_project.domain.decisions.volume import SCALE

CHOSEN, GREEDY, SILOS = "chosen", "greedy", "silos"


def compared(
    requests: Sequence[Request], chosen: Sequence[Request], standing: Standing, policy: ContactPolicy
) -> pa.Table:
    """What the plan, greed and silos send, by department.

    ``greedy`` serves the best score first under every rule. In ``silos`` each department keeps all the rules, but knows
    of its own contacts only, and thinks that all of what is scarce is its own; ``count_over_cap`` are the contacts that
    would have broken a rule or a limit once all departments had sent theirs.

    Args:
        requests: everything that came to the choice.
        chosen: the plan.
        standing: what stood before; contacts that stand for this very moment belong to this run.
        policy: every rule.

    Returns:
        ``COMPARISON_SCHEMA``; without requests, no rows.
    """
    stand = [request for request in requests if request.contact_id in standing.stands]
    stopped = serve(requests, Count(policy, standing, stand))
    greedy = [request for request in requests if request.contact_id not in stopped]
    alone = [one for own in _by_department(requests).values() for one in _alone(own, standing, policy)]
    over = set(serve(alone, Count(policy, standing, stand)))
    rows = []
    for way, contacts in ((CHOSEN, chosen), (GREEDY, greedy), (SILOS, alone)):
        of_department = _by_department(contacts)
        met = Counter(request.customer_id for request in contacts)
        for department in sorted(_by_department(requests)):
            own = of_department.get(department, [])
            people = {request.customer_id for request in own}
            rows.append(
                {
                    "way": way,
                    "department": department,
                    "count_contacts": len(own),
                    "count_customers": len(people),
                    "value": sum(request.score for request in own),
                    "cost": sum(request.cost for request in own) / SCALE,
                    "count_over_cap": sum(one.contact_id in over for one in own) if way == SILOS else 0,
                    "most_per_customer": max((met[one] for one in people), default=0),
                }
            )
    return pa.Table.from_pylist(rows, schema=COMPARISON_SCHEMA)


def _by_department(requests: Iterable[Request]) -> dict[str, list[Request]]:
    found: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        found[request.department].append(request)
    return dict(found)


def _alone(own: Sequence[Request], standing: Standing, policy: ContactPolicy) -> list[Request]:
    """What a department would send, knowing of nobody else."""
    models = {request.care_model for request in own}
    taken = {
        customer: tuple(one for one in contacts if one.care_model in models and one.contact_id not in standing.stands)
        for customer, contacts in standing.taken.items()
    }
    stopped = serve(own, Count(policy, replace(standing, taken=taken, used={}, volumes={}, stands=frozenset())))
    return [request for request in own if request.contact_id not in stopped]
