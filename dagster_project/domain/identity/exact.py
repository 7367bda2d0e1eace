"""Matches by exact rules: records that have the same values, pair by pair, and those that a rule holds back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.domain.identity.alike import dates_alike, names_alike
from dagster_project.domain.identity.nodes import NONE
from dagster_project.domain.identity.rules import (
    BIRTH_DATES_DIFFER,
    NAME_UNKNOWN,
    NAMES_DIFFER,
    ROLE_ADDRESS,
    SHARED_BY_MANY,
    MatchRule,
    MatchRules,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from dagster_project.domain.identity.nodes import Nodes

# A match between two records, by position; ``first_seen_at`` in microseconds; ``reason`` null: nothing holds it yet.
MATCH_COLUMNS = ["a", "b", "rule", "evidence", "score", "match_weight", "first_seen_at", "reason"]


def exact_matches(nodes: Nodes, rules: MatchRules) -> pd.DataFrame:
    """All pairs that the exact rules speak for, with the reason where one is held: MATCH_COLUMNS."""
    import pandas as pd

    found = [matches_of(nodes, rule, rules) for rule in rules.exact]
    return pd.concat(found, ignore_index=True) if found else empty_matches()


def empty_matches() -> pd.DataFrame:
    """No matches, with their columns and types."""
    import pandas as pd

    kinds = dict.fromkeys(MATCH_COLUMNS, "str") | {"a": "int64", "b": "int64", "first_seen_at": "int64"}
    kinds |= {"score": "float64", "match_weight": "float64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def matches_of(nodes: Nodes, rule: MatchRule, rules: MatchRules) -> pd.DataFrame:
    """The pairs of one rule: all pairs of those who share a value, because the eldest may be another member of the
    family. Only a certain rule joins each to the eldest alone, and so is told what too many share."""
    import numpy as np
    import pandas as pd

    holders = holders_of(nodes, rule.same)
    sizes = holders.groupby("key", sort=False)["node"].transform("size").to_numpy()
    holders, sizes = holders[sizes > 1], sizes[sizes > 1]
    if holders.empty:
        return empty_matches()
    many = (sizes > rules.limits.records_of_a_value) & (not rule.is_certain)
    in_a_star = many | rule.is_certain
    pairs = pd.concat([star_pairs(holders[in_a_star]), all_pairs(holders[~in_a_star])], ignore_index=True)
    reason = pd.Series(None, index=pairs.index, dtype="str")
    reason[np.isin(pairs["key"], holders["key"].to_numpy()[many])] = SHARED_BY_MANY
    reason[np.isin(pairs["key"], role_keys(nodes, rule, holders, rules.limits.role_addresses))] = ROLE_ADDRESS
    for condition in (*rule.alike, *rule.apart_when):
        open_pairs = pairs[reason.isna()]
        held = held_by(nodes, condition, open_pairs, must_agree=condition in rule.alike)
        reason[open_pairs.index] = held
    return pd.DataFrame(
        {
            "a": pairs["a"].to_numpy(),
            "b": pairs["b"].to_numpy(),
            "rule": rule.rule,
            "evidence": np.where(reason.isin([NAMES_DIFFER, NAME_UNKNOWN]), "+".join(rule.same), rule.evidence),
            "score": 1.0,
            "match_weight": np.nan,
            "first_seen_at": pairs["first_seen_at"].to_numpy(),
            "reason": reason.to_numpy(),
        }
    )


def holders_of(nodes: Nodes, same: tuple[str, ...]) -> pd.DataFrame:
    """Which record has which combination of values, since when: key, node, known_at, row; by key, then seniority."""
    import numpy as np
    import pandas as pd

    key = np.zeros(len(nodes.owner), dtype=np.int64)
    present = np.ones(len(nodes.owner), dtype=bool)
    for attribute in same:
        codes = nodes.columns[attribute].codes
        present &= codes != NONE
        key = np.unique(key * (codes.max(initial=0) + 1) + np.maximum(codes, 0), return_inverse=True)[1]
    row = np.flatnonzero(present)
    frame = pd.DataFrame({"key": key[row], "node": nodes.owner[row], "known_at": nodes.known_at[row], "row": row})
    frame = frame.sort_values(["key", "node", "known_at"], ignore_index=True)
    return frame.drop_duplicates(["key", "node"], ignore_index=True)


def star_pairs(holders: pd.DataFrame) -> pd.DataFrame:
    """The eldest holder of each key with each of the others: key, a, b, first_seen_at."""
    import numpy as np
    import pandas as pd

    is_first = ~holders["key"].duplicated().to_numpy()
    first = np.maximum.accumulate(np.where(is_first, np.arange(len(holders)), 0))
    others = np.flatnonzero(~is_first)
    return _pairs(holders, first[others], others) if len(others) else pd.DataFrame(columns=PAIR_COLUMNS, dtype="int64")


def all_pairs(holders: pd.DataFrame) -> pd.DataFrame:
    """All pairs of the holders of each key; groups are bounded by the limits. Columns as in star_pairs."""
    import numpy as np
    import pandas as pd

    if holders.empty:
        return pd.DataFrame(columns=PAIR_COLUMNS, dtype="int64")
    key = holders["key"].to_numpy()
    ends = np.searchsorted(key, key, side="right")
    count = ends - np.arange(len(key)) - 1  # those after each in its group
    left = np.repeat(np.arange(len(key)), count)
    offset = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count)
    return _pairs(holders, left, left + 1 + offset)


PAIR_COLUMNS = ["key", "a", "b", "first_seen_at"]


def _pairs(holders: pd.DataFrame, left: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    node, known = holders["node"].to_numpy(), holders["known_at"].to_numpy()
    return pd.DataFrame(
        {
            "key": holders["key"].to_numpy()[left],
            "a": node[left],
            "b": node[right],
            "first_seen_at": np.maximum(known[left], known[right]),
        }
    )


def role_keys(nodes: Nodes, rule: MatchRule, holders: pd.DataFrame, local_parts: frozenset[str]) -> np.ndarray:
    """The keys that are addresses of a house: info@, office@."""
    import numpy as np

    attribute = next((name for name in ("email", "mailbox") if name in rule.same), None)
    if attribute is None or not local_parts:
        return np.zeros(0, dtype=np.int64)
    column = nodes.columns[attribute]
    roles = [at for at, value in enumerate(column.values) if value.partition("@")[0].partition("+")[0] in local_parts]
    keys: np.ndarray = holders["key"].to_numpy()[np.isin(column.codes[holders["row"].to_numpy()], roles)]
    return keys


def held_by(nodes: Nodes, condition: str, pairs: pd.DataFrame, *, must_agree: bool) -> np.ndarray:
    """Why a condition holds each pair, or None: judged on what both records say now.

    Args:
        nodes: the records.
        condition: ``name`` or ``birth_date``.
        pairs: a, b.
        must_agree: also held where nobody can tell.
    """
    import numpy as np

    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    answers = np.full(len(pairs), None, dtype=object)
    if condition == "birth_date":
        born = nodes.codes_now("birth_date")
        asked = (born[a] != NONE) & (born[b] != NONE) & (born[a] != born[b])
        for at in np.flatnonzero(asked).tolist():
            if dates_alike(nodes.birth_date_now(a[at]), nodes.birth_date_now(b[at])) is False:
                answers[at] = BIRTH_DATES_DIFFER
        return answers
    first, last = nodes.codes_now("first_name"), nodes.codes_now("last_name")
    is_same = (first[a] == first[b]) & (last[a] == last[b]) & (first[a] != NONE)
    for at in np.flatnonzero(~is_same).tolist():
        alike = names_alike(nodes.name_now(a[at]), nodes.name_now(b[at]))
        if alike is False:
            answers[at] = NAMES_DIFFER
        elif alike is None and must_agree:
            answers[at] = NAME_UNKNOWN
    return answers
