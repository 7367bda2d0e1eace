"""Draw the 39-week forecast of CDNOW against the truth: docs/images/cdnow_forecast.svg.

Reads ../shared/data/cdnow, which is not part of the repository; without it nothing is drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

CHECKOUT = Path(__file__).resolve().parent.parent
DATA = CHECKOUT.parent / "shared" / "data" / "cdnow"
PICTURE = CHECKOUT / "docs" / "images" / "cdnow_forecast.svg"
LEARNED_UNTIL, SHOWN_UNTIL = 39, 78  # weeks since the first of January 1997
INK, PAPER = "#17212b", "#ffffff"


def main() -> int:
    """Fit on the first 39 weeks, forecast the next 39, draw both."""
    sys.path.insert(0, str(CHECKOUT))
    import altair as alt

    from dagster_project.domain.analytics.lifetime.bg_nbd import fit
    from dagster_project.domain.pages.charts import svg

    if not DATA.is_dir():
        print(f"left as it is: {PICTURE.relative_to(CHECKOUT)} (its data are not here)")
        return 0
    customers = pd.read_csv(DATA / "cdnow_customers_summary.csv.gz")
    model = fit(customers["frequency"], customers["recency"], customers["T"])
    sample = pd.read_parquet(DATA / "cdnow_sample.parquet")
    days = sample[["sample_id", "date"]].drop_duplicates().sort_values(["sample_id", "date"])
    week = (days["date"] - pd.Timestamp("1997-01-01")).dt.days / 7
    first = week.groupby(days["sample_id"]).transform("min")
    repeats = week[week > first].to_numpy()
    joined = first.groupby(days["sample_id"]).first().to_numpy()
    weeks = np.arange(1, SHOWN_UNTIL + 1)
    made = [(repeats <= at).sum() for at in weeks]
    said = [sum(model.expected_of_new(at - day) * n for day, n in _counted(joined[joined < at])) for at in weeks]
    rows = pd.DataFrame({"week": np.tile(weeks, 2), "repeat purchases": [*made, *said],
                         "what": ["made"] * len(weeks) + ["model"] * len(weeks)})  # fmt: skip
    lines = alt.Chart(rows).mark_line().encode(
        x=alt.X("week:Q", title="weeks since January 1997", axis=alt.Axis(grid=False, tickCount=8)),
        y=alt.Y("repeat purchases:Q", axis=alt.Axis(format=",.0f", tickCount=5)),
        color=alt.Color("what:N", sort=["made", "model"]),
        strokeDash=alt.StrokeDash("what:N", sort=["made", "model"], legend=None),
    )  # fmt: skip
    now = alt.Chart(pd.DataFrame({"week": [LEARNED_UNTIL]})).mark_rule(strokeDash=[4, 4]).encode(x="week:Q")
    drawn = svg((lines + now).properties(width=560, height=300)).replace("currentColor", INK)
    PICTURE.write_text(drawn.replace(">", f'><rect width="100%" height="100%" fill="{PAPER}"/>', 1), encoding="utf-8")
    at, end = LEARNED_UNTIL - 1, SHOWN_UNTIL - 1
    print(f"written: {PICTURE.relative_to(CHECKOUT)}")
    print(f"weeks 40 to 78: {made[end] - made[at]:,} made, {said[end] - said[at]:,.0f} forecast")
    return 0


def _counted(values: np.ndarray) -> list[tuple[float, int]]:
    different, counts = np.unique(values, return_counts=True)
    return list(zip(different.tolist(), counts.tolist(), strict=True))


if __name__ == "__main__":
    sys.exit(main())
