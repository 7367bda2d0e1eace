"""What became of enrolments, step by step, and what the next run must remember to go on from there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import delete, func, insert, select

from dagster_project.adapters.ledger.aliases import today_of
from dagster_project.adapters.ledger.care_tables import (
    care_model_runs,
    care_model_versions,
    group_looks,
    group_members,
    transitions,
)
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import as_table, columns_of, put, rows_of, values_of
from dagster_project.domain.care_models.engine.schema import TRANSITIONS

if TYPE_CHECKING:
    from dagster_project.domain.care_models.model import CareModel


@dataclass(frozen=True)
class Look:
    """The group a door watches, as it was last looked at: who was in it, by today's ids, and when."""

    members: frozenset[str]
    at: datetime


class CareModels(Connected):
    """The record of care models. Rows of earlier moments are never changed."""

    def definitions(self) -> dict[tuple[str, int], str]:
        """What every version of every care model says that customers ever entered."""
        table = care_model_versions
        with self.reading() as connection:
            found = rows_of(connection, select(table.c.care_model, table.c.version, table.c.definition))
        return {(name, int(version)): definition for name, version, definition in found}

    def keep_definition(self, model: CareModel, as_of: datetime) -> None:
        """Keep what a version says, so that those who enter it can finish it when the file says something else."""
        table = care_model_versions
        key = (table.c.care_model == model.care_model, table.c.version == str(model.version))
        with self.writing() as connection:
            if not values_of(connection, select(table.c.version).where(*key)):
                columns = ("care_model", "version", "definition", "first_as_of")
                values = (model.care_model, str(model.version), model.definition, as_of)
                connection.execute(insert(table).values(dict(zip(columns, values, strict=True))))

    def last_run_before(self, as_of: datetime) -> datetime | None:
        """The newest moment before another as of which the care models were looked at."""
        with self.reading() as connection:
            newest = select(func.max(care_model_runs.c.as_of)).where(care_model_runs.c.as_of < as_of)
            return _aware(connection.execute(newest).scalar())

    def is_newest_run(self, as_of: datetime) -> bool:
        """Whether no run was made for a later moment: the record is written forward only."""
        with self.reading() as connection:
            later = select(care_model_runs.c.as_of).where(care_model_runs.c.as_of > as_of).limit(1)
            return not values_of(connection, later)

    def transitions(self, before: datetime | None = None) -> pa.Table:
        """Everything recorded (before a moment): ``TRANSITIONS``, by enrolment, moment of record and position."""
        table = transitions
        query = select(*(table.c[name] for name in TRANSITIONS.names))
        if before is not None:
            query = query.where(table.c.recorded_as_of < before)
        order = (table.c.enrolment_id, table.c.recorded_as_of, table.c.position)
        with self.reading() as connection:
            return as_table(connection, query.order_by(*order), TRANSITIONS)

    def record_run(self, rows: pa.Table, as_of: datetime) -> None:
        """Write what a run found, in place of what an earlier run for the very same moment wrote.

        Args:
            rows: ``TRANSITIONS``, all recorded as of this moment.
            as_of: the moment.
        """
        with self.writing() as connection:
            connection.execute(delete(transitions).where(transitions.c.recorded_as_of == as_of))
            columns = columns_of(rows, [name for name in TRANSITIONS.names if not name.endswith(("_at", "_as_of"))])
            occurred = [moment.replace(tzinfo=UTC) for moment in rows["occurred_at"].to_pylist()]
            moments = {"occurred_at": occurred, "recorded_as_of": [as_of] * rows.num_rows}
            put(connection, transitions, columns | moments)
            if not values_of(connection, select(care_model_runs.c.as_of).where(care_model_runs.c.as_of == as_of)):
                connection.execute(insert(care_model_runs).values(as_of=as_of))

    def group_before(self, care_model: str, as_of: datetime) -> Look | None:
        """Who was in the group a care model's door watches, when it was last looked at before a moment."""
        looks, rows = group_looks, group_members
        with self.reading() as connection:
            newest = select(func.max(looks.c.looked_as_of)).where(
                looks.c.care_model == care_model, looks.c.looked_as_of < as_of
            )
            at = _aware(connection.execute(newest).scalar())
            if at is None:
                return None
            last = (
                select(rows.c.customer_id, func.max(rows.c.looked_as_of).label("looked_as_of"))
                .where(rows.c.care_model == care_model, rows.c.looked_as_of < as_of)
                .group_by(rows.c.customer_id)
                .subquery()
            )
            today, aliases, condition = today_of(rows.c.customer_id)
            same = (rows.c.customer_id == last.c.customer_id) & (rows.c.looked_as_of == last.c.looked_as_of)
            query = (
                select(today)
                .select_from(rows.join(last, same).outerjoin(aliases, condition))
                .where(rows.c.care_model == care_model, rows.c.is_member)
            )
            return Look(frozenset(values_of(connection, query)), at)

    def look_at_group(self, care_model: str, members: Collection[str], as_of: datetime) -> None:
        """Note who is in the group at this moment: only who came and who left is written."""
        look = self.group_before(care_model, as_of)
        before = frozenset() if look is None else look.members
        came, left = sorted(set(members) - before), sorted(before - set(members))
        with self.writing() as connection:
            for table in (group_looks, group_members):
                same = (table.c.care_model == care_model) & (table.c.looked_as_of == as_of)
                connection.execute(delete(table).where(same))
            connection.execute(insert(group_looks).values(care_model=care_model, looked_as_of=as_of))
            ids = [*came, *left]
            columns: dict[str, list[Any]] = {
                "care_model": [care_model] * len(ids),
                "customer_id": ids,
                "looked_as_of": [as_of] * len(ids),
                "is_member": [True] * len(came) + [False] * len(left),
            }
            put(connection, group_members, columns)


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
