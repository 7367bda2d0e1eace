"""A delivery: one file that arrived, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DeliveryStatus = Literal["loaded", "refused", "repeated", "held"]


@dataclass(frozen=True)
class Delivery:
    """One file that was handed to the gate. Every file that arrives leaves one such row, also a refused one.

    The same bytes handed over twice give two rows: the first ``loaded``, the second ``repeated``.
    Moments are aware (UTC).
    """

    file_id: str  # first 32 hex of the SHA-256 of the delivered bytes
    source: str
    table_name: str
    file_name: str
    status: DeliveryStatus
    arrived_at: datetime  # when we came to know it; --arrived-at may say so
    landed_at: datetime  # when the gate handled it
    reason_code: str = ""  # why it was refused or held; empty when loaded
    message: str = ""  # one line for a person, without values from rows
    count_delivered: int = 0  # records in the file
    count_loaded: int = 0
    count_quarantined: int = 0
    count_erased: int = 0  # records of people who asked to be forgotten: not taken in, or taken out since
    known_mode: str = "arrival"  # "arrival", or "history": known when it happened
