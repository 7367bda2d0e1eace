"""A folder of actions in Dagster: the faults of its files, each a failing check that stops nothing else."""

from pathlib import Path

import dagster as dg

from dagster_project.components.action import load_actions
from dagster_project.components.faulty_files import definitions_of_faults


class ActionFolder(dg.Component, dg.Model, dg.Resolvable):
    """Every action of the folder it stands in. ``propose_actions`` asks those that are right."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The faults; an action that is right shows in what the catalogue proposes."""
        return definitions_of_faults("action", load_actions(Path(context.path)))
