"""The base x-ray: what a company's customer base looks like tonight, on one page, each figure with its SQL."""

from dagster_project.domain.analytics.xray.page import xray_page
from dagster_project.domain.analytics.xray.questions import Answer, questions

__all__ = ["Answer", "questions", "xray_page"]
