from __future__ import annotations

from datetime import UTC, timedelta

import numpy as np
import pandas as pd
import pytest

from dagster_project.domain.analytics.churn.examples import (
    examples_of,
    has_left,
    is_month_end,
    known_months,
    last_whole_window,
    until,
    windows,
)
from dagster_project.domain.analytics.churn.features import ACTIVE_DAYS, FEATURES, asked_at
from dagster_project.errors import HoivaError
from tests.domain.analytics.churn.shop_of_months import known, month_ends, months, purchases
from tests.domain.analytics.making import AS_OF, ZONE, base, bought


def test_only_windows_that_are_over_teach() -> None:
    ends = [end.replace(tzinfo=None) for end in month_ends(5)]
    found = list(windows(dict.fromkeys(ends), ZONE))  # type: ignore[arg-type]
    assert {(ends.index(cut), ends.index(end), ahead) for cut, end, ahead in found} == {
        (cut, cut + ahead, ahead) for cut in range(5) for ahead in (1, 2, 3) if cut + ahead < 5
    }
    assert last_whole_window(dict.fromkeys(ends), ZONE) == (ends[1], ends[4])  # type: ignore[arg-type]
    assert last_whole_window(dict.fromkeys(ends[:3]), ZONE) is None  # type: ignore[arg-type]


def test_somebody_who_bought_within_the_window_stayed_and_the_day_before_it_does_not_count() -> None:
    rows = pd.concat([bought("stayed", [200, 40]), bought("left", [200, 100]), bought("long_ago", [900])])
    cut, end = month_ends(4)[0], month_ends(4)[-1]
    at_cut = asked_at(base(rows, as_of=cut), cut, ZONE)
    left = has_left(at_cut.customer_id, cut.replace(tzinfo=None), base(rows, as_of=end))
    assert dict(zip(at_cut.customer_id.to_pylist(), left.tolist(), strict=True)) == {"left": True, "stayed": False}


def test_whoever_has_been_away_for_a_year_is_not_asked_about() -> None:
    rows = pd.concat([bought("yesterday", [1]), bought("edge", [ACTIVE_DAYS - 1]), bought("gone", [ACTIVE_DAYS])])
    assert asked_at(base(rows, prospects=2), AS_OF, ZONE).customer_id.to_pylist() == ["edge", "yesterday"]


def test_what_happens_after_a_cut_does_not_change_what_is_learned_at_it() -> None:
    everything = purchases()
    cut = month_ends(4)[0]
    limit = pd.Timestamp(cut.replace(tzinfo=None))
    early = months(everything[everything["purchased_at"] <= limit], 6, cut.date())
    late = known(9)
    one, other = examples_of(early, ZONE), examples_of(until(late, cut.replace(tzinfo=None)), ZONE)
    assert one.data_hash() == other.data_hash()
    assert one.data_hash() != examples_of(late, ZONE).data_hash(), "negative control: later months do teach"


def test_months_after_the_moment_asked_about_are_left_out_and_rows_that_know_more_are_refused() -> None:
    past = known(9)
    moment = month_ends(4)[0]
    tonight = past[moment.replace(tzinfo=None)]
    assert max(known_months(past, tonight, moment, ZONE)) == moment.replace(tzinfo=None)
    middle = moment - timedelta(days=10)
    assert max(known_months(past, tonight, middle, ZONE)) < middle.replace(tzinfo=None)
    with pytest.raises(HoivaError, match="as_of"):
        asked_at(tonight, month_ends(5)[0], ZONE)


def test_examples_come_in_one_order_and_looked_ahead_as_far_as_known() -> None:
    found = examples_of(known(5), ZONE)
    assert found.values.shape == (len(found.has_left), len(FEATURES) + 1)
    by_month = {month: sorted(set(found.months_ahead[found.month == month])) for month in np.unique(found.month)}
    assert list(by_month.values()) == [[1, 2, 3], [1, 2, 3], [1, 2], [1]]
    shuffled = {
        month: rows.take(np.random.default_rng(1).permutation(rows.num_rows)) for month, rows in known(5).items()
    }
    assert examples_of(shuffled, ZONE).data_hash() == found.data_hash()


def test_a_moment_within_a_month_is_no_months_end() -> None:
    assert is_month_end(AS_OF, ZONE)
    assert not is_month_end(AS_OF - timedelta(days=1), ZONE)
    assert not is_month_end(AS_OF.astimezone(UTC) - timedelta(seconds=1), ZONE)
