"""Nights of care models on small rows, with a real ledger: what is known tonight goes in, what was found comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.nights import Known, Night, enrol_and_advance
from dagster_project.components.care_model import model_of
from dagster_project.domain.care_models import CareModel
from dagster_project.domain.clock import naive_utc
from dagster_project.settings import Settings
from tests.domain.care_models.making import MOMENT, NOTHING, at

TEXT = pa.string()
NO_RESPONSES = pa.table(
    {"contact_id": pa.array([], TEXT), "response": pa.array([], TEXT)}
    | {name: pa.array([], MOMENT) for name in ("occurred_at", "known_at")}
)
NO_ALIASES = pa.table({"alias_customer_id": pa.array([], TEXT), "customer_id": pa.array([], TEXT)})
NO_SEGMENTS = pa.table({"segment": pa.array([], TEXT), "customer_id": pa.array([], TEXT)})
NO_CONSENTS = pa.table(
    {name: pa.array([], TEXT) for name in ("customer_id", "purpose", "channel", "consent_id")}
    | {"is_allowed": pa.array([], pa.bool_()), "decided_at": pa.array([], MOMENT)}
)


def known(customers: pa.Table, events: pa.Table = NOTHING, **more: Any) -> Known:
    """What is known tonight, mostly nothing."""
    given = {
        "responses": NO_RESPONSES, "consents": NO_CONSENTS, "aliases": NO_ALIASES, "segments": NO_SEGMENTS,
    } | more  # fmt: skip
    return Known(customers=customers, events=events, **given)


def answered(*answers: tuple[str, str, str]) -> pa.Table:
    """Responses as (contact_id, response, moment in Helsinki)."""
    moments = pa.array([naive_utc(at(moment)) for _, _, moment in answers], MOMENT)
    return pa.table(
        {
            "contact_id": pa.array([one for one, _, _ in answers], TEXT),
            "response": pa.array([one for _, one, _ in answers], TEXT),
            "occurred_at": moments,
            "known_at": moments,
        }
    )


@dataclass
class Life:
    """A ledger and some care models, night after night."""

    settings: Settings
    ledger: Ledger
    models: Sequence[CareModel]
    nights: list[Night] = field(default_factory=list)

    def night(self, as_of: str, known_by_then: Known) -> Night:
        found = enrol_and_advance(self.settings, self.ledger, self.models, known_by_then, at(as_of), model_of)
        self.nights.append(found)
        return found

    def contact(self, found: Night, as_of: str) -> list[str]:
        """Make every contact that a night proposes for those outside the control group; gives their ids."""
        rows = [row for row in found.candidates.to_pylist() if not row["is_control"]]
        moment = naive_utc(at(as_of))
        self.ledger_contacts(rows, moment)
        return [row["candidate_id"] for row in rows]

    def ledger_contacts(self, rows: list[dict[str, Any]], moment: Any) -> None:
        from dagster_project.adapters.ledger.tables import contacts

        with self.ledger.writing() as connection:
            for row in rows:
                connection.execute(
                    contacts.insert().values(
                        contact_id=row["candidate_id"], score=1.0, cost=0, planned_date=row["planned_for"].date(),
                        decided_as_of=moment, claimed_at=moment, status="claimed",
                        **{name: row[name] for name in CONTACT_FIELDS},
                    )
                )  # fmt: skip


CONTACT_FIELDS = (
    "enrolment_id", "customer_id", "care_model", "version", "step", "window_key", "channel", "treatment", "offer",
    "subject", "link", "language_fallback", "purpose", "action_class", "planned_for",
)  # fmt: skip
