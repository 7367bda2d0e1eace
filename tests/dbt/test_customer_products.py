"""What customers bought of what, and what can be bought: as known then, taken back lines gone, no postage."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tests.dbt.unified_rows import Row, at, built, contact


def line(number: str, product: str, when: datetime, pieces: int, **columns: object) -> Row:
    told: Row = {
        "order_line_id": f"{number}:{product}:{when}:{pieces}", "order_id": f"shop:{number}", "product_id": product,
        "source_record_id": "shop:customer:1", "source_system": "shop", "line_kind": "sale" if pieces > 0 else "return",
        "quantity": Decimal(pieces), "line_amount": Decimal(pieces * 2), "occurred_at": when,
    }  # fmt: skip
    return {**told, **columns}


def product(number: str, name: str, when: datetime, **columns: object) -> Row:
    return {"product_version_id": f"{number}@{when}@{name}", "product_id": number, "source_system": "standard",
            "name": name, "occurred_at": when, **columns}  # fmt: skip


def stock(number: str, is_available: bool, when: datetime, **columns: object) -> Row:
    return {"product_statement_id": f"{number}@{when}", "product_id": number, "source_system": "standard",
            "is_available": is_available, "occurred_at": when, **columns}  # fmt: skip


PERSON = contact("shop:customer:1", at("01-01"), source_system="shop", customer_number="1")
LINES = [
    line("A", "tea", at("01-10"), 2),
    line("B", "tea", at("02-10"), 3),
    line("B", "cup", at("02-10"), 1),
    line("C9", "tea", at("02-12"), -1),
    line("D", "lamp", at("02-20"), 1),
    line("D", "lamp", at("02-20"), -1, order_line_id="D:taken back", line_kind="sale", known_at=at("02-25")),
    line("E", "late", at("01-15"), 1, known_at=at("03-20")),
    line("F", "POST", at("01-16"), 1),
]


def bought(as_of: datetime) -> dict[object, Row]:
    return {row["product_id"]: row for row in built([PERSON, *LINES], as_of, "customer_products")}


def test_pieces_orders_and_returns_of_a_product_are_one_row() -> None:
    tea = bought(at("03-31"))["shop:tea"]
    assert tea["count_orders"] == 2
    assert (tea["quantity"], tea["returned_quantity"]) == (Decimal(5), Decimal(1))
    assert (tea["first_bought_at"], tea["last_bought_at"]) == (at("01-10"), at("02-10"))


def test_a_line_taken_back_was_never_bought() -> None:
    assert "shop:lamp" in bought(at("02-21")), "negative control: it was bought as known then"
    assert "shop:lamp" not in bought(at("03-31"))


def test_what_came_late_was_not_known_before() -> None:
    assert "shop:late" not in bought(at("03-01"))
    assert "shop:late" in bought(at("03-31"))


def test_postage_is_no_product() -> None:
    assert set(bought(at("03-31"))) == {"shop:tea", "shop:cup", "shop:late"}


def test_the_newest_word_on_stock_holds_as_known_then() -> None:
    rows = [
        PERSON,
        product("tea", "Tea", at("01-01")),
        product("tea", "Green tea", at("02-01")),
        product("cup", "Cup", at("01-01")),
        stock("tea", True, at("01-02")),
        stock("tea", False, at("02-02"), known_at=at("02-10")),
    ]
    told = {row["product_id"]: row for row in built(rows, at("02-05"), "current_products")}
    assert told["standard:tea"]["name"] == "Green tea"
    assert told["standard:tea"]["is_available"] is True
    assert told["standard:cup"]["is_available"] is True, "nobody said anything"
    later = {row["product_id"]: row for row in built(rows, at("02-11"), "current_products")}
    assert later["standard:tea"]["is_available"] is False
