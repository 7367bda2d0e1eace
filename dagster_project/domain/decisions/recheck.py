"""The last look before a contact is claimed: the rules that the ledger alone can answer, in the same order."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.decisions.allocate import Request, allocate, requests_of
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.domain.decisions.standing import Standing

ASKED = (
    "contact_id", "customer_id", "channel", "action_class", "planned_date", "score", "purpose", "department",
    "care_model", "step", "treatment", "offer", "cost", "minutes", "units",
)  # fmt: skip


def refusals(plan: pa.Table, standing: Standing, policy: ContactPolicy) -> dict[str, str]:
    """Which planned contacts must not be claimed, and the stage of the funnel that stops each.

    The plan was made a moment ago; meanwhile consents may have been withdrawn, and other runs may have taken what was
    left of a cap, a capacity or a volume constraint. A contact that is not named may be claimed, all of them together.

    Args:
        plan: ``PLAN_SCHEMA``.
        standing: what the ledger knows now, read under its lock.
        policy: the contact policy.
    """
    requests = requests_of({name: plan[name].to_pylist() for name in ASKED})
    refused: dict[str, str] = {}
    open_ones = []
    for request in requests:
        stage = _stage(request, standing, policy)
        if stage is None:
            open_ones.append(request)
        else:
            refused[request.contact_id] = stage
    limits = allocate(open_ones, standing, policy)
    return refused | {contact_id: stage for contact_id, (stage, _) in limits.items()}


def _stage(request: Request, standing: Standing, policy: ContactPolicy) -> str | None:
    if request.contact_id not in standing.consent_ids:
        return "consent"
    if request.channel not in policy.channels:
        return "contactable"
    if request.contact_id in standing.held_out:
        return "holdout"
    if request.contact_id in standing.suppressed:
        return "suppression"
    return "repetition" if request.contact_id in standing.repeated else None
