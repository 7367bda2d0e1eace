"""What BG/NBD says of each customer, as simple scores a churn model has to beat."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.analytics.columns import Numbers
from dagster_project.domain.analytics.lifetime.bg_nbd import fit
from dagster_project.errors import HoivaError

HORIZON_DAYS = 91.0  # three months


def bg_nbd_scores(repeats: Numbers, recency: Numbers, age: Numbers) -> dict[str, Numbers]:
    """Fit the model on these customers and ask it about them; the likeliest to leave highest.

    ``p_alive``: the probability of having gone. BG/NBD lets nobody go before a second purchase, so whoever bought once
    counts as surely there: where many buy once it puts the likeliest to leave last. ``expected_purchases``, few of
    them in the next three months, does not suffer from that.

    Args:
        repeats: purchase days after the first.
        recency: days from the first purchase to the last.
        age: days since the first purchase.

    Returns:
        Nothing where the model cannot be fitted.
    """
    kinds, kind, weights = np.unique(
        np.column_stack([repeats, recency, age]), axis=0, return_inverse=True, return_counts=True
    )
    alike = (kinds[:, 0], kinds[:, 1], kinds[:, 2])
    try:
        model = fit(*alike, weights=weights.astype(np.float64))
    except HoivaError:
        return {}
    return {
        "p_alive": -model.p_alive(*alike)[kind],
        "expected_purchases": -model.expected(HORIZON_DAYS, *alike)[kind],
    }
