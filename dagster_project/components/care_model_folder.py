"""A folder of care models as Dagster assets: one asset per model, who is enrolled, and the faults of files."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from dagster_project.components.care_model import CareModelFile, load_care_models, model_of
from dagster_project.components.faulty_files import FILE_IS_VALID, definitions_of_faults, valid_file
from dagster_project.components.fenced import Folder
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of
from dagster_project.components.segment_size import SEGMENT_HAS_ITS_SIZE, segment_has_its_size
from dagster_project.domain.care_models.standing import counts_of
from dagster_project.settings import settings

# What every care model is asked of.
KNOWN_FROM = (
    "customer_analytics", "customer_events", "lifecycle_moves", "consents_current", "customer_aliases", "campaigns",
    "contact_responses",
)  # fmt: skip
DRAWN_FROM = ("segments", "segment_sizes")  # what a care model that names a segment waits for


class CareModelFolder(dg.Component, dg.Model, dg.Resolvable):
    """Every care model of the folder it stands in. A faulty one becomes a failing check and stops no other."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """One asset per care model, the asset ``enrolments`` over all of them, and the faults."""
        folder = load_care_models(Path(context.path))
        return dg.Definitions.merge(
            dg.Definitions(assets=[enrolments_of(folder)]), definitions_of_faults("care_model", folder)
        )


def enrolments_of(folder: Folder[CareModelFile]) -> dg.AssetsDefinition:
    """Who enters each care model, written to the ledger, and the table of everyone inside."""
    models = {name: item.as_model() for name, item in sorted(folder.items.items())}
    specs = [
        dg.AssetSpec(
            name,
            deps=[*KNOWN_FROM, *(DRAWN_FROM if model.draws_on else ())],
            description=f"{model.title}. Version {model.version}, owned by {model.owner}.",
            kinds={"yaml"},
        )
        for name, model in models.items()
    ]

    @dg.multi_asset(
        name="find_enrolments",
        specs=[
            *specs,
            dg.AssetSpec("enrolments", deps=list(models), description="Who is or was in which care model."),
            dg.AssetSpec("standings", deps=list(models), description="Where every enrolment stands, and until when."),
            dg.AssetSpec("transitions", deps=list(models), description="What every enrolment did, step by step."),
            dg.AssetSpec("due_actions", deps=list(models), description="The actions the care models propose now."),
            dg.AssetSpec("answers", deps=list(models), description="What came back from contacts, as paths saw it."),
        ],
        check_specs=[
            dg.AssetCheckSpec(check, asset=name, blocking=False)
            for name, model in models.items()
            for check in (FILE_IS_VALID, *([SEGMENT_HAS_ITS_SIZE] if model.draws_on else []))
        ],
        pool=WAREHOUSE_POOL,
    )
    def find_enrolments(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        from dagster_project.adapters.enrolling import TABLES, enrol_customers, held_back
        from dagster_project.adapters.ledger import open_ledger
        from dagster_project.adapters.pages import published_map
        from dagster_project.adapters.warehouse import open_warehouse

        with open_ledger(settings().ledger_address) as ledger, open_warehouse(settings()) as warehouse:
            found = enrol_customers(settings(), ledger, warehouse, list(models.values()), as_of_of(context), model_of)
            held = held_back(warehouse, list(models.values()))
            sizes = {table: warehouse.read(f"from care_models.{table} select count(*) as size") for table in TABLES}
        counts = counts_of(found.enrolments)
        for name in models:
            page = published_map(settings(), f"{name}.html")
            yield dg.MaterializeResult(
                asset_key=name,
                metadata={**counts.get(name, {}), "map": dg.MetadataValue.path(page)},
                check_results=[
                    valid_file(name, folder.files[name].name, found.faults.get(name)),
                    *([segment_has_its_size(name, held.get(name))] if models[name].draws_on else []),
                ],
            )
        for table, size in sizes.items():
            yield dg.MaterializeResult(asset_key=table, metadata={"dagster/row_count": size["size"][0].as_py()})

    return find_enrolments
