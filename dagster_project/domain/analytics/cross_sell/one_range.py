"""One range of products where several systems sell the same: what the store sold nobody is offered by the web shop."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

MERGED = ("customer_id", "quantity", "returned_quantity", "first_bought_at")


def one_range(customer_products: pa.Table, products: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Both tables with the products of several systems that are one product told as one.

    Two products are one where number and name are the same. The number alone would join what two systems only happen to
    number alike; the name alone what is sold in two sizes. The one whose category is known gives its id, of equals the
    first by name. A product that one system says is gone is gone.

    Args:
        customer_products: customer_id, product_id, quantity, returned_quantity, first_bought_at.
        products: product_id as ``system:number``, name, category, is_available; one row each.

    Returns:
        the same tables with these columns; pieces of one product added up, and first bought when any of it was.
    """
    alike: dict[tuple[str, str], list[dict[str, object]]] = {}
    alone = []
    for row in products.select(["product_id", "name", "category", "is_available"]).to_pylist():
        number, name = str(row["product_id"]).split(":", 1)[-1], " ".join(str(row["name"] or "").casefold().split())
        if name:
            alike.setdefault((number, name), []).append(row)
        else:
            alone.append(row)
    told, called = list(alone), {}
    for rows in alike.values():
        first = min(rows, key=lambda row: (row["category"] is None, str(row["product_id"])))
        told.append({**first, "is_available": all(row["is_available"] for row in rows)})
        called.update({row["product_id"]: first["product_id"] for row in rows if row is not first})
    fields = [products.schema.field(name) for name in ("product_id", "name", "category", "is_available")]
    told.sort(key=lambda row: str(row["product_id"]))
    return _joined(customer_products, called), pa.Table.from_pylist(told, schema=pa.schema(fields))


def _joined(customer_products: pa.Table, called: dict[object, object]) -> pa.Table:
    named = customer_products["product_id"]
    if called:
        place = pc.index_in(named, value_set=pa.array(list(called), pa.string()))
        names = pa.array(list(called.values()), pa.string()).take(pc.fill_null(place, 0).combine_chunks())
        named = pc.if_else(pc.is_valid(place), names, named)
    rows = pa.table({"product_id": named, **{name: customer_products[name] for name in MERGED}})
    found = rows.group_by(["customer_id", "product_id"], use_threads=False).aggregate(
        [("quantity", "sum"), ("returned_quantity", "sum"), ("first_bought_at", "min")]
    )
    return pa.table(
        {
            "customer_id": found["customer_id"],
            "product_id": found["product_id"],
            "quantity": found["quantity_sum"],
            "returned_quantity": found["returned_quantity_sum"],
            "first_bought_at": found["first_bought_at_min"],
        }
    )
