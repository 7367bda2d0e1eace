"""Audiences: who was chosen for each care model, and who belongs to each ad audience, one contracted table each."""

from dagster_project.domain.audiences.memberships import MEMBERSHIP_SCHEMA, membership_audience
from dagster_project.domain.audiences.trigger_lists import TRIGGER_LIST_SCHEMA, trigger_lists

__all__ = ["MEMBERSHIP_SCHEMA", "TRIGGER_LIST_SCHEMA", "membership_audience", "trigger_lists"]
