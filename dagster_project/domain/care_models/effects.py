"""What one run of care models comes to: who enters, who is contacted at what cost, and where models meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Contacts:
    """Chosen contacts of one step on one channel."""

    step: str
    channel: str
    count: int
    cost: Decimal  # of all of them, in the reporting currency


@dataclass(frozen=True)
class Effect:
    """What a run does for one care model.

    Attributes:
        entered: customers who enter at this run; ``in_control`` of them are measured and never contacted.
        inside: enrolments that go on after it.
        contacts: what is chosen, by step.
        stopped: proposals that are not chosen, by the first rule that stopped them.
        fault: why the model did nothing; None when it ran.
    """

    care_model: str
    entered: int = 0
    in_control: int = 0
    inside: int = 0
    contacts: tuple[Contacts, ...] = ()
    stopped: Mapping[str, int] | None = None
    fault: str | None = None

    @property
    def count_contacts(self) -> int:
        """All chosen contacts."""
        return sum(each.count for each in self.contacts)

    @property
    def cost(self) -> Decimal:
        """Of all chosen contacts."""
        return sum((each.cost for each in self.contacts), Decimal(0))


@dataclass(frozen=True)
class Overlap:
    """Where another care model meets this one.

    Attributes:
        other: the other care model.
        both_inside: customers who are in both after the run.
        both_propose: customers whom both want to contact at this run.
        channels: channels on which both propose something.
    """

    other: str
    both_inside: int
    both_propose: int
    channels: tuple[str, ...]


def effects(
    names: list[str], enrolments: pa.Table, decisions: pa.Table, plan: pa.Table, faults: Mapping[str, str]
) -> dict[str, Effect]:
    """What a run does, by care model.

    Args:
        names: the care models asked about.
        enrolments: ``ENROLMENTS`` after the run.
        decisions: ``DECISION_SCHEMA`` of the run.
        plan: ``PLAN_SCHEMA`` of the run.
        faults: by care model, why it could not be looked at.
    """
    entered = enrolments.select(["care_model", "is_new", "is_control", "step"]).to_pandas()
    chosen = plan.select(["care_model", "step", "channel", "cost"]).to_pandas()
    stopped = decisions.select(["care_model", "outcome", "stopped_by"]).to_pandas()
    found = {}
    for name in names:
        mine = entered[entered["care_model"] == name]
        new = mine[mine["is_new"]]
        sent = chosen[chosen["care_model"] == name].groupby(["step", "channel"], sort=True)["cost"]
        rules = stopped[(stopped["care_model"] == name) & (stopped["outcome"] == "stopped")]["stopped_by"]
        found[name] = Effect(
            care_model=name,
            entered=len(new),
            in_control=int(new["is_control"].sum()),
            inside=int(mine["step"].notna().sum()),
            contacts=tuple(
                Contacts(step, channel, len(costs), sum(costs, Decimal(0))) for (step, channel), costs in sent
            ),
            stopped={str(rule): int(count) for rule, count in rules.value_counts().sort_index().items()},
            fault=faults.get(name),
        )
    return found


def overlaps(name: str, enrolments: pa.Table, decisions: pa.Table) -> list[Overlap]:
    """Where other care models meet one: those they share most customers with come first; who meets nobody is left out.

    Args:
        name: the care model.
        enrolments: ``ENROLMENTS`` after the run.
        decisions: ``DECISION_SCHEMA`` of the run.
    """
    inside = enrolments.select(["care_model", "customer_id", "step"]).to_pandas().dropna(subset="step")
    proposed = decisions.select(["care_model", "customer_id", "channel"]).to_pandas()
    in_it = inside.groupby("care_model")["customer_id"].agg(set).to_dict()
    wanted = proposed.groupby("care_model")["customer_id"].agg(set).to_dict()
    ways = proposed.groupby("care_model")["channel"].agg(set).to_dict()
    nobody: set[str] = set()
    found = [
        Overlap(
            other,
            len(in_it.get(name, nobody) & in_it.get(other, nobody)),
            len(wanted.get(name, nobody) & wanted.get(other, nobody)),
            tuple(sorted(ways.get(name, nobody) & ways.get(other, nobody))),
        )
        for other in sorted((in_it.keys() | wanted.keys()) - {name})
    ]
    met = [each for each in found if each.both_inside or each.both_propose]
    return sorted(met, key=lambda each: (-each.both_inside - each.both_propose, each.other))
