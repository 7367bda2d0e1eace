"""One customer, explained: who they are to us, what they did, what was decided and why not the rest.

Reads the published tables, and who is stopped from the ledger. Nothing here is contact data: the vault is not opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagster_project.adapters.explaining_identity import identity_of
from dagster_project.adapters.reading import Reader, reader
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.settings import Settings

NEWEST_EVENTS = 15  # as many as fit a screen beside the decisions


def explanation_of(settings: Settings, customer_id: str) -> dict[str, Any]:
    """Everything published about one customer, in the order a person asks.

    Args:
        settings: whose published tables to read.
        customer_id: today's id, or one the customer had before a merge.

    Returns:
        ``customer_id``, ``asked_as``, ``as_of``, ``identity``, ``why_one`` (how the records came to be one, and what
        nearly matched), ``customer_360``, ``analytics``, ``segments``,
        ``lifecycle_moves``, ``churn_reasons``, ``next_products``, ``consents``, ``timeline``, ``enrolments``,
        ``care_paths`` (what each enrolment did, step by step, and where it stands until when), ``decisions``.

    Raises:
        HoivaError: no customer has or had this id.
        NotPublished: nothing has been published yet.
    """
    with reader(settings) as published:
        current = _current_id(published, customer_id)

        def of(table: str, columns: str = "*", order: str = "all", limit: int | None = None) -> list[dict[str, Any]]:
            if not published.has(table):
                return []
            room, _, short = table.partition("/")
            tail = f" limit {limit}" if limit else ""
            return published.rows(
                f'select {columns} from "{room}"."{short}" where customer_id = $id order by {order}{tail}', id=current
            )

        return {
            "customer_id": current,
            "asked_as": customer_id,
            "as_of": published.version.as_of,
            "identity": _records(published, current),
            "why_one": identity_of(published, current),
            "customer_360": next(iter(of("customer_360/customer_360")), {}),
            "analytics": _analytics(of("analytics/customer_analytics"), of("customer_360/customer_360")),
            "segments": [row["segment"] for row in of("analytics/segments", "segment", "segment")],
            "lifecycle_moves": of("analytics/lifecycle_moves", "occurred_at, from_stage, to_stage, cause",
                                  "occurred_at"),
            "churn_reasons": [reason for row in of("analytics/churn_scores", "reason_1, reason_2, reason_3", "all")
                              for reason in row.values() if reason],
            "next_products": of("analytics/next_products", "position, product_id, reason", "position"),
            "consents": with_stops(
                of("customer_360/consents_current", "purpose, channel, is_allowed, decided_at, consent_id"),
                _stops(settings, current),
            ),
            "timeline": of("customer_360/customer_timeline",
                           "occurred_at, event_type, subject_id, channel, amount, is_planned",
                           "occurred_at desc, event_type, subject_id", NEWEST_EVENTS),
            "enrolments": of("care_models/enrolments"),
            "care_paths": _paths(published, current),
            "decisions": of("decisions/candidates", "*", "care_model, outcome, step"),
        }  # fmt: skip


def _stops(settings: Settings, customer_id: str) -> list[dict[str, Any]]:
    """What the ledger stops for this customer, by any id she ever had, oldest first."""
    from dagster_project.adapters.ledger import open_ledger

    with open_ledger(settings.ledger_address) as ledger:
        ids = {customer_id, *ledger.ids_leading_to({customer_id})}
        found = [row for row in ledger.suppressions().to_pylist() if row["customer_id"] in ids]
    return sorted(found, key=lambda row: row["recorded_at"])


def with_stops(consents: list[dict[str, Any]], stops: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Consents as they count now: a no that the ledger heard since stands above what was published.

    >>> yes = {"purpose": "marketing", "channel": "email", "is_allowed": True, "decided_at": 1, "consent_id": "s1"}
    >>> stop = {"purpose": "marketing", "channel": "email", "reason": "withdrawn", "recorded_at": 2}
    >>> with_stops([yes], [stop])[0] == yes | {"is_allowed": False, "decided_at": 2, "consent_id": "ledger: withdrawn"}
    True
    >>> [row["channel"] for row in with_stops([yes], [stop | {"channel": "*"}])]
    ['email', '*']
    """
    rows = [dict(row) for row in consents]
    for stop in stops:
        no = {"is_allowed": False, "decided_at": stop["recorded_at"], "consent_id": f"ledger: {stop['reason']}"}
        of = {name: stop[name] for name in ("purpose", "channel")}
        for row in rows:
            if all(wide in ("*", row[name]) for name, wide in of.items()):
                row |= no
        if not any(row | of == row for row in rows):
            rows.append(of | no)
    return rows


def _current_id(published: Reader, customer_id: str) -> str:
    found = published.rows("select customer_id from customer_360.customer_360 where customer_id = $id", id=customer_id)
    if not found and published.has("identity/customer_aliases"):
        found = published.rows(
            "select customer_id from identity.customer_aliases where alias_customer_id = $id", id=customer_id
        )
    if not found:
        raise HoivaError(
            f"no customer has the id {customer_id!r}: read customer_360, or `hoiva export-person` for an address's id"
        )
    return str(found[0]["customer_id"])


def _records(published: Reader, customer_id: str) -> list[dict[str, Any]]:
    """How many records of each system make this customer."""
    return published.rows(
        "select split_part(source_record_id, ':', 1) as source_system, split_part(source_record_id, ':', 2) as kind,"
        " count(*) as count_records from identity.clusters where customer_id = $id group by all order by all",
        id=customer_id,
    )


def _paths(published: Reader, customer_id: str) -> list[dict[str, Any]]:
    """What each enrolment of the customer did, in order, and where it stands now."""
    if not published.has("care_models/standings"):
        return []
    standing = published.rows(
        "select enrolment_id, care_model, version, step, outcome, due_at from care_models.standings"
        " where customer_id = $id order by entered_at, enrolment_id", id=customer_id,
    )  # fmt: skip
    return [
        row | {
            "path": published.rows(
                "select occurred_at, step, did from care_models.transitions where enrolment_id = $id order by position",
                id=row["enrolment_id"],
            )
        }
        for row in standing
    ]  # fmt: skip


def _analytics(rows: list[dict[str, Any]], known: list[dict[str, Any]]) -> dict[str, Any]:
    """What analytics adds to the customer's row."""
    base = known[0] if known else {}
    return {key: value for row in rows[:1] for key, value in row.items() if key not in base}
