"""The file gate: every delivered record is loaded, or quarantined with its line and reason; nothing is lost."""

from dagster_project.adapters.gate.landing_folder import facts_of, land_waiting, settled_files
from dagster_project.adapters.gate.passing import contracts_in, land

__all__ = ["contracts_in", "facts_of", "land", "land_waiting", "settled_files"]
