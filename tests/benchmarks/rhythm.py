"""How soon fading customers are noticed: the own rhythm against every rule of fixed days, where the truth is known.

Towns of two years; rules are compared where they give as many false alarms. ``--draw`` writes the picture of the docs.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from dagster_project.settings import CHECKOUT
from tests.domain.analytics.noticing import (
    Noticed,
    Spells,
    at_as_many_alarms,
    fixed_days,
    noticed,
    own_rhythm,
    spells_of,
)

PICTURE = CHECKOUT / "docs" / "images" / "noticed.svg"
FIXED = (25, 30, 35, 40, 50, 60, 75, 90, 105)  # days
STRICTNESS = np.geomspace(0.002, 3_000, 70)  # settings of the own rhythm, from many alarms to few
INK, PAPER = "#17212b", "#ffffff"


def of_towns(towns: list[Spells], rule: object, setting: float) -> Noticed:
    """The mean over the towns of what a rule does."""
    each = [noticed(town, rule(town, setting)) for town in towns]  # type: ignore[operator]
    return Noticed(*(float(np.mean([getattr(one, name) for one in each])) for name in Noticed.__dataclass_fields__))


def draw(curves: dict[str, list[Noticed]]) -> None:
    """Days until noticed over false alarms."""
    import pandas as pd

    from dagster_project.domain.pages.charts import lines

    rows = pd.DataFrame(
        [
            {"false alarms": one.false_alarms, "days": one.mean_days, "rule": name}
            for name, curve in curves.items()
            for one in curve
            if 0.05 <= one.false_alarms <= 4
        ]
    )
    drawn = lines(
        rows, "false alarms", "days", series="rule",
        x_title="false alarms per customer and year", y_title="days until noticed",
    )  # fmt: skip
    drawn = drawn.replace("currentColor", INK)
    PICTURE.write_text(drawn.replace(">", f'><rect width="100%" height="100%" fill="{PAPER}"/>', 1), encoding="utf-8")


def main() -> int:
    """Print the table of the decision's page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rhythm", description=__doc__)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--towns", type=int, default=5)
    parser.add_argument("--draw", action="store_true")
    arguments = parser.parse_args()
    towns = [spells_of(arguments.people, seed) for seed in range(1, arguments.towns + 1)]
    own = [of_towns(towns, own_rhythm, strictness) for strictness in STRICTNESS]
    fixed = {days: of_towns(towns, fixed_days, days) for days in range(15, 121)}
    print("| fixed days | false alarms per customer and year | noticed: fixed, own | days until noticed: fixed, own |")
    print("|---|---|---|---|")
    for days in FIXED:
        rule = fixed[days]
        other = at_as_many_alarms(own, rule.false_alarms)
        print(f"| {days} | {rule.false_alarms:.2f} | {rule.share:.0%}, {other.share:.0%} "
              f"| {rule.mean_days:.1f}, {other.mean_days:.1f} |")  # fmt: skip
    now = of_towns(towns, own_rhythm, 1.0)
    gains = []
    for town in towns:
        mine = noticed(town, own_rhythm(town))
        curve = [noticed(town, fixed_days(town, days)) for days in fixed]
        gains.append(at_as_many_alarms(curve, mine.false_alarms).mean_days - mine.mean_days)
    print(f"as it is: {now}; days earlier than fixed, each town: {', '.join(f'{gain:.1f}' for gain in gains)}")
    if arguments.draw:
        draw({"own rhythm": own, "fixed days": list(fixed.values())})
    return 0


if __name__ == "__main__":
    sys.exit(main())
