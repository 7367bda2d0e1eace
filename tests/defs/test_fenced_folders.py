"""A faulty file in a folder of care models or destinations shows where it is wrong, and stops no other."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.components.care_model_folder import CareModelFolder
from dagster_project.components.destination_folder import DestinationFolder
from dagster_project.components.faulty_files import FILE_IS_VALID
from dagster_project.settings import CHECKOUT

DEFS = CHECKOUT / "dagster_project" / "defs"
CARE_MODELS = ("care_models/models", CareModelFolder, "care_model", "welcome_after_first_purchase.yaml")
DESTINATIONS = ("exports/destinations", DestinationFolder, "destination", "mailchimp_letters.yaml")


class _Where:
    """All a folder's component asks of its context: the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path


def definitions_in(component: Any, folder: Path) -> dg.Definitions:
    definitions: dg.Definitions = component().build_defs(_Where(folder))
    return definitions


def keys(definitions: dg.Definitions) -> set[str]:
    return {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}


@pytest.mark.parametrize(("place", "component", "kind", "file"), [CARE_MODELS, DESTINATIONS], ids=["care", "export"])
def test_a_faulty_file_is_a_failing_check_with_its_line_and_the_others_stay(
    tmp_path: Path, place: str, component: Any, kind: str, file: str
) -> None:
    folder = shutil.copytree(DEFS / place, tmp_path / "folder")
    sound = keys(definitions_in(component, folder))
    lines = (folder / file).read_text().splitlines()
    number = next(place for place, line in enumerate(lines, 1) if line.startswith(("channel:", "stage:")))
    lines[number - 1] = lines[number - 1].split(":")[0] + ": pigeon"
    (folder / file).write_text("\n".join(lines) + "\n")

    definitions = definitions_in(component, folder)
    stem = Path(file).stem
    assert keys(definitions) == sound - {stem} | {f"{stem}__faulty_{kind}"}

    with dg.DagsterInstance.ephemeral() as instance:
        faulty = next(one for one in definitions.assets or [] if f"{stem}__faulty_{kind}" in str(one.keys))  # type: ignore[union-attr]
        result = dg.materialize([faulty], instance=instance)
    assert result.success, "a failing check that does not block"
    (check,) = result.get_asset_check_evaluations()
    assert check.check_name == FILE_IS_VALID
    assert not check.passed
    assert not check.blocking
    assert str(check.description).startswith(f"{file}:{number}: ")
    key = lines[number - 1].split(":")[0]
    assert f": {key}: " in str(check.description)


@pytest.mark.parametrize(("place", "component", "kind", "file"), [CARE_MODELS, DESTINATIONS], ids=["care", "export"])
def test_a_folder_without_faults_has_no_failing_check(
    tmp_path: Path, place: str, component: Any, kind: str, file: str
) -> None:
    """Negative control: the same folder, unharmed."""
    folder = shutil.copytree(DEFS / place, tmp_path / "folder")
    assert not any("__faulty_" in key for key in keys(definitions_in(component, folder)))
