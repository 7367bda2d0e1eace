"""One row per customer with everything a condition may ask about: customer_360 and the analyses beside it."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.schema import ADDED, CUSTOMER_ID, conforming_to
from dagster_project.errors import HoivaError


def customer_analytics(customer_360: pa.Table, analyses: Mapping[str, pa.Table]) -> pa.Table:
    """All columns of customer_360, then what the analyses say of the same customer: ``ADDED``.

    A table that gives a required column (tier, stage, rhythm) speaks of every customer. Scores may lack some, or have
    been refused altogether: those customers have no score, and a condition on it counts as no.

    Args:
        customer_360: one row per customer.
        analyses: by name, tables of ``customer_id`` and columns of ``ADDED``; the order of rows does not matter.

    Returns:
        One row per customer, in the order of ``customer_360``; its columns are those and ``ADDED``.

    Raises:
        HoivaError: a customer is missing where everyone must be, or a table holds others.
    """
    customers = customer_360.column("customer_id")
    columns = {field.name: pa.nulls(len(customers), field.type) for field in ADDED}
    for name, rows in analyses.items():
        given = [column for column in ADDED.names if column in rows.column_names]
        speaks_of_everyone = not all(ADDED.field(column).nullable for column in given)
        aligned = of_these_customers(name, rows.select(["customer_id", *given]), customers, speaks_of_everyone)
        columns.update({column: aligned.column(column) for column in given})
    result = customer_360
    for field in ADDED:
        result = result.append_column(field, columns[field.name])
    fields = [CUSTOMER_ID if field.name == "customer_id" else field for field in customer_360.schema]
    return conforming_to("analytics.customer_analytics", result, pa.schema([*fields, *ADDED]), ("customer_id",))


def of_these_customers(name: str, rows: pa.Table, customers: pa.ChunkedArray, speaks_of_everyone: bool) -> pa.Table:
    """The rows in the order of these customers, one each; a row without values for whom the table does not know.

    Raises:
        HoivaError: the rows are of other customers, or somebody is missing where everyone must be.
    """
    found = rows.column("customer_id")
    if found.equals(customers):
        return rows
    places = pc.index_in(customers, value_set=found.combine_chunks())
    count_known = len(customers) - places.null_count
    if count_known != rows.num_rows or (speaks_of_everyone and places.null_count):
        raise HoivaError(
            f"analytics.{name} holds {rows.num_rows} customers, customer_360 {len(customers)}, and "
            f"{places.null_count} are missing in it: build both in one run"
        )
    return rows.take(places)
