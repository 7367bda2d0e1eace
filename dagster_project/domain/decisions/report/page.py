"""The decisions of one run as a page: one section a question that whoever answers for the contacts asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dagster_project.domain.decisions.reasons import GROUPS, TOLD
from dagster_project.domain.decisions.report.drawing import fullness, steps
from dagster_project.domain.pages import Figure, Numbers, Page, Section
from dagster_project.domain.pages.asked import Answer
from dagster_project.domain.pages.charts import bars, heat

STEPS = ("all", *GROUPS)  # what is left after the last group are the chosen
WORDS = {
    "all": "all proposals",
    "eligible": "eligible: may be contacted",
    "applicable": "applicable: makes sense now",
    "suitable": "suitable: does her good",
    "contact_policy": "within the contact policy",
    "volume_constraints": "something left of what is scarce",
    "arbitration": "chosen",
}
WAYS = {"chosen": "the plan", "greedy": "best score first", "silos": "each department alone"}
UNITS = {"contacts": "contact", "cost": "euro of budget", "minutes": "minute", "units": "piece"}
MOST = 12  # limits that are drawn
MOST_PRICES = 8  # limits whose price is told in a sentence


def decisions_page(answers: Mapping[str, Answer], as_of: datetime) -> Page:
    """From all proposals to the plan, what is scarce and what more of it would bring, and what others would have done.

    Args:
        answers: to :func:`~dagster_project.domain.decisions.report.questions.questions`, by name.
        as_of: the moment of the run.
    """
    totals = answers["totals"].rows.iloc[0]
    headline = [
        ("proposals", _whole(totals["count_proposed"])),
        ("contacts planned", _whole(totals["count_chosen"])),
        ("customers met", _whole(totals["count_customers"])),
        ("worth, expected", round(float(totals["value"]), 2)),
        ("cost", round(float(totals["cost"]), 2)),
    ]
    return Page(
        "Decisions",
        "What every department proposed, what was chosen under all rules together, and why not the rest.",
        as_of,
        headline,
        [steps_section(answers), scarce_section(answers), gave_way_section(answers), ways_section(answers)],
    )


def _whole(value: Any) -> int:
    return 0 if value is None or value != value else int(value)


def steps_section(answers: Mapping[str, Answer]) -> Section:
    """The funnel by department."""
    import pandas as pd

    asked, stops = answers["steps"], answers["stops"]
    title = "From all proposals to the plan"
    if not asked:
        return Section(title, "Nobody proposed anything.")
    rows = []
    for department, own in asked.rows.groupby("department"):
        stopped = dict(zip(own["stage_group"], own["count_stopped"], strict=True))
        left = int(own.loc[own["stage_group"] == "all", "count_there"].sum())
        for step in STEPS:
            left -= 0 if step == "all" else int(stopped.get(step, 0))
            rows.append({"step": WORDS[step], "department": department, "count_left": left})
    drawn = steps(pd.DataFrame(rows), [WORDS[step] for step in STEPS])
    blocks: list[Figure | Numbers] = [
        Figure("Candidates left after each step", drawn, "Every bar counts those that passed all steps so far.",
               asked.sql, is_wide=True)
    ]  # fmt: skip
    if stops:
        stages = list(dict.fromkeys(stops.rows["stage"]))
        grid = stops.rows.assign(stage=[stage.replace("_", " ") for stage in stops.rows["stage"]])
        blocks.append(
            Figure("Where each department's proposals stop",
                   heat(grid, "department", "stage", "count_stopped", y_order=[s.replace("_", " ") for s in stages]),
                   "The first rule a candidate does not pass, counted once.", stops.sql)
        )  # fmt: skip
    return Section(title, "The order is part of the answer: what the customer wants comes first.", blocks)


def scarce_section(answers: Mapping[str, Answer]) -> Section:
    """What there was of everything scarce, and what more of it would bring."""
    scarce = answers["scarce"]
    title = "What is scarce"
    if not scarce:
        return Section(title, "Nothing that was wanted has a limit.")
    rows = scarce.rows.assign(limit=[_limit(row) for row in scarce.rows.to_dict("records")])
    priced = rows[(rows["price"] > 0) & ~rows["is_report_only"].astype(bool)]
    sentences = [
        f"One more {UNITS[row['measure']]} of {row['limit']} would bring {row['price']:.2f}."
        for row in priced.head(MOST_PRICES).to_dict("records")
    ]
    told = " ".join(sentences) or "Nothing was so scarce that more of it would have brought anything."
    blocks: list[Figure | Numbers] = []
    limited = rows[rows["most"].notna() & (rows["most"] > 0)].head(MOST)
    if len(limited):
        shares = limited.assign(
            before=limited["used_before"] / limited["most"],
            used=limited["used"] / limited["most"],
            is_binding=limited["is_binding"].astype(bool),
        )
        blocks.append(
            Figure("How full each limit is", fullness(shares[["limit", "before", "used", "is_binding"]]),
                   "Pale: before this run. Dark: by this run, orange where nothing is left.", scarce.sql, is_wide=True)
        )  # fmt: skip
    blocks.append(
        Numbers(
            "Every limit and promise",
            ["limit", "counted in", "there is", "promised", "used before", "used now", "one more brings", "binding"],
            [
                [row["limit"], row["measure"], _number(row["most"]), _number(row["least"]),
                 _number(row["used_before"]), _number(row["used"]), _worth(row["price"]), _binding(row)]
                for row in rows.to_dict("records")
            ],
            "A limit that is only measured stops nobody.",
            scarce.sql,
            is_wide=True,
        )
    )  # fmt: skip
    return Section(title, told, blocks)


def gave_way_section(answers: Mapping[str, Answer]) -> Section:
    """Who was displaced by whom."""
    pairs, reasons = answers["gave_way"], answers["reasons"]
    title = "Who gave way to whom"
    if not pairs:
        return Section(title, "Nobody had to: there was enough for all that were left.")
    blocks: list[Figure | Numbers] = [
        Figure("Candidates that gave way", heat(pairs.rows, "by_department", "department", "count_candidates",
                                                x_title="gave way to", y_title="who"),
               "To another action of the same customer, or to a price: what is scarce brings more with others.",
               pairs.sql),
        Numbers(
            "Because of",
            ["rule or limit", "candidates", "worth"],
            [
                [TOLD.get(row["reason"], row["reason"].replace("_", " ")), int(row["count_candidates"]),
                 round(float(row["total_value"]), 2)]
                for row in reasons.rows.to_dict("records")
            ],
            "What they were expected to bring.",
            reasons.sql,
        ),
    ]  # fmt: skip
    return Section(title, "Only those are counted who passed every rule of their own.", blocks)


def ways_section(answers: Mapping[str, Answer]) -> Section:
    """The plan beside greed and silos."""
    ways, departments, each = answers["ways"], answers["departments"], answers["per_customer"]
    title = "Beside other ways to choose"
    if not ways:
        return Section(title, "There was nothing to choose among.")
    rows = ways.rows.assign(way=[WAYS[way] for way in ways.rows["way"]])
    blocks: list[Figure | Numbers] = [
        Numbers(
            "Three ways",
            ["way", "contacts", "worth", "cost", "contacts that break a rule", "most for one customer"],
            [
                [row["way"], int(row["count_contacts"]), round(float(row["total_value"]), 2),
                 round(float(row["total_cost"]), 2), int(row["count_over_cap"]), int(row["most_per_customer"])]
                for row in rows.to_dict("records")
            ],
            "What silos send beyond a rule or a limit could not be sent, or would cost the customer's patience.",
            ways.sql,
            is_wide=True,
        ),
        Numbers(
            "Contacts of each department",
            ["department", *WAYS.values()],
            [
                [row["department"], *(_whole(row[way]) for way in WAYS)]
                for row in departments.rows.to_dict("records")
            ],
            "",
            departments.sql,
        ),
    ]  # fmt: skip
    if each:
        counted = each.rows.assign(contacts=[_contacts(count) for count in each.rows["count_contacts"]])
        blocks.append(
            Figure("Contacts of one customer in this plan", bars(counted, "contacts", "count_customers"),
                   "Customers by how many contacts this run plans for them.", each.sql)
        )  # fmt: skip
    told = (
        "All three choose among the same candidates. Best score first serves the highest score, then the next, under"
        " every rule. Alone, each department keeps the rules but knows of its own contacts only, and takes what is"
        " scarce as its own. Worth is the sum of scores: what is expected, not what was measured."
    )
    return Section(title, told, blocks)


def _limit(row: Mapping[Any, Any]) -> str:
    """A limit with its period: ``phone, 2026-03-02``."""
    name, period = str(row["constraint"]).replace("_", " "), row["period"]
    if period is None or period != period:
        return name
    return f"{name}, {str(period)[:10]}"


def _contacts(count: int) -> str:
    return "1 contact" if count == 1 else f"{count} contacts"


def _binding(row: Mapping[Any, Any]) -> str:
    if row["is_report_only"]:
        return "only measured"
    return "yes" if row["is_binding"] else "no"


def _worth(price: float) -> float | str:
    return round(float(price), 2) if price > 0 else "–"


def _number(value: Any) -> float | int | str:
    if value is None or value != value:
        return "–"
    return int(value) if float(value).is_integer() else round(float(value), 2)
