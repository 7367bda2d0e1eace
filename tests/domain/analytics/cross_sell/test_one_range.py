"""What two systems sell under one number and name is one product; what only shares one of the two is not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pyarrow as pa

from dagster_project.domain.analytics.cross_sell.one_range import one_range

MONEY = pa.decimal128(18, 4)
EARLY, LATE = datetime(2026, 1, 1), datetime(2026, 2, 1)  # noqa: DTZ001


def products(*rows: tuple[str, str | None, str | None, bool]) -> pa.Table:
    names = ["product_id", "name", "category", "is_available"]
    kinds = [pa.string(), pa.string(), pa.string(), pa.bool_()]
    return pa.table(
        [pa.array(list(each), kind) for each, kind in zip(zip(*rows, strict=True), kinds, strict=True)], names
    )


def bought(*rows: tuple[str, str, int, int, datetime]) -> pa.Table:
    names = ["customer_id", "product_id", "quantity", "returned_quantity", "first_bought_at"]
    kinds = [pa.string(), pa.string(), MONEY, MONEY, pa.timestamp("us")]
    return pa.table(
        [pa.array(list(each), kind) for each, kind in zip(zip(*rows, strict=True), kinds, strict=True)], names
    )


def test_the_same_number_and_name_are_one_product_gone_where_one_system_says_so() -> None:
    lines = bought(("a", "shop:P1", 2, 2, LATE), ("a", "store:P1", 1, 0, EARLY), ("b", "shop:P1", 1, 0, LATE))
    own, told = one_range(lines, products(("shop:P1", "TEA  pot", None, True), ("store:P1", "Tea pot", "pots", False)))
    assert told.to_pylist() == [
        {"product_id": "store:P1", "name": "Tea pot", "category": "pots", "is_available": False}
    ]
    assert {tuple(row.values()) for row in own.to_pylist()} == {
        ("a", "store:P1", Decimal(3), Decimal(2), EARLY),
        ("b", "store:P1", Decimal(1), Decimal(0), LATE),
    }


def test_number_or_name_alone_join_nothing() -> None:
    lines = bought(("a", "shop:1", 1, 0, EARLY), ("a", "store:1", 1, 0, EARLY), ("a", "store:2", 1, 0, EARLY))
    told = products(
        ("shop:1", "Tea pot", None, True), ("store:1", "Lamp", None, False), ("store:2", "Tea pot", None, True),
        ("shop:9", None, None, True), ("store:9", None, None, True),
    )  # fmt: skip
    own, range_ = one_range(lines, told)
    assert own.num_rows == 3
    assert range_.num_rows == told.num_rows
    assert sum(range_["is_available"].to_pylist()) == 4
