"""Great Expectations at the doors: a delivery, the customer_360, an audience. Counts come out, never values.

``import great_expectations`` costs six seconds of CPU: importing this package does not import it, validating does.
"""

from dagster_project.adapters.expectations.data_docs import build_data_docs, keep_outcome, kept_outcomes
from dagster_project.adapters.expectations.suite import EXPECTATIONS, Expectation, Suite, load_suites
from dagster_project.adapters.expectations.validating import (
    Failure,
    Outcome,
    validate,
    validate_audience,
    validate_customer_360,
    validate_delivery,
)

__all__ = [
    "EXPECTATIONS",
    "Expectation",
    "Failure",
    "Outcome",
    "Suite",
    "build_data_docs",
    "keep_outcome",
    "kept_outcomes",
    "load_suites",
    "validate",
    "validate_audience",
    "validate_customer_360",
    "validate_delivery",
]
