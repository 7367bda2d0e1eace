"""The check that holds back what draws on a segment of the wrong size, and nothing else."""

import dagster as dg

SEGMENT_HAS_ITS_SIZE = "segment_has_its_size"


def segment_has_its_size(asset: str, breach: str | None) -> dg.AssetCheckResult:
    """The check that holds back one export, and one alone, while the segment behind it has not its expected size."""
    return dg.AssetCheckResult(
        passed=breach is None,
        asset_key=asset,
        check_name=SEGMENT_HAS_ITS_SIZE,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"held back: {breach}" if breach else "the segment has the size its owner expects",
    )
