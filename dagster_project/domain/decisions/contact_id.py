"""The identity of a contact: one step of one care model, for one customer, in one window, on one channel."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

SEPARATOR = "\x1f"  # stands in no id, so that ("ab", "c") and ("a", "bc") differ


def contact_ids(
    customer_id: Iterable[str],
    care_model: Iterable[str],
    step: Iterable[str],
    window_key: Iterable[str],
    channel: Iterable[str],
) -> list[str]:
    """The ids of contacts, 32 hex each: the same contact always has the same id, so it can be claimed only once.

    Args are columns of equal length. ``window_key`` names the occasion the step answers: the order of a thank-you, the
    year of a birthday.

    >>> contact_ids(["c1", "c1"], ["welcome"] * 2, ["letter"] * 2, ["2026", "2027"], ["email"] * 2)
    ['dc8ca0d15d33b6b00f4f8904b7230521', 'e6315c7df41059566e52f7cde0db4503']
    """
    rows = zip(customer_id, care_model, step, window_key, channel, strict=True)
    return [blake2b(SEPARATOR.join(row).encode(), digest_size=16).hexdigest() for row in rows]
