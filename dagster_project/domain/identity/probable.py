"""Matches that only a trained model can tell: spelling differs, an address changed, and together the rest is strong.

The model is splink's (Fellegi and Sunter): each attribute adds to the odds what its agreement is worth, and rare values
are worth more. It was trained before (training.py) and is read from its reviewed file; here nothing is learned.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dagster_project.domain.identity.blocking import block_keys, bounded

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from dagster_project.domain.identity.rules import ProbableRule

COMPARED = (
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "phone",
    "street_name",
    "house_number",
    "postal_code",
    "city",
    "other_id",
)
# Comparison -> the word for its agreement in a match's evidence; both halves of a name are one word.
WORDS = {"first_name": "name", "last_name": "name", "street_name": "address"}
FAINT = 2  # bits a comparison must add to be called evidence: four times as likely among records of one person


def score_pairs(versions: pa.Table, part_of: pd.Series, model: Mapping[str, Any], rule: ProbableRule) -> pa.Table:
    """Score the pairs of records that share a block, are not one customer already, and may become one.

    Args:
        versions: source_record_id, is_newest, customer_number and any of COMPARED; the newest versions are compared.
        part_of: the part of each record by source_record_id: records of one part are one customer by exact rules.
        model: as training.py makes it.
        rule: how many pairs at most, and from which probability on they are worth telling.

    Returns:
        source_record_id_a, source_record_id_b (a before b), evidence, score, match_weight (bits), by ids; pairs below
        ``rule.review_at`` are left out.
    """
    people = newest_people(versions)
    pairs = pairs_to_compare(people, part_of, rule.most_pairs)
    if pairs.empty:  # most nights of a small company: splink need not even be imported
        return _as_table(pairs.assign(evidence="", score=0.0, match_weight=0.0))
    scored = _predict(people, pairs, model, rule.review_at)
    return _as_table(scored)


def newest_people(versions: pa.Table) -> pd.DataFrame:
    """What each record says now, as texts, by source_record_id and in its order; who says nothing is left out."""
    import pyarrow.compute as pc

    columns = [name for name in COMPARED if name in versions.column_names]
    newest = versions.filter(pc.fill_null(versions["is_newest"], False))
    people = newest.select(["source_record_id", "customer_number", *columns]).to_pandas()
    people = people.sort_values("source_record_id").set_index("source_record_id")
    if "birth_date" in columns:
        people["birth_date"] = people["birth_date"].astype("str").where(people["birth_date"].notna())
    return people[people[columns].notna().sum(axis=1) > 1]


def pairs_to_compare(people: pd.DataFrame, part_of: pd.Series, most_pairs: int) -> pd.DataFrame:
    """Pairs of records that share a block: source_record_id_a, source_record_id_b, each once, in order.

    Not those of one part, nor those whose parts both have a customer number: the company says they are two.
    """
    import numpy as np
    import pandas as pd

    if people.empty:
        return pd.DataFrame({"source_record_id_a": [], "source_record_id_b": []}, dtype="str")
    part = part_of.reindex(people.index).to_numpy()
    numbered_parts = np.unique(part[people["customer_number"].notna().to_numpy()])
    is_open = pd.Series(~np.isin(part, numbered_parts), index=people.index)
    keys, _ = bounded(block_keys(people), is_open, most_pairs)
    found = [pairs_of(keys[name].to_numpy(dtype=object)) for name in keys]
    left = np.concatenate([one for one, _ in found])
    right = np.concatenate([other for _, other in found])
    opened = is_open.to_numpy()
    wanted = (part[left] != part[right]) & (opened[left] | opened[right])
    both = np.unique(np.stack([left[wanted], right[wanted]], axis=1), axis=0) if wanted.any() else np.empty((0, 2), int)
    ids = people.index.to_numpy()
    return pd.DataFrame({"source_record_id_a": ids[both[:, 0]], "source_record_id_b": ids[both[:, 1]]})


def pairs_of(key: Any) -> tuple[Any, Any]:
    """All pairs of positions with one key, the smaller first."""
    import numpy as np
    import pandas as pd

    codes = pd.factorize(key)[0]  # null is -1
    order = np.argsort(codes, kind="stable")
    order = order[codes[order] >= 0]
    sorted_codes = codes[order]
    after = np.searchsorted(sorted_codes, sorted_codes, side="right") - np.arange(len(order)) - 1
    left = np.repeat(np.arange(len(order)), after)
    offset = np.arange(len(left)) - np.repeat(np.cumsum(after) - after, after)
    return order[left], order[left + 1 + offset]


def _predict(people: pd.DataFrame, pairs: pd.DataFrame, model: Mapping[str, Any], least: float) -> pd.DataFrame:
    """The pairs of at least this probability, with evidence, score and weight."""
    import numpy as np
    import pandas as pd
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = dict(model["settings"])
    settings["retain_intermediate_calculation_columns"] = True
    settings["retain_matching_columns"] = False
    # As many persons are in the data twice whatever its size, two random records are one the rarer the more there are.
    chance = settings["probability_two_random_records_match"]
    settings["probability_two_random_records_match"] = min(chance, chance * model["records"] / max(1, len(people)))
    named = pd.concat([pairs["source_record_id_a"], pairs["source_record_id_b"]]).unique()
    compared = people[people.index.isin(named)].drop(columns="customer_number").reset_index()
    api = DuckDBAPI()
    linker = Linker(api.register(compared), settings, log_level=None)
    for column in term_frequency_columns(settings):
        shares = people[column].value_counts(normalize=True).rename(f"tf_{column}").rename_axis(column).reset_index()
        linker.table_management.register_term_frequency_lookup(api.register(shares), column)
    blocked = pd.DataFrame(
        {"match_key": "0", "join_key_l": pairs["source_record_id_a"], "join_key_r": pairs["source_record_id_b"]}
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register(blocked))
    found = linker.inference.predict(threshold_match_probability=least).as_pandas_dataframe()
    words = evidence_of(found, [comparison["output_column_name"] for comparison in settings["comparisons"]])
    one, other = found["source_record_id_l"].to_numpy(), found["source_record_id_r"].to_numpy()
    return pd.DataFrame(
        {
            "source_record_id_a": np.minimum(one, other),
            "source_record_id_b": np.maximum(one, other),
            "evidence": words,
            "score": found["match_probability"].to_numpy(),
            "match_weight": found["match_weight"].to_numpy(),
        }
    )


def term_frequency_columns(settings: Mapping[str, Any]) -> list[str]:
    """The columns whose rare values are worth more, by the settings of a model."""
    levels = (level for comparison in settings["comparisons"] for level in comparison["comparison_levels"])
    return sorted({level["tf_adjustment_column"] for level in levels if level.get("tf_adjustment_column")})


def evidence_of(scored: pd.DataFrame, comparisons: list[str]) -> list[str]:
    """What speaks for each scored pair, in words joined by ``+``: comparisons that add at least FAINT bits."""
    import numpy as np

    speaks: dict[str, np.ndarray] = {}
    for name in comparisons:
        weight = scored[f"mw_{name}"].to_numpy()
        word = WORDS.get(name, name)
        speaks[word] = speaks.get(word, np.zeros(len(scored), dtype=bool)) | (weight >= FAINT)
    return ["+".join(word for word in speaks if speaks[word][at]) or "none" for at in range(len(scored))]


def _as_table(scored: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    kinds = {"source_record_id_a": pa.string(), "source_record_id_b": pa.string(), "evidence": pa.string()}
    kinds |= {"score": pa.float64(), "match_weight": pa.float64()}
    table = pa.table({name: pa.array(scored[name], kind) for name, kind in kinds.items()})
    return table.sort_by([("source_record_id_a", "ascending"), ("source_record_id_b", "ascending")])
