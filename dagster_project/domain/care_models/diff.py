"""What is different between two versions of a care model, in words: what a reviewer reads beside the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dagster_project.domain.care_models.model import (
    BecomesEntry,
    CareModel,
    DateEntry,
    Entry,
    EventEntry,
    SegmentEntry,
    SilenceEntry,
    WaveEntry,
)
from dagster_project.domain.care_models.steps import (
    END,
    WEEK,
    Action,
    Branch,
    Exit,
    Happening,
    Response,
    Split,
    Step,
    Wait,
    WaitFor,
)
from dagster_project.domain.conditions import Condition

Facets = dict[str, str]  # what is said of something, by the name of what is said


@dataclass(frozen=True)
class Change:
    """One difference: what is added, removed or changed, and how it was and is said ("" where it is not)."""

    kind: Literal["added", "removed", "changed"]
    what: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        """As one line.

        >>> print(Change("changed", "step call: subject", "Hello", "Good day"))
        step call: subject: Hello -> Good day
        >>> print(Change("added", "step call", after="call, phone: Hello"))
        step call is new: call, phone: Hello
        """
        if self.kind == "changed":
            return f"{self.what}: {self.before or 'nothing'} -> {self.after or 'nothing'}"
        if self.kind == "added":
            return f"{self.what} is new: {self.after}" if self.after else f"{self.what} is new"
        return f"{self.what} is gone: {self.before}" if self.before else f"{self.what} is gone"


def differences(before: CareModel | None, after: CareModel | None) -> list[Change]:
    """The differences between two versions, the model's own first, then step by step in the order of the path.

    Args:
        before: the version that is live; None: there is none.
        after: the version that is planned; None: the model is taken away.

    A step is known by its name: under a new one it is another step. What leads from step to step is a difference of
    the step that leads elsewhere.
    """
    if before is None or after is None:
        only = after or before
        if only is None:
            return []
        told = f"{only.title}, version {only.version}, {len(only.steps)} steps"
        what = f"care model {only.care_model}"
        return [Change("added", what, after=told) if before is None else Change("removed", what, before=told)]
    changes = _changed("", model_facets(before), model_facets(after))
    was, now = _steps(before), _steps(after)
    for name in [*now, *(name for name in was if name not in now)]:
        if name not in was:
            changes.append(Change("added", f"step {name}", after=_said(now[name])))
        elif name not in now:
            changes.append(Change("removed", f"step {name}", before=_said(was[name])))
        else:
            changes.extend(_changed(f"step {name}: ", was[name], now[name]))
    return changes


def _changed(prefix: str, was: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    keys = [*now, *(key for key in was if key not in now)]
    return [
        Change("changed", f"{prefix}{key}", was.get(key, ""), now.get(key, ""))
        for key in keys
        if was.get(key, "") != now.get(key, "")
    ]


def model_facets(model: CareModel) -> Facets:
    """What is said of a care model apart from its steps."""
    goal = model.goal
    facets = {
        "version": str(model.version),
        "title": model.title,
        "about": model.about,
        "owner": model.owner,
        "stage": model.stage,
        "purpose": model.purpose,
        "class": model.action_class,
        "enters": entry_said(model.entry),
        "segment": model.segment or "",
        "days of entry": " to ".join(str(day) if day else "open" for day in (model.valid_from, model.valid_until))
        if model.valid_from or model.valid_until
        else "",
        "again": {"after": f"after {model.reentry.after}", "per": "for each subject"}.get(
            model.reentry.kind, model.reentry.kind
        ),
        "goal": "" if goal is None else f"{_happening(goal.happening)} within {goal.within}",
        "exit": "; ".join(_happening(each) for each in model.exits),
        "leaves when": _where(model.leaves_when),
        "control group": f"{model.control_share:.0%}" if model.control_share else "none",
        "value of a contact": f"{model.value:f}",
        "priority": str(model.priority),
        "moves": "; ".join(
            f"from version {version}: " + ", ".join(f"{old} to {new}" for old, new in sorted(places.items()))
            for version, places in sorted(model.moves.items())
        ),
    }
    return facets


def entry_said(entry: Entry) -> str:
    """What brings a customer in, as the file has it.

    >>> from dagster_project.domain.care_models.duration import Duration
    >>> entry_said(EventEntry("purchase", Duration(days=7)))
    'event purchase within 7d'
    """
    where = f" where {entry.where.text}" if entry.where is not None else ""
    if isinstance(entry, EventEntry):
        return f"event {entry.event} within {entry.within}{where}"
    if isinstance(entry, WaveEntry):
        return f"wave on day {entry.day} of each month{where}"
    if isinstance(entry, BecomesEntry):
        return f"becomes{where}"
    if isinstance(entry, SegmentEntry):
        return f"segment {entry.segment} {'left' if entry.left else 'entered'}{where}"
    if isinstance(entry, SilenceEntry):
        return f"silence of {', '.join(entry.of)} for {entry.span} within {entry.within}{where}"
    if isinstance(entry, DateEntry):
        side = f"{abs(entry.offset_days)} days {'before' if entry.offset_days < 0 else 'after'} "
        yearly = " every year" if entry.yearly else ""
        return f"date {side if entry.offset_days else ''}{entry.attribute}{yearly} within {entry.within}{where}"
    return f"state{where}"


def _steps(model: CareModel) -> dict[str, Facets]:
    """What is said of each step, by its name."""
    names = [step.step for step in model.steps]
    return {step.step: _step_facets(step, names) for step in model.steps}


def _step_facets(step: Step, names: list[str]) -> Facets:
    return {
        "is": _kind(step),
        **_does_facets(step),
        "title": step.title,
        "stage": step.stage or "",
        "leads to": "; ".join(
            f"{way.outcome}: {'the end' if way.to == END else names[way.to]}" for way in step.outcomes
        ),
    }


def _kind(step: Step) -> str:
    kinds = {Action: "contact", Wait: "pause", WaitFor: "wait for", Branch: "branch", Split: "draw", Exit: "end"}
    return kinds[type(step.does)]


def _does_facets(step: Step) -> Facets:
    does = step.does
    if isinstance(does, Action):
        return _contact_facets(does)
    if isinstance(does, Wait):
        return {"for": _pause(does)}
    if isinstance(does, WaitFor):
        awaited = "; ".join(
            f"{each.response} to {each.step}" if isinstance(each, Response) else _happening(each)
            for each in does.awaited
        )
        return {"for": awaited, "no reaction after": str(does.timeout)}
    if isinstance(does, Branch):
        ways = zip(step.outcomes, does.conditions, strict=False)
        asked = "at entry" if does.asked_at_entry else "when reached"
        return {"asks": "; ".join(f"{way.outcome}: {each.text}" for way, each in ways), "asked": asked}
    if isinstance(does, Split):
        shares = zip(step.outcomes, does.shares, strict=True)
        return {"shares": ", ".join(f"{way.outcome} {share:g}" for way, share in shares)}
    return {"reason": does.reason}


def _contact_facets(does: Action) -> Facets:
    one = does.variants[0]
    several = len(does.variants) > 1
    words = {
        "treatment": one.treatment, "subject": one.subject, "link": one.link or "", "offer": one.offer or "",
    }  # fmt: skip
    variants = "; ".join(
        f"{each.variant} {each.share:g}: {each.treatment}, {each.subject}, {each.link or 'no link'}"
        f"{f', {each.offer}' if each.offer else ''}"
        for each in does.variants
    )
    return {
        "channel": does.channel,
        "encounter": does.encounter or "",
        **({"variants": variants} if several else words),
        "fallback language": does.language_fallback,
        "slots": "; ".join(f"{name}: {text}" for name, text in sorted(does.slots.items())),
        "cost": "the channel's" if does.cost is None else f"{does.cost:f}",
        "value": "the model's" if does.value is None else f"{does.value:f}",
        "lead time": str(does.lead_time),
        "oldest": str(does.max_age),
        "only while": _where(does.where),
        "sells": "yes" if does.sells else "no",
    }


def _pause(does: Wait) -> str:
    until = [WEEK[day] for day in does.weekdays]
    return ", ".join(
        part
        for part in (
            str(does.span) if does.span else "",
            f"until {does.attribute} {does.offset_days:+d} days" if does.attribute else "",
            f"until {' or '.join(until)}" if until else "",
            "until a working day" if does.working_day else "",
            f"at {does.at:%H:%M}" if does.at else "",
        )
        if part
    )


def _happening(happening: Happening) -> str:
    where = f" where {happening.where.text}" if happening.where else ""
    return f"{happening.event}{' about the same' if happening.same_subject else ''}{where}"


def _where(condition: Condition | None) -> str:
    return "" if condition is None else condition.text


def _said(facets: Facets) -> str:
    """A step in one line, for one that is new or gone."""
    first = [facets[key] for key in ("is", "channel", "for", "asks", "shares", "reason") if facets.get(key)]
    return ", ".join(first) + (f": {facets['subject']}" if facets.get("subject") else "")
