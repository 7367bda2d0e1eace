"""The engine's questions answered: what was true of customers at the ends of days, and what the record says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.care_models.engine.advance import Asking
from dagster_project.domain.care_models.moments import microseconds, next_occurrence
from dagster_project.domain.conditions import Condition

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.advancing import Facts

YEARLY = ("birthday",)  # dates of which day and month count: the next one is meant


def asking_of(facts: Facts, held: pa.Table) -> Asking:
    """The engine's questions: what was true of customers at the ends of days, and what the record says."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    today = _Places()

    def by_moment(asked: pa.Table) -> list[tuple[datetime, Any, pa.Table, Any]]:
        """Of each moment asked about: its rows, the customers then, and where each of the rows' customers stands."""
        if facts.customers_at is None:
            everyone = np.arange(asked.num_rows)
            return [(facts.as_of, everyone, facts.customers, today.of(asked["customer_id"], facts.customers))]
        moments = asked["as_of"].cast(pa.int64()).to_numpy()
        found = []
        order = np.argsort(moments, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(moments[order])) + 1) if len(order) else []:
            at, ids = facts.as_of, asked["customer_id"].take(pa.array(rows))
            if moments[rows[0]] == microseconds(facts.as_of):
                customers, places = facts.customers, today.of(ids, facts.customers)
            else:
                at = asked["as_of"][int(rows[0])].as_py().replace(tzinfo=UTC)
                customers = facts.customers_at(at)
                places = pc.index_in(ids, value_set=customers["customer_id"].combine_chunks())
            found.append((at, rows, customers, places))
        return found

    def conditions(asked: Mapping[str, Condition], rows: pa.Table) -> dict[str, pa.BooleanArray]:
        answers = {name: np.zeros(rows.num_rows, dtype=bool) for name in asked}
        needed = {column for condition in asked.values() for column, _ in condition.columns}
        for at, numbers, customers, places in by_moment(rows):
            is_known = places.is_valid().to_numpy(zero_copy_only=False)
            read = [name for name in customers.column_names if name in needed]
            of_them = customers.select(read).take(places.drop_null())
            for name, answer in evaluate(asked, of_them, at).items():
                answers[name][numbers[is_known]] = answer.to_numpy(zero_copy_only=False)
        return {name: pa.array(answer) for name, answer in answers.items()}

    def dates(attribute: str, rows: pa.Table) -> pa.Array:
        days: list[date | None] = [None] * rows.num_rows
        for at, numbers, customers, places in by_moment(rows):
            for number, value in zip(numbers.tolist(), customers[attribute].take(places).to_pylist(), strict=True):
                days[number] = _day(attribute, value, at, facts.zone)
        return pa.array(days, pa.date32())

    def recorded(ids: pa.Array) -> pa.Table:
        return held.filter(pc.is_in(held["enrolment_id"], value_set=ids))

    return Asking(conditions, dates, recorded)


class _Places:
    """Where customers stand in a table that is asked many times: their ids are made into an index once."""

    def __init__(self) -> None:
        self._index: Any = None

    def of(self, ids: pa.ChunkedArray, customers: pa.Table) -> pa.Array:
        """The row of each customer; null where there is none."""
        import pandas as pd
        import pyarrow as pa

        if self._index is None:
            self._index = pd.Index(customers["customer_id"].to_numpy(zero_copy_only=False))
        found = self._index.get_indexer(ids.to_numpy(zero_copy_only=False))
        return pa.array(found, mask=found < 0)


def _day(attribute: str, value: Any, at: datetime, zone: ZoneInfo) -> date | None:
    if value is None:
        return None
    day = value.replace(tzinfo=UTC).astimezone(zone).date() if isinstance(value, datetime) else value
    return next_occurrence(day, at.astimezone(zone).date()) if attribute in YEARLY else day
