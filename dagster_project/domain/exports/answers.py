"""What a refusal means: try this row again later, or never."""

from __future__ import annotations

from datetime import datetime, timedelta

MOST_REFUSALS = 3  # the third one ends the row with its reason
FIRST_WAIT = timedelta(hours=1)
EACH_WAIT_LONGER = 6  # 1 hour, then 6: a tool that is down for a night is asked again in the morning
TRY_AGAIN = frozenset(
    {"try_later", "temporary_failure", "temporarily_unavailable", "timed_out", "rate_limited", "busy", "server_error"}
)  # reason codes that say nothing against the row itself


def next_try(reason: str, count_refused: int, moment: datetime) -> datetime | None:
    """When a refused row may be sent again; None when it ends with its reason.

    Args:
        reason: the code the receiver gave.
        count_refused: how often the row was refused by now, this time included.
        moment: when the answer was taken in.

    >>> noon = datetime(2026, 3, 1, 12)
    >>> [str(next_try("try_later", times, noon)) for times in (1, 2, 3)]
    ['2026-03-01 13:00:00', '2026-03-01 18:00:00', 'None']
    >>> next_try("address_unknown", 1, noon)
    """
    if reason not in TRY_AGAIN or count_refused >= MOST_REFUSALS:
        return None
    wait: timedelta = FIRST_WAIT * EACH_WAIT_LONGER ** (count_refused - 1)
    return moment + wait
