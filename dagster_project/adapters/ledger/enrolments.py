"""Who entered which care model, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import select

from dagster_project.adapters.ledger.aliases import today_of
from dagster_project.adapters.ledger.care_tables import enrolments
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import as_table, columns_of, filled, picked, picks, put, values_of

_GIVEN = [name for name in enrolments.c.keys() if name != "recorded_at"]  # noqa: SIM118
_KINDS = {"is_control": pa.bool_(), "entered_at": pa.timestamp("us"), "recorded_at": pa.timestamp("us")}
ENROLMENT_SCHEMA = pa.schema(
    [(name, _KINDS.get(name, pa.string())) for name in [*_GIVEN, "recorded_at", "enrolled_customer_id"]]
)


class Enrolments(Connected):
    """The register of enrolments. A row is never changed: an enrolment finishes as it began."""

    def enrol(self, entries: pa.Table, at: datetime) -> int:
        """Write down the entries that are not known yet (by enrolment_id); returns how many.

        Args:
            entries: enrolment_id, customer_id, care_model, version, window_key, subject_id, is_control, entered_at;
                other columns are ignored.
            at: the ``as_of`` of the run that found them.
        """
        ids = entries["enrolment_id"].to_pylist()
        with self.writing() as connection, filled(connection, picked, picks(ids)):
            known = select(enrolments.c.enrolment_id).where(enrolments.c.enrolment_id == picked.c.key)
            fresh = set(values_of(connection, select(picked.c.key).where(~known.exists())))
            rows = entries.filter(pa.array([one in fresh for one in ids], pa.bool_()))
            put(connection, enrolments, columns_of(rows, _GIVEN) | {"recorded_at": [at] * rows.num_rows})
        return len(fresh)

    def enrolments(self, care_model: str | None = None) -> pa.Table:
        """Every enrolment (``ENROLMENT_SCHEMA``), sorted by enrolment_id.

        customer_id is today's; enrolled_customer_id the one at the entry.
        """
        today, aliases, condition = today_of(enrolments.c.customer_id)
        own = {"customer_id": today, "enrolled_customer_id": enrolments.c.customer_id}
        columns: list[Any] = [own.get(name, enrolments.c.get(name)) for name in ENROLMENT_SCHEMA.names]
        query = select(*columns).select_from(enrolments.outerjoin(aliases, condition))
        if care_model is not None:
            query = query.where(enrolments.c.care_model == care_model)
        with self.reading() as connection:
            return as_table(connection, query.order_by(enrolments.c.enrolment_id), ENROLMENT_SCHEMA)
