"""Who is left alone for a while: customers who did not react to the last contacts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.policy import Pause

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MADE = ("published", "accepted")
NO_REACTION = ("bounced", "returned")  # what comes back without the customer's doing; any_... may be a machine's


def paused(
    pauses: Iterable[Pause], contacts: pa.Table, responses: pa.Table, as_of: datetime
) -> dict[str, list[Pause]]:  # fmt: skip
    """Which customers are left alone as of a moment, and by which pauses.

    Only marketing contacts that went out count, each once its time to react is over. A reaction at any time, to any of
    the last ``ignored`` of them, ends the pause.

    Args:
        pauses: of the contact policy.
        contacts: contact_id, customer_id (today's), channel, action_class, status, planned_for.
        responses: contact_id, response, known_at.
        as_of: the moment (aware).
    """
    found: dict[str, list[Pause]] = {}
    rules = list(pauses)
    if not rules:
        return found
    moment = naive_utc(as_of)
    told = responses.select(["contact_id", "response", "known_at"]).to_pandas()
    is_reaction = ~told["response"].isin(NO_REACTION) & ~told["response"].str.startswith("any_")
    reacted = set(told[is_reaction & (told["known_at"] <= moment)]["contact_id"])
    names = ["contact_id", "customer_id", "channel", "action_class", "status", "planned_for"]
    rows = contacts.select(names).to_pandas()
    rows = rows[(rows["action_class"] == "marketing") & rows["status"].isin(MADE) & (rows["planned_for"] <= moment)]
    rows = rows.sort_values(["customer_id", "planned_for", "contact_id"])
    rows["ignored"] = ~rows["contact_id"].isin(reacted)
    for pause in rules:
        for customer_id in _ignoring(rows, pause, moment):
            found.setdefault(customer_id, []).append(pause)
    return found


def _ignoring(rows: pd.DataFrame, pause: Pause, moment: datetime) -> list[str]:
    """Customers whose last contacts of a pause's channel all went unanswered, not longer ago than it lasts."""
    own = rows if pause.channel is None else rows[rows["channel"] == pause.channel]
    own = own[own["planned_for"] <= moment - timedelta(days=pause.within)]
    last = own.groupby("customer_id").tail(pause.ignored)
    by_customer = last.groupby("customer_id").agg(
        count=("ignored", "size"), all_ignored=("ignored", "all"), newest=("planned_for", "max")
    )
    lasts = by_customer["newest"] + timedelta(days=pause.days) > moment
    stays = (by_customer["count"] >= pause.ignored) & by_customer["all_ignored"] & lasts
    return sorted(by_customer.index[stays])
