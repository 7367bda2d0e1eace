"""Which customer a browser belongs to: a leaf beside the records of persons, never a bridge between two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.domain.identity.exact import MATCH_COLUMNS, empty_matches
from dagster_project.domain.identity.nodes import NONE, Nodes, coded, microseconds
from dagster_project.domain.identity.rules import COOKIE_RULES, SAID_DIFFERENT, SAID_SAME, SEVERAL_CUSTOMERS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa


def cookie_matches(
    nodes: Nodes, labels: np.ndarray, evidence: pa.Table, said_same: pd.DataFrame, told_apart: set[tuple[int, int]]
) -> pd.DataFrame:
    """Each browser with the customer who used it. One that several used belongs to nobody; none joins two customers.

    What a person said of a browser goes before what the browser shows.
    """
    import numpy as np
    import pandas as pd

    used = pd.concat([cookies_used(nodes, evidence), said_same[MATCH_COLUMNS]], ignore_index=True)
    if not len(used):
        return empty_matches()
    used["customer"] = labels[used["a"].to_numpy(dtype=np.int64)]
    used["reason"] = pd.Series(None, index=used.index, dtype="str")
    apart = {(browser, labels[record]) for record, browser in told_apart if nodes.is_cookie[browser]}
    if apart:
        used.loc[_among(apart, used), "reason"] = SAID_DIFFERENT
    is_said = (used["rule"] == SAID_SAME) & used["reason"].isna()
    if is_said.any():
        named = set(zip(used.loc[is_said, "b"], used.loc[is_said, "customer"], strict=True))
        others = used["b"].isin(used.loc[is_said, "b"]) & ~_among(named, used) & used["reason"].isna()
        used.loc[others, "reason"] = SEVERAL_CUSTOMERS
    open_matches = used[used["reason"].isna()]
    customers = open_matches.groupby("b")["customer"].transform("nunique")
    used.loc[open_matches.index[customers > 1], "reason"] = SEVERAL_CUSTOMERS
    return used[MATCH_COLUMNS]


def _among(pairs: set[tuple[int, int]], used: pd.DataFrame) -> np.ndarray:
    """Which rows are a browser and a customer of these pairs."""
    import numpy as np

    rows = zip(used["b"].tolist(), used["customer"].tolist(), strict=True)
    return np.fromiter((row in pairs for row in rows), dtype=bool, count=len(used))


def cookies_used(nodes: Nodes, evidence: pa.Table) -> pd.DataFrame:
    """What browsers show by themselves: who logged in, and for whom something was ordered."""
    import numpy as np
    import pandas as pd

    if evidence.num_rows == 0:
        return empty_matches()
    kinds = coded(evidence["identifier_kind"])
    values = coded(evidence["identifier_value"])
    browser = nodes.positions_of(evidence["source_record_id"].to_pandas())
    owner = np.full(len(browser), NONE, dtype=np.int64)
    for kind, owners in (("cookie_login", _eldest_with_number(nodes)), ("cookie_order", None)):
        is_kind = np.isin(kinds.codes, [at for at, name in enumerate(kinds.values) if name == kind])
        if owners is None:
            found = nodes.positions_of(values.values)
        else:
            found = owners.reindex(values.values, fill_value=NONE).to_numpy()
        owner = np.where(is_kind, found[values.codes] if len(found) else NONE, owner)
    matches = pd.DataFrame(
        {
            "a": owner,
            "b": browser,
            "rule": np.array([COOKIE_RULES.get(name) for name in kinds.values], dtype=object)[kinds.codes],
            "evidence": np.array(kinds.values, dtype=object)[kinds.codes],
            "score": 1.0,
            "match_weight": np.nan,
            "first_seen_at": np.maximum(
                microseconds(evidence["first_known_at"].to_pandas()), nodes.first_known_at[np.maximum(owner, 0)]
            ),
        }
    )
    matches["reason"] = pd.Series(None, index=matches.index, dtype="str")
    matches = matches[(owner != NONE) & ~nodes.is_cookie[np.maximum(owner, 0)]]
    matches = matches.sort_values(["b", "a", "rule", "first_seen_at"]).drop_duplicates(["b", "a", "rule"])
    return matches[MATCH_COLUMNS]


def _eldest_with_number(nodes: Nodes) -> pd.Series:
    """Customer number -> the eldest record that has it."""
    import numpy as np
    import pandas as pd

    numbers = nodes.columns["customer_number"]
    row = np.flatnonzero(numbers.codes != NONE)
    frame = pd.DataFrame({"code": numbers.codes[row], "node": nodes.owner[row]}).groupby("code")["node"].min()
    return pd.Series(frame.to_numpy(), index=[numbers.values[code] for code in frame.index])
