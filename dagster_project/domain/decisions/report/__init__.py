"""The decisions as a page: from all proposals to the plan, what is scarce, who gave way to whom, and the other ways."""

from dagster_project.domain.decisions.report.page import decisions_page
from dagster_project.domain.decisions.report.questions import questions

__all__ = ["decisions_page", "questions"]
