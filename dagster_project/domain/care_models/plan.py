"""A plan of care models: what they would do now, beside what is live, and what is different in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dagster_project.domain.care_models.diff import Change, differences
from dagster_project.domain.care_models.effects import Effect, Overlap
from dagster_project.domain.care_models.model import BecomesEntry, SegmentEntry

if TYPE_CHECKING:
    from dagster_project.domain.care_models.model import CareModel

MOST_MET = 5  # other care models told of; the rest share fewer customers


@dataclass(frozen=True)
class Planned:
    """The plan of one care model.

    Attributes:
        changes: from the live version to the planned one, in words.
        live, planned: what a run would do with each; None: there is no such version, or nothing is published.
        overlaps: where other care models meet the planned one.
        notes: what the reviewer should know besides.
    """

    care_model: str
    title: str
    changes: tuple[Change, ...]
    live: Effect | None
    planned: Effect | None
    overlaps: tuple[Overlap, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The plan of some care models; ``as_of`` is None where nothing is published, and only differences are told.

    ``against``: what the planned versions are compared with, in words.
    """

    as_of: datetime | None
    against: str
    models: tuple[Planned, ...]


def notes(live: CareModel | None, planned: CareModel | None) -> Iterator[str]:
    """What a change asks for besides: a version to raise, people who stay behind."""
    if planned is None:
        yield "nobody enters any more; contacts already claimed still go out"
        return
    if live is None:
        if isinstance(planned.entry, (BecomesEntry, SegmentEntry)):
            yield (
                "nobody enters on its first night, which only notes whom the next one compares with:"
                " hoiva backtest shows its reach"
            )
        return
    changes = differences(live, planned)
    if changes and planned.version <= live.version:
        yield f"it differs from version {live.version}, which is live: raise version to {live.version + 1}"
    gone = [change.what.removeprefix("step ") for change in changes if change.kind == "removed"]
    stay = [step for step in gone if step not in planned.moves.get(live.version, {})]
    if stay:
        yield f"who stands at {', '.join(stay)} finishes on version {live.version}: no move says where to go on"


def heading(plan: Plan, zone: ZoneInfo) -> str:
    """What is compared with what, and as of when."""
    if plan.as_of is None:
        return f"Compared with {plan.against}; nothing is published here, so what it comes to is not told."
    return f"Compared with {plan.against}, as of {plan.as_of.astimezone(zone):%Y-%m-%d %H:%M}. Nothing is sent."


def figures(planned: Planned) -> list[tuple[str, str, str]]:
    """What a run comes to, line by line: its name, with the live version, with the planned one."""
    live, now = planned.live or Effect(planned.care_model), planned.planned or Effect(planned.care_model)
    if planned.live is None and planned.planned is None:
        return []
    rows = [
        ("enter", f"{live.entered:,}", f"{now.entered:,}"),
        ("of them in the control group", f"{live.in_control:,}", f"{now.in_control:,}"),
        ("inside afterwards", f"{live.inside:,}", f"{now.inside:,}"),
        ("contacts", f"{live.count_contacts:,}", f"{now.count_contacts:,}"),
    ]
    was = {(each.step, each.channel): each for each in live.contacts}
    sent = {(each.step, each.channel): each for each in now.contacts}
    for step, channel in sorted(was.keys() | sent.keys()):
        before, after = was.get((step, channel)), sent.get((step, channel))
        told = [f"{one.count:,}" if one else "0" for one in (before, after)]
        rows.append((f"{step} by {channel}", told[0], told[1]))
    rows.append(("cost", f"{live.cost:,.2f}", f"{now.cost:,.2f}"))
    held, holds = live.stopped or {}, now.stopped or {}
    rows.extend(
        (f"stopped by {rule}", f"{held.get(rule, 0):,}", f"{holds.get(rule, 0):,}")
        for rule in sorted(held.keys() | holds.keys())
    )
    return rows


def meetings(planned: Planned) -> list[str]:
    """Where other care models meet it, the most shared first."""
    lines = []
    for each in planned.overlaps[:MOST_MET]:
        ways = f" (by {', '.join(each.channels)})" if each.both_propose and each.channels else ""
        inside = f"{each.both_inside:,} customers inside both"
        lines.append(f"meets {each.other}: {inside}, {each.both_propose:,} wanted by both now{ways}")
    return lines


def in_markdown(plan: Plan, zone: ZoneInfo) -> str:
    """The plan as a comment on a pull request."""
    lines = ["## Care models: what changes", "", heading(plan, zone)]
    for each in plan.models:
        lines += ["", f"### {_text(each.title)} (`{each.care_model}`)", ""]
        lines += [f"> **{_text(note)}**" for note in each.notes] + ([""] if each.notes else [])
        lines += [f"- {_text(str(change))}" for change in each.changes] or ["No difference."]
        rows = figures(each)
        if each.planned is not None and each.planned.fault:
            lines += ["", f"> **It does not run: {_text(each.planned.fault)}**"]
        elif rows:
            lines += ["", "| | live | planned |", "|---|---:|---:|"]
            lines += [f"| {name} | {live} | {now} |" for name, live, now in rows]
        lines += ["", *(f"- {line}" for line in meetings(each))] if each.overlaps else []
    if not plan.models:
        lines += ["", "No care model differs."]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Text that Markdown shows as it is.

    >>> _text("value_tier in ('top') | a < b")
    "value\\\\_tier in ('top') \\\\| a \\\\< b"
    """
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in text)
