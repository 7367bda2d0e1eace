"""The engine against the small oracle: random models, random lives, late news, runs at any moment."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.domain.care_models.playing import play
from tests.domain.care_models.worlds import World, worlds

COMMON = {
    "deadline": None, "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
}  # fmt: skip


@settings(max_examples=60, derandomize=True, **COMMON)
@given(worlds())
def test_the_engine_and_the_oracle_tell_the_same(world: World) -> None:
    play(world)


@pytest.mark.slow
@settings(max_examples=10_000, derandomize=True, **COMMON)
@given(worlds())
def test_the_engine_and_the_oracle_tell_the_same_of_ten_thousand_histories(world: World) -> None:
    play(world)
