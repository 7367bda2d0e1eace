"""The table ``personas``: one persona for each customer, how sure that is, and what speaks for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.columns import Numbers, decimals, numbers
from dagster_project.domain.analytics.personas.centres import Centre, Clustering, cluster, columns_of, places_of
from dagster_project.domain.analytics.personas.evidence import said_by_places, said_by_values
from dagster_project.domain.analytics.personas.schema import PERSONAS, UNKNOWN
from dagster_project.domain.analytics.schema import MOMENT, conforming_to
from dagster_project.domain.clock import naive_utc


@dataclass(frozen=True)
class Rule:
    """A persona declared by a condition.

    Attributes:
        persona: its name.
        confidence: how often the condition is right, as its owner knows from asking customers.
        text: the condition as it is asked.
        columns: what the condition reads, for the evidence.
        holds: yes or no for each customer.
    """

    persona: str
    confidence: float
    text: str
    columns: tuple[str, ...]
    holds: pa.BooleanArray


@dataclass(frozen=True)
class Personas:
    """The table, the clustering behind it (None without centres) and how many customers each persona has."""

    personas: pa.Table
    clustering: Clustering | None
    sizes: Mapping[str, int]


def personas(
    customers: pa.Table, rules: Sequence[Rule], centres: Sequence[Centre], as_of: datetime
) -> Personas:  # fmt: skip
    """The likeliest persona of every customer.

    A condition speaks with the confidence of its owner, a centre with the probability of its group. The highest
    confidence is the persona; of equals, a condition comes before a centre, and then the name decides. Of whom
    nothing is known, the persona is ``unknown``.

    Args:
        customers: one row per customer with the columns that the rules and centres read.
        rules: conditions with their answers, in the order of the customers.
        centres: declared centres.
        as_of: the moment.

    Returns:
        one row per customer, in the order of ``customers``.
    """
    count = customers.num_rows
    rules, centres = sorted(rules, key=lambda each: each.persona), sorted(centres, key=lambda each: each.persona)
    names = [*(rule.persona for rule in rules), *(centre.persona for centre in centres)]
    confidence = np.zeros((count, len(names) + 2))  # two columns of zeros: unknown, and no second one
    for place, rule in enumerate(rules):
        confidence[:, place] = np.where(rule.holds.to_numpy(zero_copy_only=False), rule.confidence, 0)
    clustering, places = None, np.zeros((count, 0))
    if centres:
        columns = columns_of(centres)
        places = places_of({column: numbers(customers, column) for column in columns}, columns)
        clustering = cluster(centres, places)
        confidence[:, len(rules) : len(names)] = np.nan_to_num(clustering.confidences(places))
    order = np.argsort(-confidence, axis=1, kind="stable")[:, :2]
    best, second = (np.take_along_axis(confidence, order[:, [each]], axis=1).ravel() for each in (0, 1))
    chosen = np.where(best > 0, order[:, 0], len(names))
    then = np.where((best > 0) & (second > 0), order[:, 1], len(names))
    found_by = np.array(["condition"] * len(rules) + ["centre"] * len(centres) + ["nothing"])
    table = _table(
        customers, np.array([*names, UNKNOWN]), chosen, best, then, second, found_by,
        _evidence(customers, rules, clustering, places, chosen), clustering, rules, as_of,
    )  # fmt: skip
    sizes = {name: int((chosen == place).sum()) for place, name in enumerate([*names, UNKNOWN])}
    return Personas(table, clustering, sizes)


def _evidence(
    customers: pa.Table, rules: Sequence[Rule], clustering: Clustering | None, places: Numbers, chosen: np.ndarray
) -> np.ndarray:
    said = np.full(customers.num_rows, "too little is known", dtype=object)
    for place, rule in enumerate(rules):
        theirs = chosen == place
        if theirs.any():
            said[theirs] = said_by_values(customers.filter(pa.array(theirs)), rule.columns).to_pylist()
    if clustering is not None:
        for number, centre in enumerate(clustering.centres):
            theirs = chosen == len(rules) + number
            said[theirs] = said_by_places(places[theirs], centre, clustering.columns)
    return said


def _table(
    customers: pa.Table, names: np.ndarray, chosen: np.ndarray, best: Numbers, then: np.ndarray, second: Numbers,
    found_by: np.ndarray, evidence: np.ndarray, clustering: Clustering | None, rules: Sequence[Rule],
    as_of: datetime,
) -> pa.Table:  # fmt: skip
    count, has_second = customers.num_rows, then < len(names) - 1
    stability = clustering.stability if clustering else float("nan")
    columns = {
        "customer_id": customers.column("customer_id"),
        "persona": pa.array(names[chosen], pa.string()),
        "confidence": decimals(np.round(best, 4)),
        "found_by": pa.array(found_by[chosen], pa.string()),
        "evidence": pa.array(evidence, pa.string()),
        "second_persona": pa.array(names[then], pa.string(), mask=~has_second),
        "second_confidence": decimals(np.where(has_second, np.round(second, 4), np.nan)),
        "quality": decimals(np.full(count, stability)),
        "model_version": pa.array([_version(rules, clustering)] * count, pa.string()),
        "as_of": pa.array([naive_utc(as_of)] * count, MOMENT),
    }
    return conforming_to("analytics.personas", pa.table(columns), PERSONAS, ("customer_id",))


def _version(rules: Sequence[Rule], clustering: Clustering | None) -> str:
    """A short name of what decided: the same rules and centres have the same one."""
    told: list[object] = [[rule.persona, rule.confidence, rule.text] for rule in rules]
    if clustering:
        told += [clustering.personas, clustering.columns, np.round(clustering.centres, 6).tolist()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]
