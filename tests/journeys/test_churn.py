from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.domain.analytics.churn.schema import CHURN_SCORES
from dagster_project.domain.clock import end_of_day
from tests.journeys.homes import at_home, build_all_models, gift_shop_files, land

MAY = date(2011, 5, 31)


def scored(home: Path, files: list[tuple[str, Path]]) -> tuple[str, pa.Table]:
    """The version trained and the scores given as of the end of May, by a house that holds these files."""
    from dagster_project.components.churn import learned_for, scores_of

    with at_home(home) as own:
        own.at_home.make()
        land(own, files)
        as_of = end_of_day(MAY, own.zone)
        build_all_models(own, as_of)
        learned = learned_for(as_of)
        return learned.version, scores_of(learned, as_of).sort_by("customer_id")


def is_later(file: Path) -> bool:
    """Whether a monthly file tells of a month after May: events_201106.jsonl.gz, invoice_lines_2011-06.parquet."""
    digits = "".join(letter for letter in file.name.partition(".")[0] if letter.isdigit())
    return len(digits) == 6 and digits > "201105"


@pytest.mark.slow
@pytest.mark.real_data
def test_rows_after_the_cut_change_no_score(gift_shop: Path, tmp_path: Path) -> None:
    everything = gift_shop_files(gift_shop)
    early = [(source, file) for source, file in everything if not is_later(file)]
    assert len(everything) - len(early) == 6, "negative control: there are later months to leave out"
    version, scores = scored(tmp_path / "all", everything)
    same_version, same_scores = scored(tmp_path / "early", early)
    assert scores.schema == CHURN_SCORES
    assert scores.num_rows > 2_000
    assert version == same_version
    assert scores.equals(same_scores)
