"""How likely a contact is answered, learned from what came back, and careful where little is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.catalogue import STEP, CatalogueAction, Learned

if TYPE_CHECKING:
    import pandas as pd

RESPONSE_DAYS = 14  # in which a contact is answered or not; a younger one is not judged yet
MADE = ("published", "accepted")
USUAL = Learned(start=0.05, strength=50.0)  # for contacts of which no file says what to expect
# Codes that are no response: a look, a failed delivery, a no. What a machine did (any_...) is none either.
NO_RESPONSE = frozenset(
    {"opened", "seen", "reached", "bounced", "returned", "dismissed", "declined", "dissatisfied", "asked_not_to_call"}
)

PROPENSITIES = pa.schema(
    [
        pa.field("department", pa.string()),
        pa.field("care_model", pa.string(), nullable=False),  # or the action of the catalogue
        pa.field("step", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("count_contacts", pa.int64(), nullable=False),  # made, and old enough to be judged
        pa.field("count_positive", pa.int64(), nullable=False),  # of them, answered within RESPONSE_DAYS
        pa.field("rate", pa.float64()),  # positive of contacts; null: none yet
        pa.field("group_rate", pa.float64(), nullable=False),  # of the department's others on the channel, shrunk
        pa.field("propensity", pa.float64(), nullable=False),  # the rate, shrunk to the group's
    ]
)
Key = tuple[str, str, str]  # care model or action, step, channel


def shrunk(count_positive: float, count: float, towards: float, strength: float) -> float:
    """A rate that leans on an expectation as long as little was seen.

    >>> shrunk(0, 0, towards=0.05, strength=50), shrunk(3, 10, towards=0.05, strength=50)
    (0.05, 0.09166666666666666)
    >>> round(shrunk(30_000, 100_000, towards=0.05, strength=50), 3)
    0.3
    """
    return (strength * towards + count_positive) / (strength + count)


def learn(
    contacts: pa.Table,
    responses: pa.Table,
    as_of: datetime,
    actions: Iterable[CatalogueAction] = (),
    departments: Mapping[str, str] | None = None,
) -> pa.Table:
    """The propensity of every action and step on each channel it was made on, and of every action still to begin.

    An action's own rate is shrunk to that of its group, the other actions of its department on the channel, and the
    group's to the start that the action's file names. So an action nobody has had yet stands where its department
    stands, and a department that never used the channel where the file says.

    Args:
        contacts: contact_id, department, care_model, step, channel, status, planned_for of every contact there is.
        responses: contact_id, response, occurred_at, known_at.
        as_of: the moment (aware): only what was known then counts.
        actions: of the catalogue; those that learn have a row also without contacts.
        departments: of care models, for contacts that do not say theirs.

    Returns:
        ``PROPENSITIES``, by care_model, step and channel.
    """
    every = list(actions)
    own = {one.action: one.propensity for one in every if isinstance(one.propensity, Learned)}
    known = {**(departments or {}), **{one.action: one.department for one in every}}
    counted: dict[Key, tuple[int, int]] = {
        (one.action, STEP, treatment.channel): (0, 0)
        for one in every
        if one.action in own
        for treatment in one.treatments
    }
    judged = _judged(contacts, responses, as_of, {name: learned.responses for name, learned in own.items()})
    for care_model, department in zip(judged["care_model"], judged["department"], strict=True):
        if isinstance(department, str):
            known.setdefault(care_model, department)
    grouped = judged.groupby(["care_model", "step", "channel"])["is_positive"].agg(["size", "sum"])
    for key, count, count_positive in grouped.itertuples():
        counted[key] = (int(count), int(count_positive))
    return _table(counted, own, known)


def by_key(propensities: pa.Table) -> dict[Key, float]:
    """The learned propensities, to look them up."""
    columns = (propensities[name].to_pylist() for name in ("care_model", "step", "channel", "propensity"))
    return {(care_model, step, channel): chance for care_model, step, channel, chance in zip(*columns, strict=True)}


def _table(counted: Mapping[Key, tuple[int, int]], own: Mapping[str, Learned], known: Mapping[str, str]) -> pa.Table:
    groups: dict[tuple[str | None, str], list[int]] = {}
    for (care_model, _, channel), counts in counted.items():
        group = groups.setdefault((known.get(care_model), channel), [0, 0])
        group[0] += counts[0]
        group[1] += counts[1]
    rows = []
    for key in sorted(counted):
        (care_model, step, channel), (count, count_positive) = key, counted[key]
        department = known.get(care_model)
        expected = own.get(care_model, USUAL)
        of_group = groups[department, channel]
        others = (of_group[0] - count, of_group[1] - count_positive)
        group_rate = shrunk(others[1], others[0], expected.start, expected.strength)
        rows.append(
            {
                "department": department,
                "care_model": care_model,
                "step": step,
                "channel": channel,
                "count_contacts": count,
                "count_positive": count_positive,
                "rate": count_positive / count if count else None,
                "group_rate": group_rate,
                "propensity": shrunk(count_positive, count, group_rate, expected.strength),
            }
        )
    return pa.Table.from_pylist(rows, schema=PROPENSITIES)


def _judged(
    contacts: pa.Table, responses: pa.Table, as_of: datetime, codes: Mapping[str, frozenset[str] | None]
) -> pd.DataFrame:
    """Contacts that went out and had their time, each with whether it was answered."""
    moment, time = naive_utc(as_of), timedelta(days=RESPONSE_DAYS)
    names = ["contact_id", "department", "care_model", "step", "channel", "status", "planned_for"]
    rows = contacts.select(names).to_pandas()
    rows = rows[rows["status"].isin(MADE) & (rows["planned_for"] <= moment - time)]
    told = responses.select(["contact_id", "response", "occurred_at", "known_at"]).to_pandas()
    told = told[(told["known_at"] <= moment) & ~told["response"].str.startswith("any_")]
    told = told.merge(rows[["contact_id", "care_model", "planned_for"]], on="contact_id")
    in_time = told["occurred_at"] <= told["planned_for"] + time
    positive = set()
    columns = (told[name] for name in ("contact_id", "care_model", "response"))
    for is_in_time, contact_id, care_model, response in zip(in_time, *columns, strict=True):
        wanted = codes.get(care_model)
        if is_in_time and (response not in NO_RESPONSE if wanted is None else response in wanted):
            positive.add(contact_id)
    return rows.assign(is_positive=rows["contact_id"].isin(positive))
