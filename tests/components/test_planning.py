"""``hoiva plan``: what is compared with what, and how it is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.components import planning
from dagster_project.components.action import ACTIONS
from dagster_project.components.care_model import MODELS, load_care_models
from dagster_project.components.checking import FOLDERS
from dagster_project.components.planning import plan_of
from dagster_project.components.proposers import Proposers, proposers_of_revision
from dagster_project.domain.care_models import CareModel
from dagster_project.domain.care_models.plan import figures, in_markdown
from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT, Settings
from tests.adapters.test_planning import BUYERS, FADING, SECOND, house, stores

__all__ = ["house"]  # a home in which the model of the fading has run once


def git(root: Path, *arguments: str) -> None:
    own = ["-c", "user.name=A", "-c", "user.email=a@mail.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *own, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose one commit holds the shipped files, one of them wrong."""
    root = tmp_path / "repository"
    for folder in (FOLDERS["models"], FOLDERS["encounters"], ACTIONS):
        shutil.copytree(folder, root / folder.relative_to(CHECKOUT))
    path = root / MODELS.relative_to(CHECKOUT) / "second_purchase.yaml"
    path.write_text(path.read_text().replace("reentry: never", "reentry: sometimes"))
    git(root.parent, "init", "-q", str(root))
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "All there is")
    return root


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A care model's file that is changed from the shipped one."""
    path = tmp_path / "welcome.yaml"
    text = (MODELS / "welcome_after_first_purchase.yaml").read_text()
    path.write_text(text.replace("version: 2", "version: 3").replace("wait: 45d", "wait: 50d"))
    return path


def test_the_care_models_of_a_revision_are_read_without_touching_the_checkout(repository: Path) -> None:
    path = repository / MODELS.relative_to(CHECKOUT) / "birthday_visit.yaml"
    path.write_text("changed since\n")
    found = proposers_of_revision("HEAD", repository).models
    assert set(found) == set(load_care_models().items) - {"second_purchase"}, "what was wrong then was not live"
    assert found["birthday_visit"].definition == load_care_models().items["birthday_visit"].as_model().definition
    assert path.read_text() == "changed since\n"


@pytest.mark.parametrize("revision", ["no_such_branch", "--help", "HEAD:dagster_project", ""])
def test_what_is_no_revision_is_told(repository: Path, revision: str) -> None:
    with pytest.raises(HoivaError, match="git does not know"):
        proposers_of_revision(revision, repository)


def test_where_nothing_is_published_the_differences_are_told_alone(home: Settings, changed: Path) -> None:
    plan = plan_of(home, [str(changed)], None, None)
    assert plan.as_of is None
    (planned,) = plan.models
    assert (planned.care_model, planned.live, planned.planned) == ("welcome_after_first_purchase", None, None)
    assert [change.kind for change in planned.changes] == ["added"], "nobody ever entered it here"
    assert "nothing is published here" in in_markdown(plan, home.zone)


def test_a_name_that_is_none_is_refused_with_those_that_are_known(home: Settings) -> None:
    with pytest.raises(HoivaError, match="known: birthday_visit, high_value_fading"):
        plan_of(home, ["welcome_you"], None, None)


def test_the_command_tells_people_programs_and_pull_requests(home: Settings, changed: Path) -> None:
    where = ["--home", str(home.at_home.root)]
    for_people = CliRunner().invoke(app, ["plan", str(changed), *where])
    assert (for_people.exit_code, "care model welcome_after_first_purchase is new" in for_people.output) == (0, True)
    for_programs = CliRunner().invoke(app, ["plan", str(changed), "--json", *where])
    assert json.loads(for_programs.output)["models"][0]["changes"][0]["kind"] == "added"
    for_review = CliRunner().invoke(app, ["plan", str(changed), "--markdown", *where])
    assert "### Welcome after the first purchase (`welcome_after_first_purchase`)" in for_review.output


def shipping(monkeypatch: pytest.MonkeyPatch, *models: CareModel) -> None:
    """Let these be the care models that are shipped."""
    known = Proposers({model.care_model: model for model in models})
    monkeypatch.setattr(planning, "proposers_here", lambda: known)
    monkeypatch.setattr(planning, "proposer_named", lambda name: Proposers({name: known.models[name]}))


def test_of_a_new_care_model_it_is_told_what_others_lose_and_of_the_others_nothing(
    house: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipping(monkeypatch, FADING, replace(BUYERS, priority=100))
    before = stores(house)
    buyers, fading = plan_of(house, [], None, None).models
    assert fading.conflicts is None, "it is live as it is"
    assert buyers.conflicts is not None
    assert [(row["care_model"], row["count_displaced"]) for row in buyers.conflicts.overlaps] == [("fading", 1)]
    assert (buyers.conflicts.count_displaced, buyers.live_conflicts) == (1, None)
    assert ("contacts of others it displaces", "0", "1") in figures(buyers)
    assert stores(house) == before


def test_of_a_care_model_asked_for_it_is_told_though_nothing_changed(
    house: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipping(monkeypatch, FADING, BUYERS)
    (fading,) = plan_of(house, ["fading"], None, None).models
    assert fading.changes == ()
    assert fading.conflicts is not None
    assert fading.conflicts.count_displaced == 1, "the buyer who is fading"
    assert fading.live_conflicts == fading.conflicts


def test_of_a_changed_care_model_what_it_displaces_stands_beside_what_the_live_one_does(
    house: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipping(monkeypatch, replace(SECOND, priority=1), BUYERS)
    fading = plan_of(house, ["fading"], None, None).models[0]
    assert fading.conflicts is not None
    assert fading.live_conflicts is not None
    assert (fading.live_conflicts.count_displaced, fading.conflicts.count_displaced) == (1, 0)
    assert ("contacts of others it displaces", "1", "0") in figures(fading)


def test_two_that_want_the_same_place_are_innocent_alone_and_not_together(
    house: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (replace(BUYERS, care_model=name, priority=100) for name in ("buyers", "payers"))
    shipping(monkeypatch, FADING, one, other)
    plan = plan_of(house, [], None, None)
    alone = {each.care_model: each.conflicts for each in plan.models if each.conflicts is not None}
    assert alone.keys() == {"buyers", "payers"}
    assert all("fading" not in [row["care_model"] for row in found.displaced] for found in alone.values())
    assert plan.together is not None
    assert [(row["care_model"], row["count_displaced"]) for row in plan.together.displaced] == [("fading", 1)]


def test_of_one_change_there_is_no_together(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    shipping(monkeypatch, FADING, BUYERS)
    assert plan_of(house, [], None, None).together is None
