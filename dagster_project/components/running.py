"""What every step of a run shares: the moment asked about, the one warehouse pool, the tables it writes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.settings import settings

if TYPE_CHECKING:
    import pyarrow as pa

AS_OF_TAG = "hoiva/as_of"  # the moment a run is asked about: an ISO moment with its offset
WAREHOUSE_POOL = "warehouse"  # of size 1: DuckDB takes one writer, and no reader beside it
KEYS = {  # of the models of dbt that analyses read
    "customer_360": "customer_id",
    "customer_months": "customer_id, as_of",
    "customer_products": "customer_id, product_id",
    "current_products": "product_id",
    "customer_deals": "all",
}
RETRY_A_LOCKED_STORE = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL)


def as_of_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> datetime:
    """The moment this run is asked about, in UTC: its tag, or the moment the run was made.

    A run started by hand in the UI has no tag: it means "as things stand now".
    """
    tag = context.run.tags.get(AS_OF_TAG)
    if tag:
        return datetime.fromisoformat(tag).astimezone(UTC)
    record = context.instance.get_run_record_by_id(context.run.run_id)
    if record is None:
        raise dg.Failure("this run has no record in the instance: start it with `hoiva run --as-of`")
    return record.create_timestamp.astimezone(UTC)


def write_table(
    room: str, table: str, rows: pa.Table, *, number: tuple[str, float | str] | None = None, picture: str | None = None
) -> dg.MaterializeResult:
    """Write one table of a room to the warehouse and tell its size in the asset's metadata.

    Args:
        room: the schema.
        table: its name, and the asset's.
        rows: the table.
        number: the one figure an operator should see, with its name; without it, the one of ``telling``.
        picture: the one picture (``domain.pages.charts.picture``); without it, the one of ``telling``.
    """
    from dagster_project.adapters.warehouse import open_warehouse

    with open_warehouse(settings()) as warehouse:
        warehouse.write(room, table, rows)
    return sized(table, rows, number=number, picture=picture)


def sized(
    table: str, rows: pa.Table, *, number: tuple[str, float | str] | None = None, picture: str | None = None
) -> dg.MaterializeResult:
    """The result of an asset that is a table: its row count, its telling number, its picture.

    What is not given is taken from ``domain.analytics.telling``, where the table is known there.
    """
    from dagster_project.domain.analytics.telling import telling

    if number is None or picture is None:
        own_number, own_picture = telling(table, rows)
        number, picture = number or own_number, picture or own_picture
    metadata: dict[str, Any] = {"dagster/row_count": rows.num_rows}
    if number is not None:
        name, value = number
        metadata[name] = value
    if picture is not None:
        metadata["picture"] = dg.MetadataValue.md(picture)
    return dg.MaterializeResult(asset_key=table, metadata=metadata)


def read_table(room: str, table: str, where: str = "true", **parameters: object) -> pa.Table:
    """The rows of one table of a room from the warehouse, in an order that is the same in every run.

    A model of dbt comes in whatever order its joins end in, and that changes with what else the machine does: sums of
    fractions and draws by place would change with it. What Python wrote keeps its own order.

    Args:
        room: the schema.
        table: its name.
        where: which rows, in SQL; all unless told.
        parameters: the values of its ``$names``.
    """
    from dagster_project.adapters.warehouse import open_warehouse

    order = f" order by {KEYS[table]}" if table in KEYS else ""
    with open_warehouse(settings()) as warehouse:
        return warehouse.read(f'select * from "{room}"."{table}" where {where}{order}', parameters or None)


def fingerprint(facts: Iterable[str]) -> str:
    """A short name for these facts, whatever their order: the run key of what a sensor saw.

    >>> fingerprint(["b", "a"]) == fingerprint(["a", "b"]) != fingerprint(["a"])
    True
    """
    return hashlib.sha256("\n".join(sorted(facts)).encode(errors="surrogateescape")).hexdigest()[:20]
