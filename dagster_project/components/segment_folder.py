"""A folder of segments as Dagster assets: who is in each, how large each is, and the faults of files."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from dagster_project.components.faulty_files import definitions_of_faults
from dagster_project.components.fenced import Folder
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, read_table, sized
from dagster_project.components.segment import Segment, find_members, load_segments
from dagster_project.settings import settings

EXPECTED_SIZE = "expected_size"


class SegmentFolder(dg.Component, dg.Model, dg.Resolvable):
    """Every segment of the folder it stands in."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The assets ``segments`` and ``segment_sizes``, and the faults."""
        folder = load_segments(Path(context.path))
        return dg.Definitions.merge(
            dg.Definitions(assets=[segments_of(folder)]), definitions_of_faults("segment", folder)
        )


def segments_of(folder: Folder[Segment]) -> dg.AssetsDefinition:
    """Members and sizes of all segments, asked in one pass."""
    told = "\n".join(f"- `{name}`: {item.title} ({item.owner})" for name, item in sorted(folder.items.items()))

    @dg.multi_asset(
        specs=[
            dg.AssetSpec("segments", deps=["customer_analytics"], description=f"Who is in which segment.\n\n{told}"),
            dg.AssetSpec("segment_sizes", deps=["customer_analytics"], description="The size of each segment."),
        ],
        check_specs=[dg.AssetCheckSpec(EXPECTED_SIZE, asset="segment_sizes", blocking=False)],
        pool=WAREHOUSE_POOL,
        name="find_segments",
    )
    def find_segments(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        from dagster_project.adapters.warehouse import open_warehouse

        found = find_members(folder, read_table("analytics", "customer_analytics"), as_of_of(context))
        with open_warehouse(settings()) as warehouse:
            warehouse.write("analytics", "segments", found.segments)
            warehouse.write("analytics", "segment_sizes", found.segment_sizes)
        outside = [row["segment"] for row in found.segment_sizes.to_pylist() if not row["is_within_band"]]
        faults = [str(fault) for fault in found.faults]
        yield sized("segments", found.segments)
        yield sized("segment_sizes", found.segment_sizes)._replace(
            check_results=[
                dg.AssetCheckResult(
                    asset_key="segment_sizes",
                    check_name=EXPECTED_SIZE,
                    passed=not outside and not faults,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join([*(f"{name} has not its expected size" for name in outside), *faults])
                    or "every segment has the size its owner expects",
                )
            ],
        )

    return find_segments
