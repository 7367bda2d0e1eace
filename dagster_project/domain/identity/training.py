"""Training the probable model on the company's own records: what each agreement is worth, learned without labels."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from dagster_project.domain.identity.comparisons import comparisons_of
from dagster_project.domain.identity.probable import COMPARED, newest_people, pairs_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SEED = 7  # of the pairs that are sampled
SAMPLED_PAIRS = 2_000_000
# Records that agree in all of these are taken for one person's while the other attributes are learned from them.
TEACHERS = (
    ("email",),
    ("phone", "first_name"),
    ("other_id",),
    ("first_name", "last_name", "birth_date"),
    ("first_name", "last_name", "postal_code", "house_number"),
    ("birth_date", "postal_code"),
    ("birth_date", "street_name", "house_number"),
)
SHARE_TAUGHT = 0.7  # of the pairs of one person, those that some teacher finds
MOST_OF_A_TEACHER = 5  # records with one value; more is a shared value and teaches nothing
FEWEST_RECORDS = 200
DIGITS = 5  # of a probability in the file: enough for a weight to a hundredth of a bit
# How many pairs of usual agreement are added to those that were seen: what never showed in training may
# still happen, and no attribute may overrule all others.
USUAL_PAIRS = 20
LEAST_U = 1e-6


class TooFewRecords(ValueError):
    """Not enough records, or none that agree: there is nothing to learn from."""


def train(versions: pa.Table, on: date) -> dict[str, Any]:
    """A model of these records, ready to be written as JSON and reviewed.

    The chance that two strangers agree comes from random pairs. What records of one person agree in comes from pairs
    that agree in enough of the *other* attributes. The same records in any order give the same model.

    Args:
        versions: source_record_id, is_newest, customer_number and any of COMPARED.
        on: the day it is trained, kept in the file.

    Returns:
        trained_on, records, pairs (that taught), settings (splink's, with m and u of every level), weights (comparison,
        level, m, u, bits). No value of anyone.

    Raises:
        TooFewRecords: nothing to learn from.
    """
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    people = newest_people(versions)
    columns = [name for name in COMPARED if name in people and people[name].notna().sum() > 1]
    if len(people) < FEWEST_RECORDS or len(columns) < 2:
        raise TooFewRecords(f"{len(people)} records with contact data: at least {FEWEST_RECORDS} are needed")
    people = people[columns]
    taught = taught_pairs(people, [teacher for teacher in TEACHERS if set(teacher) <= set(columns)])
    if taught.empty:
        raise TooFewRecords("no two records agree in enough to be one person's: nothing can be learned")
    settings: dict[str, Any] = {
        "link_type": "dedupe_only",
        "unique_id_column_name": "source_record_id",
        "linker_uid": "hoiva",
        "comparisons": comparisons_of(columns),
        "blocking_rules_to_generate_predictions": [],
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": True,
    }
    api = DuckDBAPI()
    linker = Linker(api.register(people.reset_index()), settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=SAMPLED_PAIRS, seed=SEED, min_count_per_level=None, num_chunks=1
    )
    pairs = taught.drop_duplicates(["join_key_l", "join_key_r"])[["join_key_l", "join_key_r"]].assign(match_key="0")
    linker.table_management.register_blocked_pairs_for_predict(api.register(pairs))
    levels = linker.inference.predict().as_pandas_dataframe()
    learned = linker.misc.save_model_to_json()
    _learn_m(learned, levels, taught)
    all_pairs = len(people) * (len(people) - 1) / 2
    learned["probability_two_random_records_match"] = len(pairs) / SHARE_TAUGHT / all_pairs
    learned = _rounded(learned)
    return {
        "trained_on": on.isoformat(),
        "records": len(people),
        "pairs": len(pairs),
        "settings": learned,
        "weights": weights_of(learned),
    }


def taught_pairs(people: pd.DataFrame, teachers: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """Pairs that agree in all attributes of a teacher: join_key_l, join_key_r (in order of id), teacher."""
    import numpy as np
    import pandas as pd

    found = []
    ids = people.index.to_numpy()
    for at, teacher in enumerate(teachers):
        known = people[people[list(teacher)].notna().all(axis=1)]
        key = known.groupby(list(teacher), sort=False).ngroup()
        key = key[key.groupby(key).transform("size") <= MOST_OF_A_TEACHER].reindex(people.index)
        left, right = pairs_of(key.to_numpy())
        one, other = ids[np.minimum(left, right)], ids[np.maximum(left, right)]
        found.append(pd.DataFrame({"join_key_l": one, "join_key_r": other, "teacher": at}))
    pairs = pd.concat(found, ignore_index=True).sort_values(["join_key_l", "join_key_r", "teacher"], ignore_index=True)
    return pairs.assign(taught_by=[teachers[at] for at in pairs["teacher"]])


def _learn_m(settings: dict[str, Any], levels: pd.DataFrame, taught: pd.DataFrame) -> None:
    """Fill in how often records of one person are at each level of each comparison, from pairs that others taught."""
    by_pair = levels.set_index(["source_record_id_l", "source_record_id_r"])
    index = list(zip(taught["join_key_l"], taught["join_key_r"], strict=True))
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        own = {"street_name", "house_number"} if name == "address" else {name}
        if name in ("first_name", "last_name"):
            own = {"first_name", "last_name"}  # an exchange shows in both
        fit = [pair for pair, teacher in zip(index, taught["taught_by"], strict=True) if not own & set(teacher)]
        gamma = by_pair[f"gamma_{name}"].reindex(sorted(set(fit)))
        counts = gamma[gamma >= 0].value_counts()
        real = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        usual = _usual_shares(len(real))
        for at, level in enumerate(real):
            seen = int(counts.get(len(real) - 1 - at, 0))
            level["m_probability"] = (seen + USUAL_PAIRS * usual[at]) / (int(counts.sum()) + USUAL_PAIRS)
            level["u_probability"] = max(level.get("u_probability") or 0.0, LEAST_U)


def _usual_shares(count: int) -> list[float]:
    """How records of one person are usually spread over levels: nine in ten agree wholly, the rest evenly."""
    return [0.9] + [0.1 / (count - 1)] * (count - 1)


def weights_of(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each level of each comparison is worth, in bits: comparison, level, m, u, bits."""
    return [
        {
            "comparison": comparison["output_column_name"],
            "level": level["label_for_charts"],
            "m": level["m_probability"],
            "u": level["u_probability"],
            "bits": round(math.log2(level["m_probability"] / level["u_probability"]), 2),
        }
        for comparison in settings["comparisons"]
        for level in comparison["comparison_levels"]
        if not level.get("is_null_level")
    ]


def _rounded(part: Any) -> Any:
    """The settings with probabilities of so many digits, so that a review shows what changed and no noise."""
    if isinstance(part, float):
        return float(f"{part:.{DIGITS}g}")
    if isinstance(part, dict):
        return {key: _rounded(value) for key, value in part.items()}
    return [_rounded(value) for value in part] if isinstance(part, list) else part
