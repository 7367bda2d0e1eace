"""What starting costs: a fresh process each time, its processor seconds with those of its children."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOAD = ["-c", "from dagster_project.definitions import defs; defs().get_job_def('day')"]
STARTS = {
    "load the definitions in a new home (dbt parses its project)": LOAD,
    "load the definitions again": LOAD,
    "`hoiva status`": ["-m", "dagster_project.cli", "status", "--json"],
    "`hoiva --help`": ["-m", "dagster_project.cli", "--help"],
}


def measure_starts(home: Path, times: int) -> dict[str, list[float]]:
    """Processor seconds of each start, so many times.

    Args:
        home: a home of its own, with or without data; new homes are made beside its folders.
        times: how often each is started.
    """
    found: dict[str, list[float]] = {name: [] for name in STARTS}
    for number in range(times):
        for name, arguments in STARTS.items():
            print(f"{name} ...", file=sys.stderr, flush=True)
            where = home / f"new-home-{number}" if arguments is LOAD else home
            environment = os.environ | {"HOIVA_HOME": str(where)}
            before = os.times()
            subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
            after = os.times()
            seconds = after.children_user + after.children_system - before.children_user - before.children_system
            found[name].append(seconds)
            print(f"  {seconds:.1f} s CPU", file=sys.stderr, flush=True)
    return found
