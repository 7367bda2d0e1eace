"""A plan of care models and actions: what they would do now, beside what is live, and what is different in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dagster_project.domain.care_models.diff import Change, differences
from dagster_project.domain.care_models.effects import Effect, Overlap
from dagster_project.domain.care_models.model import BecomesEntry, SegmentEntry
from dagster_project.domain.decisions.overlaps import Conflicts

if TYPE_CHECKING:
    from dagster_project.domain.care_models.model import CareModel

MOST_MET = 5  # other care models told of; the rest share fewer customers


@dataclass(frozen=True)
class Planned:
    """The plan of one care model, or of one action of the catalogue.

    Attributes:
        care_model: its name, also an action's.
        changes: from the live version to the planned one, in words.
        live, planned: what a run would do with each; None: there is no such version, or nothing is published.
        overlaps: where other care models meet the planned one.
        notes: what the reviewer should know besides.
        conflicts: what the planned version takes from others; None: it is neither new nor changed, nor asked for.
        live_conflicts: what the live version takes from them; None likewise.
    """

    care_model: str
    title: str
    changes: tuple[Change, ...]
    live: Effect | None
    planned: Effect | None
    overlaps: tuple[Overlap, ...]
    notes: tuple[str, ...]
    conflicts: Conflicts | None = None
    live_conflicts: Conflicts | None = None
    is_action: bool = False


@dataclass(frozen=True)
class Plan:
    """The plan of some care models and actions.

    Attributes:
        as_of: None where nothing is published, and only differences are told.
        against: what the planned versions are compared with, in words.
        together: what all that is new, changed or asked for takes from the others at once; None: there is but one.
    """

    as_of: datetime | None
    against: str
    models: tuple[Planned, ...]
    together: Conflicts | None = None


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
    ] * (not planned.is_action)
    rows.append(("contacts", f"{live.count_contacts:,}", f"{now.count_contacts:,}"))
    was = {(each.step, each.channel): each for each in live.contacts}
    sent = {(each.step, each.channel): each for each in now.contacts}
    for step, channel in sorted(was.keys() | sent.keys()):
        before, after = was.get((step, channel)), sent.get((step, channel))
        told = [f"{one.count:,}" if one else "0" for one in (before, after)]
        rows.append((f"{step} by {channel}", told[0], told[1]))
    rows.append(("cost", f"{live.cost:,.2f}", f"{now.cost:,.2f}"))
    if planned.live_conflicts or planned.conflicts:
        (taken, lost), (takes, loses) = (_taken(one) for one in (planned.live_conflicts, planned.conflicts))
        rows += [("contacts of others it displaces", taken, takes), ("their value", lost, loses)]
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
        inside = "" if planned.is_action else f"{each.both_inside:,} customers inside both, "
        lines.append(f"meets {each.other}: {inside}{each.both_propose:,} wanted by both now{ways}")
    return lines


SHARED = ("other", "department", "channel", "week", "shared customers", "displaced", "value")
GIVES_WAY = ("gives way", "department", "stopped by", "rule", "contacts", "value")


def shared_rows(found: Conflicts) -> list[tuple[str, ...]]:
    """Whom it shares with the others, cell by cell under ``SHARED``."""
    return [_cells(row, 4) for row in found.overlaps]


def displaced_rows(found: Conflicts) -> list[tuple[str, ...]]:
    """Which contacts of others give way, cell by cell under ``GIVES_WAY``."""
    return [_cells(row, 4) for row in found.displaced]


def _cells(row: Mapping[str, Any], words: int) -> tuple[str, ...]:
    """The first cells as words, counts and the value at the end as figures."""
    *counts, value = list(row.values())[words:]
    return (*map(str, list(row.values())[:words]), *(f"{count:,}" for count in counts), f"{value:,.2f}")


def _taken(found: Conflicts | None) -> tuple[str, str]:
    """How many contacts of others it displaces, and their value."""
    return ("0", "0.00") if found is None else (f"{found.count_displaced:,}", f"{found.value_displaced:,.2f}")


def verdict(found: Conflicts, who: str = "It displaces", it: str = "it") -> str:
    """In one sentence, what all care models together lose and win by it.

    >>> verdict(Conflicts((), (), 12, 10, 55.0, 40.0))
    'It displaces no contact of others. All together: 12 contacts worth 55.00 with it, 10 worth 40.00 without it.'
    """
    count = found.count_displaced
    lost = "no contact of others" if not count else f"{count:,} contact{'s' * (count > 1)} of others"
    worth = f" worth {found.value_displaced:,.2f}" if count else ""
    return (
        f"{who} {lost}{worth}. All together: {found.count_contacts:,} contacts worth {found.value:,.2f} with {it},"
        f" {found.count_contacts_without:,} worth {found.value_without:,.2f} without {it}."
    )


def verdict_together(found: Conflicts) -> str:
    """The same of all changes at once."""
    return verdict(found, "They displace", "them")


def in_markdown(plan: Plan, zone: ZoneInfo) -> str:
    """The plan as a comment on a pull request."""
    lines = ["## Care models and actions: what changes", "", heading(plan, zone)]
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
        lines += _conflicts_in_markdown(each.conflicts, verdict)
    if plan.together is not None:
        lines += ["", "### All of these at once", *_conflicts_in_markdown(plan.together, verdict_together)]
    if not plan.models:
        lines += ["", "Nothing differs."]
    return "\n".join(lines) + "\n"


def _conflicts_in_markdown(found: Conflicts | None, told: Callable[[Conflicts], str]) -> list[str]:
    if found is None:
        return []
    lines = ["", told(found)]
    for heads, rows in ((SHARED, shared_rows(found)), (GIVES_WAY, displaced_rows(found))):
        if rows:
            lines += ["", _line(heads), "|" + "---|" * 4 + "---:|" * (len(heads) - 4)]
            lines += [_line([_text(cell) for cell in row]) for row in rows]
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Text that Markdown shows as it is.

    >>> _text("value_tier in ('top') | a < b")
    "value\\\\_tier in ('top') \\\\| a \\\\< b"
    """
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in text)
