"""A folder of encounters in Dagster: the faults of its files, each a failing check that stops nothing else."""

from pathlib import Path

import dagster as dg

from dagster_project.components.encounter import load_encounters
from dagster_project.components.faulty_files import definitions_of_faults


class EncounterFolder(dg.Component, dg.Model, dg.Resolvable):
    """Every encounter of the folder it stands in. Care models take them; a faulty one becomes a failing check."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The faults; an encounter that is right shows in the care models that use it."""
        return definitions_of_faults("encounter", load_encounters(Path(context.path)))
