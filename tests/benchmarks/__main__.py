"""``make bench``: the measurements. They print figures and assert nothing; tests assert."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.figures import Figures, as_markdown, write


def main() -> int:
    """Run a town end to end and the starts; print the figures and write them where asked."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        epilog="Example: make bench, or python -m tests.benchmarks --customers 5000 --out figures",
    )
    parser.add_argument("--customers", type=int, default=100_000, help="people in the town (default 100000)")
    parser.add_argument("--days", type=int, default=365, help="days of their lives (default 365)")
    parser.add_argument("--quick", action="store_true", help="a town of 2,000 over 180 days, and each start once")
    parser.add_argument("--only", choices=["town", "starts"], help="one of the two measurements")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json; without it the figures are printed only")
    parser.add_argument("--keep", action="store_true", help="keep the temporary home and print where it is")
    arguments = parser.parse_args()
    customers, days, times = (2000, 180, 1) if arguments.quick else (arguments.customers, arguments.days, 3)
    home = Path(tempfile.mkdtemp(prefix="hoiva-bench-"))
    os.environ["HOIVA_HOME"] = str(home)
    figures = Figures()
    try:
        if arguments.only != "starts":
            from tests.benchmarks.town_run import run_town

            figures.towns.append(run_town(home, customers, days))
        if arguments.only != "town":
            from tests.benchmarks.startup import measure_starts

            figures.starts = measure_starts(home, times)
    finally:
        if arguments.keep:
            print(f"kept: {home}", file=sys.stderr)
        else:
            shutil.rmtree(home, ignore_errors=True)
    print(as_markdown(figures))
    if arguments.out:
        write(figures, arguments.out)
    return 1 if any(town.failed for town in figures.towns) else 0


if __name__ == "__main__":
    sys.exit(main())
