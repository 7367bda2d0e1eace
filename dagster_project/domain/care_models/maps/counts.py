"""Live counts on the map: how many came to each step, which way they went, and who stands there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.engine.schema import COMPLETED, ENTERED, GOAL, LEFT


@dataclass(frozen=True)
class StepCounts:
    """One step: how many stand there now, and how many left it by each way."""

    standing: int = 0
    ways: Mapping[str, int] = field(default_factory=dict)

    @property
    def came(self) -> int:
        """How many ever came to it."""
        return self.standing + sum(self.ways.values())


@dataclass(frozen=True)
class Counts:
    """One care model: enrolments, how they ended, and its steps by name."""

    entered: int
    inside: int
    goal_reached: int
    left: int
    steps: Mapping[str, StepCounts]


def counts_of(care_model: str, standings: pa.Table, path: pa.Table) -> Counts:
    """The counts of one care model, all versions together.

    Args:
        care_model: its name.
        standings: ``STANDINGS`` of all care models.
        path: the transitions that hold.
    """
    mine = standings.filter(pc.equal(standings["care_model"], care_model))
    held = path.filter(pc.is_in(path["enrolment_id"], value_set=mine["enrolment_id"].combine_chunks()))
    ends = pa.array([GOAL, LEFT, COMPLETED, ENTERED])
    passed = held.filter(pc.invert(pc.is_in(held["did"], value_set=ends)))
    ways: dict[str, dict[str, int]] = {}
    for row in passed.group_by(["step", "did"]).aggregate([("position", "count")]).to_pylist():
        ways.setdefault(row["step"], {})[row["did"]] = row["position_count"]
    standing = {row["values"]: row["counts"] for row in pc.value_counts(mine["step"].drop_null()).to_pylist()}
    outcomes = {row["values"]: row["counts"] for row in pc.value_counts(mine["outcome"].drop_null()).to_pylist()}
    names = sorted({*ways, *standing})
    return Counts(
        entered=mine.num_rows,
        inside=sum(standing.values()),
        goal_reached=outcomes.get(GOAL, 0),
        left=outcomes.get(LEFT, 0),
        steps={name: StepCounts(standing.get(name, 0), ways.get(name, {})) for name in names},
    )
