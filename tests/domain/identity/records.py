"""Source records written by hand for tests of matching: a name, and what the record says in one or more versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from dagster_project.domain.identity.clusters import clusters_of
from dagster_project.domain.identity.matching import find_matches
from dagster_project.domain.identity.rules import ATTRIBUTES, Limits, MatchRule, MatchRules

SALT = "a salt of tests"
RULES = MatchRules(
    exact=(
        MatchRule("customer_number", ("customer_number",), is_certain=True),
        MatchRule("email", ("email",), apart_when=("birth_date",)),
        MatchRule("phone_and_name", ("phone",), alike=("name",), apart_when=("birth_date",)),
        MatchRule("name_and_birth_date", ("first_name", "last_name", "birth_date")),
        MatchRule(
            "name_and_address",
            ("first_name", "last_name", "postal_code", "street_name", "house_number"),
            apart_when=("birth_date",),
        ),
    ),
    limits=Limits(records_of_a_value=5, emails=3, phones=3, names=2, role_addresses=frozenset({"info"})),
)

TYPES = dict.fromkeys(ATTRIBUTES, pa.string()) | {"birth_date": pa.date32()}
Said = Mapping[str, Any]  # attribute -> value; ``seen``: the day it was known, 1 by default


def record(name: str, **said: Any) -> dict[str, Any]:
    """One version of one record."""
    return {"source_record_id": name, "seen": 1, **said}


def born(text: str) -> date:
    """A date of birth."""
    return date.fromisoformat(text)


def matched(
    rows: Sequence[Said],
    *,
    cookies: Sequence[tuple[str, str, str]] = (),
    answers: Sequence[tuple[str, str, bool]] = (),
    rules: MatchRules = RULES,
    model: Mapping[str, Any] | None = None,
) -> tuple[set[frozenset[str]], list[dict[str, Any]], pa.Table]:
    """The groups of records, all matches, and the clusters.

    Args:
        rows: versions of records; the last of a record is its newest.
        cookies: browser, kind of evidence, value.
        answers: record, record, whether they are the same.
        rules: the match rules.
        model: the probable model.
    """
    records = records_of(rows, cookies)
    found = find_matches(records, versions_of(rows), evidence_of(cookies), answers_of(answers), rules, model)
    clusters = clusters_of(records, found, SALT)
    groups: dict[str, set[str]] = {}
    for row in clusters.to_pylist():
        groups.setdefault(row["customer_id"], set()).add(row["source_record_id"])
    return {frozenset(group) for group in groups.values()}, found.to_pylist(), clusters


def records_of(rows: Sequence[Said], cookies: Sequence[tuple[str, str, str]] = ()) -> pa.Table:
    """The records, known since their first version."""
    seen: dict[str, int] = {}
    for row in rows:
        name = row["source_record_id"]
        seen[name] = min(seen.get(name, row["seen"]), row["seen"])
    names = [*seen, *dict.fromkeys(cookie for cookie, _, _ in cookies)]
    moments = pa.array([seen.get(name, 1) for name in names], pa.int64())
    return pa.table(
        {
            "source_record_id": pa.array(names, pa.string()),
            "is_cookie": pa.array(["cookie" in name for name in names], pa.bool_()),
            "first_known_at": moments,
            "first_seen_at": moments,
        }
    )


def versions_of(rows: Sequence[Said]) -> pa.Table:
    """The versions; the last row of a record is its newest."""
    last = {row["source_record_id"]: at for at, row in enumerate(rows)}
    columns: dict[str, pa.Array] = {
        "source_record_id": pa.array([row["source_record_id"] for row in rows], pa.string()),
        "is_newest": pa.array([last[row["source_record_id"]] == at for at, row in enumerate(rows)], pa.bool_()),
        "known_at": pa.array([row["seen"] for row in rows], pa.int64()),
    }
    columns |= {name: pa.array([row.get(name) for row in rows], kind) for name, kind in TYPES.items()}
    return pa.table(columns)


def evidence_of(cookies: Sequence[tuple[str, str, str]]) -> pa.Table:
    """What leads from browsers to records."""
    names = ["source_record_id", "identifier_kind", "identifier_value"]
    columns = {name: pa.array([row[at] for row in cookies], pa.string()) for at, name in enumerate(names)}
    return pa.table(columns | {"first_known_at": pa.array([1] * len(cookies), pa.int64())})


def answers_of(answers: Sequence[tuple[str, str, bool]]) -> pa.Table:
    """What persons said of pairs."""
    return pa.table(
        {
            "source_record_id_a": pa.array([row[0] for row in answers], pa.string()),
            "source_record_id_b": pa.array([row[1] for row in answers], pa.string()),
            "is_same": pa.array([row[2] for row in answers], pa.bool_()),
            "known_at": pa.array([1] * len(answers), pa.int64()),
        }
    )
