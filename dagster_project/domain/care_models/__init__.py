"""Care models: who enters which programme of care, when, how it goes on, and what it proposes."""

from dagster_project.domain.care_models.candidates import candidates
from dagster_project.domain.care_models.draws import enrolment_id_of, in_control_group
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.entries import entries
from dagster_project.domain.care_models.model import CareModel, EventEntry, Reentry, StateEntry
from dagster_project.domain.care_models.schema import CANDIDATES, ENROLMENTS, ENTRIES, PAST_ENROLMENTS

__all__ = [
    "CANDIDATES",
    "ENROLMENTS",
    "ENTRIES",
    "PAST_ENROLMENTS",
    "CareModel",
    "Duration",
    "EventEntry",
    "Reentry",
    "StateEntry",
    "candidates",
    "enrolment_id_of",
    "entries",
    "in_control_group",
]
