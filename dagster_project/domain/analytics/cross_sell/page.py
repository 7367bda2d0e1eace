"""The page ``cross_sell``: how well the lists do, what they offer most, and which products go together."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.cross_sell.lists import Lists
from dagster_project.domain.analytics.cross_sell.tables import CrossSell
from dagster_project.domain.pages import Figure, Numbers, Page, Section
from dagster_project.domain.pages.charts import bars

SHOWN = 12  # rows of a table
OFFERED_SQL = """
select product_id, count(*) as customers from analytics.next_products
group by all order by customers desc, product_id limit 12
"""
RULES_SQL = """
select * from analytics.product_rules where count_customers >= 10 order by lift desc, product_id limit 12
"""
FEWEST_TO_SHOW = 10  # customers with both: a rule on fewer is no news


def cross_sell_page(found: CrossSell, products: pa.Table, as_of: datetime) -> Page:
    """The page; it says so when nobody has bought anything yet."""
    title, subtitle = "Next products", "What each customer is likely to buy next of what they do not have, and why"
    lists = found.products
    if lists is None:
        return Page(title, subtitle, as_of, [], [Section("Not yet", "Nobody has bought anything by this moment.")])
    names = dict(zip(products["product_id"].to_pylist(), products["name"].to_pylist(), strict=True))
    headline: list[tuple[str, str | int | float]] = [
        ("customers with a list", len(lists.shelf.customer_ids)),
        ("products that are offered", len(np.unique(lists.item))),
        ("hit-rate at 3, last 60 days", round(lists.hits.rate, 3)),
        ("the same by what sells anyway", round(lists.hits.baseline, 3)),
    ]
    sections = [
        Section("How well the lists do", _told(lists), [hits_figure(lists)]),
        Section("What is offered", "", [_offered(lists, names)]),
        Section("What goes together", "", [_together(found, names)]),
    ]
    return Page(title, subtitle, as_of, headline, sections)


def hits_figure(lists: Lists) -> Figure:
    """The lists beside the two simple ones."""
    import pandas as pd

    hits = lists.hits
    rows = pd.DataFrame(
        {
            "list": ["these lists", "what most began to buy lately", "what most customers have"],
            "hit-rate": [number / max(hits.customers, 1) for number in (hits.model, hits.lately, hits.popular)],
        }
    )
    told = f"Of {hits.customers:,} customers who bought something new in the last 60 days."
    if hits.customers:
        low, high = hits.interval()
        told += f" These lists: {hits.rate:.1%}, and with such numbers 95 % sure between {low:.1%} and {high:.1%}."
    return Figure("One of three was bought next", bars(rows, "list", "hit-rate", form=".1%"), told)


def _told(lists: Lists) -> str:
    return (
        "The model as it would have been 60 days ago, asked what each customer would buy next of what they had not. "
        f"Its setting is the one that did best then: {lists.setting}. On days to come it will do a little less well."
    )


def _offered(lists: Lists, names: dict[str, str | None]) -> Numbers:
    counted = np.bincount(lists.item, minlength=len(lists.shelf.item_ids))
    top = np.argsort(-counted, kind="stable")[:SHOWN]
    rows = [
        (
            names.get(lists.shelf.item_ids[item]) or lists.shelf.item_ids[item],
            int(counted[item]),
            int(lists.shelf.customers_of[item]),
        )
        for item in top
        if counted[item]
    ]
    return Numbers("Offered to most", ["product", "customers offered", "customers who have it"], rows, sql=OFFERED_SQL)


def _together(found: CrossSell, names: dict[str, str | None]) -> Numbers:
    lists, rules = found.products, found.rules
    rows = []
    if lists is not None and rules is not None:
        items = lists.shelf.item_ids
        known = np.flatnonzero(rules.customers >= FEWEST_TO_SHOW)
        for number in known[np.lexsort((rules.item[known], -rules.lift[known]))][:SHOWN]:
            one, other = items[rules.because[number]], items[rules.item[number]]
            told = (int(rules.customers[number]), float(rules.confidence[number]), float(rules.lift[number]))
            rows.append((f"{names.get(one) or one} → {names.get(other) or other}", *told))
    columns = ["who has the first is offered the second", "customers with both", "share", "times as many as of all"]
    return Numbers("Pairs behind the lists", columns, rows, sql=RULES_SQL)
