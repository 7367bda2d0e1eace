"""How well identity finds who is who: pairs of records of one person, found and wrongly joined, beside two references.

The references run in the same process: exact keys only, and splink as its own tutorial for such a set configures it
(Febrl 3's for Febrl 1; for the town, which has none, the one for made-up persons).
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from dagster_project.domain.identity.clusters import clusters_of
from dagster_project.domain.identity.exact import holders_of, star_pairs
from dagster_project.domain.identity.matching import find_matches
from dagster_project.domain.identity.nodes import nodes_of
from dagster_project.domain.identity.training import train
from dagster_project.domain.identity.union_find import components
from dagster_project.settings import CHECKOUT
from tests.benchmarks.identity_data import People, all_sets

DATA = CHECKOUT.parent / "shared" / "data" / "identity"
NO_COOKIES = pa.table(
    {name: pa.array([], pa.string()) for name in ("source_record_id", "identifier_kind", "identifier_value")}
    | {"first_known_at": pa.array([], pa.timestamp("us"))}
)
NO_ANSWERS = pa.table(
    {name: pa.array([], pa.string()) for name in ("source_record_id_a", "source_record_id_b")}
    | {"is_same": pa.array([], pa.bool_()), "known_at": pa.array([], pa.timestamp("us"))}
)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.identity", description=__doc__)
    parser.add_argument("--town", type=int, default=5_000, help="people in the town (default 5000)")
    parser.add_argument("--only", help="sets whose name has this in it")
    parser.add_argument("--errors", action="store_true", help="what kinds of pairs are missed or wrong")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    found = []
    for people in all_sets(DATA, arguments.town):
        if arguments.only and arguments.only not in people.name:
            continue
        for how, find in WAYS.items():
            started = time.process_time()
            labels = find(people)
            figures = judged(labels, people.person) | {"cpu_seconds": round(time.process_time() - started, 1)}
            found.append({"set": people.name, "way": how} | figures)
            if not arguments.json:
                print(_line(found[-1]), flush=True)
            if arguments.errors and how == "hoiva":
                print(errors(labels, people), flush=True)
    if arguments.json:
        print(json.dumps(found, indent=2))
    if not DATA.exists():
        print("the published sets are not there (../shared/data/identity): the town alone", file=sys.stderr)
    return 0


def exact_keys(people: People) -> pd.Series:
    """Records joined by their exact keys alone: a customer number, an address, an identity number."""
    keys = tuple(name for name in ("customer_number", *people.exact_keys))
    nodes = nodes_of(people.records, people.versions, keys)
    pairs = pd.concat([star_pairs(holders_of(nodes, (key,))) for key in keys])
    return pd.Series(components(pairs["a"].to_numpy(), pairs["b"].to_numpy(), len(nodes.ids)), index=nodes.ids)


def hoiva(people: People) -> pd.Series:
    """Our own matching: exact rules, a model trained on these records, limits."""
    model = train(people.versions, date(2026, 1, 1))
    matches = find_matches(people.records, people.versions, NO_COOKIES, NO_ANSWERS, people.rules, model)
    clusters = clusters_of(people.records, matches, "a salt of benchmarks")
    return pd.Series(clusters["customer_id"].to_pylist(), index=clusters["source_record_id"].to_pylist())


def tutorial(people: People) -> pd.Series:
    """Splink as its tutorial for such a set has it, clustered at the threshold named there."""
    from splink import DuckDBAPI, Linker

    from tests.benchmarks.splink_tutorials import TUTORIALS

    settings, train_it, threshold, unique_id, frames = TUTORIALS[people.kind](people.raw)
    api = DuckDBAPI()
    linker = Linker([api.register(frame) for frame in frames], settings, log_level=None)
    train_it(linker)
    predictions = linker.inference.predict(threshold_match_probability=min(0.2, threshold))
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predictions, threshold_match_probability=threshold
    ).as_pandas_dataframe()
    return pd.Series(clusters["cluster_id"].to_numpy(), index=clusters[unique_id].astype(str))


WAYS: dict[str, Callable[[People], pd.Series]] = {
    "exact keys": exact_keys,
    "splink's tutorial": tutorial,
    "hoiva": hoiva,
}


def judged(labels: pd.Series, person: pd.Series) -> dict[str, Any]:
    """Pairwise precision, recall and F1 of a grouping, over all pairs of records."""
    frame = pd.DataFrame({"label": labels.reindex(person.index).to_numpy(), "person": person.to_numpy()})
    right = _pairs(frame.groupby(["label", "person"]).size())
    said, true = _pairs(frame.groupby("label").size()), _pairs(frame.groupby("person").size())
    precision, recall = right / max(said, 1), right / max(true, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {
        "true_pairs": true,
        "said_pairs": said,
        "wrong_pairs": said - right,
        "precision": round(precision, 5),
        "recall": round(recall, 5),
        "f1": round(f1, 5),
    }


def _pairs(sizes: pd.Series) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def errors(labels: pd.Series, people: People) -> str:
    """The kinds of pairs that are missed, by what agrees in them, and how many."""
    newest = people.versions.to_pandas().set_index("source_record_id")
    columns = [
        name
        for name in (
            "first_name",
            "last_name",
            "birth_date",
            "email",
            "phone",
            "street_name",
            "postal_code",
            "other_id",
        )
        if name in newest and newest[name].notna().any()
    ]
    frame = pd.DataFrame({"record": people.person.index, "person": people.person.to_numpy()})
    pairs = frame.merge(frame, on="person", suffixes=("_a", "_b"))
    pairs = pairs[pairs["record_a"] < pairs["record_b"]]
    missed = pairs[labels.reindex(pairs["record_a"]).to_numpy() != labels.reindex(pairs["record_b"]).to_numpy()]
    one, other = newest.loc[missed["record_a"], columns], newest.loc[missed["record_b"], columns]
    agree = [
        "+".join(name for name in columns if a[name] is not None and a[name] == b[name]) or "nothing"
        for a, b in zip(one.to_dict("records"), other.to_dict("records"), strict=True)
    ]
    return "  missed, by what agrees:\n" + pd.Series(agree).value_counts().head(12).to_string()


def _line(row: dict[str, Any]) -> str:
    figures = f"precision {row['precision']:.4f}  recall {row['recall']:.4f}  F1 {row['f1']:.4f}"
    return f"{row['set']:20} {row['way']:18} {figures}  wrong {row['wrong_pairs']:5}  {row['cpu_seconds']:6.1f} s CPU"


if __name__ == "__main__":
    raise SystemExit(main())
