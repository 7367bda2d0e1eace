"""Arbitration: the plan of most value under everything that is scarce, with a proof of how near the best it is."""

from dagster_project.domain.decisions.arbitration.problem import Arbitrated, Problem
from dagster_project.domain.decisions.arbitration.rounding import greedy
from dagster_project.domain.decisions.arbitration.solve import arbitrate
from dagster_project.domain.decisions.arbitration.worth import worth_of_one_more

__all__ = ["Arbitrated", "Problem", "arbitrate", "greedy", "worth_of_one_more"]
