"""Everything that CI runs, with times: ``make test``. ``--only lint`` runs no tests."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON_PATHS = ["dagster_project", "tests", "scripts"]
LINT = {
    "ruff": [["ruff", "check", *PYTHON_PATHS], ["ruff", "format", "--check", *PYTHON_PATHS]],
    "types": [["mypy"]],
    "sqlfluff": [["sqlfluff", "lint", "dbt_project/models", "dbt_project/tests", "--disable-progress-bar"]],
}
PYTEST = [sys.executable, "-m", "pytest", "--durations=5"]
# Each group is one process, so that what its tests share (definitions, the parsed dbt project, a shop, a server of
# PostgreSQL) is made once. The dearest come first: two workers take the next from the front, and end about together.
FOLDERS = {
    "journeys": ["tests/journeys", "tests/crash", "tests/defs"],
    "adapters": ["tests/adapters"],
    "domain": ["tests/domain"],
    "dbt": ["tests/dbt"],
}
TAKEN = [folder for folders in FOLDERS.values() for folder in folders]
GROUPS = FOLDERS | {"all others": [f"--ignore={folder}" for folder in TAKEN]}
LINTERS = "linters"
WORKERS = 2
TOLD_EVERY = 30.0  # seconds between two lines of progress
RESULTS = re.compile(r"^[.sxXFE]+", re.MULTILINE)  # pytest writes one letter a test


def lint(environment: dict[str, str]) -> int:
    """Each linter in turn; stops at the first that finds something and says how to run it alone."""
    for name, commands in LINT.items():
        print(f"[lint] {name}", flush=True)
        for command in commands:
            done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)
            if done.returncode != 0:
                print(f"\n{name} failed. Alone: {' '.join(command)}", file=sys.stderr)
                return done.returncode
    print("[lint] all clean", flush=True)
    return 0


@dataclass
class Work:
    """One process at work or done, and the file of what it says."""

    name: str
    command: list[str]
    report: Path
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def far(self) -> str:
        """How many of its tests are done."""
        if self.name == LINTERS:
            return self.name
        return f"{self.name} {sum(map(len, RESULTS.findall(self.said())))} tests"

    def said(self) -> str:
        return self.report.read_text(errors="replace")

    def stop(self) -> None:
        """As Ctrl-C does, so that its servers and folders go with it."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def work(commands: dict[str, list[str]], environment: dict[str, str], scratch: Path) -> list[Work]:
    """Every command, two at a time, in their order; stops early when the linters find something. What was done."""
    waiting, running, done = list(commands), list[Work](), list[Work]()
    began = told = time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < WORKERS:
                name = waiting.pop(0)
                report = scratch / f"{len(waiting)}.txt"
                with report.open("w") as out:
                    process = subprocess.Popen(commands[name], cwd=CHECKOUT, env=environment, stdout=out, stderr=out)
                running.append(Work(name, commands[name], report, process))
                print(f"[{name}] begins", flush=True)
            time.sleep(0.2)
            for one in [one for one in running if one.process.poll() is not None]:
                running.remove(one)
                done.append(one)
                one.seconds = time.monotonic() - one.started
                is_clean = one.process.returncode == 0
                print(f"[{one.name}] {f'clean in {one.seconds:.0f} s' if is_clean else 'FAILED'}", flush=True)
                if is_clean:
                    print(one.said(), flush=True)
                elif one.name == LINTERS:
                    return done
            if time.monotonic() - told > TOLD_EVERY and running:
                told = time.monotonic()
                print(f"[{told - began:.0f} s] {', '.join(one.far for one in running)}", flush=True)
    finally:
        for one in running:
            one.stop()
    return done


def main() -> int:
    """Run the parts asked for and print their times. 0 when all is clean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["lint", "tests"], help="only the linters, or only the tests")
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory(prefix="hoiva-check-") as folder:
        scratch = Path(folder)
        environment = os.environ | {
            "HOIVA_HOME": str(scratch / "home"),
            "DBT_TARGET_PATH": str(scratch / "target"),  # sqlfluff's templater runs dbt: nothing in the checkout
            "DBT_LOG_PATH": str(scratch / "logs"),
            "OMP_NUM_THREADS": "1",  # two workers on two cores: threads of one sum would wait for one another
            "OPENBLAS_NUM_THREADS": "1",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # libraries are compiled once, not in every process
        (scratch / "home" / "vault").mkdir(parents=True)
        if only == "lint":
            return lint(environment)
        commands = {name: [*PYTEST, *arguments] for name, arguments in GROUPS.items()}
        if only is None:  # what they find is cheap to find, so they begin beside the dearest tests
            commands = {LINTERS: [sys.executable, __file__, "--only", "lint"]} | commands
        done = work(commands, environment, scratch)
        failed = [one for one in done if one.process.returncode != 0]
        for one in failed:
            print(f"\n[{one.name}] FAILED; its report:\n{one.said()}", flush=True)
    took = ", ".join(f"{one.name} {one.seconds:.0f} s" for one in done)
    if not failed:
        print(f"All clean: {took}")
        return 0
    print(f"Not clean ({took})", file=sys.stderr)
    for one in failed:
        print(f"{one.name} failed. Alone: {' '.join(['python', *one.command[1:]])}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
