"""Everything that CI runs, in order, with times: ``make test``. ``--only lint`` stops before the tests."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON_PATHS = ["dagster_project", "tests", "scripts"]
LINT = {
    "ruff": [["ruff", "check", *PYTHON_PATHS], ["ruff", "format", "--check", *PYTHON_PATHS]],
    "types": [["mypy"]],
    "sqlfluff": [["sqlfluff", "lint", "dbt_project/models", "dbt_project/tests", "--disable-progress-bar"]],
}
PYTEST = [sys.executable, "-m", "pytest", "--durations=5"]
LONG = ["tests/journeys", "tests/crash"]  # whole runs of the house: beside the others, on the second core
SHORT = [f"--ignore={folder}" for folder in LONG]


def lint(environment: dict[str, str]) -> int:
    """Each linter in turn; stops at the first that finds something and says how to run it alone."""
    for name, commands in LINT.items():
        print(f"[lint] {name}", flush=True)
        for command in commands:
            done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)
            if done.returncode != 0:
                print(f"\n{name} failed. Alone: {' '.join(command)}", file=sys.stderr)
                return done.returncode
    return 0


def tests(environment: dict[str, str], scratch: Path) -> int:
    """The long tests beside the short ones, each in a process of its own; the long ones' report comes last."""
    print(f"[tests] {' '.join(LONG)} run beside the others; their report follows", flush=True)
    report = scratch / "long.txt"
    with report.open("w") as out:
        beside = subprocess.Popen([*PYTEST, *LONG], cwd=CHECKOUT, env=environment, stdout=out, stderr=out)
        short = subprocess.run([*PYTEST, *SHORT], cwd=CHECKOUT, env=environment, check=False).returncode
        print(f"[tests] waiting for {' '.join(LONG)}", flush=True)
        long = beside.wait()
    print(report.read_text(errors="replace"), flush=True)
    return short or long


def main() -> int:
    """Run the parts asked for and print their times. 0 when all is clean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["lint", "tests"], help="only the linters, or only the tests")
    only = parser.parse_args().only
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="hoiva-check-") as folder:
        scratch = Path(folder)
        environment = os.environ | {
            "HOIVA_HOME": str(scratch / "home"),
            "DBT_TARGET_PATH": str(scratch / "target"),  # sqlfluff's templater runs dbt: nothing in the checkout
            "DBT_LOG_PATH": str(scratch / "logs"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # libraries are compiled once, not in every process
        (scratch / "home" / "vault").mkdir(parents=True)
        parts = {"lint": lambda: lint(environment), "tests": lambda: tests(environment, scratch)}
        for name, run in parts.items():
            if only in (None, name):
                started = time.monotonic()
                code = run()
                took[name] = time.monotonic() - started
                if code != 0:
                    return code
    print("All clean: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
