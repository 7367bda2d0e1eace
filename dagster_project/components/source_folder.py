"""A folder of source contracts as Dagster assets: one asset per table, with what its expectations found."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from dagster_project.adapters.gate import contracts_in
from dagster_project.components.faulty_files import definitions_of_faults
from dagster_project.components.running import WAREHOUSE_POOL
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.settings import settings

EXPECTATIONS = "expectations"
DELIVERIES = dg.AssetKey("deliveries")


class SourceFolder(dg.Component, dg.Model, dg.Resolvable):
    """Every contract of the folder it stands in. A faulty one becomes a failing check and stops no other."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The tables of each source, and the faults."""
        folder = contracts_in(Path(context.path))
        sources = [tables_of(contract) for contract in folder.items.values()]
        return dg.Definitions.merge(dg.Definitions(assets=sources), definitions_of_faults("source", folder))


def tables_of(contract: SourceContract) -> dg.AssetsDefinition:
    """One asset per table of a source: its accepted deliveries, shown to dbt as one view."""
    names = {f"{contract.source}__{table}": table for table in contract.tables}
    specs = [
        dg.AssetSpec(
            key,
            deps=[DELIVERIES],
            description=contract.tables[table].about or contract.title,
            kinds={"parquet"},
            tags={"source": contract.source},
        )
        for key, table in names.items()
    ]
    checks = [dg.AssetCheckSpec(EXPECTATIONS, asset=key, blocking=False) for key in names]

    @dg.multi_asset(name=f"register_{contract.source}", specs=specs, check_specs=checks, pool=WAREHOUSE_POOL)
    def register() -> Iterator[dg.MaterializeResult]:
        from dagster_project.adapters.contacts_snapshot import make_room_for_contacts
        from dagster_project.adapters.lake import register_lake
        from dagster_project.adapters.ledger import open_ledger
        from dagster_project.adapters.warehouse import open_warehouse

        with open_ledger(settings().ledger_address) as ledger:
            accepted = ledger.accepted_files(contract.source)
            everything = ledger.deliveries(contract.source)
        with open_warehouse(settings()) as warehouse:
            register_lake(warehouse, settings(), [contract], accepted)
            make_room_for_contacts(warehouse)
        for key, table in names.items():
            mine = [delivery for delivery in everything if delivery.table_name == table]
            good = [delivery for delivery in accepted if delivery.table_name == table]
            held = [delivery for delivery in mine if delivery.status == "held"]
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    "dagster/row_count": sum(delivery.count_loaded for delivery in good),
                    "count_files": len(good),
                    "count_quarantined": sum(delivery.count_quarantined for delivery in good),
                    "count_refused_files": sum(delivery.status == "refused" for delivery in mine),
                },
                check_results=[
                    dg.AssetCheckResult(
                        asset_key=key,
                        check_name=EXPECTATIONS,
                        passed=not held,
                        description=held[-1].message if held else "every accepted delivery holds its expectations",
                        metadata={"count_held_files": len(held)},
                    )
                ],
            )

    return register
