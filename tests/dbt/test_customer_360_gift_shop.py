"""The real shop, from its delivered files to customer_360, by the figures that are known of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dagster_project.adapters import dbt
from dagster_project.adapters.gate import contracts_in, land
from dagster_project.adapters.lake import register_lake
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.warehouse import Warehouse, open_warehouse
from dagster_project.settings import Settings, load_settings
from dagster_project.settings import settings as settings_of_process

pytestmark = pytest.mark.real_data

END_OF_AUGUST = datetime(2011, 8, 31, 20, 59, 59, 999999, tzinfo=UTC)
ROOMS = ["path:seeds", "path:models/staging", "path:models/unified", "path:models/identity", "path:models/customer_360"]


@pytest.fixture(scope="module")
def shop(gift_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Every delivery of the shop landed as history, and the rooms up to customer_360 built."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOIVA_PHONE_REGION", "GB")
        settings_of_process.cache_clear()
        home = load_settings(home=tmp_path_factory.mktemp("shop") / "home", reporting_currency="GBP")
        home.at_home.make()
        contracts = contracts_in(CONTRACTS).items
        with open_ledger(home.ledger_address) as ledger:
            for source in ("hubspot", "mailchimp", "ga4", "shop"):
                for file in sorted((gift_shop / source).iterdir()):
                    landed = land(
                        home, ledger, contracts[source], file,
                        arrived_at=None, history=True, landed_at=END_OF_AUGUST, expectations=False,
                    )  # fmt: skip
                    assert landed.status == "loaded", landed.message
            accepted = ledger.accepted_files()
        with open_warehouse(home) as warehouse:
            register_lake(warehouse, home, contracts.values(), accepted)
        dbt.build(home, ROOMS, END_OF_AUGUST)  # with every test of dbt
        yield home
    settings_of_process.cache_clear()


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
