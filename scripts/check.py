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
TESTS = {"tests": [[sys.executable, "-m", "pytest", "--durations=8"]]}


def main() -> int:
    """Run each part; print its time; stop at the first that fails and say how to run it alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["lint", "tests"], help="only the linters, or only the tests")
    only = parser.parse_args().only
    parts = (LINT if only != "tests" else {}) | (TESTS if only != "lint" else {})
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="hoiva-check-") as scratch:
        environment = os.environ | {
            "HOIVA_HOME": str(Path(scratch) / "home"),
            "DBT_TARGET_PATH": str(Path(scratch) / "target"),  # sqlfluff's templater runs dbt: nothing in the checkout
            "DBT_LOG_PATH": str(Path(scratch) / "logs"),
        }
        (Path(scratch) / "home" / "vault").mkdir(parents=True)
        for number, (name, commands) in enumerate(parts.items(), start=1):
            print(f"[{number}/{len(parts)}] {name}", flush=True)
            started = time.monotonic()
            for command in commands:
                done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)
                if done.returncode != 0:
                    print(f"\n{name} failed. Alone: {' '.join(command)}", file=sys.stderr)
                    return done.returncode
            took[name] = time.monotonic() - started
    print("All clean: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
