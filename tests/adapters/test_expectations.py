"""Expectations: what is wrong is held, what is right goes on, and no page or message shows what a row holds."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from dagster_project.adapters.expectations import (
    EXPECTATIONS,
    Suite,
    load_suites,
    validate,
    validate_audience,
    validate_customer_360,
    validate_delivery,
)
from dagster_project.domain.audiences import MEMBERSHIP_SCHEMA, TRIGGER_LIST_SCHEMA
from dagster_project.settings import CHECKOUT
from tests.domain.analytics.making import AS_OF, base, random_purchases

PLANTED = "aino.virtanen@example.com"
SUITE_FILES = sorted(EXPECTATIONS.rglob("*.yaml"))


def suite_of(*expectations: dict[str, object]) -> Suite:
    because = {"because": "a reason for the reader"}
    return Suite.model_validate(
        {
            "suite": "trial",
            "title": "A trial",
            "owner": "team:data",
            "exclude_unexpected_values": True,
            "tables": {"rows": [because | expectation for expectation in expectations]},
        }
    )


IN_SET = {"expect": "column_values_to_be_in_set", "column": "status", "value_set": ["given", "denied"]}


# --- the files


@pytest.mark.parametrize("path", SUITE_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_suite_excludes_unexpected_values(path: Path) -> None:
    written = YAML(typ="safe").load(path.read_text())
    assert written["exclude_unexpected_values"] is True


def test_a_suite_that_shows_values_is_refused(tmp_path: Path) -> None:
    for path in SUITE_FILES:
        text = path.read_text().replace("exclude_unexpected_values: true", "exclude_unexpected_values: false")
        (tmp_path / path.name).write_text(text)
    suites = load_suites(tmp_path)
    assert suites.items == {}
    assert len(suites.faults) == len(SUITE_FILES) >= 8


@pytest.mark.parametrize("folder", ["sources", "customer_360", "audiences"])
def test_every_suite_in_the_repository_loads(folder: str) -> None:
    suites = load_suites(EXPECTATIONS / folder)
    assert suites.faults == []
    assert suites.items


def test_suites_and_contracts_speak_of_the_same_tables_and_columns() -> None:
    suites = load_suites(EXPECTATIONS / "sources").items
    contracts = CHECKOUT / "dagster_project" / "defs" / "sources" / "contracts"
    for name, suite in suites.items():
        contract = YAML(typ="safe").load((contracts / f"{name}.yaml").read_text())
        for table, expectations in suite.tables.items():
            columns = contract["tables"][table]["columns"]
            for expectation in expectations:
                assert set(expectation.columns) <= set(columns), f"{name}.{table}"
                may_be_missing = any((columns[column] or {}).get("optional") for column in expectation.columns)
                assert expectation.optional == may_be_missing, f"{name}.{table}: {expectation.columns}"


def test_a_wrong_suite_is_fenced(tmp_path: Path) -> None:
    good = (EXPECTATIONS / "audiences" / "membership.yaml").read_text()
    (tmp_path / "good.yaml").write_text(good)
    (tmp_path / "bad.yaml").write_text(
        good.replace("column_values_to_be_unique", "column_distinct_values_to_be_in_set")
    )
    suites = load_suites(tmp_path)
    assert list(suites.items) == ["membership"]
    assert "column_distinct_values_to_be_in_set cannot be expected here" in str(suites.faults[0])


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"expect": "column_values_to_be_in_set", "column": "status"}, "needs value_set"),
        ({"expect": "column_values_to_be_between", "column": "status"}, "needs min_value or max_value"),
        ({"expect": "column_values_to_be_unique", "column": "status", "regex": "x"}, "does not take regex"),
        ({"expect": "column_max_to_be_between", "column": "status", "max_value": 1}, "cannot be expected here"),
    ],
)
def test_an_expectation_that_cannot_be_asked_is_refused(wrong: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        suite_of(wrong)


# --- holding and letting go


def test_what_fails_is_counted_and_what_holds_goes_on() -> None:
    suite = suite_of(IN_SET, {"expect": "column_values_to_not_be_null", "column": "customer_id"})
    good = pd.DataFrame({"status": ["given", "denied", None], "customer_id": ["c1", "c2", "c3"]})
    assert validate(suite, good).success
    bad = good.assign(status=["given", "perhaps", "perhaps"])
    outcome = validate(suite, bad)
    assert not outcome.success
    assert [(one.expectation, one.column, one.count_unexpected) for one in outcome.failed] == [
        ("column_values_to_be_in_set", "status", 2)
    ]


def test_a_warning_is_told_and_stops_nothing() -> None:
    outcome = validate(suite_of(IN_SET | {"severity": "warning"}), pd.DataFrame({"status": ["perhaps"]}))
    assert outcome.success
    assert len(outcome.failed) == 1


def test_a_missing_column_is_a_failure_unless_it_is_optional() -> None:
    frame = pd.DataFrame({"customer_id": ["c1"]})
    assert validate(suite_of(IN_SET), frame).message.startswith("status: column_values_to_be_in_set fails: the column")
    assert validate(suite_of(IN_SET | {"optional": True}), frame).success


def test_a_share_is_asked_only_of_enough_rows() -> None:
    mostly = {"expect": "column_values_to_not_be_null", "column": "number", "mostly": 0.5, "from_rows": 4}
    assert validate(suite_of(mostly), pd.DataFrame({"number": [None, None, 1]})).success
    assert not validate(suite_of(mostly), pd.DataFrame({"number": [None, None, None, 1]})).success


def test_a_column_of_the_wrong_type_is_a_failure_without_a_traceback() -> None:
    between = {"expect": "column_values_to_be_between", "column": "amount", "min_value": 0}
    outcome = validate(suite_of(between), pd.DataFrame({"amount": [PLANTED]}))
    assert not outcome.success
    assert "Traceback" not in json.dumps(outcome.results)
    assert PLANTED not in outcome.message + json.dumps(outcome.results)


def test_arrow_tables_with_decimals_are_taken() -> None:
    between = {"expect": "column_values_to_be_between", "column": "amount", "min_value": 0, "max_value": 10}
    rows = pa.table({"amount": pa.array([Decimal("1.5"), Decimal("10.0001"), None], pa.decimal128(18, 4))})
    assert validate(suite_of(between), rows).failed[0].count_unexpected == 1


def test_pairs_are_compared_where_both_are_known() -> None:
    pair = {"expect": "column_pair_values_a_to_be_greater_than_b", "column_A": "closed", "column_B": "opened"}
    rows = pd.DataFrame({"closed": [2.0, None, 1.0], "opened": [1.0, 1.0, 3.0]})
    assert validate(suite_of(pair), rows).failed[0].count_unexpected == 1


# --- the suites on real rows


def test_a_base_as_the_models_build_it_meets_its_suite() -> None:
    customers = base(random_purchases(300, seed=1), prospects=20)
    assert validate_customer_360(customers).message == "all expectations hold"


def test_a_customer_twice_in_customer_360_is_stopped() -> None:
    customers = base(random_purchases(50, seed=2))
    outcome = validate_customer_360(pa.concat_tables([customers, customers.slice(0, 1)]))
    assert [one.column for one in outcome.failed if one.is_blocking] == ["customer_id"]


def trigger_list(**columns: list[object]) -> pa.Table:
    row = {name: ["x", "y"] for name in TRIGGER_LIST_SCHEMA.names} | {
        "channel": ["email", "phone"],
        "as_of": [AS_OF.replace(tzinfo=None)] * 2,
    }
    return pa.table(row | columns, schema=TRIGGER_LIST_SCHEMA)


def test_no_contact_leaves_without_the_consent_that_allows_it() -> None:
    assert validate_audience("welcome", trigger_list(), is_membership=False).success
    outcome = validate_audience("welcome", trigger_list(consent_id=["x", None]), is_membership=False)
    assert not outcome.success
    assert "consent_id" in outcome.message


def test_a_contact_listed_twice_is_stopped() -> None:
    assert not validate_audience("welcome", trigger_list(contact_id=["x", "x"]), is_membership=False).success


def test_no_member_is_named_twice() -> None:
    rows = {"customer_id": ["c1", "c1"], "consent_id": ["s1", "s2"], "as_of": [AS_OF.replace(tzinfo=None)] * 2}
    assert not validate_audience("top", pa.table(rows, schema=MEMBERSHIP_SCHEMA), is_membership=True).success


def test_an_empty_audience_is_right() -> None:
    assert validate_audience("nobody", MEMBERSHIP_SCHEMA.empty_table(), is_membership=True).success
    assert validate_audience("nobody", TRIGGER_LIST_SCHEMA.empty_table(), is_membership=False).success


def invoice_lines(rows: int, **columns: object) -> pd.DataFrame:
    plain = {
        "InvoiceNo": "536365",
        "StockCode": "85123A",
        "Quantity": 6,
        "InvoiceDate": pd.Timestamp("2026-03-01"),
        "UnitPrice": 2.55,
        "CustomerID": "17850",
        "Country": "United Kingdom",
    }
    return pd.DataFrame({name: [value] * rows for name, value in (plain | columns).items()})


def test_a_delivery_in_pence_is_held_and_a_small_one_is_not() -> None:
    def outcome(rows: int, price: float) -> bool:
        found = validate_delivery("shop", "invoice_lines", invoice_lines(rows, UnitPrice=price))
        assert found is not None
        return found.success

    assert outcome(500, 2.55)
    assert not outcome(500, 2_550.0)
    assert outcome(3, 2_550.0)  # three dear things in one day are possible


def test_a_source_without_a_suite_has_no_outcome() -> None:
    assert validate_delivery("unheard_of", "rows", pd.DataFrame({"a": [1]})) is None


def test_a_delivery_whose_suite_is_wrong_is_not_waved_through(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "shop.yaml").write_text("suite: shop\ntitle: [\n")
    outcome = validate_delivery("shop", "invoice_lines", invoice_lines(1), folder=tmp_path)
    assert outcome is not None
    assert not outcome.success
    assert "expectations/sources/shop.yaml:" in outcome.message


@pytest.mark.real_data
def test_no_real_delivery_is_held(gift_shop: Path) -> None:
    for path in sorted(gift_shop.glob("*/*")):
        table = path.name.split(".")[0]
        if path.suffix == ".parquet":
            frame, table = pd.read_parquet(path), "invoice_lines"
        elif ".jsonl" in path.name:
            frame, table = pd.read_json(path, lines=True, nrows=2_000), "events"
        else:
            frame = pd.read_csv(path, dtype=str)
        outcome = validate_delivery(path.parent.name, table, frame)
        assert outcome is not None, path.name
        assert outcome.message == "all expectations hold", path.name
