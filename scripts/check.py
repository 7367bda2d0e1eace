"""Everything that CI runs, with times: ``make test``. ``--only lint`` runs no tests."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON_PATHS = ["dagster_project", "tests", "scripts"]
LINT = {
    "ruff": [["ruff", "check", *PYTHON_PATHS], ["ruff", "format", "--check", *PYTHON_PATHS]],
    "types": [["mypy"]],
    "sqlfluff": [["sqlfluff", "lint", "dbt_project/models", "dbt_project/tests", "--disable-progress-bar"]],
}
PYTEST = [sys.executable, "-m", "pytest", "--durations=5"]
LONG = ["tests/journeys", "tests/crash", "tests/defs"]  # whole runs of the house, which load its definitions once
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


def beside(environment: dict[str, str], report: Path) -> subprocess.Popen[bytes]:
    """The long tests, in a process of their own on the second core; what they say goes into the report."""
    with report.open("w") as out:
        return subprocess.Popen([*PYTEST, *LONG], cwd=CHECKOUT, env=environment, stdout=out, stderr=out)


def tests(environment: dict[str, str], long: subprocess.Popen[bytes], report: Path) -> int:
    """The short tests; the report of the long ones comes last."""
    print(f"[tests] {' '.join(LONG)} run beside the others; their report follows", flush=True)
    short = subprocess.run([*PYTEST, *SHORT], cwd=CHECKOUT, env=environment, check=False).returncode
    print(f"[tests] waiting for {' '.join(LONG)}", flush=True)
    code = long.wait()
    print(report.read_text(errors="replace"), flush=True)
    return short or code


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
        report = scratch / "long.txt"
        # The long tests begin at once: the linters and the short tests take about as long on the first core.
        long = None if only == "lint" else beside(environment, report)
        parts: dict[str, Callable[[], int]] = {}
        if only != "tests":
            parts["lint"] = lambda: lint(environment)
        if long is not None:
            parts["tests"] = lambda: tests(environment, long, report)
        try:
            for name, run in parts.items():
                started = time.monotonic()
                code = run()
                took[name] = time.monotonic() - started
                if code != 0:
                    return code
        finally:
            if long is not None and long.poll() is None:
                long.kill()
                long.wait()
    print("All clean: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
