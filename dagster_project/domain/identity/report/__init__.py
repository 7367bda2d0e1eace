"""The identity report: how the company's records came together, what was held, and where a merge may be wrong."""

from dagster_project.domain.identity.report.page import identity_page
from dagster_project.domain.identity.report.questions import questions

__all__ = ["identity_page", "questions"]
