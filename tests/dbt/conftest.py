"""The real shop, landed and built once for all tests that ask it something."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dagster_project.adapters import dbt
from dagster_project.adapters.gate import contracts_in, land
from dagster_project.adapters.lake import register_lake
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.settings import Settings, load_settings
from dagster_project.settings import settings as settings_of_process
from tests.dbt import compiled_models

END_OF_AUGUST = datetime(2011, 8, 31, 20, 59, 59, 999999, tzinfo=UTC)
ROOMS = ["path:seeds", "path:models/staging", "path:models/unified", "path:models/identity", "path:models/customer_360"]


@pytest.fixture(scope="session", autouse=True)
def _dbt_finds_the_warehouse_closed() -> Iterator[None]:
    """What ``compiled_models`` holds open is let go of before dbt begins."""
    arguments = dbt._arguments

    def of_a_closed_home(settings: Settings) -> list[str]:
        compiled_models.let_go(settings.home)
        return arguments(settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt, "_arguments", of_a_closed_home)
        yield
    compiled_models.let_go_of_all()


@pytest.fixture(scope="session")
def shop(gift_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
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
    settings_of_process.cache_clear()
    return home
