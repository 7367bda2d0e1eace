"""Scarce things by period: the capacity of a channel on a day, or what a volume constraint gives in a period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from dagster_project.domain.decisions.volume import SCALE

if TYPE_CHECKING:
    from dagster_project.domain.decisions.allocate import Count, Request


@dataclass(frozen=True, order=True)
class Resource:
    """One scarce thing in one period.

    Attributes:
        kind: ``capacity`` of a channel or ``volume_constraint``.
        name: of the channel or of the constraint.
        period: the first day of the period.
    """

    kind: str
    name: str
    period: date

    @property
    def scale(self) -> int:
        """Counted parts of one unit."""
        return 1 if self.kind == "capacity" else SCALE


def resources_of(request: Request, count: Count) -> dict[Resource, int]:
    """What one contact takes of each resource, in counted parts; report-only constraints left out."""
    uses = {Resource("capacity", request.channel, request.day): 1}
    for constraint in count.constraints(request):
        use = constraint.use(request)
        if use and not constraint.report_only:
            uses[Resource("volume_constraint", constraint.name, constraint.period(request.day))] = use
    return uses


def prices_of(uses: Mapping[Resource, int], prices: Mapping[Resource, float]) -> float:
    """What these uses are worth at the prices of units."""
    return sum(prices.get(resource, 0.0) * use / resource.scale for resource, use in uses.items())


def left_of(resources: Iterable[Resource], count: Count) -> dict[Resource, int | None]:
    """How many counted parts are left of each; None for no limit."""
    limits = {constraint.name: constraint.limit for constraint in count.policy.volumes}
    left: dict[Resource, int | None] = {}
    for resource in resources:
        if resource.kind == "capacity":
            capacity = count.policy.channels[resource.name].daily_capacity
            left[resource] = None if capacity is None else max(0, capacity - count.used[resource.name, resource.period])
        else:
            limit = limits[resource.name]
            left[resource] = None if limit is None else max(0, limit - count.volumes[resource.name, resource.period])
    return left
