"""What starting costs: a fresh process each time, its processor seconds with those of its children."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TIMES = 3  # their median is what counts
STARTS = {
    "load the definitions": [
        "-c",
        "from dagster_project.definitions import defs; loaded = defs(); loaded.get_job_def('day')",
    ],
    "`hoiva status`": ["-m", "dagster_project.cli", "status", "--json"],
    "`hoiva --help`": ["-m", "dagster_project.cli", "--help"],
}


def measure_starts(home: Path, times: int = TIMES) -> dict[str, list[float]]:
    """Processor seconds of each start, so many times.

    Args:
        home: a home of its own, with or without data.
        times: how often each is started.
    """
    environment = os.environ | {"HOIVA_HOME": str(home)}
    found: dict[str, list[float]] = {name: [] for name in STARTS}
    for _ in range(times):
        for name, arguments in STARTS.items():
            print(f"{name} ...", file=sys.stderr, flush=True)
            before = os.times()
            subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
            after = os.times()
            seconds = after.children_user + after.children_system - before.children_user - before.children_system
            found[name].append(seconds)
            print(f"  {seconds:.1f} s CPU", file=sys.stderr, flush=True)
    return found
