"""``hoiva check``: care models, encounters and stories read together, each mistake with its file and line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.components.checking import FOLDERS, check_files, check_folders


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    return {kind: Path(shutil.copytree(folder, tmp_path / kind)) for kind, folder in FOLDERS.items()}


def mend(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_everything_shipped_is_right(folders: dict[str, Path]) -> None:
    right, faults = check_folders(folders)
    assert faults == []
    assert {kind: len(names) > 3 for kind, names in right.items()} == {
        "encounters": True,
        "models": True,
        "stories": True,
        "actions": True,
        "destinations": True,
    }


def test_a_wrong_encounter_takes_its_models_and_their_stories_with_it_and_no_others(folders: dict[str, Path]) -> None:
    before, _ = check_folders(folders)
    mend(folders["encounters"] / "birthday_card.yaml", "stress: low", "stress: none")
    right, faults = check_folders(folders)
    assert str(faults[0]) == "encounters/birthday_card.yaml:8: stress: should be 'low', 'medium' or 'high'"
    assert any(str(fault).startswith("models/birthday_visit.yaml:32: steps.0.encounter: ") for fault in faults)
    assert {str(fault).partition("/")[0] for fault in faults} == {"encounters", "models", "stories"}
    assert set(before["models"]) - set(right["models"]) == {"birthday_visit"}


def test_a_file_is_told_by_its_keys_and_takes_encounters_given_with_it(tmp_path: Path) -> None:
    encounter = tmp_path / "hello.yaml"
    shutil.copy(FOLDERS["encounters"] / "welcome_letter.yaml", encounter)
    mend(encounter, "encounter: welcome_letter", "encounter: hello")
    model = tmp_path / "greeting.yaml"
    shutil.copy(FOLDERS["models"] / "welcome_after_first_purchase.yaml", model)
    mend(model, "    encounter: welcome_letter", "    encounter: hello")
    assert check_files([model, encounter]) == (
        {"encounters": ["hello"], "models": ["welcome_after_first_purchase"]}, []
    )  # fmt: skip
    _, faults = check_files([model])
    assert [str(fault).partition(" that")[0] for fault in faults] == [
        "greeting.yaml:36: steps.0.encounter: there is no encounter 'hello'"
    ]


def test_an_action_is_told_by_its_key_and_bears_no_care_models_name(folders: dict[str, Path], tmp_path: Path) -> None:
    action = tmp_path / "offer.yaml"
    shutil.copy(FOLDERS["actions"] / "reader_offer.yaml", action)
    assert check_files([action]) == ({"actions": ["reader_offer"]}, [])
    mend(folders["actions"] / "reader_offer.yaml", "action: reader_offer", "action: second_purchase")
    right, faults = check_folders(folders)
    assert "reader_offer" not in right["actions"]
    assert [str(fault) for fault in faults] == [
        "actions/reader_offer.yaml:2: action: second_purchase is the name of a care model, too: rename one of them"
    ]


def test_the_command_tells_people_and_programs(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    shutil.copy(FOLDERS["models"] / "second_purchase.yaml", wrong)
    assert CliRunner().invoke(app, ["check", str(wrong)]).exit_code == 0
    mend(wrong, "reentry: never", "reentry: sometimes")
    said = CliRunner().invoke(app, ["check", str(wrong)])
    assert said.exit_code == 1
    assert "wrong.yaml:20: reentry: should be" in said.output
    told = CliRunner().invoke(app, ["check", str(wrong), "--json"])
    assert (told.exit_code, json.loads(told.output)["faults"][0]["line"]) == (1, 20)


def test_a_file_that_is_not_there_or_no_yaml_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("care_model: [\n")
    _, faults = check_files([tmp_path / "broken.yaml", tmp_path / "missing.yaml"])
    assert [fault.file for fault in faults] == ["broken.yaml", "missing.yaml"]


def test_destinations_are_read_too_and_against_each_other(folders: dict[str, Path], tmp_path: Path) -> None:
    wrong = folders["destinations"] / "postal_letters.yaml"
    mend(wrong, "format: postal_list", "format: postal_lists")
    _, faults = check_folders(folders)
    assert [str(fault).partition(" ")[0] for fault in faults] == ["destinations/postal_letters.yaml:6:"]
    assert check_files([wrong])[0] == {"destinations": []}
    mend(wrong, "format: postal_lists", "format: postal_list")
    assert check_files([wrong]) == ({"destinations": ["postal_letters"]}, [])
    shutil.copy(wrong, folders["destinations"] / "more_letters.yaml")
    mend(folders["destinations"] / "more_letters.yaml", "destination: postal_letters", "destination: more_letters")
    reasons = {fault.reason.partition(" would")[0] for fault in check_folders(folders)[1]}
    assert reasons == {"more_letters", "postal_letters"}
