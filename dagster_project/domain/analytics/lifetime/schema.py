"""The columns of ``lifetime_value`` and ``lifetime_value_model``."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.analytics.schema import CUSTOMER_ID, MOMENT, MONEY


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# One row per customer who has bought. A purchase is a business day with at least one order.
LIFETIME_VALUE = pa.schema(
    [
        CUSTOMER_ID,
        _required("p_alive", pa.float64()),  # 0 to 1: still a customer
        _required("expected_purchases_365d", pa.float64()),
        _required("purchases_low", pa.int64()),  # eight of ten customers buy at least so often, and
        _required("purchases_high", pa.int64()),  # at most so often, within 365 days
        _required("expected_purchase_amount", MONEY),  # of one purchase
        _required("lifetime_value_amount", MONEY),  # of all purchases to expect within 365 days
        _required("value_low_amount", MONEY),  # of eight in ten
        _required("value_high_amount", MONEY),
        pa.field("quality", pa.float64()),  # purchases forecast for the check's window by those made; null: not checked
        _required("model_version", pa.string()),
        _required("as_of", MOMENT),
    ]
)

# One row: the model of this moment, how it was found and how it did on months already past.
LIFETIME_VALUE_MODEL = pa.schema(
    [
        _required("model_version", pa.string()),
        _required("count_customers", pa.int64()),  # who have bought
        _required("count_repeaters", pa.int64()),  # who have bought on more than one day
        _required("r", pa.float64()),
        _required("alpha", pa.float64()),  # days
        _required("a", pa.float64()),
        _required("b", pa.float64()),
        _required("log_likelihood", pa.float64()),
        _required("p", pa.float64()),
        _required("q", pa.float64()),
        _required("v", pa.float64()),  # money
        _required("dependence", pa.float64()),  # rank correlation of how often and how much; 0 is what is assumed
        pa.field("check_days", pa.int64()),  # length of the window the model was checked on; null: too little history
        pa.field("check_customers", pa.int64()),
        pa.field("check_forecast", pa.float64()),  # purchases
        pa.field("check_actual", pa.int64()),
        pa.field("coverage_uncorrected", pa.float64()),  # of intervals straight from the model, where 0.8 is meant
        _required("purchases_from_level", pa.float64()),  # the levels of the model's distribution
        _required("purchases_to_level", pa.float64()),  # between which eight of ten have stayed
        _required("value_from_level", pa.float64()),
        _required("value_to_level", pa.float64()),
        _required("as_of", MOMENT),
    ]
)
