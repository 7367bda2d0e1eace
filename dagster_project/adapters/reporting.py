"""What stands where, in numbers a person can check: deliveries, customers, decisions, batches."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.published import has_published
from dagster_project.adapters.reading import Reader, reader

if TYPE_CHECKING:
    from dagster_project.adapters.jobs import JobOutcome
    from dagster_project.settings import Settings


def status_of(settings: Settings, now: datetime | None = None) -> dict[str, Any]:
    """The state of one home: what was delivered, what is published, what lies in the outbox.

    Args:
        now: also look for alarms as of this moment, and write ``health.json``.
    """
    from dagster_project.adapters.approving import in_words
    from dagster_project.adapters.health import write_health
    from dagster_project.adapters.ledger import open_ledger

    with open_ledger(settings.ledger_address) as ledger:
        deliveries = [_plain(delivery) for delivery in ledger.deliveries()]
        held = [_plain(change) | {"in_words": in_words(change)} for change in ledger.held_changes()]
        health = write_health(settings, ledger, now) if now else None
    state: dict[str, Any] = {
        "home": str(settings.home),
        "deliveries": deliveries,
        "published": None,
        "batches": batches_of(settings),
        "held_changes": held,
    }
    if health is not None:
        stands_still = ["Nothing leaves this home until hoiva settle: it was restored from a backup."]
        lines = [f"Look at this: {alarm['text']}" for alarm in health["alarms"]]
        state["health"] = health | {"to_look_at": lines + (stands_still if health["is_held_after_restore"] else [])}
    if has_published(settings):
        with reader(settings) as published:
            state["published"] = published_numbers(published)
    return state


def run_summary(settings: Settings, outcome: JobOutcome, as_of: datetime) -> dict[str, Any]:
    """What one run did: its steps, its failed checks, and the state it left."""
    return {
        "as_of": as_of,
        "run_id": outcome.run_id,
        "success": outcome.success,
        "failed_steps": outcome.failed_steps,
        "failed_checks": outcome.failed_checks,
        "skipped_steps": outcome.skipped_steps,
        "step_seconds": {step: round(seconds, 2) for step, seconds in outcome.step_seconds.items()},
        **status_of(settings),
    }


def published_numbers(published: Reader) -> dict[str, Any]:
    """The figures of one published version: the base, its segments, the funnel of each care model."""
    customers = published.rows(
        "select count(*) as count_customers, count(*) filter (count_orders > 0) as count_buyers,"
        " round(sum(total_purchase_amount), 2) as total_purchase_amount from customer_360.customer_360"
    )[0]
    numbers: dict[str, Any] = {"as_of": published.version.as_of, "version": published.version.name, **customers}
    if published.has("analytics/segment_sizes"):
        numbers["segments"] = published.rows(
            "select segment, count_customers, is_within_band from analytics.segment_sizes order by segment"
        )
    if published.has("analytics/customer_analytics"):
        numbers["lifecycle"] = published.rows(
            "select lifecycle_stage, count(*) as count_customers from analytics.customer_analytics"
            " group by all order by count_customers desc, lifecycle_stage"
        )
    if published.has("decisions/candidates"):
        numbers["decisions"] = published.rows(
            "select care_model, outcome, coalesce(stopped_by, '') as stopped_by, count(*) as count_candidates"
            " from decisions.candidates group by all order by care_model, outcome, count_candidates desc, stopped_by"
        )
        numbers["chosen_examples"] = published.rows(
            "select * exclude (place) from (select *, row_number() over (partition by care_model order by score desc,"
            " candidate_id) as place from decisions.candidates where outcome = 'chosen')"
            " where place = 1 order by care_model"
        )
    return numbers


def batches_of(settings: Settings) -> list[dict[str, Any]]:
    """Every batch that lies in the outbox, from its manifest."""
    batches = []
    for manifest in sorted(settings.at_home.outbox.glob("*/*/manifest.json")):
        told = json.loads(manifest.read_text())
        batches.append({"folder": str(_beside(settings, manifest.parent)), **told})
    return batches


def _beside(settings: Settings, path: Path) -> Path:
    return path.relative_to(settings.at_home.root)


def _plain(row: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(row)
