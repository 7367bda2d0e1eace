"""Answers to conditions: right for every row, in order, from an engine that can reach nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.adapters import conditions as adapter
from dagster_project.adapters.conditions import columns_of, evaluate
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.conditions import Condition, ConditionError, compile_condition

AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)


def moment(*parts: int) -> datetime:
    """A moment as tables have it: UTC without a zone."""
    return naive_utc(datetime(*parts, tzinfo=UTC))  # type: ignore[misc, arg-type]


FRAME = pa.table(
    {
        "customer_id": ["a", "b", "c"],
        "count_orders": pa.array([1, 0, None], pa.int64()),
        "amount": pa.array([Decimal("9.9900"), Decimal("0.0000"), None], pa.decimal128(18, 4)),
        "tier": ["top", "it's", None],
        "is_fading": [True, False, None],
        "last_at": pa.array([moment(2026, 3, 30), moment(2025, 1, 1), None], pa.timestamp("us")),
        "may_email": [True, True, True],
        "as_of": pa.array([moment(1999, 1, 1)] * 3, pa.timestamp("us")),
    }
)
COLUMNS = columns_of(FRAME.schema)


def ask(text: str) -> list[bool]:
    answers = evaluate({"asked": compile_condition(text, COLUMNS)}, FRAME, AS_OF)["asked"]
    assert answers.type == pa.bool_()
    return list(answers.to_pylist())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count_orders = 1", [True, False, False]),
        ("count_orders is null", [False, False, True]),
        ("not is_fading", [False, True, False]),
        ("is_fading is not true", [False, True, True]),
        ("amount = 9.99", [True, False, False]),
        ("amount in (9.99, 0)", [True, True, False]),
        ("amount / count_orders > 1", [True, False, False]),
        ("count_orders / amount >= 0 or amount = 0", [True, True, False]),
        ("amount % count_orders = 0.5", [False, False, False]),
        ("tier = 'it''s'", [False, True, False]),
        ("tier ilike 'T%'", [True, False, False]),
        ("last_at > as_of - interval 7 day", [True, False, False]),
        ("last_at < as_of - interval 1 week", [False, True, False]),
        ("coalesce(count_orders, 5) = 5", [False, False, True]),
        ("count_orders * 999999999999999 * 999999999999999 > 1", [True, False, False]),
        ("amount < 999999999999999", [True, True, False]),
        ("count_orders < 999999999999999", [True, True, False]),
        ("case when is_fading then amount else 0 end > 5", [True, False, False]),
        ("greatest(amount, count_orders) > 9", [True, False, False]),
        ("round(amount) = 10", [True, False, False]),
        ("amount between 9 and 10", [True, False, False]),
        ("last_at between timestamp '2026-03-01 00:00' and as_of", [True, False, False]),
    ],
)
def test_answers(text: str, expected: list[bool]) -> None:
    assert ask(text) == expected


def test_the_moment_asked_about_is_the_argument_and_not_the_column_of_the_frame() -> None:
    condition = {"x": compile_condition("last_at > as_of - interval 365 day", COLUMNS)}
    assert evaluate(condition, FRAME, AS_OF)["x"].to_pylist() == [True, False, False]
    early = datetime(2025, 2, 1, tzinfo=UTC)
    assert evaluate(condition, FRAME, early)["x"].to_pylist() == [True, True, False]


def test_several_conditions_are_answered_together_and_keep_the_order_of_rows() -> None:
    numbers = np.random.default_rng(7).integers(0, 1000, 300_000)
    frame = pa.concat_tables([pa.table({"n": numbers[:100_000]}), pa.table({"n": numbers[100_000:]})])
    conditions = {f"below {limit}": compile_condition(f"n < {limit}", {"n": "bigint"}) for limit in (1, 500)}
    answers = evaluate(conditions, frame, AS_OF)
    for limit in (1, 500):
        assert np.array_equal(answers[f"below {limit}"].to_numpy(zero_copy_only=False), numbers < limit)


def test_no_rows_and_no_conditions() -> None:
    empty = FRAME.slice(0, 0)
    assert evaluate({"x": compile_condition("is_fading", COLUMNS)}, empty, AS_OF)["x"].to_pylist() == []
    assert evaluate({}, FRAME, AS_OF) == {}


def test_consent_columns_are_not_even_offered() -> None:
    assert "may_email" not in COLUMNS
    assert "tier" in COLUMNS


def test_a_condition_that_went_round_the_checks_still_reaches_nothing() -> None:
    """The negative control: SQL that no check ever saw, handed to the engine as a marketer never could."""
    forged = [
        "exists (select * from read_csv('/etc/hostname'))",
        "exists (select * from read_text('/etc/hostname'))",
        "exists (select * from glob('/*'))",
        "getenv('HOME') is not null",
        "may_email",
        "exists (select * from somebody)",
        "(select count(*) from query('attach ''/tmp/forged.db'' as x')) > 0",
    ]
    somebody = pa.table({"x": [1]})
    for sql in forged:
        with pytest.raises(ConditionError, match="cannot be answered"):
            evaluate({"forged": Condition("", sql, (("tier", "text"),))}, FRAME, AS_OF)
    assert somebody.num_rows == 1
    with pytest.raises(ConditionError, match="not for conditions"):
        evaluate({"forged": Condition("", '"may_email"', (("may_email", "boolean"),))}, FRAME, AS_OF)


def test_the_engine_is_locked() -> None:
    engine = adapter._closed_engine(1)
    for statement in (
        "set enable_external_access = true", "set threads = 4", "set lock_configuration = false",
        "attach '/tmp/forged.db'", "copy frame to '/tmp/forged.csv'", "install httpfs", "load httpfs",
    ):  # fmt: skip
        with pytest.raises(duckdb.Error):
            engine.execute(statement).fetchall()


def test_the_engine_keeps_no_rows_when_it_has_answered() -> None:
    evaluate({"top": compile_condition("tier = 'top'", COLUMNS)}, FRAME, AS_OF, threads=1)
    with pytest.raises(duckdb.Error, match="does not exist"):
        adapter._closed_engine(1).execute("select * from frame").fetchall()


def test_a_frame_that_differs_from_the_declared_columns_is_told() -> None:
    condition = {"model": compile_condition("tier = 'top'", {"tier": "string"})}
    with pytest.raises(ConditionError, match="model: the column tier is not in the rows"):
        evaluate(condition, FRAME.drop_columns(["tier"]), AS_OF)
    with pytest.raises(ConditionError, match="is number in the rows, declared as text"):
        evaluate(condition, pa.table({"tier": [1]}), AS_OF)


def test_an_error_names_the_condition_and_never_a_value() -> None:
    good = compile_condition("tier = 'top'", COLUMNS)
    failing = Condition("", 'cast("tier" as integer) > 1', (("tier", "text"),))
    with pytest.raises(ConditionError) as refused:
        evaluate({"good": good, "bad": failing}, FRAME, AS_OF)
    assert str(refused.value).startswith("bad:")
    assert "top" not in str(refused.value)


_LEAVES = {
    "number": st.sampled_from(["count_orders", "amount", "1", "2.5", "999999999999999", "1e200", "0"]),
    "text": st.sampled_from(["tier", "'top'", "'it''s'", "lower(tier)", "upper('é')"]),
    "boolean": st.sampled_from(["is_fading", "is_fading is true", "tier is null", "true"]),
    "moment": st.sampled_from(["last_at", "as_of", "timestamp '2026-01-01 00:00:00'", "as_of - interval 5000 day"]),
    "date": st.sampled_from(["born", "date '1990-01-01'"]),
}


_COMPARISONS = st.sampled_from(["=", "<>", "<", ">=", "is distinct from"])


@st.composite
def expressions(draw: st.DrawFn, kind: str = "boolean", depth: int = 3) -> str:
    """Any text of the language: of the kind asked for, now and then of another."""
    if draw(st.integers(0, 19)) == 0:
        kind = draw(st.sampled_from(sorted(_LEAVES)))
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(_LEAVES[kind])

    def inner(of: str) -> str:
        return draw(expressions(of, depth - 1))

    other = draw(st.sampled_from(sorted(_LEAVES)))
    forms = {
        "boolean": [
            lambda: f"({inner('boolean')} {draw(st.sampled_from(['and', 'or']))} {inner('boolean')})",
            lambda: f"not {inner('boolean')}",
            lambda: f"{inner(other)} {draw(_COMPARISONS)} {inner(other)}",
            lambda: f"{inner(other)} between {inner(other)} and {inner(other)}",
            lambda: f"{inner(other)} in ({inner(other)}, {inner(other)})",
            lambda: f"{inner(other)} is not null",
            lambda: f"{inner('text')} {draw(st.sampled_from(['like', 'not like', 'ilike']))} '%t_p%'",
        ],
        "number": [
            lambda: f"({inner('number')} {draw(st.sampled_from(list('+-*/%')))} {inner('number')})",
            lambda: f"-{inner('number')}",
            lambda: f"abs({inner('number')})",
            lambda: f"round({inner('number')}, 2)",
            lambda: f"coalesce({inner('number')}, {inner('number')})",
            lambda: f"greatest({inner('number')}, {inner('number')})",
        ],
        "moment": [lambda: f"({inner('moment')} - interval 12 hour)", lambda: f"least(last_at, {inner('moment')})"],
    }  # fmt: skip
    choices = [*forms.get(kind, []), lambda: f"case when {inner('boolean')} then {inner(kind)} else {inner(kind)} end"]
    return draw(st.sampled_from(choices))()


@settings(max_examples=80, deadline=None)
@given(expressions())
def test_whatever_compiles_can_be_answered(text: str) -> None:
    """The check of kinds is complete: nothing that passed it fails in the engine, overflows or divides by zero."""
    frame = FRAME.append_column("born", pa.array([date(1990, 1, 1), date(1, 1, 1), None], pa.date32()))
    try:
        condition = compile_condition(text, columns_of(frame.schema))
    except ConditionError:
        return
    answers = evaluate({"asked": condition}, frame, AS_OF, threads=1)["asked"]
    assert answers.null_count == 0
    assert len(answers) == 3
