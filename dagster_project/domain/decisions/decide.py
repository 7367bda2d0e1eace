"""One decision over all candidates: each is chosen, or stopped by the first rule it does not pass."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.allocate import requests_of
from dagster_project.domain.decisions.choosing import Solve, choose
from dagster_project.domain.decisions.compared import compared
from dagster_project.domain.decisions.constraint_use import constraint_use
from dagster_project.domain.decisions.displaced import displacements
from dagster_project.domain.decisions.explained import check_sums
from dagster_project.domain.decisions.funnel import check_balance, funnel
from dagster_project.domain.decisions.policy import ContactPolicy, Pause
from dagster_project.domain.decisions.proposals import PROPOSAL_SCHEMA
from dagster_project.domain.decisions.reasons import STAGES, sentence
from dagster_project.domain.decisions.recheck import ASKED
from dagster_project.domain.decisions.schemas import DECISION_SCHEMA, PLAN_SCHEMA
from dagster_project.domain.decisions.standing import Standing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

OPEN_COMPLAINT = "open_complaint"


@dataclass(frozen=True)
class Decisions:
    """What was decided for every candidate, the contacts chosen, and the counts."""

    candidates: pa.Table  # DECISION_SCHEMA, sorted by contact_id
    contact_plan: pa.Table  # PLAN_SCHEMA, sorted by contact_id
    funnel: pa.Table  # FUNNEL_SCHEMA
    constraint_use: pa.Table  # CONSTRAINT_USE_SCHEMA
    comparison: pa.Table  # COMPARISON_SCHEMA
    displacements: pa.Table  # DISPLACEMENT_SCHEMA
    value: float = 0.0  # the scores of the chosen together
    bound: float = 0.0  # of service and marketing: no plan under these limits has more


def decide(
    proposals: pa.Table,
    customers: pa.Table,
    consents_current: pa.Table,
    standing: Standing,
    policy: ContactPolicy,
    as_of: datetime,
    care_models: Mapping[str, str] | None = None,
    never: pa.Table | None = None,
    paused: Mapping[str, Collection[Pause]] | None = None,
    solve: Solve | None = None,
) -> Decisions:
    """Choose among all proposals under the contact policy; equal input gives equal output, in whatever row order.

    Args:
        proposals: of :func:`~dagster_project.domain.decisions.proposals.proposals`.
        customers: customer_360 or more: customer_id, the contact points' yes/no columns, count_open_complaints.
        consents_current: customer_id, purpose, channel, is_allowed. Deny wins; unknown means no.
        standing: what the ledger knows about these proposals.
        policy: caps, capacities and channels.
        as_of: the moment of the decision (aware).
        care_models: care models to show in the funnel even when they proposed nobody, with their departments.
        never: department, care_model, count_not_eligible: customers an action of the catalogue is not for.
        paused: customer id to the pauses in which its customer is left alone, as of ``as_of``.
        solve: the arbitration, for tests; the usual one unless told.

    Raises:
        HoivaError: the funnel does not balance.
    """
    rows = proposals.select(PROPOSAL_SCHEMA.names).cast(PROPOSAL_SCHEMA).to_pandas()
    rows = rows.sort_values("contact_id").set_index("contact_id", drop=False).rename_axis(None)
    stops = _stops(rows, customers, consents_current, standing, policy, paused or {})
    left = rows[stops["stage"].isna()]
    requests = requests_of({name: left[name].tolist() for name in ASKED})
    choice = choose(requests, standing, policy, solve)
    found = [choice.stopped.get(one, stop) for one, *stop in stops.itertuples(name=None)]
    stages: list[str | None] = [stage if isinstance(stage, str) else None for stage, _ in found]
    details = [detail for _, detail in found]
    texts = (details, rows["purpose"], rows["channel"], rows["planned_date"].astype(str))
    known = [standing.consent_ids.get(contact_id) for contact_id in rows.index]
    consents = [one if stage != "consent" else None for stage, one in zip(stages, known, strict=True)]
    rows["as_of"] = naive_utc(as_of)
    rows["outcome"] = ["chosen" if stage is None else "stopped" for stage in stages]
    rows["stopped_by"] = _text(stages)
    rows["rule"] = _text([detail or None for detail in details])
    rows["reason"] = [sentence(*row) for row in zip(stages, *texts, strict=True)]
    rows["price"] = [choice.price.get(contact_id) for contact_id in rows.index]
    rows["displaced_by"] = _text([choice.displaced_by.get(contact_id) for contact_id in rows.index])
    rows["consent_id"] = _text(consents)
    decided = _table(rows, DECISION_SCHEMA)
    plan = _table(rows[rows["outcome"] == "chosen"], PLAN_SCHEMA)
    counts = funnel(decided, care_models, never)
    count_never = 0 if never is None else sum(never["count_not_eligible"].to_pylist())
    check_balance(counts, proposals.num_rows + count_never, plan.num_rows)
    chosen = [request for request in requests if request.contact_id not in choice.stopped]
    use = constraint_use(requests, chosen, standing, policy, choice.prices)
    comparison, gave_way = compared(requests, chosen, standing, policy), displacements(decided)
    check_sums(decided, plan, counts, use, comparison, gave_way, count_never)
    return Decisions(decided, plan, counts, use, comparison, gave_way, choice.value, choice.bound)


def _stops(
    rows: pd.DataFrame,
    customers: pa.Table,
    consents_current: pa.Table,
    standing: Standing,
    policy: ContactPolicy,
    paused: Mapping[str, Collection[Pause]],
) -> pd.DataFrame:
    """The first rule that stops each proposal, of those that need no counting; null where none does."""
    import numpy as np
    import pandas as pd

    ids = rows.index
    points = sorted({channel.contact_point for channel in policy.channels.values() if channel.contact_point})
    asked = customers.select(["customer_id", "count_open_complaints", *points])
    people = asked.to_pandas().set_index("customer_id").reindex(rows["customer_id"].unique())
    complaining = people.index[people["count_open_complaints"].fillna(0) > 0]
    theirs = rows["customer_id"].tolist()
    reachable = pd.Series(False, index=ids)
    for name, channel in policy.channels.items():
        asks = channel.contact_point  # none: whoever is known can be reached
        has_point = people.index[people[asks].eq(True)] if asks else asked["customer_id"].to_pylist()
        reachable |= (rows["channel"] == name) & _among(theirs, set(has_point))
    complains = _among(theirs, set(complaining)) & (rows["action_class"] == "marketing")
    suspended = complains & policy.open_complaint_suspends_marketing
    rest = _paused(rows, standing, paused)
    unknown = rows["score"].isna() | (rows["score"] < 0)
    stopped = {
        "consent": ~(_allowed(rows, consents_current) & _among(ids, standing.consent_ids)),
        "contactable": ~reachable,
        "holdout": _among(ids, standing.held_out),
        "control_group": rows["is_control"].astype(bool),
        "suppression": suspended | _among(ids, standing.suppressed),
        "eligibility": rows["fails"] == "eligibility",
        "applicability": rows["fails"] == "applicability",
        "repetition": _among(ids, standing.repeated),
        "suitability": (rows["fails"] == "suitability") | unknown,
        "paused": _among(ids, rest),
    }
    stage = np.full(len(ids), None, dtype=object)
    for name in reversed([name for name in STAGES if name in stopped]):
        stage[np.asarray(stopped[name], dtype=bool)] = name
    details = [
        standing.suppressed.get(contact_id, OPEN_COMPLAINT)
        if name == "suppression"
        else (rest[contact_id] if name == "paused" else "")
        for contact_id, name in zip(ids, stage, strict=True)
    ]
    return pd.DataFrame({"stage": stage, "detail": details}, index=ids, dtype="object")


def _among(ids: Iterable[str], names: Container[str]) -> np.ndarray:
    """Which of the ids are among these."""
    import numpy as np

    return np.fromiter((one in names for one in ids), dtype=bool)


def _allowed(rows: pd.DataFrame, consents_current: pa.Table) -> pd.Series:
    """Whether each has a consent for its purpose and channel. One denial outweighs any number of consents."""
    import pandas as pd

    key = ["customer_id", "purpose", "channel"]
    frame = consents_current.select([*key, "is_allowed"]).to_pandas()
    frame = frame[_among(frame["customer_id"].tolist(), set(rows["customer_id"].tolist()))]
    verdicts = frame["is_allowed"].eq(True).groupby([frame[name].astype("object") for name in key]).all()
    allowed = set(verdicts.index[verdicts.to_numpy(bool)])
    wanted = zip(*(rows[name] for name in key), strict=True)
    return pd.Series([one in allowed for one in wanted], index=rows.index, dtype=bool)


def _paused(
    rows: pd.DataFrame, standing: Standing, paused: Mapping[str, Collection[Pause]]
) -> dict[str, str]:  # fmt: skip
    """The pause in which the customer of each marketing contact is left alone, by contact id."""
    found: dict[str, str] = {}
    if not paused:
        return found
    of_sales = rows[rows["action_class"] == "marketing"]
    for contact_id, customer_id, channel in zip(
        of_sales.index, of_sales["customer_id"], of_sales["channel"], strict=True
    ):
        for pause in paused.get(standing.today.get(customer_id, customer_id), ()):
            if pause.channel in (None, channel):
                found[contact_id] = pause.name
    return found


def _text(values: list[str | None]) -> pd.Series:
    """A column of text in which None stays None."""
    import pandas as pd

    return pd.array(values, dtype="object")  # type: ignore[return-value]


def _table(rows: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pandas(rows[schema.names], schema=schema, preserve_index=False).replace_schema_metadata()
