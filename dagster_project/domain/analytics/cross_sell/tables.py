"""The tables ``next_products``, ``next_categories`` and ``product_rules`` of one moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.cross_sell.lists import SELLS_NOW, Lists, Rules, lists_of, rules_of
from dagster_project.domain.analytics.cross_sell.one_range import one_range
from dagster_project.domain.analytics.cross_sell.shelf import bought_categories, bought_products
from dagster_project.domain.analytics.schema import CUSTOMER_ID, MOMENT, conforming_to
from dagster_project.domain.clock import naive_utc


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _list_schema(item: str) -> pa.Schema:
    return pa.schema(
        [
            CUSTOMER_ID,
            _required("position", pa.int64()),  # 1 is first
            _required(item, pa.string()),
            pa.field("because", pa.string()),  # the customer's own that speaks most for it; null: it sells now
            _required("reason", pa.string()),  # the same in words, for a letter or a call
            _required("score", pa.float64()),  # compares within one list
            pa.field("quality", pa.float64()),  # hit-rate at 3 of the last 60 days; null: nobody bought anything new
            _required("model_version", pa.string()),
            _required("as_of", MOMENT),
        ]
    )


NEXT_PRODUCTS = _list_schema("product_id")
NEXT_CATEGORIES = _list_schema("category")

# Of the customers with ``because_product_id``, how many have ``product_id``; pairs that stand in a list.
PRODUCT_RULES = pa.schema(
    [
        _required("because_product_id", pa.string()),
        _required("product_id", pa.string()),
        _required("count_customers", pa.int64()),  # with both
        _required("confidence", pa.float64()),  # share of those with the first who have the second
        _required("lift", pa.float64()),  # times as many as among all who bought anything
    ]
)


@dataclass(frozen=True)
class CrossSell:
    """The three tables, and what they were made from (None while nobody has bought anything)."""

    next_products: pa.Table
    next_categories: pa.Table
    product_rules: pa.Table
    products: Lists | None
    categories: Lists | None
    rules: Rules | None


def cross_sell(customer_products: pa.Table, products: pa.Table, as_of: datetime) -> CrossSell:
    """What each customer is likely to buy next, and why.

    Left out are what the customer has bought before, kept or sent back, and what cannot be bought now. A category is
    left out when the customer has bought of it, or when none of its products can be bought.

    Args:
        customer_products: of the columns those ``one_range`` reads, as of this moment.
        products: ``current_products``: product_id, name, category, is_available.
        as_of: the moment.
    """
    customer_products, products = one_range(customer_products, products)
    gone = products.filter(pc.invert(products["is_available"]))["product_id"].to_pylist()
    names = dict(zip(products["product_id"].to_pylist(), products["name"].to_pylist(), strict=True))
    of_products = lists_of(bought_products(customer_products), set(gone), as_of)
    of_categories = lists_of(bought_categories(customer_products, products), _empty_categories(products), as_of)
    rules = None if of_products is None else rules_of(of_products.shelf, of_products.because, of_products.item)
    told = {} if of_categories is None else dict.fromkeys(of_categories.shelf.item_ids)
    return CrossSell(
        _list_table("next_products", NEXT_PRODUCTS, of_products, rules, names, as_of),
        _list_table("next_categories", NEXT_CATEGORIES, of_categories, None, told, as_of),
        _rules_table(of_products, rules),
        of_products,
        of_categories,
        rules,
    )


def _empty_categories(products: pa.Table) -> set[str]:
    """Categories of which nothing can be bought."""
    named = products.filter(pc.is_valid(products["category"]))
    counted = named.group_by("category").aggregate([("is_available", "any")])
    return set(counted.filter(pc.invert(counted["is_available_any"]))["category"].to_pylist())


def _list_table(
    name: str,
    schema: pa.Schema,
    lists: Lists | None,
    rules: Rules | None,
    names: dict[str, str | None],
    as_of: datetime,
) -> pa.Table:
    if lists is None:
        return schema.empty_table()
    items = np.array(lists.shelf.item_ids, dtype=object)
    called = np.array([names.get(item) or item for item in lists.shelf.item_ids], dtype=object)
    speaks = lists.because != SELLS_NOW
    because = items[lists.because]
    because[~speaks] = None
    count = len(lists.item)
    quality = np.full(count, lists.hits.rate)
    columns = [
        pa.array(lists.shelf.customer_ids[lists.customer], pa.string()),
        pa.array(lists.position),
        pa.array(items[lists.item], pa.string()),
        pa.array(because, pa.string()),
        pa.array(_reasons(lists, rules, called, speaks), pa.string()),
        pa.array(np.round(lists.score.astype(np.float64), 6)),
        pa.array(quality, mask=np.isnan(quality)),
        pa.array([version_of(lists)] * count, pa.string()),
        pa.array([naive_utc(as_of)] * count, MOMENT),
    ]
    return conforming_to(
        f"analytics.{name}", pa.table(columns, names=schema.names), schema, ("customer_id", "position")
    )


def _reasons(
    lists: Lists, rules: Rules | None, called: np.ndarray, speaks: np.ndarray
) -> list[str]:  # fmt: skip
    """Each item's reason in words; one text for each different pair."""
    size = len(called)
    found: dict[int, float] = {}
    if rules is not None:
        found = dict(zip((rules.because * size + rules.item).tolist(), rules.confidence.tolist(), strict=True))
    keys = np.where(speaks, lists.because * size + lists.item, SELLS_NOW)
    words = {SELLS_NOW: "Many customers have begun to buy it in the last two months"}
    if lists.setting.by == "most":
        words[SELLS_NOW] = "It is what most customers buy"
    for key in np.unique(keys).tolist():
        if key == SELLS_NOW:
            continue
        own = called[key // size]
        share = found.get(key)
        more = "" if share is None else f": so have {share:.0%} of those who did"
        words[key] = f"Has bought {own}{more}"
    return [words[key] for key in keys.tolist()]


def _rules_table(lists: Lists | None, rules: Rules | None) -> pa.Table:
    if lists is None or rules is None:
        return PRODUCT_RULES.empty_table()
    items = np.array(lists.shelf.item_ids, dtype=object)
    table = pa.table(
        [
            pa.array(items[rules.because], pa.string()),
            pa.array(items[rules.item], pa.string()),
            pa.array(rules.customers.astype(np.int64)),
            pa.array(rules.confidence, pa.float64()),
            pa.array(rules.lift, pa.float64()),
        ],
        names=PRODUCT_RULES.names,
    )
    return conforming_to("analytics.product_rules", table, PRODUCT_RULES, ("because_product_id", "product_id"))


def version_of(lists: Lists) -> str:
    """A name for what the lists were learned from: who has what, what sells, and the setting."""
    digest = hashlib.sha256(str(lists.setting).encode())
    digest.update("\n".join(lists.shelf.item_ids).encode())
    for part in (lists.shelf.owned.indptr, lists.shelf.owned.indices, lists.shelf.lately):
        digest.update(np.ascontiguousarray(part).astype("<f8" if part.dtype.kind == "f" else "<i8").tobytes())
    return digest.hexdigest()[:12]
