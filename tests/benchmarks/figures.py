"""What a measurement found, as plain figures, and the same as a Markdown page and as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESET_PEAK = Path("/proc/self/clear_refs")


@dataclass
class Stage:
    """One stage of a run: processor seconds of this process, wall seconds, and its highest memory in GiB."""

    name: str
    cpu_seconds: float
    wall_seconds: float
    peak_gib: float


@dataclass
class TownFigures:
    """A town from nothing to its audience batches."""

    customers: int
    days: int
    stages: list[Stage] = field(default_factory=list)
    steps: list[Stage] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    reference_seconds: float = 0.0
    reference_times: int = 0

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of all stages."""
        return sum(stage.cpu_seconds for stage in self.stages)

    @property
    def after_delivery_seconds(self) -> float:
        """Processor seconds of what an installation does: landing and the day, without making the town."""
        return sum(stage.cpu_seconds for stage in self.stages if not stage.name.startswith("town"))

    @property
    def peak_gib(self) -> float:
        """The highest memory of all stages and steps."""
        return max((stage.peak_gib for stage in [*self.stages, *self.steps]), default=0.0)

    def ratio(self, seconds: float) -> float:
        """So many bare scans of the lake."""
        return seconds / self.reference_seconds if self.reference_seconds else 0.0


@dataclass
class Figures:
    """Everything one call measured; what was left out is empty."""

    towns: list[TownFigures] = field(default_factory=list)
    starts: dict[str, list[float]] = field(default_factory=dict)


def forget_peak() -> None:
    """Begin a new measurement of memory, where the system can; elsewhere a peak is that of everything so far."""
    if RESET_PEAK.exists():
        RESET_PEAK.write_text("5")


def peak_gib() -> float:
    """The highest resident memory of this process since :func:`forget_peak`, in GiB."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


@contextmanager
def timed(stages: list[Stage], name: str) -> Iterator[None]:
    """Measure what happens inside and say so."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    forget_peak()
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    stage = Stage(name, time.process_time() - cpu, time.perf_counter() - wall, peak_gib())
    stages.append(stage)
    print(f"  {stage.cpu_seconds:.1f} s CPU, {stage.peak_gib:.2f} GiB", file=sys.stderr, flush=True)


def as_markdown(figures: Figures) -> str:
    """The figures as tables for a page."""
    lines: list[str] = []
    for town in figures.towns:
        counts = ", ".join(f"{count:,} {name}" for name, count in town.counts.items())
        lines += [
            f"## A town of {town.customers:,} people over {town.days} days",
            "",
            f"{counts}.",
            "",
            "| Stage | CPU s | Wall s | Bare scans | Peak memory, GiB |",
            "|---|---:|---:|---:|---:|",
            *[_row(stage, town) for stage in town.stages],
            f"| all | {town.cpu_seconds:.1f} | | {town.ratio(town.cpu_seconds):.0f} | {town.peak_gib:.2f} |",
            f"| all without making the town | {town.after_delivery_seconds:.1f} |"
            f" | {town.ratio(town.after_delivery_seconds):.0f} | |",
            "",
            f"Reference: {town.reference_seconds:.2f} s CPU for a bare DuckDB scan of the same lake columns"
            f" (median of {town.reference_times}, taken between the stages).",
            "",
            "| Step of the day | CPU s | Wall s | Bare scans | Peak memory, GiB |",
            "|---|---:|---:|---:|---:|",
            *[_row(step, town) for step in sorted(town.steps, key=lambda step: -step.cpu_seconds)],
            "",
        ]
        lines += [f"- failed: {failure}" for failure in town.failed]
    if figures.starts:
        lines += ["## Starting up", "", "| What | CPU s, median | each |", "|---|---:|---|"]
        for name, times in figures.starts.items():
            each = ", ".join(f"{seconds:.1f}" for seconds in times)
            lines.append(f"| {name} | {sorted(times)[len(times) // 2]:.1f} | {each} |")
    return "\n".join(lines) + "\n"


def write(figures: Figures, path: Path) -> None:
    """Write ``<path>.md`` and ``<path>.json``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".md").write_text(as_markdown(figures), encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(asdict(figures), indent=2) + "\n", encoding="utf-8")


def _row(stage: Stage, town: TownFigures) -> str:
    return (
        f"| {stage.name} | {stage.cpu_seconds:.1f} | {stage.wall_seconds:.1f} |"
        f" {town.ratio(stage.cpu_seconds):.1f} | {stage.peak_gib:.2f} |"
    )
