"""Arbitration: the plan of most value under everything that is scarce, with a proof of how near the best it is."""

from dagster_project.domain.decisions.arbitration.problem import Arbitrated, Problem
from dagster_project.domain.decisions.arbitration.rounding import greedy
from dagster_project.domain.decisions.arbitration.solve import arbitrate

__all__ = ["Arbitrated", "Problem", "arbitrate", "greedy"]
