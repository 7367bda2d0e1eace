"""The control group: the promised share, the same people for good, and independent of every other draw."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.care_models import enrolment_id_of, in_control_group
from dagster_project.domain.decisions.holdout import in_share
from tests.domain.care_models.making import SALT

MANY = [f"c{number:06d}" for number in range(100_000)]


def test_the_share_is_kept_within_chance() -> None:
    for share in (0.01, 0.1, 0.5):
        count = int(in_control_group(MANY, "fading", share, SALT).sum())
        expected, spread = share * len(MANY), (share * (1 - share) * len(MANY)) ** 0.5
        assert abs(count - expected) < 4 * spread


def test_it_is_the_same_on_every_call_and_in_every_order() -> None:
    drawn = in_control_group(MANY, "fading", 0.1, SALT)
    assert np.array_equal(in_control_group(MANY[::-1], "fading", 0.1, SALT)[::-1], drawn)
    assert np.array_equal(in_control_group(MANY[500:700], "fading", 0.1, SALT), drawn[500:700])


def test_groups_of_models_salts_and_the_holdout_are_independent() -> None:
    fading = in_control_group(MANY, "fading", 0.1, SALT)
    for other in (
        in_control_group(MANY, "welcome", 0.1, SALT),
        in_control_group(MANY, "fading", 0.1, "another-salt"),
        in_share(MANY, SALT, 0.1),
    ):
        both = int((fading & other).sum())
        assert abs(both - 1000) < 4 * (0.01 * 0.99 * len(MANY)) ** 0.5


def test_a_larger_share_keeps_everyone_of_the_smaller() -> None:
    small, large = (in_control_group(MANY, "fading", share, SALT) for share in (0.05, 0.2))
    assert not (small & ~large).any()
    assert not in_control_group(MANY, "fading", 0, SALT).any()
    assert in_control_group(MANY, "fading", 1.0, SALT).all()


def test_an_enrolment_id_names_customer_model_and_occasion_only() -> None:
    assert enrolment_id_of("c1", "welcome", "once") == enrolment_id_of("c1", "welcome", "once")
    assert len({enrolment_id_of(*parts) for parts in (("c1", "w", "x"), ("c1", "wx", ""), ("c1w", "", "x"))}) == 3
    assert len(enrolment_id_of("c1", "welcome", "once")) == 32
