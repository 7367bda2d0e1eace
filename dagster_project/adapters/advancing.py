"""Everyone in every version of the care models, moved on: the engine's questions answered from what is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dagster_project.adapters.asking import asking_of
from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.care_models.doors import EVENT_FIELDS
from dagster_project.domain.care_models.engine.advance import Told, advance, enter
from dagster_project.domain.care_models.engine.fold import standings_of
from dagster_project.domain.care_models.engine.moves import may_move, move, versions_of
from dagster_project.domain.care_models.engine.record import path
from dagster_project.domain.care_models.engine.schema import CONTACTS, HAPPENINGS, RESPONSES, STANDINGS, TRANSITIONS
from dagster_project.domain.care_models.engine.walk import EXIT_OF_SAME, Plan
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.schema import MOMENT
from dagster_project.domain.care_models.steps import Action
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.conditions import ConditionError

if TYPE_CHECKING:
    import pyarrow as pa

CustomersAt = Callable[[datetime], "pa.Table"]


@dataclass(frozen=True)
class Advance:
    """Where everyone stands as of a moment.

    Attributes:
        enrolments: the register of those moved, as the ledger gives it.
        standings: ``STANDINGS`` with is_control (of any enrolment that was merged into this customer) and is_waiting.
        path: the transitions that hold, with the new ones.
        added: the new ones.
        faults: by care model, why its enrolments could not be moved; they stand where they stood.
    """

    enrolments: pa.Table
    standings: pa.Table
    path: pa.Table
    added: pa.Table
    faults: dict[str, str]


@dataclass(frozen=True)
class Facts:
    """What the engine is told, before it is sorted by version."""

    transitions: pa.Table
    contacts: pa.Table
    events: pa.Table
    responses: pa.Table
    customers: pa.Table
    customers_at: CustomersAt | None
    held_out: frozenset[str]
    as_of: datetime
    since: datetime | None
    zone: ZoneInfo
    salt: str


def advance_all(
    versions: Mapping[tuple[str, int], CareModel],
    enrolments: pa.Table,
    facts: Facts,
    newest: Sequence[CareModel] = (),
) -> Advance:
    """Move enrolments on, each on its own version, and into a newer one where that says so.

    Args:
        versions: every version somebody may be on.
        enrolments: ``Ledger.enrolments()``, or some of it; those recorded after the moment are left alone.
        facts: what is known. Of transitions and contacts only those before the moment count, so that the same moment
            again finds the same.
        newest: the care models as their files are, whose ``moves`` count.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    now = pa.scalar(naive_utc(facts.as_of), MOMENT)
    mine = enrolments.filter(pc.less_equal(enrolments["recorded_at"].cast(MOMENT), now))
    mine = _with_sides(mine, facts.held_out)
    held = path(facts.transitions.filter(pc.less(facts.transitions["recorded_as_of"], now)))
    mine = mine.set_column(mine.column_names.index("version"), "version", versions_of(mine, held))
    contacts = _contacts(facts.contacts, now)
    responses = _responses(facts.responses, facts.contacts)
    standings, added, faults = [], [TRANSITIONS.empty_table()], {}
    asking = asking_of(facts, held)
    doors = {model.care_model: model for model in newest}
    came: dict[tuple[str, int], list[pa.Table]] = {}
    parts = _by_version(mine, held)
    for (name, version), model in sorted(versions.items()):
        of_it, told_of_it = parts.get((name, str(version)), (mine.slice(0, 0), held.slice(0, 0)))
        plan = plan_of(model, facts.salt)
        begun = _begun(plan, of_it, told_of_it, facts.as_of)
        stand, transitions = pa.concat_tables([begun.standings, *came.get((name, version), [])]), begun.transitions
        if not stand.num_rows:
            continue
        try:
            told = Told(_happenings(model, facts.events, stand, facts.as_of), responses, contacts)
            done = advance(plan, stand, told, facts.as_of, facts.since, facts.zone, asking)
            stand, transitions = done.standings, pa.concat_tables([transitions, done.transitions])
            door = doors.get(name, model)
            if version in door.moves and version < door.version:
                goes = may_move(plan, stand, _of_version(facts.contacts, model), door.moves[version])
                moved = move(
                    plan_of(door, facts.salt), stand.filter(goes), transitions, door.moves[version],
                    str(door.version), facts.as_of,
                )  # fmt: skip
                came.setdefault((name, door.version), []).append(moved.standings)
                stand, transitions = stand.filter(pc.invert(goes)), moved.transitions
        except ConditionError as error:
            faults[name] = str(error)
        standings.append(_marked(model, stand, mine))
        added.append(transitions)
    new = pa.concat_tables(added)
    everyone = pa.concat_tables(standings) if standings else _nobody()
    whole = path(pa.concat_tables([held, new])) if new.num_rows else held
    return Advance(mine, everyone, whole, new, faults)


def _by_version(enrolments: pa.Table, held: pa.Table) -> dict[tuple[str, str], tuple[pa.Table, pa.Table]]:
    """The enrolments of each care model and version, with what the record says of them; the record is read once."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = list(zip(enrolments["care_model"].to_pylist(), enrolments["version"].to_pylist(), strict=True))
    numbers = {key: number for number, key in enumerate(sorted(set(keys)))}
    groups = np.array([numbers[key] for key in keys], dtype=np.int64)
    places = pc.index_in(held["enrolment_id"], value_set=enrolments["enrolment_id"].combine_chunks())
    known = places.is_valid().to_numpy(zero_copy_only=False)
    of_rows = np.full(held.num_rows, -1, dtype=np.int64)
    of_rows[known] = groups[places.drop_null().to_numpy()]
    return {
        key: (
            enrolments.take(pa.array(np.flatnonzero(groups == number))),
            held.take(pa.array(np.flatnonzero(of_rows == number))),
        )
        for key, number in numbers.items()
    }


def _of_version(contacts: pa.Table, model: CareModel) -> pa.Table:
    """The contacts that a version decided, as the engine takes them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    about = {"care_model": model.care_model, "version": str(model.version)}
    theirs = pc.is_valid(contacts["enrolment_id"])
    for column, value in about.items():
        theirs = pc.and_(theirs, pc.equal(contacts[column], pa.scalar(value)))
    return contacts.filter(theirs).select(CONTACTS.names).cast(CONTACTS)


def together(one: Advance, other: Advance) -> Advance:
    """Two groups of enrolments as one."""
    import pyarrow as pa

    path_of_both = pa.concat_tables([one.path, other.added]).sort_by(
        [("enrolment_id", "ascending"), ("position", "ascending")]
    )
    return Advance(
        pa.concat_tables([one.enrolments, other.enrolments]),
        pa.concat_tables([one.standings, other.standings]),
        path_of_both,
        pa.concat_tables([one.added, other.added]),
        one.faults | other.faults,
    )


def plan_of(model: CareModel, salt: str) -> Plan:
    """What the engine needs of a version."""
    return Plan(
        steps=model.steps,
        goal_within=None if model.goal is None else model.goal.within,
        has_exit=bool(model.exits),
        leaves_when=model.leaves_when,
        salt=f"{salt}/{model.care_model}",
        goal_is_about_same=model.goal is not None and model.goal.happening.same_subject,
    )


def _with_sides(enrolments: pa.Table, held_out: frozenset[str]) -> pa.Table:
    """The register with is_withheld; where customers were merged, either's side of the control group holds for both."""
    import pyarrow as pa

    frame = enrolments.select(["customer_id", "care_model", "is_control"]).to_pandas()
    control = frame.groupby(["customer_id", "care_model"])["is_control"].transform("max").astype(bool)
    withheld = control | frame["customer_id"].isin(held_out)
    rows = enrolments.set_column(
        enrolments.column_names.index("is_control"), "is_control", pa.array(control, pa.bool_())
    )
    return rows.append_column("is_withheld", pa.array(withheld, pa.bool_()))


def _begun(plan: Plan, enrolments: pa.Table, held: pa.Table, as_of: datetime) -> Any:
    """Where enrolments stand by the record; those not in it yet enter."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [name for name in STANDINGS.names if name in enrolments.column_names]
    rows = enrolments.select(columns)
    is_told = pc.is_in(rows["enrolment_id"], value_set=held["enrolment_id"].combine_chunks())
    begun = enter(plan, rows.filter(pc.invert(is_told)), as_of)
    known = standings_of(plan, rows.filter(is_told), held)
    return type(begun)(pa.concat_tables([known, begun.standings]), begun.transitions)


def _contacts(contacts: pa.Table, now: pa.Scalar) -> pa.Table:
    import pyarrow.compute as pc

    decided = contacts.filter(
        pc.and_(pc.is_valid(contacts["enrolment_id"]), pc.less(contacts["decided_as_of"].cast(MOMENT), now))
    )
    return decided.select(CONTACTS.names).cast(CONTACTS)


def _responses(responses: pa.Table, contacts: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pc.index_in(responses["contact_id"], value_set=contacts["contact_id"].combine_chunks())
    answered = responses.filter(places.is_valid())
    of_them = contacts.take(places.drop_null())
    columns = {
        "enrolment_id": of_them["enrolment_id"],
        "step": of_them["step"],
        **{name: answered[name] for name in ("response", "occurred_at", "known_at")},
    }
    table = pa.table([columns[name] for name in RESPONSES.names], names=RESPONSES.names)
    return table.filter(pc.is_valid(table["enrolment_id"])).cast(RESPONSES)


def _happenings(model: CareModel, events: pa.Table, enrolments: pa.Table, as_of: datetime) -> pa.Table:
    """The events a version listens to, under the names the engine knows them by."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = [HAPPENINGS.empty_table()]
    if not model.listens_to:
        return found[0]
    theirs = events.filter(pc.is_in(events["customer_id"], value_set=enrolments["customer_id"].combine_chunks()))
    for name, happening in model.listens_to.items():
        rows = theirs.filter(pc.equal(theirs["event_type"], happening.event))
        if happening.where is not None and rows.num_rows:
            about = {f"event_{column}": rows[column] for column in EVENT_FIELDS}
            rows = rows.filter(evaluate({name: happening.where}, pa.table(about), as_of)[name])
        if name.startswith("exit/"):
            name = EXIT_OF_SAME if happening.same_subject else "exit"
        columns = {column: rows[column] for column in HAPPENINGS.names if column != "name"}
        columns["name"] = pa.array([name] * rows.num_rows, pa.string())
        found.append(
            pa.table([columns[column] for column in HAPPENINGS.names], names=HAPPENINGS.names).cast(HAPPENINGS)
        )
    return pa.concat_tables(found)


def _marked(model: CareModel, standings: pa.Table, enrolments: pa.Table) -> pa.Table:
    """Standings with the side of the control group, and whether each stands at an action."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pc.index_in(standings["enrolment_id"], value_set=enrolments["enrolment_id"].combine_chunks())
    actions = pa.array([step.step for step in model.steps if isinstance(step.does, Action)], pa.string())
    rows = standings.append_column("is_control", enrolments["is_control"].take(places))
    return rows.append_column("is_waiting", pc.is_in(standings["step"], value_set=actions))


def _nobody() -> pa.Table:
    import pyarrow as pa

    schema = STANDINGS.append(pa.field("is_control", pa.bool_())).append(pa.field("is_waiting", pa.bool_()))
    return schema.empty_table()
