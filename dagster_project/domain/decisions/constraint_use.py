"""What each channel's capacity and each volume constraint has given, by period, and what one more would be worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import pyarrow as pa

from dagster_project.domain.decisions.allocate import Count, Request
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.domain.decisions.resources import Resource
from dagster_project.domain.decisions.schemas import CONSTRAINT_USE_SCHEMA
from dagster_project.domain.decisions.standing import Standing
from dagster_project.domain.decisions.volume import EVER


def constraint_use(
    requests: Sequence[Request],
    chosen: Iterable[Request],
    standing: Standing,
    policy: ContactPolicy,
    prices: Mapping[Resource, float],
) -> pa.Table:
    """One row per limit and period that any request touches, report-only ones included.

    Args:
        requests: everything that came to the choice.
        chosen: the plan.
        standing: what stood before; contacts that stand for this very moment belong to this run.
        policy: the limits.
        prices: what one more unit would bring.

    Returns:
        ``CONSTRAINT_USE_SCHEMA``, by constraint and period.
    """
    stand = [request for request in requests if request.contact_id in standing.stands]
    before = Count(policy, standing, stand)
    used: Counter[Resource] = Counter()
    for request in chosen:
        used.update(_touched(request, before))
    touched = {resource for request in requests for resource in _touched(request, before)}
    constraints = {one.name: one for one in policy.volumes}
    rows = []
    for resource in sorted(touched, key=lambda one: (one.name, one.period, one.kind)):
        if resource.kind == "capacity":
            capacity = policy.channels[resource.name].daily_capacity
            if capacity is None:
                continue
            measure, is_report_only = "contacts", False
            most: Decimal | None = Decimal(capacity)
            least: Decimal | None = None
            earlier: int = before.used[resource.name, resource.period]
        else:
            constraint = constraints[resource.name]
            measure, most, least = constraint.measure, constraint.most, constraint.least
            is_report_only = constraint.report_only
            earlier = before.volumes[resource.name, resource.period]
        total = (earlier + used[resource]) / resource.scale
        price = prices.get(resource, 0.0)
        rows.append(
            {
                "constraint": resource.name,
                "period": None if resource.period == EVER else resource.period,
                "measure": measure,
                "most": None if most is None else float(most),
                "least": None if least is None else float(least),
                "used_before": earlier / resource.scale,
                "used": used[resource] / resource.scale,
                "price": price,
                "is_binding": not is_report_only and (price > 0 or (most is not None and total >= float(most))),
                "is_report_only": is_report_only,
            }
        )
    return pa.Table.from_pylist(rows, schema=CONSTRAINT_USE_SCHEMA)


def _touched(request: Request, count: Count) -> dict[Resource, int]:
    touched = {Resource("capacity", request.channel, request.day): 1}
    for constraint in count.constraints(request):
        touched[Resource("volume_constraint", constraint.name, constraint.period(request.day))] = constraint.use(
            request
        )
    return touched
