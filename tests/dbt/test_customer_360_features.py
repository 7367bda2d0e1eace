"""The figures are defined once: asked about many moments at once, they say what a run as of each moment said."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from dagster_project.adapters import dbt
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.settings import Settings
from tests.dbt.unified_rows import Row, at, build_rooms, read, small_town

MOMENTS = [at("01-08"), at("01-20", "09:00"), at("02-04"), at("02-28", "23:00"), at("03-31"), at("06-30")]
NOT_FEATURES = {
    "customer_number", "country_code", "language_code", "birthday", "contract_end_date", "first_seen_at",
}  # fmt: skip


def features_at(home: Settings, questions: list[tuple[str, datetime]]) -> dict[tuple[object, object], Row]:
    """Evaluate the macro on a spine of (customer, moment) pairs."""
    call = "{{ customer_features('main.questions', ref('customer_events'), ref('customer_service_contacts')) }}"
    arguments = ["compile", "--inline", call, *dbt._arguments(home), "--no-write-json"]
    try:
        outcome = dbtRunner(manifest=dbt.parsed_manifest(home)).invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()
    assert outcome.success, outcome.exception
    sql = outcome.result.results[0].node.compiled_code  # type: ignore[union-attr]
    spine = pa.table({"customer_id": [customer for customer, _ in questions],
                      "as_of": pa.array([moment for _, moment in questions], pa.timestamp("us"))})  # fmt: skip
    with open_warehouse(home) as warehouse:
        warehouse.write("main", "questions", spine)
        rows = warehouse.read(sql).to_pylist()
    assert len(rows) == len(questions), "one row for each question"
    return {(row["customer_id"], row["as_of"]): row for row in rows}


def test_many_moments_at_once_equal_a_run_as_of_each() -> None:
    separate: dict[tuple[object, object], Row] = {}
    for moment in MOMENTS:
        for row in read(build_rooms(small_town(), moment), "customer_360"):
            separate[row["customer_id"], moment] = row
    home = build_rooms(small_town(), MOMENTS[-1])
    at_once = features_at(home, [(str(customer), moment) for customer, moment in separate])  # type: ignore[misc]
    assert len({row["count_orders"] for row in at_once.values()}) > 2, "the moments differ"
    for question, row in separate.items():
        features = at_once[question]
        assert {name: row[name] for name in features} == features
        decided_elsewhere = {name for name in row if name.startswith(("has_", "may_"))} | NOT_FEATURES
        assert set(row) - set(features) == decided_elsewhere, "no figure is defined a second time"


def test_a_question_about_nobody_known_gives_zeros() -> None:
    home = build_rooms(small_town(), MOMENTS[-1])
    (row,) = features_at(home, [("c-unknown", MOMENTS[0])]).values()
    assert row["count_orders"] == 0
    assert row["days_since_last_purchase"] is None
