"""Conditions: what a marketer writes about a customer, as data that can be checked and compiled, never pasted."""

from dagster_project.domain.conditions.compiled import Condition, compile_condition, is_barred, kind_of
from dagster_project.domain.conditions.error import ConditionError

__all__ = ["Condition", "ConditionError", "compile_condition", "is_barred", "kind_of"]
