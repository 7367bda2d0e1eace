"""What a plan adds for its reader besides figures and differences."""

from __future__ import annotations

from dagster_project.domain.care_models.plan import notes
from tests.domain.care_models import making


def test_a_door_that_compares_says_that_its_first_night_lets_nobody_in() -> None:
    becomes = making.model("{trigger: becomes, where: is_fading}", "after_exit")
    assert any("first night" in note for note in notes(None, becomes))
    assert list(notes(None, making.model())) == [], "a state lets in at once"
