"""A faulty file as Dagster shows it: an asset of its own with a failing check, and nothing else harmed."""

import re
from pathlib import Path

import dagster as dg

from dagster_project.components.fenced import Fault, Folder

FILE_IS_VALID = "file_is_valid"


def definitions_of_faults(kind: str, folder: Folder) -> dg.Definitions:
    """One asset per faulty file of a folder, whose check fails with file, line and reason.

    The check does not block: a bad care model must not stop the others' customers from being met.

    Args:
        kind: what the folder holds, as ``care_model``.
        folder: what was loaded, with its faults.
    """
    assets = [_faulty_file(kind, file, faults) for file, faults in folder.faults_by_file().items()]
    return dg.Definitions(assets=assets)


def _faulty_file(kind: str, file: str, faults: list[Fault]) -> dg.AssetsDefinition:
    stem = re.sub(r"\W", "_", Path(file).stem)
    key = dg.AssetKey(f"{stem}__faulty_{kind}")
    lines = [str(fault) for fault in faults]

    @dg.asset(
        key=key,
        description=f"`{file}` is fenced off until it is mended:\n\n" + "\n".join(f"- {line}" for line in lines),
        check_specs=[dg.AssetCheckSpec(FILE_IS_VALID, asset=key, blocking=False)],
        kinds={"yaml"},
    )
    def faulty_file() -> dg.MaterializeResult:
        check = dg.AssetCheckResult(
            passed=False,
            check_name=FILE_IS_VALID,
            description=lines[0],
            metadata={"faults": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines))},
        )
        return dg.MaterializeResult(check_results=[check], metadata={"count_faults": len(lines)})

    return faulty_file


def valid_file(asset: str, file: str, fault: str | None = None) -> dg.AssetCheckResult:
    """The check's result for an asset whose file loaded; ``fault`` is what showed only when it was used."""
    return dg.AssetCheckResult(
        passed=fault is None,
        asset_key=asset,
        check_name=FILE_IS_VALID,
        description=fault or f"{file} is valid",
    )
