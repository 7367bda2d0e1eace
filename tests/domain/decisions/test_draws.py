"""Draws: the same for ever, of the right size, and independent of each other."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_project.domain.decisions.contact_id import contact_ids
from dagster_project.domain.decisions.holdout import in_share

IDS = [f"c{number:05d}" for number in range(40_000)]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_the_share_is_as_large_as_it_says(share: float) -> None:
    drawn = in_share(IDS, "salt-one", share).mean()
    assert abs(drawn - share) <= 4 * np.sqrt(share * (1 - share) / len(IDS))


def test_a_customer_is_drawn_alone_as_in_a_crowd_and_stays_in_a_larger_share() -> None:
    crowd = in_share(IDS, "salt-one", 0.05)
    assert in_share(IDS[::-1], "salt-one", 0.05)[::-1].tolist() == crowd.tolist()
    assert in_share(IDS[:1], "salt-one", 0.05)[0] == crowd[0]
    assert not (crowd & ~in_share(IDS, "salt-one", 0.1)).any()


def test_two_salts_draw_independently() -> None:
    both = (in_share(IDS, "salt-one", 0.2) & in_share(IDS, "salt-two", 0.2)).mean()
    assert both == pytest.approx(0.04, abs=0.004)


def test_every_part_of_a_contact_makes_another_id() -> None:
    base = ["c1", "welcome", "letter", "once", "email"]
    rows = [base, *([*base[:place], base[place] + "x", *base[place + 1 :]] for place in range(5))]
    rows.append(["c1w", "elcome", "letter", "once", "email"])
    assert len(set(contact_ids(*zip(*rows, strict=True)))) == len(rows)
