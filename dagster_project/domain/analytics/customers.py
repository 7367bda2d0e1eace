"""One row per customer with everything a condition may ask about: customer_360 and the analyses beside it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.schema import ADDED, CUSTOMER_ID, conforming_to
from dagster_project.errors import HoivaError


def customer_analytics(customer_360: pa.Table, rfm: pa.Table, rhythm: pa.Table, lifecycle: pa.Table) -> pa.Table:
    """All columns of customer_360, then tier, stage, scores and rhythm of the same customer.

    Args:
        customer_360: one row per customer.
        rfm: of the same customers; the order of rows does not matter.
        rhythm: likewise.
        lifecycle: likewise.

    Returns:
        One row per customer, in the order of ``customer_360``; its columns are those and ``ADDED``.

    Raises:
        HoivaError: a customer is missing in one of the tables, or a table holds others.
    """
    customers = customer_360.column("customer_id")
    columns = {}
    for name, rows in (("rfm", rfm), ("rhythm", rhythm), ("lifecycle", lifecycle)):
        aligned = of_these_customers(name, rows, customers)
        columns.update({column: aligned.column(column) for column in ADDED.names if column in aligned.column_names})
    result = customer_360
    for field in ADDED:
        result = result.append_column(field, columns[field.name])
    fields = [CUSTOMER_ID if field.name == "customer_id" else field for field in customer_360.schema]
    return conforming_to("analytics.customer_analytics", result, pa.schema([*fields, *ADDED]), ("customer_id",))


def of_these_customers(name: str, rows: pa.Table, customers: pa.ChunkedArray) -> pa.Table:
    """The rows in the order of these customers, one each.

    Raises:
        HoivaError: the rows are of other customers.
    """
    found = rows.column("customer_id")
    if found.equals(customers):
        return rows
    places = pc.index_in(customers, value_set=found.combine_chunks())
    if places.null_count or rows.num_rows != len(customers):
        raise HoivaError(
            f"analytics.{name} holds {rows.num_rows} customers, customer_360 {len(customers)}, and "
            f"{places.null_count} are missing in it: build both in one run"
        )
    return rows.take(places)
