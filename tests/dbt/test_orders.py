"""Orders: what counts as sold, what came back, and whose it is."""

from __future__ import annotations

from decimal import Decimal

from dagster_project.adapters import dbt
from tests.dbt.delivered_rows import LATE, Row, at, build_facts, facts, shop_line

ORDERED = at("03-01")


def kinds(*lines: Row) -> list[object]:
    rows = facts({"shop.invoice_lines": lines}, "order_lines")
    return [row["line_kind"] for row in sorted(rows, key=lambda row: str(row["order_id"]))]


def test_pieces_with_a_price_are_sold_and_nothing_else_is() -> None:
    sold = shop_line("1", "17", ORDERED)
    guests = shop_line("2", None, ORDERED)
    free = shop_line("3", "17", ORDERED, UnitPrice=0)
    written_off = shop_line("4", None, ORDERED, Quantity=-9)
    debt = shop_line("A5", None, ORDERED)
    cancelled = shop_line("C6", "17", ORDERED, Quantity=-1)
    assert kinds(sold, guests, free, written_off, debt, cancelled) == [
        "sale", "sale", "other", "other", "other", "return",
    ]  # fmt: skip


def test_an_order_adds_up_what_was_sold_to_the_last_of_four_decimals() -> None:
    lines = [
        shop_line("1", "17", at("03-01", "09:02"), UnitPrice="0.775", Quantity=3),
        shop_line("1", "17", at("03-01", "09:01"), UnitPrice="2.5", Quantity=2, StockCode="B2"),
        shop_line("1", "17", at("03-01", "09:01"), UnitPrice="0", Quantity=1, StockCode="C3"),
    ]
    (order,) = facts({"shop.invoice_lines": lines}, "orders")
    assert order["purchase_amount"] == Decimal("7.3250")
    assert (order["count_lines"], order["count_sold_lines"]) == (3, 2)
    assert order["occurred_at"] == at("03-01", "09:01")
    assert order["source_record_id"] == "shop:customer:17"


def test_a_cancelled_invoice_is_a_return_and_no_purchase() -> None:
    lines = [shop_line("1", "17", ORDERED), shop_line("C2", "17", at("03-05"), Quantity=-2)]
    events = facts({"shop.invoice_lines": lines}, "events")
    told = [(event["event_type"], event["subject_id"], event["amount"]) for event in events]
    assert told == [("purchase", "shop:1", Decimal(5)), ("return", "shop:C2", Decimal(5))]


def test_the_part_of_an_order_that_came_late_hides_nothing_that_was_known() -> None:
    lines = [
        shop_line("1", "17", ORDERED, known_at=at("03-02")),
        shop_line("1", "17", ORDERED, StockCode="B2", UnitPrice=1, known_at=at("03-09")),
    ]
    parts = facts({"shop.invoice_lines": lines}, "events")
    assert sorted((part["known_at"], part["amount"]) for part in parts) == [
        (at("03-02"), Decimal(5)), (at("03-09"), Decimal(2)),
    ]  # fmt: skip
    assert {(part["subject_id"], part["occurred_at"]) for part in parts} == {("shop:1", ORDERED)}
    (order,) = facts({"shop.invoice_lines": lines}, "orders")
    assert (order["purchase_amount"], order["known_at"]) == (Decimal(7), at("03-09"))


def test_a_guest_buys_without_a_record() -> None:
    lines = [shop_line("1", None, ORDERED)]
    (purchase,) = facts({"shop.invoice_lines": lines}, "events")
    assert purchase["source_record_id"] is None
    assert facts({"shop.invoice_lines": lines}, "contacts", in_vault=True) == []


def test_a_customer_of_orders_alone_has_a_number_and_follows_the_country() -> None:
    lines = [
        shop_line("1", "17", at("03-01")),
        shop_line("2", "17", at("03-02")),
        shop_line("3", "17", at("03-03"), Country="France"),
        shop_line("4", "17", at("03-04")),
    ]
    versions = facts({"shop.invoice_lines": lines}, "contacts", in_vault=True)
    assert [row["country"] for row in versions] == ["Finland", "Finland", "France", "Finland"]
    assert {row["customer_number"] for row in versions} == {"17"}
    assert facts({"shop.invoice_lines": lines}, "events", "event_type = 'joined'") == []


def standard_order(**columns: object) -> dict[str, list[Row]]:
    order = {"order_id": "9", "customer_number": "17", "ordered_at": ORDERED, "occurred_at": ORDERED}
    line = {"order_id": "9", "line": "1", "product_id": "A1", "quantity": Decimal(2), "unit_price": Decimal(4)}
    return {
        "standard.orders": [{**order, **columns}],
        "standard.order_lines": [{**line, "ordered_at": ORDERED, "occurred_at": ORDERED}],
    }


def test_orders_in_our_own_layout_belong_to_the_contact_or_else_to_the_number() -> None:
    (by_number,) = facts(standard_order(), "events")
    (by_contact,) = facts(standard_order(contact_id="c-1"), "events")
    (by_nobody,) = facts(standard_order(customer_number=None), "events")
    assert by_number["source_record_id"] == "standard:customer:17"
    assert by_contact["source_record_id"] == "standard:contact:c-1"
    assert by_nobody["source_record_id"] is None


def test_an_order_cancelled_later_was_a_purchase_until_then() -> None:
    delivered = standard_order()
    (order,) = delivered["standard.orders"]
    delivered["standard.orders"] = [order, {**order, "is_cancelled": True, "known_at": at("03-20")}]
    events = facts(delivered, "events")
    assert [(event["event_type"], event["subject_id"], event["known_at"]) for event in events] == [
        ("purchase", "standard:9", ORDERED), ("return", "standard:9:cancellation", at("03-20")),
    ]  # fmt: skip
    assert {event["amount"] for event in events} == {Decimal(8)}


def test_a_line_written_anew_counts_once() -> None:
    delivered = standard_order()
    (line,) = delivered["standard.order_lines"]
    delivered["standard.order_lines"] = [line, {**line, "quantity": Decimal(3), "known_at": at("03-09")}]
    parts = facts(delivered, "events")
    assert sum(part["amount"] for part in parts) in {Decimal(8), Decimal(12)}
    backwards = {**delivered, "standard.order_lines": delivered["standard.order_lines"][::-1]}
    assert facts(backwards, "events") == parts


def test_an_order_whose_head_comes_later_is_nobodys_until_then() -> None:
    delivered = standard_order()
    (order,) = delivered["standard.orders"]
    delivered["standard.orders"] = [{**order, "known_at": at("03-09")}]
    told = [(e["source_record_id"], e["known_at"], e["amount"]) for e in facts(delivered, "events")]
    assert sorted(told, key=str) == [
        ("standard:customer:17", at("03-09"), Decimal(8)),
        (None, ORDERED, Decimal(8)), (None, at("03-09"), Decimal(-8)),
    ]  # fmt: skip


def test_amounts_of_two_currencies_are_pointed_out() -> None:
    home = build_facts(standard_order(currency="EUR"))
    warned: list[str] = []
    dbt.build(home, ["no_two_currencies_are_added"], LATE, lambda e: warned.append(e.status), command="test")
    other = {**standard_order(currency="EUR")["standard.orders"][0], "order_id": "10", "currency": "SEK"}
    delivered = standard_order(currency="EUR")
    build_facts({**delivered, "standard.orders": [*delivered["standard.orders"], other]})
    dbt.build(home, ["no_two_currencies_are_added"], LATE, lambda e: warned.append(e.status), command="test")
    assert warned == ["pass", "warn"]
