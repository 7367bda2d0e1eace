"""A folder of destinations as Dagster assets: each one's newest batch, and the faults of files."""

from pathlib import Path

import dagster as dg

from dagster_project.components.delivered import IS_DELIVERED, is_delivered
from dagster_project.components.destination import DestinationFile, load_destinations
from dagster_project.components.faulty_files import FILE_IS_VALID, definitions_of_faults, valid_file
from dagster_project.components.held_change import NOTHING_IS_HELD, nothing_is_held
from dagster_project.components.retired import remember
from dagster_project.components.running import as_of_of
from dagster_project.components.segment_size import SEGMENT_HAS_ITS_SIZE, segment_has_its_size
from dagster_project.settings import settings


class DestinationFolder(dg.Component, dg.Model, dg.Resolvable):
    """Every destination of the folder it stands in. A faulty one becomes a failing check and stops no other."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """One asset per destination, and the faults."""
        folder = load_destinations(Path(context.path))
        assets = [batches_of(item, folder.files[name]) for name, item in sorted(folder.items.items())]
        return dg.Definitions.merge(dg.Definitions(assets=assets), definitions_of_faults("destination", folder))


def batches_of(file: DestinationFile, path: Path) -> dg.AssetsDefinition:
    """The outbox of one destination: what waits for it becomes one immutable batch."""
    destination = file.to_destination()

    @dg.asset(
        key=file.destination,
        deps=["published", "acknowledgements"],
        description=f"{file.title}: batches in `outbox/{file.destination}/`.",
        check_specs=[
            dg.AssetCheckSpec(name, asset=file.destination, blocking=False)
            for name in (
                FILE_IS_VALID,
                NOTHING_IS_HELD,
                *([SEGMENT_HAS_ITS_SIZE] if file.segment else []),
                *([IS_DELIVERED] if file.transport else []),
            )
        ],
        kinds={"yaml"},
    )
    def export(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from dagster_project.adapters.exporting import export_destination, held_back
        from dagster_project.adapters.ledger import open_ledger
        from dagster_project.adapters.published import open_published
        from dagster_project.adapters.transports.deliver import deliver_destination

        with open_ledger(settings().ledger_address) as ledger:
            remember(ledger, file)
            try:
                batch = export_destination(settings(), ledger, destination, as_of_of(context))
            finally:  # what was published before travels on, whatever became of today's batch
                carried = deliver_destination(settings(), ledger, destination, as_of_of(context))
            held = ledger.held_changes(file.destination)
            transfers = ledger.transfers(destination.name)
        reason = held_back(open_published(settings()), destination)
        arrived = [is_delivered(file.destination, transfers)] if file.transport else []
        size = [segment_has_its_size(file.destination, reason)] if file.segment else []
        return dg.MaterializeResult(
            metadata={
                "batch": "nothing new to tell" if batch is None else batch.folder_name,
                "dagster/row_count": 0 if batch is None else batch.count_rows,
                **({"delivered": sum(one.outcome == "delivered" for one in carried)} if file.transport else {}),
            },
            check_results=[
                valid_file(file.destination, path.name),
                nothing_is_held(file.destination, held),
                *size,
                *arrived,
            ],
        )

    return export
