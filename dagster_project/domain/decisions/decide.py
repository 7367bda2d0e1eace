"""One decision over all candidates: each is chosen, or stopped by the first rule it does not pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.allocate import Request, allocate
from dagster_project.domain.decisions.funnel import check_balance, funnel
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.domain.decisions.proposals import PROPOSAL_SCHEMA
from dagster_project.domain.decisions.reasons import STAGES, sentence
from dagster_project.domain.decisions.schemas import DECISION_SCHEMA, PLAN_SCHEMA
from dagster_project.domain.decisions.standing import Standing

if TYPE_CHECKING:
    import pandas as pd

OPEN_COMPLAINT = "open_complaint"


@dataclass(frozen=True)
class Decisions:
    """What was decided for every candidate, the contacts chosen, and the counts."""

    candidates: pa.Table  # DECISION_SCHEMA, sorted by contact_id
    contact_plan: pa.Table  # PLAN_SCHEMA, sorted by contact_id
    funnel: pa.Table  # FUNNEL_SCHEMA


def decide(
    proposals: pa.Table,
    customers: pa.Table,
    consents_current: pa.Table,
    standing: Standing,
    policy: ContactPolicy,
    as_of: datetime,
    care_models: Iterable[str] = (),
) -> Decisions:
    """Choose among all proposals under the contact policy; equal input gives equal output, in whatever row order.

    Args:
        proposals: of :func:`~dagster_project.domain.decisions.proposals.proposals`.
        customers: customer_360 or more: customer_id, the contact points' yes/no columns, count_open_complaints.
        consents_current: customer_id, purpose, channel, is_allowed. Deny wins; unknown means no.
        standing: what the ledger knows about these proposals.
        policy: caps, capacities and channels.
        as_of: the moment of the decision (aware).
        care_models: care models to show in the funnel even when they proposed nobody.

    Raises:
        HoivaError: the funnel does not balance.
    """
    if not proposals.num_rows:
        nothing = DECISION_SCHEMA.empty_table()
        return Decisions(nothing, PLAN_SCHEMA.empty_table(), funnel(nothing, care_models))
    rows = proposals.select(PROPOSAL_SCHEMA.names).cast(PROPOSAL_SCHEMA).to_pandas()
    rows = rows.sort_values("contact_id").set_index("contact_id", drop=False).rename_axis(None)
    stops = _stops(rows, customers, consents_current, standing, policy)
    limits = allocate(_requests(rows[stops["stage"].isna()]), standing, policy)
    found = [limits.get(one, stop) for one, *stop in stops.itertuples(name=None)]
    stages: list[str | None] = [stage if isinstance(stage, str) else None for stage, _ in found]
    details = [detail for _, detail in found]
    texts = (details, rows["purpose"], rows["channel"], rows["planned_date"].astype(str))
    known = [standing.consent_ids.get(contact_id) for contact_id in rows.index]
    consents = [one if stage != "consent" else None for stage, one in zip(stages, known, strict=True)]
    rows["as_of"] = naive_utc(as_of)
    rows["outcome"] = ["chosen" if stage is None else "stopped" for stage in stages]
    rows["stopped_by"] = _text(stages)
    rows["reason"] = [sentence(*row) for row in zip(stages, *texts, strict=True)]
    rows["consent_id"] = _text(
        [one if stage != "consent" else None for stage, one in zip(stages, consents, strict=True)]
    )
    decided = _table(rows, DECISION_SCHEMA)
    plan = _table(rows[rows["outcome"] == "chosen"], PLAN_SCHEMA)
    counts = funnel(decided, care_models)
    check_balance(counts, proposals.num_rows, plan.num_rows)
    return Decisions(decided, plan, counts)


def _stops(
    rows: pd.DataFrame,
    customers: pa.Table,
    consents_current: pa.Table,
    standing: Standing,
    policy: ContactPolicy,
) -> pd.DataFrame:
    """The first rule that stops each proposal, of those that need no counting; null where none does."""
    import numpy as np
    import pandas as pd

    ids = rows.index
    points = sorted({channel.contact_point for channel in policy.channels.values() if channel.contact_point})
    asked = customers.select(["customer_id", "count_open_complaints", *points])
    people = asked.to_pandas().set_index("customer_id").reindex(rows["customer_id"].unique())
    complaining = people.index[people["count_open_complaints"].fillna(0) > 0]
    reachable = pd.Series(False, index=ids)
    for name, channel in policy.channels.items():
        asks = channel.contact_point  # none: whoever is known can be reached
        has_point = people.index[people[asks].eq(True)] if asks else pd.Index(asked["customer_id"].to_pandas())
        reachable |= (rows["channel"] == name) & rows["customer_id"].isin(has_point)
    complains = rows["customer_id"].isin(complaining) & (rows["action_class"] == "marketing")
    suspended = complains & policy.open_complaint_suspends_marketing
    stopped = {
        "consent": ~(_allowed(rows, consents_current) & ids.isin(list(standing.consent_ids))),
        "contactable": ~reachable,
        "holdout": ids.isin(list(standing.held_out)),
        "control_group": rows["is_control"].astype(bool),
        "suppression": suspended | ids.isin(list(standing.suppressed)),
        "repetition": ids.isin(list(standing.repeated)),
    }
    stage = np.full(len(ids), None, dtype=object)
    for name in reversed([name for name in STAGES if name in stopped]):
        stage[np.asarray(stopped[name], dtype=bool)] = name
    details = [
        standing.suppressed.get(contact_id, OPEN_COMPLAINT) if name == "suppression" else ""
        for contact_id, name in zip(ids, stage, strict=True)
    ]
    return pd.DataFrame({"stage": stage, "detail": details}, index=ids, dtype="object")


def _allowed(rows: pd.DataFrame, consents_current: pa.Table) -> pd.Series:
    """Whether each has a consent for its purpose and channel. One denial outweighs any number of consents."""
    import pandas as pd

    key = ["customer_id", "purpose", "channel"]
    frame = consents_current.select([*key, "is_allowed"]).to_pandas()
    frame = frame[frame["customer_id"].isin(rows["customer_id"].unique())]
    verdicts = frame["is_allowed"].eq(True).groupby([frame[name].astype("object") for name in key]).all()
    allowed = set(verdicts.index[verdicts.to_numpy(bool)])
    wanted = zip(*(rows[name] for name in key), strict=True)
    return pd.Series([one in allowed for one in wanted], index=rows.index, dtype=bool)


def _requests(rows: pd.DataFrame) -> list[Request]:
    names = ["contact_id", "customer_id", "channel", "action_class", "planned_date", "score"]
    return [Request(*row) for row in zip(*(rows[name].tolist() for name in names), strict=True)]


def _text(values: list[str | None]) -> pd.Series:
    """A column of text in which None stays None."""
    import pandas as pd

    return pd.array(values, dtype="object")  # type: ignore[return-value]


def _table(rows: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pandas(rows[schema.names], schema=schema, preserve_index=False).replace_schema_metadata()
