"""The marketer's guide: every key is explained in it, and what it writes is right and does what it tells."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from dagster_project.components import care_model, encounter, playing, story
from dagster_project.components.care_model import CareModelFile, context_of
from dagster_project.components.checking import FOLDERS, check_folders
from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.components.fenced import load_file
from dagster_project.domain.care_models.steps import Branch
from dagster_project.settings import CHECKOUT, Settings

GUIDE = (CHECKOUT / "docs" / "care_model_guide.md").read_text()
PLACES = {"encounter": "encounters", "care_model": "models", "story": "stories"}


def written() -> dict[str, list[str]]:
    """The files the guide writes, by kind."""
    blocks = re.findall(r"```yaml\n(?:# yaml-language-server[^\n]*\n)?((\w+): .*?)```", GUIDE, re.DOTALL)
    found: dict[str, list[str]] = {place: [] for place in PLACES.values()}
    for text, key in blocks:
        found[PLACES[key]].append(text)
    return found


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The shipped files, and beside them those of the guide."""
    root = tmp_path_factory.mktemp("guide")
    places = {kind: Path(shutil.copytree(folder, root / kind)) for kind, folder in FOLDERS.items()}
    for kind, texts in written().items():
        for text in texts:
            (places[kind] / f"{text.split()[1]}.yaml").write_text(text)
    return places


def test_the_guide_writes_encounters_a_model_with_a_branch_and_stories(folders: dict[str, Path]) -> None:
    assert {kind: len(texts) for kind, texts in written().items()} == {"encounters": 2, "models": 1, "stories": 2}
    right, faults = check_folders(folders)
    assert faults == []
    assert "third_order_regulars" in right["models"]
    read = load_file(
        folders["models"] / "third_order_regulars.yaml", CareModelFile, context_of(folders["encounters"])
    )  # fmt: skip
    assert not isinstance(read, list)
    assert any(isinstance(step.does, Branch) for step in read[0].as_model().steps)


def test_its_stories_pass(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        playing, "load_care_models", lambda: care_model.load_care_models(folders["models"], folders["encounters"])
    )
    policy = load_contact_policy().policy
    assert policy is not None
    verdicts, faults = playing.play_files(
        Settings(), policy, names=["third_order_regulars"], folder=folders["stories"]
    )  # fmt: skip
    assert faults == []
    assert len(verdicts) == 2
    assert [line for verdict in verdicts for line in verdict.lines if line.fits is False] == []


def test_the_mistakes_it_shows_are_the_ones_that_are_told(folders: dict[str, Path], tmp_path: Path) -> None:
    shown = re.findall(r"^    models/(third_order_regulars\.yaml:\d+: \S+: .*)$", GUIDE, re.MULTILINE)
    assert len(shown) == 2
    text = (folders["models"] / "third_order_regulars.yaml").read_text()
    first_line = "# yaml-language-server\n"  # as in the guide's file
    slips = [("event: purchase\n  within", "event: purchas\n  within"), ("count_orders_365d =", "count_order_365d =")]
    for line, (old, new) in zip(shown, slips, strict=True):
        assert old in text
        path = tmp_path / "third_order_regulars.yaml"
        path.write_text(first_line + text.replace(old, new))
        read = load_file(path, CareModelFile, context_of(folders["encounters"]))
        assert isinstance(read, list)
        begins, _, ends = line.partition("...")
        assert any(str(fault).startswith(begins) and str(fault).endswith(ends) for fault in read), line


@pytest.mark.parametrize("form", [care_model, encounter], ids=["care_model", "encounter"])
def test_every_key_is_explained(form: object) -> None:
    schema = json.loads(form.json_schema())  # type: ignore[attr-defined]
    keys = {key for part in (schema, *schema.get("$defs", {}).values()) for key in part.get("properties", {})}
    explained = GUIDE[GUIDE.index("## Every key") :]
    assert [key for key in sorted(keys) if f"`{key}" not in explained and f" {key}:" not in explained] == []


def test_every_trigger_and_kind_of_reentry_is_explained() -> None:
    schema = json.loads(care_model.json_schema())
    triggers = {
        part["properties"]["trigger"]["const"]
        for part in schema["$defs"].values()
        if "trigger" in part.get("properties", {})
    }
    assert [trigger for trigger in sorted(triggers) if f"| `{trigger}` |" not in GUIDE] == []
    for word in ("never", "after_exit", "after: 90d", "per: subject"):
        assert f"| `{word}` |" in GUIDE


def test_it_shows_how_to_tell_a_story() -> None:
    keys = set(json.loads(story.json_schema())["properties"])
    shown = {line.split(":")[0] for text in written()["stories"] for line in text.splitlines() if line[:1].isalpha()}
    assert {"story", "care_model", "starts", "until", "customer", "happens", "expect", "never", "ends"} <= shown <= keys
