"""Stories played: alone or together, every night or without the quiet ones, the same comes of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.components.playing import play_told
from dagster_project.components.story import STORIES, load_stories
from dagster_project.domain.care_models.stories import Line, Story
from dagster_project.settings import Settings

OF_SEMANTICS = Path(__file__).resolve().parents[1] / "stories"
LONG = 200  # days: what lasts longer is played night by night by nobody
# Of what hangs on the nights before: a group that is watched, a wave made up for, a move to a new version.
SOME = (
    "who_crosses_the_line_enters_and_who_was_over_it_does_not a_wave_missed_is_made_up_for"
    " who_comes_to_a_step_of_the_map_later_moves_then"
).split()


@cache
def told(folder: Path) -> dict[str, Story]:
    zone = Settings().zone
    return {name: item.as_story(zone) for name, item in load_stories(folder).items.items()}


def lines(stories: list[Story], folder: Path, every_night: bool = False) -> list[tuple[Line, ...]]:
    policy = load_contact_policy().policy
    assert policy is not None
    return [one.lines for one in play_told(Settings(), policy, stories, folder, every_night=every_night)]


def test_quiet_nights_change_nothing() -> None:
    some = [told(OF_SEMANTICS)[name] for name in SOME]
    assert lines(some, OF_SEMANTICS) == lines(some, OF_SEMANTICS, every_night=True)


@pytest.mark.slow
@pytest.mark.parametrize("folder", [STORIES, OF_SEMANTICS], ids=["shipped", "language"])
def test_quiet_nights_change_nothing_in_any_story(folder: Path) -> None:
    short = [story for story in told(folder).values() if (story.last - story.first).days < LONG]
    assert lines(short, folder) == lines(short, folder, every_night=True)


def test_the_clock_passes_by_what_is_quiet_and_plays_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.adapters import nights

    played: list[str] = []
    night = nights.night

    def counted(*arguments: object, **named: object) -> object:
        played.append(f"{arguments[5]:%m-%d}")
        return night(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(nights, "night", counted)
    story = told(OF_SEMANTICS)["an_opened_letter_needs_no_call"]
    assert all(line.fits is not False for line in lines([story], OF_SEMANTICS)[0])
    # The first night; what is bought on the 3rd; before the letter of the 5th, and after it; what is read on the 6th.
    assert played == ["03-01", "03-03", "03-04", "03-05", "03-06"]


def test_stories_played_together_do_not_meet() -> None:
    """Alone each goes as it goes in company, also where a group is watched or a channel carries little."""
    names = [*SOME[:2], "a_wave_lets_in_the_new_ones", "with_room_for_one_letter_the_other_goes_a_day_later"]
    together = [told(OF_SEMANTICS)[name] for name in names]
    alone = [lines([story], OF_SEMANTICS)[0] for story in together]
    assert lines(together, OF_SEMANTICS) == alone


def test_a_file_whose_steps_change_under_the_same_number_fails_its_story(tmp_path: Path) -> None:
    first = (OF_SEMANTICS / "models" / "growing_1.yaml").read_text()
    (tmp_path / "one.yaml").write_text(first)
    (tmp_path / "other.yaml").write_text(first.replace("for: 5d", "for: 9d"))
    story = told(OF_SEMANTICS)["a_new_version_leaves_those_inside_on_theirs"]
    turns = [replace(turn, file="other.yaml") if turn.file else turn for turn in story.turns]
    found = lines([replace(story, file="one.yaml", turns=tuple(turns))], tmp_path)[0]
    assert any("raise version to 2" in line.actual for line in found if line.fits is False)


def test_long_names_that_begin_alike_are_different_people() -> None:
    from dagster_project.adapters.story_people import _short

    alike = ["a_complaint_that_is_not_mended_gets_a_person", "a_complaint_that_is_not_mended_gets_a_card"]
    assert len({_short(name, 36) for name in alike}) == 2
    assert all(len(_short(name, 36)) == 36 for name in alike)
    assert _short("brief", 36) == "brief"
