"""Homes for journeys: landed, run and compared in this process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from dagster_project.domain.clock import end_of_day
from dagster_project.settings import Settings, settings

GIFT_SHOP_ENDS = date(2011, 8, 31)
FILES = {
    "hubspot": ["hubspot/contact.csv", "hubspot/ticket.csv", "hubspot/ticket_contact.csv"],
    "mailchimp": [
        "mailchimp/list.csv",
        "mailchimp/member.csv",
        "mailchimp/campaign.csv",
        "mailchimp/campaign_recipient.csv.gz",
        "mailchimp/campaign_recipient_activity.csv.gz",
        "mailchimp/unsubscribe.csv",
    ],
    "ga4": ["ga4/events_*.jsonl.gz"],
    "shop": ["shop/invoice_lines_*.parquet"],
}


@contextmanager
def at_home(folder: Path, **variables: str) -> Iterator[Settings]:
    """Settings of a home in this folder, also for what reads the environment (dbt's profile, Dagster)."""
    wanted = {
        "HOIVA_HOME": str(folder),
        "HOIVA_CONFIG": str(folder / "none.yaml"),
        "HOIVA_PHONE_REGION": "GB",
        **variables,
    }
    before = {name: os.environ.get(name) for name in [*wanted, "DAGSTER_HOME"]}
    os.environ.update(wanted)
    settings.cache_clear()
    try:
        yield settings()
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        settings.cache_clear()


def gift_shop_files(folder: Path) -> list[tuple[str, Path]]:
    """(source, file) of every delivery of the real shop."""
    return [
        (source, file)
        for source, patterns in FILES.items()
        for pattern in patterns
        for file in sorted(folder.glob(pattern))
    ]


def land(
    own: Settings, deliveries: list[tuple[str, Path]], arrived_at: datetime | None = None
) -> list[dict[str, object]]:
    """Land files as history, or as arrived at a moment."""
    from dagster_project.adapters.landing import land_all

    landed = []
    for source, file in deliveries:
        landed += land_all(own, source, [file], None, arrived_at, history=arrived_at is None)
    return landed


def run_day(own: Settings, day: date) -> None:
    """The whole job as of the end of a day; fails the test with the steps that failed."""
    from dagster_project.adapters.jobs import run_job

    outcome = run_job(own, "day", end_of_day(day, own.zone))
    assert outcome.success, {**outcome.failed_steps, "checks": outcome.failed_checks}


def month_end(year: int, month: int) -> datetime:
    """The last moment of a month in UTC."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return datetime(following.year, following.month, following.day, tzinfo=UTC)


def files_of(home: Path, *folders: str) -> dict[str, str]:
    """The SHA-256 of every file under these folders of a home, by its path."""
    return {
        f"{folder}/{path.relative_to(home / folder)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted((home / folder).rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
