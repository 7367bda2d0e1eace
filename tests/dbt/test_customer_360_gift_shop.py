"""The real shop, from its delivered files to customer_360, by the figures that are known of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from dagster_project.adapters.warehouse import Warehouse, open_warehouse
from dagster_project.settings import Settings

pytestmark = pytest.mark.real_data


@pytest.fixture
def warehouse(shop: Settings) -> Iterator[Warehouse]:
    with open_warehouse(shop) as opened:
        yield opened


def test_every_numbered_customer_has_one_row(warehouse: Warehouse) -> None:
    (row,) = warehouse.read(
        "select count(*) as rows, count(distinct customer_number) as numbers,"
        " count(case when count_orders > 0 then 1 end) as buyers"
        " from customer_360.customer_360 where customer_number is not null"
    ).to_pylist()
    assert row == {"rows": 3360, "numbers": 3360, "buyers": 3317}


def test_the_purchases_of_customers_add_up_to_the_last_digit(warehouse: Warehouse) -> None:
    (row,) = warehouse.read("select sum(total_purchase_amount) as amount from customer_360.customer_360").to_pylist()
    assert row["amount"] == Decimal("5239240.562")


def test_every_country_the_shop_writes_is_known(warehouse: Warehouse) -> None:
    unknown = warehouse.read(
        "select distinct country from vault.identity.known_contacts"
        " where lower(trim(country)) not in (select written_name from seeds.countries)"
    )
    assert unknown.num_rows == 0


def test_duplicates_in_the_crm_became_one_customer(warehouse: Warehouse) -> None:
    (row,) = warehouse.read(
        "select count(*) as contacts, count(distinct customer_id) as customers from identity.clusters"
        " where source_record_id like 'hubspot:contact:%'"
    ).to_pylist()
    assert row["customers"] < row["contacts"]
