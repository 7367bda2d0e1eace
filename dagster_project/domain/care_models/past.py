"""What the ledger remembers of enrolments and contacts, in the form the entries are found with."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.schema import MOMENT, PAST_ENROLMENTS


def past_enrolments(enrolments: pa.Table, contacts: pa.Table) -> pa.Table:
    """Every enrolment so far, with the moment its first contact was decided.

    A contact that came back unsent counts as decided: the same occasion is not used twice.

    Args:
        enrolments: ``Ledger.enrolments()``: enrolment_id, customer_id (as of today), care_model, version, window_key,
            is_control, entered_at, recorded_at (the ``as_of`` of the run that enrolled).
        contacts: ``Ledger.contacts()``: customer_id (as of today), care_model, window_key, decided_as_of.

    Returns:
        A table of the schema ``PAST_ENROLMENTS``, in the order of ``enrolments``.
    """
    place = ["customer_id", "care_model", "window_key"]
    decided = contacts.select([*place, "decided_as_of"]).group_by(place).aggregate([("decided_as_of", "min")])
    numbered = enrolments.append_column("number", pa.array(range(enrolments.num_rows), pa.int64()))
    joined = numbered.join(decided, keys=place, join_type="left outer").sort_by("number")
    columns = {name: joined.column(name) for name in PAST_ENROLMENTS.names if name in joined.column_names}
    columns["enrolled_as_of"] = joined.column("recorded_at")
    columns["first_contact_as_of"] = joined.column("decided_as_of_min")
    return pa.table(
        {
            name: pc.cast(columns[name], MOMENT) if name.endswith(("_at", "_as_of")) else columns[name]
            for name in PAST_ENROLMENTS.names
        }
    ).cast(PAST_ENROLMENTS)
