"""Mutants: one small slip at a time in the rules, the constraints and the claims, and whether a test notices.

The tests are collected once; each mutant lives in a fork of that process, with the code of one function exchanged (or
the default or constant that a slip outside functions is in), and meets the quickest tests that reach its lines first.
PostgreSQL's runs and everything hypothesis draws are left out: what is noticed here is noticed by tests that say what
is wrong.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest

from tests.benchmarks.mutations import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
RULES = ("allocate", "contact_rules", "covering", "pauses", "policy", "recheck", "resources", "suppression", "volume")
LEDGER = ("claims", "standing", "volumes")
MODULES = [
    *(f"dagster_project/domain/decisions/{name}.py" for name in RULES),
    *(f"dagster_project/adapters/ledger/{name}.py" for name in LEDGER),
]
TESTS = [
    *(
        f"tests/domain/decisions/test_{name}.py"
        for name in ("contact_rules", "covering", "decide", "pauses", "policy", "rules_between", "volume")
    ),
    *(f"tests/adapters/ledger/test_{name}.py" for name in ("claims", "customers", "batches", "volumes", "looks")),
]
CPU = 30  # seconds of the processor that a mutant's tests may take beyond three times what they need: else it hangs
OUTSIDE = 0.5  # seconds: slower tests are not run for slips outside functions, which have no lines of their own
NOTICED, ALIVE, UNFIT = 1, 0, 3  # how a mutant's process ends; any other end is the kernel's, of one that hangs

Tracer = Callable[[FrameType, str, Any], Any]


class Alone:
    """Runs tests of a collected session in forks of it, and keeps what became of each mutant."""

    def __init__(self, mutants: list[Mutant], jobs: int, told: Path, is_control: bool = False) -> None:
        self.mutants, self.jobs, self.told, self.is_control = mutants, jobs, told, is_control

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = [item for item in session.items if "postgresql" not in item.name and not _is_drawn(item)]
        known = self._baseline(items)
        seconds = known["seconds"]
        _, status = os.waitpid(_fork(lambda: self._any_fails(items[:20]), 300), 0)
        if os.waitstatus_to_exitcode(status) != ALIVE:
            raise SystemExit("a fork without any slip fails")
        found: dict[str, str] = {}
        living: dict[int, Mutant] = {}
        for number, mutant in enumerate(self.mutants):
            if number % 50 == 0:
                print(f"{number} of {len(self.mutants)} begun", file=sys.stderr, flush=True)
            chosen = sorted(self._reaching(mutant, items, known), key=lambda item: float(seconds[item.nodeid]))
            if not chosen:
                found[mutant.name] = "unreached"
                continue
            while len(living) >= self.jobs:
                _reap(living, found)
            allowed = CPU + 3 * sum(seconds[item.nodeid] for item in chosen)
            living[_fork(lambda m=mutant, c=chosen: self._meet(m, c), allowed)] = mutant
        while living:
            _reap(living, found)
        self.told.write_text(json.dumps(found))
        return True

    def _reaching(self, mutant: Mutant, items: list[pytest.Item], known: dict[str, Any]) -> list[pytest.Item]:
        """The tests that come by a mutant's lines; for slips outside functions, all that are quick."""
        reached, seconds = known["reached"], known["seconds"]
        if mutant.function:
            lines = {f"{mutant.module}:{line}" for line in mutant.lines}
            return [item for item in items if lines & set(reached[item.nodeid])]
        return [item for item in items if seconds[item.nodeid] < OUTSIDE]

    def _meet(self, mutant: Mutant, items: list[pytest.Item]) -> bool:
        """Whether a test notices, in a fork."""
        if not self.is_control:
            _exchange(mutant)
        return self._any_fails(items)

    def _any_fails(self, items: list[pytest.Item]) -> bool:
        from _pytest.runner import runtestprotocol

        for item, later in zip(items, [*items[1:], None], strict=True):
            for report in runtestprotocol(item, log=False, nextitem=later):
                if report.failed:
                    return True
        return False

    def _baseline(self, items: list[pytest.Item]) -> dict[str, Any]:
        """Which lines each test reaches, and how long it takes; fails where a test does without any mutant."""
        files = {str(ROOT / module): module for module in {mutant.module for mutant in self.mutants}}
        told = self.told.with_suffix(".baseline")

        def look() -> bool:
            from _pytest.runner import runtestprotocol

            reached, seconds, broken = {}, {}, []
            for item, later in zip(items, [*items[1:], None], strict=True):
                lines: set[str] = set()
                sys.settrace(_tracer(files, lines))
                begun = time.process_time()
                reports = runtestprotocol(item, log=False, nextitem=later)
                seconds[item.nodeid] = time.process_time() - begun
                sys.settrace(None)
                reached[item.nodeid] = sorted(lines)
                broken += [report.longreprtext for report in reports if report.failed]
            told.write_text(json.dumps({"reached": reached, "seconds": seconds, "broken": broken}))
            return bool(broken)

        os.waitpid(_fork(look, 3600), 0)
        known: dict[str, Any] = json.loads(told.read_text())
        if known["broken"]:
            raise SystemExit("tests fail without any mutant:\n" + "\n".join(known["broken"]))
        return known


def _is_drawn(item: pytest.Item) -> bool:
    return bool(getattr(getattr(item, "function", None), "is_hypothesis_test", False))


def _tracer(files: dict[str, str], lines: set[str]) -> Tracer:
    def inside(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            lines.add(f"{files[frame.f_code.co_filename]}:{frame.f_lineno}")
        return inside

    def entered(frame: FrameType, event: str, argument: Any) -> Any:
        return inside if frame.f_code.co_filename in files else None

    return entered


def _fork(work: Callable[[], bool], seconds: float) -> int:
    """Work in a fork that ends with 1 where it says yes, 0 where no; the kernel ends it when it hangs."""
    child = os.fork()
    if child:
        return child
    code = UNFIT
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        used = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds), int(used + seconds) + 5))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        signal.alarm(int(60 + 20 * seconds))  # waits without working
        code = NOTICED if work() else ALIVE
    finally:
        os._exit(code)


def _reap(living: dict[int, Mutant], found: dict[str, str]) -> None:
    child, status = os.wait()
    mutant = living.pop(child)
    ended = os.waitstatus_to_exitcode(status)
    found[mutant.name] = {NOTICED: "killed", ALIVE: "survived", UNFIT: "unfit"}.get(ended, "hung")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _exchange(mutant: Mutant) -> None:
    """Give the mutant's place its new code, wherever it is already known."""
    module = sys.modules[mutant.module.removesuffix(".py").replace("/", ".")]
    compiled = compile(ast.unparse(mutant.tree()), str(ROOT / mutant.module), "exec")
    if mutant.function is None:
        _exchange_values(module, compiled)
        return
    thing: Any = module
    for name in mutant.function.split("."):
        thing = vars(thing)[name]
    thing = thing.fget if isinstance(thing, property) else thing.func if isinstance(thing, cached_property) else thing
    assert isinstance(thing, FunctionType)
    thing.__code__ = next(code for code in _codes(compiled) if code.co_qualname == mutant.function)


def _exchange_values(module: ModuleType, compiled: CodeType) -> None:
    """Defaults and constants as the module would have them; what was made of the old ones at import stays."""
    new = ModuleType(module.__name__)
    sys.modules[module.__name__] = new
    try:
        exec(compiled, vars(new))
    except Exception:
        os._exit(NOTICED)  # it cannot even be imported
    finally:
        sys.modules[module.__name__] = module
    for name, value in vars(new).items():
        old = vars(module).get(name)
        is_own = getattr(value, "__module__", None) == module.__name__
        if isinstance(value, FunctionType) and isinstance(old, FunctionType):
            if is_own:
                old.__defaults__, old.__kwdefaults__ = value.__defaults__, value.__kwdefaults__
        elif isinstance(value, type) and isinstance(old, type):
            if is_own and "__dataclass_fields__" in vars(value):
                vars(old)["__init__"].__defaults__ = vars(value)["__init__"].__defaults__
        elif not name.startswith("__") and not isinstance(value, ModuleType) and repr(value) != repr(old):
            for other in list(sys.modules.values()):
                if vars(other).get(name) is old:
                    setattr(other, name, value)


def run(modules: list[str], tests: list[str], jobs: int, control: int = 0) -> tuple[list[Mutant], dict[str, str]]:
    """What became of each mutant: killed, hung, survived or unreached."""
    mutants = [mutant for module in modules for mutant in mutants_of(ROOT, module)][:: control or 1]
    with tempfile.TemporaryDirectory(prefix="hoiva-mutants-") as folder:
        told = Path(folder) / "told.json"
        given = ["-q", "-p", "no:cacheprovider", "-W", "ignore", f"--rootdir={ROOT}", *tests, *modules]
        code = pytest.main(given, plugins=[Alone(mutants, jobs, told, bool(control))])
        if not told.exists():
            raise SystemExit(f"the tests could not be run: {code}")
        found: dict[str, str] = json.loads(told.read_text())
    return mutants, found


def main() -> int:
    """Print how many were noticed, and each that was not."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="parts of the names of modules; all, unless told")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--control", type=int, default=0, help="every so many places, with nothing exchanged: none dies"
    )
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    modules = [one for one in MODULES if not arguments.modules or any(part in one for part in arguments.modules)]
    begun = time.perf_counter()
    mutants, found = run(modules, [one for one in TESTS if (ROOT / one).exists()], arguments.jobs, arguments.control)
    by_module: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for mutant in mutants:
        by_module[mutant.module][found[mutant.name]] += 1
    for mutant in mutants if not arguments.control else ():
        if found[mutant.name] not in ("killed", "hung"):
            print(f"{found[mutant.name]:9} {mutant.name}")
    total = Counter(found[mutant.name] for mutant in mutants)
    for module, counts in [*by_module.items(), ("together", total)]:
        noticed = counts["killed"] + counts["hung"]
        print(f"{noticed:5} of {counts.total():5} ({noticed / counts.total():.1%})  {module}  {dict(counts)}")
    print(f"{time.perf_counter() - begun:.0f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))
    if arguments.control:
        return 1 if total["survived"] + total["unreached"] < total.total() else 0
    return 0 if total["killed"] + total["hung"] >= 0.9 * total.total() else 1


if __name__ == "__main__":
    sys.exit(main())
