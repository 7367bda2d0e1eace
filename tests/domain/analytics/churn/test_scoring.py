from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dagster_project.domain.analytics.churn.examples import examples_of
from dagster_project.domain.analytics.churn.features import FEATURES, GROUPS, asked_at
from dagster_project.domain.analytics.churn.reasons import WORDS, effects, reasons, said, typical
from dagster_project.domain.analytics.churn.schema import CHURN_SCORES
from dagster_project.domain.analytics.churn.scoring import churn_scores, no_scores
from dagster_project.domain.analytics.churn.training import ChurnModel, train
from dagster_project.errors import HoivaError
from tests.domain.analytics.churn.shop_of_months import known, purchases
from tests.domain.analytics.making import AS_OF, ZONE, base, bought


@lru_cache
def model() -> ChurnModel:
    return train(examples_of(known(), ZONE))


def scored(rows: pa.Table) -> pd.DataFrame:
    return churn_scores(rows, model(), "v1", 0.8, AS_OF, ZONE).to_pandas().set_index("customer_id")


def test_everyone_who_bought_within_a_year_has_a_probability_and_nobody_else() -> None:
    rows = base(pd.concat([purchases(), bought("away", [800])]), prospects=3)
    found = scored(rows)
    assert set(found.index) == set(asked_at(rows, AS_OF, ZONE).customer_id.to_pylist())
    assert "away" not in found.index
    assert found["churn_probability"].between(0, 1).all()
    assert (found["model_version"] == "v1").all()
    assert sorted(found["risk_tenth"].unique()) == list(range(1, 11))
    assert no_scores().schema == CHURN_SCORES


def test_a_quiet_weekly_customer_is_at_risk_and_hears_that_it_is_the_silence() -> None:
    weekly = [7 * week for week in range(1, 40)]
    quiet = [days + 70 for days in weekly]
    rows = base(pd.concat([purchases(), bought("keeps_coming", weekly), bought("has_gone_quiet", quiet)]))
    found = scored(rows)
    assert found.loc["has_gone_quiet", "churn_probability"] > found.loc["keeps_coming", "churn_probability"] + 0.2
    told = [found.loc["has_gone_quiet", name] for name in ("reason_1", "reason_2", "reason_3")]
    assert any(str(reason).startswith("higher risk: silent for 77 days") for reason in told)
    assert not any(str(reason).startswith("higher risk: silent") for reason in found.loc["keeps_coming"].astype(str))


def test_a_reason_reads_like_a_sentence() -> None:
    found = scored(base(pd.concat([purchases(), bought("once", [20])])))
    told = " / ".join(str(found.loc["once", name]) for name in ("reason_1", "reason_2", "reason_3"))
    assert "1 days" not in told
    every = pd.concat([found[name].dropna() for name in ("reason_1", "reason_2", "reason_3")])
    assert every.str.fullmatch(r"(higher|lower) risk: [^{}]+").all()
    assert every.str.contains(r"times the gap to expect").any()


def test_the_strongest_reason_comes_first_and_none_that_hardly_matters() -> None:
    values = asked_at(base(purchases()), AS_OF, ZONE).values[:200]
    found = effects(model(), values, typical(values))
    told = reasons(values, found)
    assert len(told) == 3
    strongest = np.abs(found).max(axis=1)
    assert [reason is None for reason in told[0].to_pylist()] == (strongest < 0.1).tolist()
    pairs = zip(told[0].to_pylist(), told[1].to_pylist(), strict=True)
    assert all(first is not None or second is None for first, second in pairs)


def test_what_is_said_of_a_customer_is_true_whichever_way_it_moves_the_score() -> None:
    values = asked_at(base(purchases()), AS_OF, ZONE).values
    days = values[:, FEATURES.index("count_purchase_days")]
    usual = typical(values)
    habit = np.full(len(values), list(GROUPS).index("habit"))
    for effect in (1.0, -1.0):
        told = said(values, usual, habit, np.full(len(values), effect)).to_pylist()
        rarely = days < usual[FEATURES.index("count_purchase_days")]
        assert [one.endswith("only") for one in told] == rarely.tolist()
        assert {one.split(":")[0] for one in told} == {"higher risk" if effect > 0 else "lower risk"}
        assert rarely.any()
        assert not rarely.all()


def test_the_typical_customer_has_no_reasons() -> None:
    values = asked_at(base(purchases()), AS_OF, ZONE).values
    usual = typical(values)[None, :]
    assert np.allclose(effects(model(), usual, usual[0]), 0)


def test_every_feature_belongs_to_one_reason_and_every_reason_has_its_words() -> None:
    assert len(set(FEATURES)) == len(FEATURES) == sum(len(names) for names in GROUPS.values())
    assert set(WORDS) == set(GROUPS)


def test_the_order_of_rows_and_the_company_they_come_in_say_nothing() -> None:
    rows = base(purchases())
    turned = rows.take(pa.array(np.random.default_rng(1).permutation(rows.num_rows)))
    one, other = scored(rows), scored(turned)
    pd.testing.assert_frame_equal(one.sort_index(), other.sort_index())


def test_a_row_that_knows_of_later_is_refused() -> None:
    with pytest.raises(HoivaError, match="another moment"):
        churn_scores(base(purchases()), model(), "v1", 0.8, AS_OF - timedelta(days=1), ZONE)
