"""The page ``lifetime_value``: what the base is likely to bring within a year, and how well the model did before."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from dagster_project.domain.analytics.lifetime.forecast import Check
from dagster_project.domain.analytics.lifetime.tables import Lifetime
from dagster_project.domain.pages import Figure, Numbers, Page, Section
from dagster_project.domain.pages.charts import bars, lines

GROUPS = (  # repeats from, to, and the name of those who have
    (0, 0, "once"), (1, 1, "twice"), (2, 2, "3 times"), (3, 4, "4–5 times"), (5, 9, "6–10 times"),
    (10, 10**9, "more often"),
)  # fmt: skip
P_ALIVE_SQL = """
select floor(least(p_alive, 0.999) * 10) / 10 as at_least, count(*) as customers
from analytics.lifetime_value group by all order by all
"""
TOTAL_SQL = """
select count(*) as customers, sum(expected_purchases_365d) as purchases, sum(lifetime_value_amount) as value
from analytics.lifetime_value
"""
VALUE_SQL = """
select ntile(10) over (order by lifetime_value_amount desc, customer_id) as tenth, lifetime_value_amount
from analytics.lifetime_value
"""


def lifetime_page(found: Lifetime, as_of: datetime, currency: str) -> Page:
    """The page; it says why when there are no scores.

    Args:
        found: of :func:`dagster_project.domain.analytics.lifetime.tables.lifetime`.
        as_of: the moment.
        currency: of all amounts.
    """
    title, subtitle = "Lifetime value", "What each customer is likely to buy within the next year"
    if found.forecast is None or found.model is None or found.counts is None:
        return Page(title, subtitle, as_of, [], [Section("Not yet", f"No scores are published: {found.refused}.")])
    told = found.forecast
    headline: list[tuple[str, str | int | float]] = [
        ("customers who have bought", len(told.p_alive)),
        ("still there with better odds than even", f"{(told.p_alive > 0.5).mean():.0%}"),
        ("purchases to expect in 365 days", round(float(told.purchases.sum()))),
        (f"value to expect, {currency}", round(float(told.value.sum()))),
    ]
    sections = [Section("What is to be expected", "", [_alive(told.p_alive), value_by_tenth(told.value, currency)])]
    if found.check is not None:
        sections.append(_checked(found.check))
    sections.append(_model(found))
    return Page(title, subtitle, as_of, headline, sections)


def _alive(p_alive: np.ndarray) -> Figure:
    import pandas as pd

    at_least = np.floor(np.minimum(p_alive, 0.999) * 10).astype(int)
    counts = np.bincount(at_least, minlength=10)
    names = [f"{number * 10}–{number * 10 + 10} %" for number in range(10)]
    rows = pd.DataFrame({"likely": names, "customers": counts})
    told = "Who has bought only once counts as still there: the model lets nobody leave before a second purchase."
    return Figure("How likely customers are still customers", bars(rows, "likely", "customers"), told, P_ALIVE_SQL)


def value_by_tenth(value: np.ndarray, currency: str) -> Figure:
    """What each tenth of the customers, best first, is likely to bring."""
    import pandas as pd

    parts = np.array_split(np.sort(value)[::-1], 10)
    share = np.array([part.sum() for part in parts]) / max(value.sum(), 1e-9)
    rows = pd.DataFrame({"tenth": [f"{number}. tenth" for number in range(1, 11)], "share": share})
    told = f"The best tenth is likely to bring {share[0]:.0%} of next year's {currency}."
    return Figure("Where next year's value lies", bars(rows, "tenth", "share", form=".0%"), told, VALUE_SQL)


def _checked(checked: Check) -> Section:
    import pandas as pd

    rows = []
    for low, high, name in GROUPS:
        theirs = (checked.repeats >= low) & (checked.repeats <= high)
        if theirs.any():
            rows.append(
                (name, int(theirs.sum()), float(checked.expected[theirs].mean()), float(checked.made[theirs].mean()))
            )
    drawn = pd.DataFrame(
        [(name, "forecast", said) for name, _, said, _ in rows] + [(name, "made", made) for name, _, _, made in rows],
        columns=["bought before", "what", "purchases"],
    )
    figure = Figure(
        "Forecast and truth, by how often they had bought",
        lines(
            drawn, "bought before", "purchases", series="what", y_title="purchases per customer", form=".1f", kind="O"
        ),
        f"All in all {checked.forecast:,.0f} purchases were forecast and {checked.actual:,} made.",
    )
    table = Numbers(
        "The same in numbers", ["had bought", "customers", "forecast per customer", "made per customer"], rows
    )
    told = (
        f"The model as it would have been {checked.days} days ago, asked about the days since. Into its own intervals "
        f"for eight in ten fell {checked.coverage_uncorrected:.0%} of the customers; tonight's are corrected by that."
    )
    return Section("How the model did", told, [figure, table])


def _model(found: Lifetime) -> Section:
    (row,) = found.lifetime_value_model.to_pylist()
    names = [
        "model_version",
        "count_customers",
        "count_repeaters",
        "r",
        "alpha",
        "a",
        "b",
        "log_likelihood",
        "p",
        "q",
        "v",
    ]
    table = Numbers("Parameters", ["parameter", "value"], [(name, row[name]) for name in [*names, "dependence"]])
    told = (
        "BG/NBD for how often, Gamma-Gamma for how much. Dependence is the rank correlation of the two, which the "
        "models take to be 0: far from it, values of the best customers are too low or too high."
    )
    return Section("The model", told, [table])
