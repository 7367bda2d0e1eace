"""Who came to the group and who left it between two moments, in customers and in money, adding up exactly.

    before + new + returned - saved - lost = after

In money the change of those who stayed stands beside: a year's purchases are not the same a month later.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.fading.group import Group, has_bought_since
from dagster_project.domain.analytics.fading.schema import FADING_HIGH_VALUE, FADING_HIGH_VALUE_FLOW, MOVEMENTS
from dagster_project.domain.analytics.moves.standing import places_of
from dagster_project.domain.clock import naive_utc

MODEL_VERSION = "1"  # of the rules of the group and of its flow: raised when one of them changes

# Ends of months before the one compared with, in which a customer who was in the group counts as known to it. Half a
# year: with the 13 month ends there are, the last seven months can all be told by the same rule.
SEEN_BACK = 6
FOLLOWED_FOR = 3  # months after which it is asked whether the silence has lasted

STAYED = "stayed"
NEW, RETURNED, SAVED, LOST = MOVEMENTS

# Why somebody came or left, in words.
GREW_QUIET = "grew quiet"
GREW_QUIET_AGAIN = "grew quiet again"
STILL_QUIET = "still quiet"
ROSE = "quiet already, now among the most valuable"
BOUGHT = "bought again"
GONE = "silent for so long that the old rhythm is over"
WORTH_LESS = "no longer among the most valuable"
RHYTHM_CHANGED = "the rhythm to expect has changed"


def movements(before: Group, after: Group, earlier: Sequence[Group], quality: float | None = None) -> pa.Table:
    """One row for each customer who is in the group now or was in it then, with what became of them.

    - ``new``: in it now, not then, and in none of the ``earlier`` ones.
    - ``returned``: in it now, not then, but in one of the ``earlier`` ones.
    - ``stayed``: in it then and now.
    - ``saved``: left it, having bought.
    - ``lost``: left it without having bought.

    Args:
        before: the group at the earlier moment.
        after: and at the later one.
        earlier: the groups of the months before ``before``; at most ``SEEN_BACK`` of them.
        quality: see :func:`flow`.

    Returns:
        Rows of the schema ``FADING_HIGH_VALUE``. ``value_at_risk_amount`` is what the customer brings in a year if in
        the group, else 0; ``value_before_amount`` the same at the earlier moment.
    """
    was, now = before.members, after.members
    everyone = pc.unique(pa.concat_arrays([was, now])).sort()
    is_now = places_of(everyone, now).is_valid().to_pylist()
    was_then = places_of(everyone, was).is_valid().to_pylist()
    known = pa.concat_arrays([group.members for group in earlier] or [everyone.slice(0, 0)])
    was_earlier = places_of(everyone, known).is_valid().to_pylist()
    bought = has_bought_since(before, after, everyone).tolist()
    told, then = after.of(everyone), before.of(everyone).to_pylist()
    rows = []
    for place, today in enumerate(told.to_pylist()):
        movement = _movement(was_then[place], is_now[place], was_earlier[place], bought[place])
        rows.append(
            {
                "customer_id": today["customer_id"],
                "movement": movement,
                "reason": _reason(movement, then[place], today),
                "value_tier": today["value_tier"],
                "value_at_risk_amount": _amount(today) if is_now[place] else Decimal(0),
                "value_before_amount": _amount(then[place]) if was_then[place] else Decimal(0),
                "quiet_ratio": today["quiet_ratio"],
                "expected_gap_days": today["expected_gap_days"],
                "days_since_last_purchase": today["days_since_last_purchase"],
                "is_in_group": is_now[place],
                "last_purchase_at": today["last_purchase_at"],
                "compared_with": naive_utc(before.as_of),
                "as_of": naive_utc(after.as_of),
                "model_version": MODEL_VERSION,
                "quality": quality,
            }
        )
    return pa.Table.from_pylist(rows, schema=FADING_HIGH_VALUE)


def flow(before: Group, after: Group, earlier: Sequence[Group]) -> pa.Table:
    """The same as one row of sums.

    ``quality`` is how right the flag was: of the group of three months earlier (``count_followed``), the share that has
    bought nothing since (``count_still_silent``). None where there was no group.

    Args:
        before: the group at the earlier moment.
        after: and at the later one.
        earlier: the groups before ``before``, newest last.
    """
    rows = movements(before, after, earlier[-SEEN_BACK:])
    past = [*earlier, before]
    followed = past[-FOLLOWED_FOR] if len(past) >= FOLLOWED_FOR else None
    count_followed = len(followed.members) if followed else 0
    silent = int((~has_bought_since(followed, after, followed.members)).sum()) if followed else 0
    row: dict[str, object] = {
        "from_as_of": naive_utc(before.as_of),
        "to_as_of": naive_utc(after.as_of),
        "count_before": len(before.members),
        "count_after": len(after.members),
        "value_before_amount": _sum(rows, "value_before_amount"),
        "value_after_amount": _sum(rows, "value_at_risk_amount"),
        "count_followed": count_followed,
        "count_still_silent": silent,
        "as_of": naive_utc(after.as_of),
        "model_version": MODEL_VERSION,
        "quality": silent / count_followed if count_followed else None,
    }
    for movement in MOVEMENTS:
        of_it = rows.filter(pc.equal(rows["movement"], movement))
        amount = "value_at_risk_amount" if movement in (NEW, RETURNED) else "value_before_amount"
        row |= {f"count_{movement}": of_it.num_rows, f"value_{movement}_amount": _sum(of_it, amount)}
    stayed = rows.filter(pc.equal(rows["movement"], STAYED))
    row["value_changed_amount"] = _sum(stayed, "value_at_risk_amount") - _sum(stayed, "value_before_amount")
    return pa.Table.from_pylist([row], schema=FADING_HIGH_VALUE_FLOW)


def _movement(was_then: bool, is_now: bool, was_earlier: bool, has_bought: bool) -> str:
    if was_then and is_now:
        return STAYED
    if is_now:
        return RETURNED if was_earlier else NEW
    return SAVED if has_bought else LOST


def _reason(movement: str, then: dict[str, object], today: dict[str, object]) -> str:
    if movement == STAYED:
        return STILL_QUIET
    if movement == SAVED:
        return BOUGHT
    if movement == LOST:
        if today["is_fading"]:
            return WORTH_LESS
        quiet, before = today["quiet_ratio"], then["quiet_ratio"]
        return GONE if isinstance(quiet, float) and isinstance(before, float) and quiet > before else RHYTHM_CHANGED
    if then["is_fading"]:
        return ROSE
    return GREW_QUIET if movement == NEW else GREW_QUIET_AGAIN


def _amount(row: dict[str, object]) -> Decimal:
    amount = row["monetary_amount"]
    return amount if isinstance(amount, Decimal) else Decimal(0)


def _sum(rows: pa.Table, column: str) -> Decimal:
    total = pc.sum(rows[column]).as_py()
    return Decimal(0).quantize(Decimal("0.0001")) if total is None else total
