"""Which source records are the same customer: every piece of evidence as a match between two records.

Exact rules, a person's answers and the trained model each speak for pairs; limits hold what would join too much; a
browser follows the one customer who used it. The answer depends on what is known, never on the order in which it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dagster_project.domain.identity.alike import names_alike
from dagster_project.domain.identity.browsers import cookie_matches
from dagster_project.domain.identity.exact import MATCH_COLUMNS, empty_matches, exact_matches
from dagster_project.domain.identity.limits import hold_by_limits
from dagster_project.domain.identity.nodes import NONE, Nodes, microseconds, nodes_of
from dagster_project.domain.identity.rules import (
    ATTRIBUTES,
    BELOW_THRESHOLD,
    NAMES_DIFFER,
    ONLY_A_NAME,
    PROBABLE,
    SAID_SAME,
    MatchRules,
    ProbableRule,
)
from dagster_project.domain.identity.union_find import components

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

OWN_POINTS = {"email", "phone"}  # what two members of one household rarely share when their names differ
RECORDS = ("source_record_id", "is_cookie", "first_known_at", "first_seen_at")
COOKIE_EVIDENCE = ("source_record_id", "identifier_kind", "identifier_value", "first_known_at")


def find_matches(
    records: pa.Table,
    versions: pa.Table,
    cookie_evidence: pa.Table,
    answers: pa.Table,
    rules: MatchRules,
    model: Mapping[str, Any] | None = None,
) -> pa.Table:
    """All matches between source records, and why those that do not join were held.

    Args:
        records: source_record_id (unique), is_cookie, first_known_at, first_seen_at.
        versions: what each record says or said: source_record_id, is_newest, known_at and the attributes of
            ``rules.ATTRIBUTES``; of customer numbers only the current one.
        cookie_evidence: source_record_id of a browser, identifier_kind (``cookie_login``: the value is a customer
            number; ``cookie_order``: it is the source record that bought), identifier_value, first_known_at.
        answers: source_record_id_a, source_record_id_b, is_same, known_at; one row a pair.
        rules: the match rules.
        model: the probable model, when the rules use one.

    Returns:
        source_record_id_a, source_record_id_b (a before b), rule, evidence, score (probability; 1 for exact rules),
        match_weight (null for those), first_seen_at, reason (null: it joins). One row for each pair and rule, in order.
        No values of anyone.
    """
    import pandas as pd

    nodes = nodes_of(records, versions, tuple(attributes_read(rules)))
    same, told_apart = answered(nodes, answers)
    of_browsers = nodes.is_cookie[same["b"].to_numpy(dtype="int64")]
    exact = pd.concat([exact_matches(nodes, rules), same[~of_browsers]], ignore_index=True)
    found = exact
    if rules.probable is not None and model is not None:
        likely = probable_matches(nodes, versions, exact, rules.probable, model)
        found = pd.concat([exact, likely], ignore_index=True)
    found["rank"] = found["rule"].map(rules.order).astype("int64")
    found = found.sort_values(
        ["rank", "score", "first_seen_at", "a", "b"], ascending=[True, False, True, True, True], ignore_index=True
    )
    found["reason"], labels = hold_by_limits(found, nodes, rules, told_apart)
    browsers = cookie_matches(nodes, labels, cookie_evidence, same[of_browsers], told_apart)
    return as_table(pd.concat([found[MATCH_COLUMNS], browsers], ignore_index=True), nodes)


def attributes_read(rules: MatchRules) -> list[str]:
    """The attributes that these rules and the limits look at."""
    by_limits = {"customer_number", "email", "phone", "first_name", "last_name", "birth_date"}
    return sorted(by_limits | {attribute for rule in rules.exact for attribute in rule.same})


def versions_read(rules: MatchRules) -> list[str]:
    """The columns of the versions that matching reads under these rules."""
    attributes = ATTRIBUTES if rules.probable is not None else attributes_read(rules)
    return ["source_record_id", "is_newest", "known_at", *attributes]


def answered(nodes: Nodes, answers: pa.Table) -> tuple[pd.DataFrame, set[tuple[int, int]]]:
    """What persons said of pairs: matches of those who are the same, and pairs of those who are not.

    In both the eldest stands first and a browser last. Two browsers are no answer: neither names a customer.
    """
    import numpy as np
    import pandas as pd

    a = nodes.positions_of(answers["source_record_id_a"].to_pylist())
    b = nodes.positions_of(answers["source_record_id_b"].to_pylist())
    is_same = answers["is_same"].to_numpy(zero_copy_only=False).astype(bool)
    known = (a != NONE) & (b != NONE) & (a != b)
    told_apart = {
        (min(one, other), max(one, other))
        for one, other in zip(a[known & ~is_same].tolist(), b[known & ~is_same].tolist(), strict=True)
    }
    elder, younger = np.minimum(a, b), np.maximum(a, b)
    joined = known & is_same & ~nodes.is_cookie[np.maximum(elder, 0)]
    if not joined.any():
        return empty_matches(), told_apart
    moments = microseconds(answers["known_at"].to_pandas())[joined]
    row = {"a": elder[joined], "b": younger[joined], "rule": SAID_SAME, "evidence": "answer", "score": 1.0}
    same = pd.DataFrame(row | {"match_weight": float("nan"), "first_seen_at": moments})
    same["reason"] = pd.Series(None, index=same.index, dtype="str")
    return same[MATCH_COLUMNS], told_apart


def probable_matches(
    nodes: Nodes, versions: pa.Table, exact: pd.DataFrame, rule: ProbableRule, model: Mapping[str, Any]
) -> pd.DataFrame:
    """Pairs that the trained model speaks for, and why those below the threshold are held: MATCH_COLUMNS."""
    import numpy as np
    import pandas as pd

    from dagster_project.domain.identity.probable import score_pairs

    joined = exact[exact["reason"].isna()]
    labels = components(joined["a"].to_numpy(), joined["b"].to_numpy(), len(nodes.ids))
    part_of = pd.Series(labels, index=nodes.ids)
    scored = score_pairs(versions, part_of, model, rule).to_pandas()
    if scored.empty:
        return empty_matches()
    a, b = (nodes.positions_of(scored[f"source_record_id_{side}"]) for side in "ab")
    likely = pd.DataFrame(
        {
            "a": np.minimum(a, b),
            "b": np.maximum(a, b),
            "rule": PROBABLE,
            "evidence": scored["evidence"].to_numpy(),
            "score": scored["score"].to_numpy().astype(float),
            "match_weight": scored["match_weight"].to_numpy().astype(float),
            "first_seen_at": np.maximum(nodes.first_known_at[a], nodes.first_known_at[b]),
            "reason": None,
        }
    )
    names = (names_alike(nodes.name_now(one), nodes.name_now(other)) for one, other in zip(a, b, strict=True))
    rows = zip(likely["score"], likely["evidence"], names, strict=True)
    return likely.assign(reason=pd.Series([objection(*row, rule) for row in rows], index=likely.index, dtype="str"))


def objection(score: float, evidence: str, is_name_alike: bool | None, rule: ProbableRule) -> str | None:
    """Why a scored pair is held, or None."""
    if score < rule.merge_at:
        return BELOW_THRESHOLD
    agreeing = set(evidence.split("+"))
    if rule.names_apart and is_name_alike is False and not agreeing & OWN_POINTS:
        return NAMES_DIFFER
    return None if not rule.needs_one_of or agreeing & set(rule.needs_one_of) else ONLY_A_NAME


def as_table(matches: pd.DataFrame, nodes: Nodes) -> pa.Table:
    """Positions as record ids, in an order that does not depend on how the matches were found."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = pa.array(nodes.ids, pa.string())
    one, other = ids.take(pa.array(matches["a"].to_numpy())), ids.take(pa.array(matches["b"].to_numpy()))
    in_order = pc.less(one, other)
    table = pa.table(
        {
            "source_record_id_a": pc.if_else(in_order, one, other),
            "source_record_id_b": pc.if_else(in_order, other, one),
            "rule": pa.array(matches["rule"], pa.string()),
            "evidence": pa.array(matches["evidence"], pa.string()),
            "score": pa.array(np.round(matches["score"].to_numpy(dtype=float), 6), pa.float64()),
            "match_weight": pa.array(
                np.round(matches["match_weight"].to_numpy(dtype=float), 6), pa.float64(), from_pandas=True
            ),
            "first_seen_at": pa.array(matches["first_seen_at"].to_numpy(dtype="int64"), pa.int64()).cast(
                pa.timestamp("us")
            ),
            "reason": pa.array(matches["reason"], pa.string(), from_pandas=True),
        }
    )
    names = ["source_record_id_a", "source_record_id_b", "rule", "evidence"]
    return table.sort_by([(name, "ascending") for name in names])
