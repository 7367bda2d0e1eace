"""The group's month: who is in it tonight, and its flow through the last seven months by one rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from dagster_project.domain.analytics.fading.flow import SEEN_BACK, flow, movements
from dagster_project.domain.analytics.fading.group import Group, group_at
from dagster_project.domain.analytics.fading.schema import FADING_HIGH_VALUE, FADING_HIGH_VALUE_FLOW
from dagster_project.domain.analytics.moves.standing import Standing
from dagster_project.domain.analytics.schema import MOMENT, conforming_to
from dagster_project.domain.clock import naive_utc

MONTHS_TOLD = 7  # flows that have SEEN_BACK months before them among the 13 month ends


@dataclass(frozen=True)
class FadingReport:
    """What there is to tell of the group as of a moment.

    Attributes:
        members: the table ``fading_high_value``: who is in it or left it since the end of last month.
        flow: the table ``fading_high_value_flow``, oldest month first; the last row ends tonight.
    """

    members: pa.Table
    flow: pa.Table


def fading_report(moments: Iterable[Standing], as_of: datetime) -> FadingReport:
    """The group tonight and its flow.

    Each row of the flow is made from the same month ends whichever night it is told, so what one month's page says of
    its end, the next month's page says of its beginning.

    Args:
        moments: where everyone stood, oldest first; the last is of ``as_of``.
        as_of: the moment asked about.
    """
    groups = [_small(group_at(standing)) for standing in moments]
    if len(groups) == 1:  # nobody was known at the end of last month: everyone of tonight is new
        groups = [Group(as_of, groups[0].rows.slice(0, 0)), *groups]
    flows = [
        flow(groups[place - 1], groups[place], groups[max(0, place - 1 - SEEN_BACK) : place - 1])
        for place in range(1, len(groups))
    ][-MONTHS_TOLD:]
    told = pa.concat_tables([FADING_HIGH_VALUE_FLOW.empty_table(), *flows]).combine_chunks()
    quality = told.column("quality").to_pylist()[-1]
    members = movements(groups[-2], groups[-1], groups[-2 - SEEN_BACK : -2], quality)
    moment = pa.repeat(pa.scalar(naive_utc(as_of), MOMENT), told.num_rows)
    told = told.set_column(told.column_names.index("as_of"), FADING_HIGH_VALUE_FLOW.field("as_of"), moment)
    return FadingReport(
        conforming_to("analytics.fading_high_value", members, FADING_HIGH_VALUE, ("customer_id",)),
        conforming_to("analytics.fading_high_value_flow", told, FADING_HIGH_VALUE_FLOW, ("from_as_of", "to_as_of")),
    )


def _small(group: Group) -> Group:
    """The group with rows of its own, so that the month they were made from can be let go."""
    return Group(group.as_of, group.rows.combine_chunks())
