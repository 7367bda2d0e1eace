"""Who has bought what and since when, as a sparse matrix of customers and items (products, or categories of them)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.schema import MOMENT
from dagster_project.domain.clock import naive_utc

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_ITEMS = 2_000  # those with the most customers: the model is a square of them, and the rest have too few to learn
LATELY = 60  # days: what customers began to buy in them is what sells now


@dataclass(frozen=True)
class Shelf:
    """Items and who has them. Rows of ``owned`` are customers, columns items.

    Attributes:
        customer_ids: sorted.
        item_ids: by number of customers, most first; equal ones by name.
        owned: 1 where a customer has bought an item by the moment asked about, kept or not.
        lately: customers who bought each item for the first time within the last ``LATELY`` days.
        kept: 1 where of what was bought anything is left, 0 where all went back; places as in ``owned``.
    """

    customer_ids: npt.NDArray[np.object_]
    item_ids: list[str]
    owned: csr_matrix
    lately: npt.NDArray[np.float64]
    kept: csr_matrix

    @property
    def customers_of(self) -> npt.NDArray[np.float64]:
        """How many customers have each item."""
        return np.asarray(self.owned.sum(axis=0), dtype=np.float64).ravel()


def shelf_of(bought: pa.Table, as_of: datetime) -> Shelf:
    """The shelf as of a moment.

    Args:
        bought: customer_id, item_id and first_bought_at; one row each pair. Without ``is_kept`` all is kept.
        as_of: first purchases after it do not count.
    """
    from scipy.sparse import csr_matrix

    now = pa.scalar(naive_utc(as_of), MOMENT)
    known = bought.filter(pc.less_equal(bought["first_bought_at"].cast(MOMENT), now))
    customers = np.array(sorted(pc.unique(known["customer_id"]).to_pylist()), dtype=object)
    counted = known.group_by("item_id").aggregate([("customer_id", "count_distinct")]).to_pylist()
    ranked = sorted(counted, key=lambda row: (-row["customer_id_count_distinct"], row["item_id"]))
    items = [row["item_id"] for row in ranked[:MOST_ITEMS]]
    rows = pc.index_in(known["customer_id"], value_set=pa.array(customers, pa.string()))
    columns = pc.index_in(known["item_id"], value_set=pa.array(items, pa.string()))
    there = columns.is_valid().to_numpy(zero_copy_only=False)
    row = rows.to_numpy(zero_copy_only=False)[there].astype(np.int64)
    column = pc.fill_null(columns, 0).to_numpy(zero_copy_only=False)[there].astype(np.int64)
    owned = csr_matrix((np.ones(len(row), dtype=np.float32), (row, column)), shape=(len(customers), len(items)))
    owned.sum_duplicates()
    owned.data[:] = 1
    kept = owned.copy()
    if "is_kept" in known.column_names:
        stays = known["is_kept"].cast(pa.int8()).to_numpy()[there].astype(np.float32)
        # Beside a one on each place, so that a place of which nothing is kept stays where it is, with a zero.
        kept = csr_matrix((1 + stays, (row, column)), shape=owned.shape)
        kept.sum_duplicates()
        kept.data = (kept.data > 1).astype(np.float32)
    start = pa.scalar(naive_utc(as_of - timedelta(days=LATELY)), MOMENT)
    fresh = pc.greater(known["first_bought_at"].cast(MOMENT), start).to_numpy(zero_copy_only=False)[there]
    lately = np.bincount(column[fresh], minlength=len(items)).astype(np.float64)
    return Shelf(customers, items, owned, lately, kept)


def bought_products(customer_products: pa.Table) -> pa.Table:
    """Products as the items of a shelf, and of which the customer has sent all back."""
    return pa.table(
        {
            "customer_id": customer_products["customer_id"],
            "item_id": customer_products["product_id"],
            "first_bought_at": customer_products["first_bought_at"],
            "is_kept": pc.greater(customer_products["quantity"], customer_products["returned_quantity"]),
        }
    )


def bought_categories(customer_products: pa.Table, products: pa.Table) -> pa.Table:
    """Categories as the items of a shelf: of each customer, when the first product of it was bought."""
    named = products.filter(pc.is_valid(products["category"])).select(["product_id", "category"])
    joined = customer_products.select(["customer_id", "product_id", "first_bought_at"]).join(
        named, keys="product_id", join_type="inner"
    )
    first = joined.group_by(["customer_id", "category"]).aggregate([("first_bought_at", "min")])
    return pa.table(
        {
            "customer_id": first["customer_id"],
            "item_id": first["category"],
            "first_bought_at": first["first_bought_at_min"],
        }
    )
