"""The columns of ``personas`` and ``deal_personas``."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.analytics.schema import CUSTOMER_ID, MOMENT

UNKNOWN = "unknown"  # the persona of whom too little is known; no file may take the name


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# One row per customer.
PERSONAS = pa.schema(
    [
        CUSTOMER_ID,
        _required("persona", pa.string()),  # a file's name, or unknown
        _required("confidence", pa.float64()),  # 0 to 1; 0 of unknown
        _required("found_by", pa.string()),  # condition, centre or nothing
        _required("evidence", pa.string()),  # what speaks for it, in words
        pa.field("second_persona", pa.string()),  # the next likely one; null: none
        pa.field("second_confidence", pa.float64()),
        pa.field("quality", pa.float64()),  # share given the same persona by either half of the base; null: no centres
        _required("model_version", pa.string()),
        _required("as_of", MOMENT),
    ]
)

# One row per deal, customer on it and persona this customer stands for there.
DEAL_PERSONAS = pa.schema(
    [
        _required("deal_id", pa.string()),
        pa.field("company_id", pa.string()),  # null: the deal is of no company we were told of
        CUSTOMER_ID,
        _required("persona", pa.string()),
        _required("confidence", pa.float64()),
        _required("found_by", pa.string()),  # role: what the customer is on this deal; else as in personas
        _required("evidence", pa.string()),
        pa.field("quality", pa.float64()),  # as in personas
        _required("model_version", pa.string()),
        _required("as_of", MOMENT),
    ]
)
