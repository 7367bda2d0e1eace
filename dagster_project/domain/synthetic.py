"""A synthetic town: people with rhythms, households and changing minds, and the raw files their systems deliver.

The same seed gives the same bytes. Nobody in it exists: names are put together from syllables, addresses are at
example.com, example.org and example.net, phone numbers lie in a range no operator has been given.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from dagster_project.domain.town.crm import tell_crm
from dagster_project.domain.town.lives import Lives, make_lives
from dagster_project.domain.town.newsletter import tell_newsletter
from dagster_project.domain.town.people import People, make_people
from dagster_project.domain.town.shop import fill_baskets, tell_shop
from dagster_project.domain.town.sister_shop import tell_sister_shop
from dagster_project.domain.town.web import event_lines, tell_web
from dagster_project.domain.town.written import DAY, Told

LAST_DAY = date(2026, 3, 31)
By = Literal["whole", "month", "day"]
EVENTS_AT_ONCE = 200_000  # web events whose lines are in memory together
GZIPPED = {"campaign_recipient", "campaign_recipient_activity", "events"}
NOT_DELIVERED = {"delivered_twice"}  # truth, kept beside the tables


@dataclass(frozen=True)
class Town:
    """A town that has lived.

    Attributes:
        first_day: the first day told about.
        last_day: the last one.
        people: who they are (truth).
        lives: what they did (truth).
        told: per system, the rows it delivers.
    """

    first_day: date
    last_day: date
    people: People
    lives: Lives
    told: dict[str, Told]

    def truth(self) -> pa.Table:
        """One row per person: who they are, their household and rhythm, and what becomes of them and when."""
        turning = self.lives.turning_day
        day = np.datetime64(self.first_day, "D") + np.floor(np.nan_to_num(turning)).astype("timedelta64[D]")
        turned = np.where(np.isnan(turning), np.datetime64("NaT"), day).astype("datetime64[D]")
        return pa.table(
            {
                "person": self.people.person,
                "household": self.people.household,
                "customer_number": pa.array(self.people.customer_number, pa.string()),
                "email": pa.array(self.people.email, pa.string()),
                "is_in_standard": self.people.in_standard,
                "is_behind_gateway": self.people.behind_gateway,
                "gap_days": self.lives.gap,
                "spend_amount": self.lives.spend,
                "fate": pa.array(self.lives.fate, pa.string()),
                "turning_date": pa.array(turned),
            }
        )

    def count_broken(self) -> dict[str, int]:
        """How many rows of each table do not fit its contract, put in so that the quarantine has something to show."""
        return {table: count for told in self.told.values() for table, count in told.broken.items()}


@dataclass(frozen=True)
class RawFile:
    """One delivered file, as bytes."""

    source: str
    table: str
    name: str
    last_day: date  # the last day it tells about
    content: bytes


def make_town(customers: int = 1000, days: int = 365, seed: int = 1, last_day: date = LAST_DAY) -> Town:
    """Let a town of so many people live for so many days.

    >>> town = make_town(customers=200, days=90, seed=7)
    >>> len(town.people), sorted(town.told)
    (200, ['ga4', 'hubspot', 'mailchimp', 'shop', 'standard'])

    Args:
        customers: how many people live there; not all of them buy.
        days: how many days are told about.
        seed: the same seed makes the same town.
        last_day: the day on which the telling ends.
    """
    rng = np.random.default_rng([seed, customers, days])
    first_day = last_day - timedelta(days=days - 1)
    people = make_people(rng, customers, days)
    lives = make_lives(rng, people, days)
    basket = fill_baskets(rng, lives)
    told = {
        "hubspot": tell_crm(rng, people, lives, first_day, days),
        "mailchimp": tell_newsletter(rng, people, lives, first_day, days),
        "ga4": tell_web(rng, people, lives, first_day, days),
        "shop": tell_shop(rng, people, lives, basket, first_day, days),
        "standard": tell_sister_shop(rng, people, lives, basket, first_day, days),
    }
    return Town(first_day, last_day, people, lives, told)


def raw_files(town: Town, by: By = "whole") -> Iterator[RawFile]:
    """The files of all systems: each table ``whole``, or one file a ``month`` or ``day`` in which it has rows.

    >>> names = [file.name for file in raw_files(make_town(customers=60, days=40), by="whole")]
    >>> names[0], [name for name in names if "invoice" in name]
    ('contact_2026-03-31.csv', ['invoice_lines_2026-03-31.parquet'])
    """
    for source, told in town.told.items():
        for table, rows in told.tables.items():
            if table not in NOT_DELIVERED and rows.num_rows:
                for last_day, part in _parts(rows, town, by):
                    stamp = last_day.strftime("%Y-%m") if by == "month" else last_day.isoformat()
                    ending, content = _written(table, part)
                    yield RawFile(source, table, f"{table}_{stamp}{ending}", last_day, content)


def _parts(rows: pa.Table, town: Town, by: By) -> Iterator[tuple[date, pa.Table]]:
    """The rows of each period, with its last day; rows of before the first day come with the first."""
    if by == "whole":
        yield town.last_day, rows.drop_columns([DAY])
        return
    days = np.maximum(rows[DAY].to_numpy(), 0)
    dates = np.datetime64(town.first_day, "D") + days.astype("timedelta64[D]")
    periods = dates.astype("datetime64[M]") if by == "month" else dates
    starts = np.flatnonzero(np.concatenate(([True], periods[1:] != periods[:-1])))
    for start, end in zip(starts, [*starts[1:], len(periods)], strict=True):
        last = periods[start]
        if by == "month":
            last = min((last + 1).astype("datetime64[D]") - 1, np.datetime64(town.last_day, "D"))
        yield last.astype(object), rows.slice(start, end - start).drop_columns([DAY])


def _written(table: str, rows: pa.Table) -> tuple[str, bytes]:
    if table == "invoice_lines":
        buffer = io.BytesIO()
        pq.write_table(rows, buffer, compression="zstd")
        return ".parquet", buffer.getvalue()
    buffer = io.BytesIO()
    if table not in GZIPPED:
        _write_text(table, rows, buffer)
        return ".csv", buffer.getvalue()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=3, mtime=0) as packed:
        _write_text(table, rows, packed)
    return ".jsonl.gz" if table == "events" else ".csv.gz", buffer.getvalue()


def _write_text(table: str, rows: pa.Table, file: io.BytesIO | gzip.GzipFile) -> None:
    if table != "events":
        pacsv.write_csv(rows, file, pacsv.WriteOptions(quoting_style="needed"))
        return
    for start in range(0, rows.num_rows, EVENTS_AT_ONCE):
        lines = event_lines(rows.slice(start, EVENTS_AT_ONCE))
        text = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines), "\n")
        file.write(text[0].as_buffer())
        file.write(b"\n")
