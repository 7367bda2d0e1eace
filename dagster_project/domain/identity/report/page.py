"""The identity report as a page: one section a question that whoever answers for the customer base asks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dagster_project.domain.identity.report.drawing import sureness, weight_bars
from dagster_project.domain.identity.rules import MatchRules
from dagster_project.domain.identity.words import reason_in_words, rule_in_words
from dagster_project.domain.pages import Figure, Numbers, Page, Section
from dagster_project.domain.pages.asked import Answer
from dagster_project.domain.pages.charts import bars, lines
from dagster_project.domain.pages.page import shown

COUNTS = ("count_records", "count_names", "count_birth_dates", "count_emails", "count_phones", "count_probable_matches")
MOST = 7  # records of one customer that get a bar of their own; the last one holds all beyond


def identity_page(
    answers: Mapping[str, Answer], model: Mapping[str, Any] | None, rules: MatchRules, as_of: datetime
) -> Page:
    """How records came together, by which rules, what was held and why, and which customers may be two.

    Args:
        answers: to the questions of :func:`questions`, by name.
        model: the trained model that the rules name, or None.
        rules: the match rules in force.
        as_of: the moment the tables are as of.
    """
    totals = {name: int(value) for name, value in answers["totals"].rows.iloc[0].items()}
    headline = [
        ("records of persons", totals["count_records"]),
        ("customers", totals["count_customers"]),
        ("browsers", totals["count_browsers"]),
        ("pairs to review", totals["count_pairs_to_review"]),
        ("customers who may be several", totals["count_suspects"]),
    ]
    return Page(
        "Identity report",
        "How the records of all systems became customers, what was held, and where a merge may be wrong.",
        as_of,
        headline,
        [
            sizes_section(answers),
            rules_section(answers),
            held_section(answers),
            suspects_section(answers),
            model_section(answers, model, rules),
            changes_section(answers),
        ],
    )


def sizes_section(answers: Mapping[str, Answer]) -> Section:
    """How many records make a customer, and in which systems they are known."""
    sizes, systems, browsers = (answers[name] for name in ("sizes", "systems", "browsers"))
    told = "How many records of persons make one customer. Browsers are counted apart."
    if not sizes:
        return Section("Customers and their records", "No customer is known yet.")
    drawn = sizes.rows.assign(size=[_or_more(size, MOST) for size in sizes.rows["count_records"]])
    used = browsers.rows.assign(size=[_or_more(size, 5) for size in browsers.rows["count_browsers"]])
    alone = int(sizes.rows.loc[sizes.rows["count_records"] == 1, "count_customers"].sum())
    blocks = [
        Figure("Records of a customer", bars(drawn, "size", "count_customers"),
               f"{shown(alone)} customers are one record alone.", sizes.sql),
        Figure("Systems that know a customer", bars(systems.rows, "systems", "count_customers"),
               "The ten most frequent.", systems.sql),
        Figure("Browsers of a customer", bars(used, "size", "count_customers"),
               "By login, or by an order on the web.", browsers.sql),
    ]  # fmt: skip
    return Section("Customers and their records", told, blocks)


def rules_section(answers: Mapping[str, Answer]) -> Section:
    """What each rule contributes."""
    rules = answers["rules"]
    if not rules:
        return Section("What joins them", "No two records match.")
    named = rules.rows.assign(words=[rule_in_words(rule) for rule in rules.rows["rule"]])
    joining = named[named["count_matches"] > 0]
    table = Numbers(
        "Each rule",
        ["rule", "pairs it joins", "of these by no other rule", "pairs held"],
        [
            [row["words"], *(int(row[name]) for name in ("count_matches", "count_alone", "count_held"))]
            for row in named.to_dict("records")
        ],
        "A rule that joins many pairs which no other one speaks for is the one to check first.",
    )
    blocks: list[Figure | Numbers] = [table]
    if len(joining):
        drawn = bars(joining, "words", "count_matches")
        blocks.insert(0, Figure("Pairs by rule", drawn, "Pairs of records that stand.", rules.sql))
    return Section(
        "What joins them", "Every pair of records a rule speaks for; several rules may speak for one.", blocks
    )


def held_section(answers: Mapping[str, Answer]) -> Section:
    """What was held, and how much of it waits for a person."""
    held = answers["held"]
    title = "What was held"
    if not held:
        return Section(title, "Nothing was held.")
    table = Numbers(
        "By reason",
        ["reason", "in words", "pairs held", "waiting for a person"],
        [
            [row["reason"], reason_in_words(row["reason"]), int(row["count_held"]), int(row["count_waiting"])]
            for row in held.rows.to_dict("records")
        ],
        "Pairs whose records are one customer on another way, or that were answered, do not wait.",
        held.sql,
        is_wide=True,
    )
    return Section(title, "Pairs that a rule speaks for and a limit keeps apart: hoiva identity review.", [table])


def suspects_section(answers: Mapping[str, Answer]) -> Section:
    """Customers whose records say too much that differs."""
    found = answers["suspects"]
    title = "Who may be several persons"
    if not found:
        return Section(title, "No customer's records differ more than one person's would.")
    heads = [
        "customer",
        "records",
        "names",
        "birth dates",
        "e-mails",
        "phones",
        "joined by the model",
        "least probability",
    ]
    rows = [
        [row["customer_id"], *(int(row[name]) for name in COUNTS), _least(row["least_score"])]
        for row in found.rows.to_dict("records")
    ]
    told = (
        "The most suspicious first. See why they are one with hoiva explain, and part them with"
        " hoiva identity answer A B different."
    )
    return Section(title, told, [Numbers("Distinct values", heads, rows, "", found.sql, is_wide=True)])


def model_section(answers: Mapping[str, Answer], model: Mapping[str, Any] | None, rules: MatchRules) -> Section:
    """What the trained model holds each agreement to be worth, and what came of it."""
    import pandas as pd

    title = "The trained model"
    if model is None or rules.probable is None:
        return Section(title, "No model is in use: records are matched by exact rules alone.")
    weights = pd.DataFrame(model["weights"])
    named = weights.assign(comparison=[name.replace("_", " ") for name in weights["comparison"]])
    told = (
        f"Learned from {shown(int(model['records']))} records on {model['trained_on']}, without labels. It joins from a"
        f" probability of {rules.probable.merge_at} and asks a person from {rules.probable.review_at}."
    )
    blocks = [
        Figure("What each agreement is worth", weight_bars(named),
               "To the right it speaks for one person, to the left against.", is_wide=True)
    ]  # fmt: skip
    scored = answers["probable"]
    if scored:
        thresholds = {"asks": _bits(rules.probable.review_at), "joins": _bits(rules.probable.merge_at)}
        blocks.append(
            Figure("How sure it was", sureness(scored.rows, thresholds),
                   "Pairs by the weight of their evidence, those joined dark. Pairs below the first line are not kept.",
                   scored.sql)
        )  # fmt: skip
    return Section(title, told, blocks)


def changes_section(answers: Mapping[str, Answer]) -> Section:
    """How it moves from month to month."""
    evidence, changes = answers["evidence"], answers.get("changes")
    blocks: list[Figure | Numbers] = []
    if evidence:
        long = evidence.rows.melt("month", ["count_joined", "count_held"], "series", "pairs")
        long["series"] = long["series"].map({"count_joined": "joined", "count_held": "held"})
        blocks.append(
            Figure("New evidence by month", lines(long, "month", "pairs", series="series", kind="O"),
                   "Pairs by the month in which we could first know that they match.", evidence.sql)
        )  # fmt: skip
    if changes:
        kinds = list(dict.fromkeys(changes.rows["change"]))
        wide = changes.rows.pivot_table(index="month", columns="change", values="count_changes", fill_value=0)
        rows = [[month, *(int(wide.loc[month, kind]) for kind in kinds)] for month in wide.index]
        blocks.append(
            Numbers("Changes of customers", ["month", *kinds], rows,
                    "What each night changed: the table identity_changes.", changes.sql)
        )  # fmt: skip
    return Section("From month to month", "" if blocks else "Nothing has changed yet.", blocks)


def _or_more(count: float, most: int) -> str:
    """
    >>> _or_more(3, 7), _or_more(7, 7)
    ('3', '7 or more')
    """
    return f"{int(count)} or more" if count >= most else f"{int(count)}"


def _bits(probability: float) -> float:
    """The weight at which this probability is reached: odds in bits."""
    return math.log2(probability / (1 - probability))


def _least(score: float | None) -> str | None:
    """A probability with the digits that tell 0.9991 from 0.9999; nothing where no match was of the model."""
    return None if score is None or math.isnan(score) else f"{score:.4f}"
