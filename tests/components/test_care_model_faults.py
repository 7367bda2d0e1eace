"""What is refused in a care model although each key is right: with file, line and the sentence that helps."""

from __future__ import annotations

import pytest

from dagster_project.components.care_model import CareModelFile
from dagster_project.components.fenced import validate_text

HEAD = """\
care_model: tried
title: A model to be refused
version: 2
owner: marketing
stage: use
purpose: marketing
action_class: marketing
entry: {trigger: event, event: purchase, within: 7d}
reentry: never
steps:
  - {id: letter, channel: email, treatment: hello, subject: Hello, link: https://shop.example/hello}
"""


def faults_of(text: str) -> list[str]:
    read = validate_text(text, "tried.yaml", CareModelFile)
    return [str(fault) for fault in read] if isinstance(read, list) else []


def test_the_head_is_right() -> None:
    assert faults_of(HEAD) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("""\
  - id: which
    branch:
      - {name: many, when: count_orders > 3, then: []}
      - {name: more, when: count_orders > 5, then: []}
    else: []
""", "tried.yaml:15: steps.1.branch.1.when: wherever 'count_orders > 5' holds an earlier way does, too: this way is "
         "never taken"),
        ("""\
  - id: which
    branch:
      - {name: more, when: count_orders > 5, then: []}
      - {name: many, when: count_orders > 3, then: []}
    else: []
""", "tried.yaml:15: steps.1.branch.1.when: 'count_orders > 3' and 'count_orders > 5' overlap: add to the later one "
         "what the earlier leaves over, so that each can be read by itself"),
        ("""\
  - id: which
    branch:
      - {when: value_tier = 'top' and value_tier = 'low', then: []}
    else: []
""", "tried.yaml:14: steps.1.branch.0.when: 'value_tier = 'top' and value_tier = 'low'' contradicts itself: this way "
         "is never taken"),
        ("""\
  - id: which
    branch:
      - {when: is_fading, then: []}
""", "tried.yaml:12: steps.1.else: is missing"),
        ("""\
  - id: answer
    wait_for:
      - {response: opened, to: letter}
""", "tried.yaml:12: steps.1.no_reaction: is missing"),
        ("""\
  - id: letter
    wait: 3d
""", "tried.yaml:12: steps.1.id: two steps are called letter: rename one of them"),
        ("""\
  - id: answer
    wait_for:
      - {response: opened, to: call}
    no_reaction: {after: 3d}
""", "tried.yaml:14: steps.1.wait_for.0.to: there is no step 'call' before this one: an answer comes after its "
         "contact"),
        ("""\
  - id: answer
    wait_for:
      - {response: satisfied, to: letter}
    no_reaction: {after: 3d}
""", "tried.yaml:14: steps.1.wait_for.0.response: email never answers 'satisfied'; it can: "),
        ("""\
  - {id: pause, wait: 3d}
  - id: answer
    wait_for:
      - {response: opened, to: pause}
    no_reaction: {after: 3d}
""", "tried.yaml:15: steps.2.wait_for.0.to: pause is no contact: only an action can be answered"),
        ("""\
  - {id: done, exit: enough}
  - {id: pause, wait: 3d}
""", "tried.yaml:13: steps.2: pause is never reached: every path has ended before it"),
        ("""\
  - id: draw
    split:
      - {name: one, share: 1, then: [{id: end_one, exit: enough}]}
      - {name: two, share: 1, then: [{id: end_two, exit: enough}]}
  - {id: pause, wait: 3d}
""", "tried.yaml:16: steps.2: pause is never reached: every path has ended before it"),
        ("""\
  - id: draw
    split:
      - {name: left, share: 1}
      - {name: right, share: 1}
""", "tried.yaml:12: steps.1: a way is called left, a word of the record: rename it"),
        ("""\
  - id: draw
    split:
      - {name: same, share: 1}
      - {name: same, share: 1}
""", "tried.yaml:12: steps.1: two ways are called same: name each of them"),
    ],
)  # fmt: skip
def test_a_step_that_makes_no_sense_is_refused_at_its_line(steps: str, expected: str) -> None:
    (fault,) = faults_of(HEAD + steps)
    assert fault.startswith(expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("reentry: never", "reentry: never\ngoal: {event: purchase, within: 0d}",
         "tried.yaml:10: goal.within: is no time at all: the goal could never be reached"),
        ("reentry: never",
         "reentry: never\ngoal: {event: purchase, within: 9d, where: event_amount > 5 and event_amount < 1}",
         "tried.yaml:10: goal.where: 'event_amount > 5 and event_amount < 1' contradicts itself: it can never happen"),
        ("trigger: event, event: purchase, within: 7d", "trigger: state, where: is_fading",
         "tried.yaml:10: goal.same_subject: cannot happen: only an entry by an event has a subject"),
    ],
)  # fmt: skip
def test_a_goal_that_cannot_happen_is_refused(old: str, new: str, expected: str) -> None:
    text = HEAD.replace(old, new)
    if "trigger: state" in new:
        text = text.replace("reentry: never", "reentry: never\ngoal: {event: purchase, within: 9d, same_subject: true}")
    assert faults_of(text) == [expected]


def test_what_might_be_right_is_let_through() -> None:
    steps = """\
  - id: which
    branch:
      - {name: best, when: value_tier = 'top' and is_fading, then: [{id: stop, exit: enough}]}
      - {name: fading, when: is_fading, then: []}
      - {name: often, when: count_orders + count_returns > 5, then: []}
    else: []
  - {id: pause, wait: 3d}
"""
    assert faults_of(HEAD + steps) == []
