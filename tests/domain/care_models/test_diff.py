"""Two versions of a care model compared: every difference is told in words, and none that is not there."""

from __future__ import annotations

import pytest

from dagster_project.components.care_model import CareModelFile, load_care_models
from dagster_project.components.fenced import validate_text
from dagster_project.domain.care_models import CareModel
from dagster_project.domain.care_models.diff import differences
from dagster_project.domain.care_models.plan import notes

TEXT = """\
care_model: tested
title: A letter and a call
version: 1
owner: marketing
stage: use
purpose: marketing
action_class: marketing
entry: {trigger: event, event: purchase, within: 7d, where: count_orders = 1}
reentry: {after: 90d}
goal: {event: purchase, within: 30d}
exit: [{event: return, same_subject: true}]
leave_when: count_open_complaints > 0
control_share: 0.1
value: 4
priority: 60
steps:
  - {id: letter, channel: email, treatment: hello, subject: Hello, link: https://shop.example/hello}
  - id: answer
    wait_for: [{response: opened, to: letter, then: [{id: thanks, exit: read}]}]
    no_reaction: {after: 3d}
  - id: which
    branch: [{name: best, when: value_tier = 'top', then: [{id: call, channel: phone, treatment: talk, subject: Hey}]}]
    else: []
  - id: drawn
    split: [{name: one, share: 1}, {name: two, share: 3}]
  - {id: pause, wait: {for: 2d, weekday: tuesday, until: "09:00"}}
"""


def read(text: str) -> CareModel:
    made = validate_text(text, "tested.yaml", CareModelFile)
    assert not isinstance(made, list), [str(fault) for fault in made]
    return made[0].as_model()


def told(old: str, new: str) -> list[str]:
    assert old in TEXT
    return [str(change) for change in differences(read(TEXT), read(TEXT.replace(old, new)))]


def test_the_same_file_has_no_difference() -> None:
    assert differences(read(TEXT), read(TEXT)) == []
    for item in load_care_models().items.values():
        assert differences(item.as_model(), item.as_model()) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1", "version: 2", "version: 1 -> 2"),
        ("owner: marketing", "owner: service", "owner: marketing -> service"),
        ("within: 7d, where", "within: 8d, where", "enters: event purchase within 7d where count_orders = 1 -> event "
         "purchase within 8d where count_orders = 1"),
        ("{after: 90d}", "never", "again: after 90d -> never"),
        ("within: 30d", "within: 31d", "goal: purchase within 30d -> purchase within 31d"),
        ("exit: [{event: return, same_subject: true}]\n", "", "exit: return about the same -> nothing"),
        ("count_open_complaints > 0", "count_open_complaints > 1",
         "leaves when: count_open_complaints > 0 -> count_open_complaints > 1"),
        ("control_share: 0.1", "control_share: 0", "control group: 10% -> none"),
        ("subject: Hello", "subject: Good day", "step letter: subject: Hello -> Good day"),
        ("subject: Hello", "subject: Hello, cost: 0.05", "step letter: cost: the channel's -> 0.05"),
        ("subject: Hello", "subject: Hello, where: has_email", "step letter: only while: nothing -> (has_email)"),
        ("response: opened", "response: clicked", "step answer: for: opened to letter -> clicked to letter"),
        ("after: 3d}", "after: 4d}", "step answer: no reaction after: 3d -> 4d"),
        ("value_tier = 'top'", "value_tier = 'high'",
         "step which: asks: best: value_tier = 'top' -> best: value_tier = 'high'"),
        ("share: 3", "share: 4", "step drawn: shares: one 1, two 3 -> one 1, two 4"),
        ("exit: read", "exit: done", "step thanks: reason: read -> done"),
        ("for: 2d", "for: 3d", "step pause: for: 2d, until tuesday, at 09:00 -> 3d, until tuesday, at 09:00"),
    ],
)  # fmt: skip
def test_each_difference_is_one_line(old: str, new: str, expected: str) -> None:
    assert [line for line in told(old, new) if "leads to" not in line] == [expected]


def test_steps_that_are_new_or_gone_and_who_now_leads_elsewhere() -> None:
    lines = told("  - {id: pause, wait: {for: 2d, weekday: tuesday, until: \"09:00\"}}\n",
                 "  - {id: card, channel: letter, treatment: script, subject: A card}\n")  # fmt: skip
    assert "step card is new: contact, letter: A card" in lines
    assert "step pause is gone: pause, 2d, until tuesday, at 09:00" in lines
    assert "step drawn: leads to: one: pause; two: pause -> one: card; two: card" in lines
    assert len(lines) == 3


def test_a_model_that_is_new_or_taken_away() -> None:
    (added,) = differences(None, read(TEXT))
    assert str(added) == "care model tested is new: A letter and a call, version 1, 7 steps"
    (gone,) = differences(read(TEXT), None)
    assert str(gone) == "care model tested is gone: A letter and a call, version 1, 7 steps"
    assert differences(None, None) == []


def test_a_change_asks_for_a_new_version_and_tells_who_stays_behind() -> None:
    changed = TEXT.replace("subject: Hello", "subject: Good day")
    assert list(notes(read(TEXT), read(changed))) == ["it differs from version 1, which is live: raise version to 2"]
    raised = changed.replace("version: 1", "version: 2")
    assert list(notes(read(TEXT), read(raised))) == []
    assert list(notes(read(TEXT), read(TEXT))) == []
    renamed = raised.replace("id: pause", "id: rest")
    (stays,) = notes(read(TEXT), read(renamed))
    assert stays == "who stands at pause finishes on version 1: no move says where to go on"
    moved = renamed + "moves: {1: {pause: rest}}\n"
    assert list(notes(read(TEXT), read(moved.replace("{1:", '{"1":')))) == []
    assert list(notes(read(TEXT), None)) == ["nobody enters any more; contacts already claimed still go out"]
