"""A move of the lifecycle opens the door of a care model, once for each silence, however many nights see it."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from dagster_project.adapters.enrolling import enrol_customers
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.components.care_model import model_of
from dagster_project.domain.analytics.moves.moves import lifecycle_moves, moves_between
from dagster_project.domain.analytics.moves.standing import standing_at
from dagster_project.domain.care_models import CareModel
from dagster_project.settings import Settings
from tests.adapters.living import NO_ALIASES, NO_CONSENTS
from tests.domain.analytics.making import AS_OF, ZONE, base, bought
from tests.domain.analytics.moves.daily import STEADY
from tests.domain.care_models.making import NOTHING, customers, model

ROWS = pd.concat([STEADY, bought("quiet", [95, 125, 155, 185])])
NO_CAMPAIGNS = pa.table({name: pa.array([], pa.string()) for name in ("campaign_id", "subject_line", "name")})
NO_RESPONSES = pa.table(
    {
        "contact_id": pa.array([], pa.string()),
        "response": pa.array([], pa.string()),
        "is_machine": pa.array([], pa.bool_()),
        "occurred_at": pa.array([], pa.timestamp("us")),
        "known_at": pa.array([], pa.timestamp("us")),
    }
)


def began_by(event: str) -> CareModel:
    return model(f"{{trigger: event, event: {event}, within: 60d}}", "{per: subject}")


def night(settings: Settings, care_model: CareModel, days_ago: int) -> list[str]:
    """Who is newly enrolled by the run of one night."""
    before, tonight = (
        standing_at(base(ROWS, as_of=moment), moment, ZONE)
        for moment in (AS_OF - timedelta(days=60), AS_OF - timedelta(days=days_ago))
    )
    with open_ledger(settings.ledger_address) as ledger, open_warehouse(settings) as warehouse:
        warehouse.write("identity", "customer_aliases", NO_ALIASES)
        warehouse.write("customer_360", "customer_events", NOTHING)
        moves = lifecycle_moves([moves_between(before, tonight)], tonight.as_of)
        warehouse.write("analytics", "lifecycle_moves", moves)
        warehouse.write("analytics", "customer_analytics", customers("quiet", "steady00"))
        warehouse.write("customer_360", "consents_current", NO_CONSENTS)
        warehouse.write("unified", "campaigns", NO_CAMPAIGNS)
        warehouse.write("unified", "contact_responses", NO_RESPONSES)
        found = enrol_customers(settings, ledger, warehouse, [care_model], tonight.as_of, model_of)
    assert found.faults == {}
    return found.enrolments.filter(found.enrolments["is_new"])["customer_id"].to_pylist()


def test_who_becomes_quiet_is_enrolled_once(home: Settings) -> None:
    care_model = began_by("became_fading")
    assert night(home, care_model, 55) == [], "not quiet yet"
    assert night(home, care_model, 10) == ["quiet"]
    assert night(home, care_model, 3) == [], "the same silence, seen by another night"


@pytest.mark.parametrize("event", ["became_lost", "became_returned", "purchase"])
def test_another_move_opens_no_door(home: Settings, event: str) -> None:
    assert night(home, began_by(event), 10) == []
