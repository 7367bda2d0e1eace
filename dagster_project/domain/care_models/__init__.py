"""Care models: who enters which programme of care, when, and what the first action would be."""

from dagster_project.domain.care_models.candidates import candidates
from dagster_project.domain.care_models.draws import enrolment_id_of, in_control_group
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.entries import entries
from dagster_project.domain.care_models.model import CareModel, EventEntry, Reentry, StateEntry, Step
from dagster_project.domain.care_models.past import past_enrolments
from dagster_project.domain.care_models.schema import CANDIDATES, ENTRIES, PAST_ENROLMENTS

__all__ = [
    "CANDIDATES",
    "ENTRIES",
    "PAST_ENROLMENTS",
    "CareModel",
    "Duration",
    "EventEntry",
    "Reentry",
    "StateEntry",
    "Step",
    "candidates",
    "enrolment_id_of",
    "entries",
    "in_control_group",
    "past_enrolments",
]
