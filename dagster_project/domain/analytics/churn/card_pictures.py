"""The pictures of the model card."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.analytics.churn.checking import NAMES, Check, simple_scores
from dagster_project.domain.analytics.churn.drift import FAR, MOVED, Drift
from dagster_project.domain.analytics.churn.features import FEATURES
from dagster_project.domain.analytics.churn.groups import found_by_share
from dagster_project.domain.analytics.churn.learning import Learned
from dagster_project.domain.analytics.churn.reasons import effects, group_effects, typical
from dagster_project.domain.analytics.columns import Numbers
from dagster_project.domain.pages import Figure
from dagster_project.domain.pages.charts import ACCENT, GRID, HEIGHT, bars, lines, svg

SAMPLE = 1_000  # customers the curves are drawn from: enough for a line, few enough to be quick
CURVES = {  # features people ask about, in words
    "days_since_last_purchase": "days since the last purchase",
    "count_purchase_days": "days with a purchase",
    "total_purchase_amount": "amount bought in all",
    "days_since_first_purchase": "days since the first purchase",
}
STEPS = 8  # parts of the customers along a feature
MOST = 10  # features in the picture of drift
SHOWN = {
    "silence": "silence",
    "habit": "how often, in which rhythm",
    "standing": "how long a customer",
    "spending": "spending",
    "returns": "returns",
}


def lift_picture(check: Check) -> Figure:
    """Leavers found among the first so many customers, by the model and by what a person would sort by."""
    import pandas as pd

    best = max(check.told[1:], key=lambda told: told.auc.value)
    scores = {NAMES["model"]: check.probability, NAMES[best.score]: simple_scores(check.values)[best.score]}
    parts = []
    for name, score in scores.items():
        share, found = found_by_share(check.has_left, score)
        parts.append(pd.DataFrame({"share": share, "found": found, "sorted by": name}))
    parts.append(pd.DataFrame({"share": [0.0, 1.0], "found": [0.0, 1.0], "sorted by": "nothing"}))
    _, tenth = found_by_share(check.has_left, check.probability, 11)
    told = (
        f"Speak to the riskiest tenth and you reach {tenth[1]:.0%} of those who would leave; to three, {tenth[3]:.0%}."
    )
    drawn = lines(
        pd.concat(parts), "share", "found", series="sorted by", form=".0%",
        x_title="share of the customers, riskiest first", y_title="share of all leavers among them",
    )  # fmt: skip
    return Figure("Leavers found by speaking to the riskiest first", drawn, told)


def calibration_picture(check: Check) -> Figure:
    """What was foretold and what came, tenth by tenth."""
    import altair as alt
    import pandas as pd

    rows = pd.DataFrame(
        [[part.foretold, part.came.value, part.came.low, part.came.high] for part in check.bins],
        columns=["foretold", "came", "low", "high"],
    )
    share = alt.Axis(format=".0%", tickCount=5)
    at = alt.X("foretold:Q", title="foretold", axis=share, scale=alt.Scale(domain=[0, 1]))
    ideal = pd.DataFrame({"foretold": [0.0, 1.0], "came": [0.0, 1.0]})
    even = alt.Chart(ideal).mark_line(strokeDash=[4, 4], color=GRID, strokeWidth=1).encode(x="foretold:Q", y="came:Q")
    spans = (
        alt.Chart(rows).mark_rule(color=ACCENT).encode(x=at, y=alt.Y("low:Q", title="came", axis=share), y2="high:Q")
    )
    dots = alt.Chart(rows).mark_point(color=ACCENT).encode(x=at, y="came:Q")
    low, high = check.bins[0], check.bins[-1]
    told = (
        f"Of the tenth with the lowest risk {low.foretold:.0%} were foretold to leave and {low.came.value:.0%} did; of "
        f"the highest {high.foretold:.0%} and {high.came.value:.0%}. Points on the broken line came true."
    )
    drawn = svg((even + spans + dots).properties(width=HEIGHT + 60, height=HEIGHT + 60))
    return Figure("Foretold and come true, in tenths of the customers", drawn, told)


def some(values: Numbers) -> Numbers:
    """At most ``SAMPLE`` customers, evenly taken from all."""
    return values[:: max(1, -(-len(values) // SAMPLE))]


def importance_picture(learned: Learned) -> Figure:
    """How much each group of features moves the risk."""
    import pandas as pd

    assert learned.model is not None
    values = some(learned.newest)
    strength = group_effects(effects(learned.model, values, typical(values)))
    rows = pd.DataFrame([[SHOWN[name], value] for name, value in strength.items()], columns=["knowledge", "effect"])
    told = f"Most is said by {SHOWN[next(iter(strength))]}; least by {SHOWN[list(strength)[-1]]}."
    drawn = bars(rows, "knowledge", "effect", form=".2f")
    return Figure("Mean change of a customer's log-odds by each kind of knowledge", drawn, told)


def effect_pictures(check: Check) -> list[Figure]:
    """What was foretold and what came along the features people ask about, each in equal parts of the customers."""
    return [Figure(f"Risk by {words}", *along(check, name, words)) for name, words in CURVES.items()]


def along(check: Check, name: str, words: str) -> tuple[str, str]:
    """The picture of one feature, and the same in words."""
    import pandas as pd

    known = check.values[:, FEATURES.index(name)]
    edges = np.unique(np.nanquantile(known, np.linspace(0, 1, STEPS + 1)[1:-1], method="lower"))
    part = np.searchsorted(edges, known, side="left")
    rows = [
        (
            float(np.median(known[part == one])),
            check.probability[part == one].mean(),
            check.has_left[part == one].mean(),
        )
        for one in np.unique(part[~np.isnan(known)])
    ]
    drawn = lines(
        pd.DataFrame(
            [(at, "foretold", foretold) for at, foretold, _ in rows] + [(at, "came", came) for at, _, came in rows],
            columns=["value", "what", "risk"],
        ),
        "value", "risk", series="what", x_title=words, y_title="share who leave", form=".0%",
    )  # fmt: skip
    first, last = rows[0], rows[-1]
    ends = [f"at {at:,.0f}, {foretold:.0%} were foretold and {came:.0%} left" for at, foretold, came in (first, last)]
    return drawn, f"{'; '.join(ends)}.".capitalize()


def drift_picture(drifted: list[Drift]) -> Figure:
    """The most moved features by their stability index."""
    import pandas as pd

    rows = pd.DataFrame([[one.feature, one.index] for one in drifted[:MOST]], columns=["feature", "index"])
    told = f"Below {MOVED} a feature is as it was; from {FAR} on the model speaks of customers it has hardly seen."
    return Figure(
        "How far features have moved since they were learned from", bars(rows, "feature", "index", form=".2f"), told
    )


def tenths_picture(probability: Numbers, sql: str) -> Figure:
    """The mean probability of each tenth tonight."""
    import pandas as pd

    from dagster_project.domain.analytics.ranks import scores

    tenth = scores(probability, classes=10).astype(int)
    present = sorted(set(tenth.tolist()))
    rows = pd.DataFrame(
        {"tenth": [str(one) for one in present], "risk": [probability[tenth == one].mean() for one in present]}
    )
    safest, riskiest = rows["risk"].iloc[0], rows["risk"].iloc[-1]
    told = f"Of the riskiest tenth {riskiest:.0%} are expected to leave, of the safest {safest:.0%}."
    return Figure("Probability by tenth of the customers", bars(rows, "tenth", "risk", form=".0%"), told, sql)
