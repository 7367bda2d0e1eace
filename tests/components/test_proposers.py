"""Care models and actions by name, by file and of a git revision, and what is different in an action, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.components.action import ACTIONS, load_actions
from dagster_project.components.proposers import (
    Proposers,
    changes_between,
    proposer_named,
    proposers_here,
    proposers_of_revision,
)
from dagster_project.errors import HoivaError
from tests.components.test_planning import repository

__all__ = ["repository"]
OFFER = "reader_offer"


def file_of(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The shipped action in a draft, changed."""
    text = load_actions().files[OFFER].read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / f"{OFFER}.yaml"
    path.write_text(text)
    return path


def told(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    draft = proposer_named(str(file_of(tmp_path, *changes)))
    return [str(change) for change in changes_between(proposers_here(), draft, OFFER)]


def test_an_action_is_known_by_its_name_and_by_its_file(tmp_path: Path) -> None:
    assert proposer_named(OFFER).names == {OFFER}
    assert proposer_named(str(file_of(tmp_path))).actions[OFFER] == proposer_named(OFFER).actions[OFFER]
    assert proposer_named("second_purchase").models.keys() == {"second_purchase"}


def test_a_draft_that_is_wrong_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(HoivaError, match=r"reader_offer\.yaml:\d+: value"):
        proposer_named(str(file_of(tmp_path, ("column: average_order_amount", "column: average_amount"))))


def test_what_is_different_in_an_action_is_told_in_words(tmp_path: Path) -> None:
    assert told(tmp_path) == []
    assert told(tmp_path, ("times: 0.2", "times: 0.3"), ("lever: 1.1", "lever: 1.2")) == [
        "treatment by email: lever: 1.1 -> 1.2",
        "value: column average_order_amount, times 0.2 -> column average_order_amount, times 0.3",
    ]
    assert told(tmp_path, ("again_after: 28d", "again_after: 60d")) == ["again_after: 28d -> 60d"]
    assert told(tmp_path, ("    times: 1.4", "    times: 1.6")) == [
        "context 1: 1.4 where days_since_last_web_visit <= 7 -> 1.6 where days_since_last_web_visit <= 7"
    ]


def test_a_way_that_is_gone_is_told_once(tmp_path: Path) -> None:
    text = load_actions().files[OFFER].read_text()
    letter = text[text.index("  - channel: letter") :]
    assert told(tmp_path, (letter, "")) == ["treatment by letter is gone"]


def test_an_action_that_is_there_on_one_side_alone_is_new_or_gone() -> None:
    both, none = proposer_named(OFFER), Proposers()
    assert [change.kind for change in changes_between(none, both, OFFER)] == ["added"]
    assert [change.kind for change in changes_between(both, none, OFFER)] == ["removed"]


def test_the_actions_of_a_revision_are_read_beside_its_care_models(repository: Path) -> None:
    found = proposers_of_revision("HEAD", repository)
    assert found.actions == load_actions(ACTIONS).items
    assert found.actions.keys() >= {OFFER}
    assert "birthday_visit" in found.models
