"""One telling number and one picture of each table of the analyses, for whoever looks at its asset in Dagster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.xray.words import STAGES, TIERS

if TYPE_CHECKING:
    import pandas as pd

Told = tuple[tuple[str, float | str], str]


def telling(table: str, rows: pa.Table) -> tuple[tuple[str, float | str] | None, str | None]:
    """The number (with its name) and the picture of a table; None each for one nobody has drawn, or without rows.

    Shares are text with a percent sign, counts are whole numbers.
    """
    if table not in TOLD or not rows.num_rows:
        return None, None
    return TOLD[table](rows)


def _rfm(rows: pa.Table) -> Told:
    worth = rows.group_by("value_tier").aggregate([("monetary_amount", "sum")])
    amounts = dict(zip(worth["value_tier"].to_pylist(), worth["monetary_amount_sum"].to_pylist(), strict=True))
    money = [float(amounts.get(tier) or 0) for tier in TIERS[:-1]]
    total = sum(money) or 1.0
    shares = [amount / total for amount in money]
    drawn = _bars("Share of the yearly value each tier brings", list(TIERS[:-1]), shares, ".0%")
    return ("share_of_value_of_top_tier", _percent(shares[0])), drawn


def _rhythm(rows: pa.Table) -> Told:
    quiet = rows["quiet_ratio"].to_numpy(zero_copy_only=False)
    places, counts = np.unique(np.minimum(np.floor(quiet[~np.isnan(quiet)]), 5), return_counts=True)
    labels = ["within the expected gap", *(f"{time} to {time + 1} gaps" for time in range(1, 5)), "5 gaps and more"]
    found = dict(zip(places.astype(int).tolist(), counts.tolist(), strict=True))
    drawn = _bars("Customers by how long they have been silent", labels, [found.get(place, 0) for place in range(6)])
    return ("count_fading", int(pc.sum(rows["is_fading"]).as_py() or 0)), drawn


def _lifecycle(rows: pa.Table) -> Told:
    counts = _counts(rows["lifecycle_stage"])
    bought = sum(count for stage, count in counts.items() if stage != "prospect")
    drawn = _bars("Customers by stage", list(STAGES), [counts.get(stage, 0) for stage in STAGES])
    return ("share_active_of_buyers", _percent(counts.get("active", 0) / (bought or 1))), drawn


def _customer_analytics(rows: pa.Table) -> Told:
    import pandas as pd

    from dagster_project.domain.pages.charts import heat, picture

    pairs = rows.group_by(["lifecycle_stage", "value_tier"]).aggregate([([], "count_all")])
    drawn = heat(
        pd.DataFrame(pairs.to_pylist()).sort_values(["lifecycle_stage", "value_tier"]),
        "value_tier", "lifecycle_stage", "count_all", x_title="value tier", x_order=list(TIERS), y_order=list(STAGES),
    )  # fmt: skip
    return ("count_customers", rows.num_rows), picture("Customers by stage and value tier", drawn)


def _segments(rows: pa.Table) -> Told:
    counts = sorted(_counts(rows["segment"]).items(), key=lambda pair: (-pair[1], pair[0]))
    names, sizes = [name.replace("_", " ") for name, _ in counts], [size for _, size in counts]
    in_any = pc.count_distinct(rows["customer_id"]).as_py()
    return ("count_customers_in_any_segment", in_any), _bars("Members of each segment", names, sizes)


def _segment_sizes(rows: pa.Table) -> Told:
    import pandas as pd

    found = pd.DataFrame(rows.to_pylist()).sort_values(["count_customers", "segment"], ascending=[False, True])
    outside = int((~found["is_within_band"]).sum())
    return ("count_segments_outside_their_band", outside), _bands(found)


def _bands(found: pd.DataFrame) -> str:
    import altair as alt

    from dagster_project.domain.pages.charts import ACCENT, GRID, WIDTH, picture, svg

    named = found.assign(segment=found["segment"].str.replace("_", " "))
    base = alt.Chart(named).encode(y=alt.Y("segment:N", sort=list(named["segment"]), title=None))
    band = base.mark_bar(color=GRID, opacity=0.35, height=16, cornerRadius=3).encode(
        x=alt.X("expected_min:Q", title="customers; grey: the size expected"), x2="expected_max:Q"
    )
    color = alt.condition("datum.is_within_band", alt.value(ACCENT), alt.value("#d9730d"))
    size = base.mark_point(size=110, opacity=1).encode(x="count_customers:Q", color=color)
    return picture("Size of each segment", svg((band + size).properties(width=WIDTH - 120, height=alt.Step(28))))


def _lifecycle_moves(rows: pa.Table) -> Told:
    counts = sorted(_counts(rows["event_type"]).items(), key=lambda pair: (-pair[1], pair[0]))
    names, sizes = [name.replace("_", " ") for name, _ in counts], [size for _, size in counts]
    return ("count_moves", rows.num_rows), _bars("Moves of the year by what customers became", names, sizes)


def _lifecycle_before(rows: pa.Table) -> Told:
    counts = _counts(rows["previous_lifecycle_stage"].fill_null("not known"))
    order = [*STAGES, "not known"]
    drawn = _bars("Customers by their stage at the end of last month", order, [counts.get(one, 0) for one in order])
    return ("count_met_since", counts.get("not known", 0)), drawn


def _churn_model(rows: pa.Table) -> Told:
    newest = rows.to_pylist()[-1]
    aucs = {
        name.removeprefix("auc_").replace("_", " "): value
        for name, value in newest.items()
        if name.startswith("auc_") and not name.endswith(("_low", "_high")) and value is not None
    }
    if aucs:
        drawn = _bars("AUC of the model and of simple scores", list(aucs), list(aucs.values()), ".3f")
    else:
        counts = [newest["count_examples"], newest["count_customers"]]
        drawn = _bars("What there was to learn from", ["examples", "customers"], counts)
    return ("verdict", newest["verdict"]), drawn


def _churn_scores(rows: pa.Table) -> Told:
    risk = rows["churn_probability"].to_numpy(zero_copy_only=False)
    counts, _ = np.histogram(risk[~np.isnan(risk)], bins=10, range=(0, 1))
    labels = [f"{10 * place} to {10 * place + 10} %" for place in range(10)]
    expected = float(np.round(np.nansum(np.sort(risk)), 1))
    return ("expected_to_buy_nothing", expected), _bars("Customers by probability", labels, counts.tolist())


def _product_rules(rows: pa.Table) -> Told:
    counts, edges = np.histogram(rows["lift"].to_numpy(zero_copy_only=False), bins=10)
    labels = [f"{low:.1f} to {high:.1f}" for low, high in pairwise(edges)]
    title = "Rules by lift: how many times as often as among everyone"
    return ("count_rules", rows.num_rows), _bars(title, labels, counts.tolist())


def _lifetime_value_model(rows: pa.Table) -> Told:
    model = rows.to_pylist()[-1]
    if not model["check_actual"]:
        names = {"count_customers": "have bought", "count_repeaters": "on more than one day"}
        drawn = _bars("Customers learned from", list(names.values()), [model[name] for name in names])
        return ("forecast_of_actual", "not checked yet"), drawn
    days = model["check_days"]
    names = {"check_forecast": "forecast", "check_actual": "made"}
    drawn = _bars(f"Purchases of the last {days} days", list(names.values()), [model[name] for name in names])
    return ("forecast_of_actual", _percent(model["check_forecast"] / model["check_actual"])), drawn


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    return {pair["values"]: pair["counts"] for pair in pc.value_counts(column).to_pylist()}


def _bars(title: str, names: list[str], values: list[float] | list[int], form: str = ",.0f") -> str:
    import pandas as pd

    from dagster_project.domain.pages.charts import bars, picture

    return picture(title, bars(pd.DataFrame({"name": names, "value": values}), "name", "value", form=form))


def _percent(share: float) -> str:
    return f"{share:.1%}"


TOLD: Mapping[str, Callable[[pa.Table], Told]] = MappingProxyType(
    {
        "rfm": _rfm,
        "rhythm": _rhythm,
        "lifecycle": _lifecycle,
        "customer_analytics": _customer_analytics,
        "segments": _segments,
        "segment_sizes": _segment_sizes,
        "lifecycle_moves": _lifecycle_moves,
        "lifecycle_before": _lifecycle_before,
        "churn_model": _churn_model,
        "churn_scores": _churn_scores,
        "product_rules": _product_rules,
        "lifetime_value_model": _lifetime_value_model,
    }
)
