"""Every shipped story, played; and the form of a story's file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.components.fenced import validate_text
from dagster_project.components.playing import play_files
from dagster_project.components.story import SCHEMA, STORIES, StoryFile, json_schema, load_stories
from dagster_project.domain.care_models.stories import Verdict
from dagster_project.settings import Settings

OF_SEMANTICS = Path(__file__).resolve().parents[1] / "stories"
GOOD = """\
story: a_story
care_model: welcome_after_first_purchase
starts: 2026-03-01
until: 2026-03-10
customer: {count_orders: 0}
happens:
  - {at: 2026-03-03 14:00, event: purchase, subject: order-1, amount: 49}
  - {at: 2026-03-03 14:00, change: {count_orders: 1}}
expect:
  - {at: 2026-03-05 08:00, step: welcome_letter}
"""


@cache
def played(folder: Path) -> dict[str, Verdict]:
    policy = load_contact_policy().policy
    assert policy is not None
    verdicts, faults = play_files(Settings(), policy, folder=folder)
    assert faults == []
    return {verdict.story.story: verdict for verdict in verdicts}


@pytest.mark.parametrize("name", sorted(load_stories(STORIES).items))
def test_a_shipped_care_model_does_what_its_story_tells(name: str) -> None:
    verdict = played(STORIES)[name]
    assert verdict.passed, "\n".join(map(str, verdict.lines))


@pytest.mark.parametrize("name", sorted(load_stories(OF_SEMANTICS).items))
def test_the_language_does_what_its_story_tells(name: str) -> None:
    verdict = played(OF_SEMANTICS)[name]
    assert verdict.passed, "\n".join(map(str, verdict.lines))


OTHERWISE = [
    ("2026-03-05 08:00", "2026-03-05 08:01"),
    ("step: welcome_letter", "step: another"),
    ("expect:\n  - {at: 2026-03-05 08:00, step: welcome_letter}", "expect: []"),
    ("expect:", "never: [welcome_letter]\nexpect:"),
    ("expect:", "entered: 2\nexpect:"),
    ("expect:", "ends: [{outcome: completed}]\nexpect:"),
    ("2026-03-03 14:00, event", "2026-03-03 14:00, known: 2026-03-04 08:00, event"),
]


def test_a_story_that_goes_otherwise_fails_and_shows_where(tmp_path: Path) -> None:
    texts = [GOOD, *(GOOD.replace(old, new, 1) for old, new in OTHERWISE)]
    files = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for number, (file, text) in enumerate(zip(files, texts, strict=True)):
        file.write_text(text.replace("a_story", f"story_{number}"))
    policy = load_contact_policy().policy
    assert policy is not None
    verdicts, faults = play_files(Settings(), policy, files)
    assert faults == []
    wrong = {verdict.story.story: [line for line in verdict.lines if line.fits is False] for verdict in verdicts}
    assert [bool(wrong[f"story_{number}"]) for number in range(len(texts))] == [False] + [True] * len(OTHERWISE)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("count_orders: 0", "count_order: 0", "story.yaml:1: count_order is no column of the customer's row"),
        ("count_orders: 0", "count_orders: many", "story.yaml:1: count_orders holds a bigint, not 'many'"),
        ("until: 2026-03-10", "until: 2026-02-10", "story.yaml:1: until lies between starts and 800 days later"),
        (
            "2026-03-03 14:00, event",
            "2026-03-03, event",
            "story.yaml:7: happens.0.at: is a moment of the business zone",
        ),
        ("event: purchase", "event: bought", "story.yaml:7: happens.0.event: should be"),
        ("event: purchase, subject", "response: opened, subject", "story.yaml:7: happens.0: a response has to: the"),
    ],
)
def test_a_slip_is_named_by_file_line_and_key(old: str, new: str, expected: str) -> None:
    read = validate_text(GOOD.replace(old, new, 1), "story.yaml", StoryFile)
    assert isinstance(read, list)
    assert str(read[0]).startswith(expected)


def test_the_json_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text() == json_schema(), "python -m dagster_project.components.story --write-schema"
