"""Who enters a care model: of those for whom a door stands open, the ones its re-entry lets in.

A run for one moment enters the same customers however often it is repeated, and what an earlier run enrolled is
recognised: by the customer as known today, the care model and the occasion, never by version or order of runs.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.draws import enrolment_id_of, in_control_group
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.schema import ENTRIES, MOMENT, PAST_ENROLMENTS
from dagster_project.domain.clock import business_date

if TYPE_CHECKING:
    import pandas as pd


def entries(
    model: CareModel, opened: pd.DataFrame, past: pa.Table, as_of: datetime, *, zone: ZoneInfo, salt: str
) -> pa.Table:  # fmt: skip
    """The enrolments that begin at a moment and that no earlier run wrote down.

    Args:
        model: the care model.
        opened: for whom a door stands open (``doors``): customer_id, window_key, subject_id, entered_at.
        past: ``PAST_ENROLMENTS`` of this and other models, customers as of today.
        as_of: the moment, with its zone.
        zone: the business zone, which decides what a day is.
        salt: of the control draw.

    Returns:
        A table of the schema ``ENTRIES``, sorted by customer and occasion; empty on days outside the model's validity.
    """
    today = business_date(as_of, zone)
    if (model.valid_from and today < model.valid_from) or (model.valid_until and today > model.valid_until):
        return ENTRIES.empty_table()
    found = opened.sort_values(["customer_id", "entered_at", "window_key"], kind="stable", ignore_index=True)
    found["row"] = range(len(found))
    barred = set(_barred(model, found, _past_of(model, past), zone)["row"])
    new = found[~found["row"].isin(barred)]
    if model.reentry.kind != "per":  # one new entry at a time
        new = new.drop_duplicates("customer_id")
    return _written(model, new, salt)


def _past_of(model: CareModel, past: pa.Table) -> pd.DataFrame:
    rows = past.select(PAST_ENROLMENTS.names).cast(PAST_ENROLMENTS)
    return rows.filter(pc.equal(rows.column("care_model"), model.care_model)).to_pandas()


def _barred(model: CareModel, found: pd.DataFrame, past: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Pairs of an open door and an earlier enrolment that it belongs to or that bars it."""
    import pandas as pd

    on = ["customer_id", "window_key"] if model.reentry.kind == "per" else ["customer_id"]
    opened = found[list(dict.fromkeys(["row", "window_key", "entered_at", *on]))].rename(
        columns={"entered_at": "opens_at", **({} if "window_key" in on else {"window_key": "opens_for"})}
    )
    pairs = opened.merge(past, on=on, how="inner")
    if model.reentry.kind == "after":  # fewer than so many business days away, before or after
        apart = (_days(pairs["opens_at"], zone) - _days(pairs["entered_at"], zone)).abs()
        return pairs[((apart.dt.days < model.reentry.after.days) | (pairs["opens_for"] == pairs["window_key"]))]
    if model.reentry.kind == "after_exit":  # it still goes on, or the door opened before it had ended
        goes_on = pairs["ended_at"].isna() | (pd.to_datetime(pairs["opens_at"]) <= pd.to_datetime(pairs["ended_at"]))
        return pairs[goes_on | (pairs["opens_for"] == pairs["window_key"])]
    return pairs


def _days(moments: pd.Series, zone: ZoneInfo) -> pd.Series:
    """The business day of each UTC moment, as its midnight."""
    import pandas as pd

    return pd.to_datetime(moments).dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()


def _written(model: CareModel, new: pd.DataFrame, salt: str) -> pa.Table:
    customer_ids, keys = new["customer_id"].tolist(), new["window_key"].tolist()
    drawn = in_control_group(customer_ids, model.care_model, model.control_share, salt)
    ids = [enrolment_id_of(one, model.care_model, key) for one, key in zip(customer_ids, keys, strict=True)]
    columns = {
        "enrolment_id": pa.array(ids, pa.string()),
        "customer_id": pa.array(customer_ids, pa.string()),
        "care_model": pa.repeat(pa.scalar(model.care_model), len(ids)),
        "window_key": pa.array(keys, pa.string()),
        "version": pa.repeat(pa.scalar(str(model.version)), len(ids)),
        "subject_id": pa.array(new["subject_id"], pa.string(), from_pandas=True),
        "is_control": pa.array(drawn, pa.bool_()),
        "entered_at": pa.array(new["entered_at"].to_numpy("datetime64[us]"), MOMENT),
    }
    table = pa.table([columns[name] for name in ENTRIES.names], schema=ENTRIES)
    return table.sort_by([("customer_id", "ascending"), ("window_key", "ascending")])
