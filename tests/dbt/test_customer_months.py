"""Past months: what each run at a month's end said, said again later from what was known then."""

from __future__ import annotations

from tests.dbt.unified_rows import Row, at, build_rooms, built, read, small_town

ENDS_IN_HELSINKI = [  # winter time until the 29th of March, then summer time
    at("01-31", "21:59:59.999999"),
    at("02-28", "21:59:59.999999"),
    at("03-31", "20:59:59.999999"),
]


def months_of(rows: list[Row]) -> list[object]:
    return sorted({row["as_of"] for row in rows})  # type: ignore[type-var]


def test_each_past_month_equals_the_run_at_its_end() -> None:
    months = read(build_rooms(small_town(), at("04-15")), "customer_months")
    assert months_of(months)[-3:] == ENDS_IN_HELSINKI
    compared = 0
    for end in ENDS_IN_HELSINKI:
        then = {row["customer_id"]: row for row in built(small_town(), end, "customer_360")}
        for row in months:
            if row["as_of"] == end and row["customer_id"] in then:
                assert {name: then[row["customer_id"]][name] for name in row} == row
                compared += row["count_orders"] > 0  # type: ignore[operator]
    assert compared > 3, "customers who had bought were compared"


def test_the_month_that_goes_on_is_not_among_them() -> None:
    last_moment, next_moment = ENDS_IN_HELSINKI[-1], at("03-31", "21:00")
    assert months_of(built(small_town(), last_moment, "customer_months"))[-1] == ENDS_IN_HELSINKI[-2]
    assert months_of(built(small_town(), next_moment, "customer_months"))[-1] == ENDS_IN_HELSINKI[-1]


def test_who_was_not_seen_yet_has_no_row() -> None:
    home = build_rooms(small_town(), at("04-15"))
    seen = {row["customer_id"]: row["first_seen_at"] for row in read(home, "customer_360")}
    rows = read(home, "customer_months")
    assert {row["customer_id"] for row in rows} == set(seen)
    assert all(seen[row["customer_id"]] <= row["as_of"] for row in rows)  # type: ignore[operator]
    assert months_of(rows)[0] == ENDS_IN_HELSINKI[0], "thirteen months are asked about, and nobody was there before"
