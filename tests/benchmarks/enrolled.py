"""Care models as a retailer has them, with everyone who stands in them after two months of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.advancing import Facts
from dagster_project.adapters.asking import asking_of
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.engine.advance import Asking, Told, advance, enter
from dagster_project.domain.care_models.engine.schema import CONTACTS, HAPPENINGS, RESPONSES, STANDINGS, TRANSITIONS
from dagster_project.domain.care_models.engine.walk import Plan
from dagster_project.domain.care_models.steps import (
    ELSE,
    TIMEOUT,
    Action,
    Arm,
    Branch,
    Exit,
    Happening,
    Part,
    Response,
    Split,
    Variant,
    Wait,
    WaitFor,
    laid_out,
)
from dagster_project.domain.clock import end_of_day, naive_utc
from dagster_project.domain.conditions import compile_condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS

ZONE = ZoneInfo("Europe/Helsinki")
TODAY = datetime(2026, 6, 15, tzinfo=UTC).date()
ENTERED_WITHIN = 60  # days: those who stand in a care model today came in during so many
CONTENT = (Variant("only", 1, "hello", "Hello", "https://shop.example/hello"),)


@dataclass
class Model:
    """One version of a care model with everyone in it."""

    plan: Plan
    entries: pa.Table
    standings: pa.Table
    told: Told
    record: list[pa.Table] = field(default_factory=list)


def plan_of(number: int) -> Plan:
    """A care model as a retailer has them: two messages, a call, pauses, a branch and a draw."""
    tall = compile_condition("value_tier in ('top', 'high') and count_open_complaints = 0", CUSTOMER_COLUMNS)
    quiet = compile_condition("count_open_complaints > 0", CUSTOMER_COLUMNS)
    call = Part("call", Action("phone", CONTENT))
    again = (
        Part("tuesday", Wait(weekdays=(1,), at=time(9))),
        Part("again", Action("sms", CONTENT)),
    )
    answers = (Response("letter", "clicked"), Response("letter", "opened"), Happening("purchase"))
    arms = (Arm("clicked"), Arm("opened"), Arm("bought"), Arm(TIMEOUT, again))
    parts = [
        Part("letter", Action("email", CONTENT)),
        Part("answer", WaitFor(answers, Duration(days=7 + number % 4)), arms),
        Part("who", Branch((tall,), asked_at_entry=number % 3 == 0), (Arm("tall", (call,)), Arm(ELSE))),
        Part("pause", Wait(Duration(days=10 + number % 7), working_day=True, at=time(9))),
        Part("draw", Split((9, 1)), (Arm("most", (Part("thanks", Action("letter", CONTENT)),)), Arm("some"))),
        Part("last", WaitFor((Happening("purchase"),), Duration(days=45)), (Arm("bought"), Arm(TIMEOUT))),
        Part("end", Exit("done"), ()),
    ]  # fmt: skip
    return Plan(laid_out(parts), Duration(days=90), True, quiet if number % 2 else None, f"salt/{number}")


def customers_of(count: int, rng: np.random.Generator) -> pa.Table:
    """Customers with the columns the conditions ask for."""
    return pa.table(
        {
            "customer_id": pa.array([f"{number:032x}" for number in range(count)]),
            "value_tier": pa.array(np.array(["top", "high", "middle", "low"])[rng.integers(0, 4, count)]),
            "count_open_complaints": pa.array((rng.random(count) < 0.01).astype(np.int64)),
        }
    )


def entries_of(number: int, customers: pa.Table, count: int, rng: np.random.Generator) -> pa.Table:
    """Those who came in over the last weeks."""
    chosen = rng.choice(customers.num_rows, count, replace=False)
    last = np.datetime64(naive_utc(end_of_day(TODAY, ZONE)), "us")
    ages = rng.integers(1, ENTERED_WITHIN * 24 * 3600, count).astype("timedelta64[s]")
    return pa.table(
        {
            "enrolment_id": pa.array([f"{number:04x}{one:028x}" for one in chosen]),
            "customer_id": customers["customer_id"].take(pa.array(chosen)).combine_chunks(),
            "care_model": pa.array([f"model_{number}"] * count),
            "version": pa.array(["1"] * count),
            "subject_id": pa.array([f"order-{one}" for one in chosen]),
            "is_withheld": pa.array(rng.random(count) < 0.1),
            "entered_at": pa.array(last - ages, pa.timestamp("us")),
        }
    )


def happenings_of(plan: Plan, customers: pa.Array, rng: np.random.Generator) -> pa.Table:
    """Every other customer bought since, some complained; each purchase is heard under all names that listen to it."""
    last = np.datetime64(naive_utc(end_of_day(TODAY, ZONE)), "us")
    found = []
    listening = [
        f"{step.step}/{number}"
        for step in plan.steps
        if isinstance(step.does, WaitFor)
        for number, awaited in enumerate(step.does.awaited)
        if isinstance(awaited, Happening)
    ]
    for names, share in ((listening, 0.5), (["goal"], 0.02), (["exit"], 0.02)):
        who = rng.choice(len(customers), int(len(customers) * share), replace=False)
        at = last - rng.integers(0, ENTERED_WITHIN * 24 * 3600, len(who)).astype("timedelta64[s]")
        for name in names:
            found.append(
                pa.table(
                    {
                        "customer_id": customers.take(pa.array(who)),
                        "name": pa.array([name] * len(who)),
                        "subject_id": pa.array([f"order-{one}" for one in who]),
                        "occurred_at": pa.array(at, pa.timestamp("us")),
                        "known_at": pa.array(at + np.timedelta64(3, "h"), pa.timestamp("us")),
                    }
                ).cast(HAPPENINGS)
            )
    return pa.concat_tables(found)


def asking_at(customers: pa.Table, held: pa.Table, as_of: datetime) -> Asking:
    """The nightly run's own way to ask; customers here are the same every day."""
    nothing = pa.table({})
    facts = Facts(
        nothing, nothing, nothing, nothing, customers, None, frozenset(), as_of, None, ZONE, salt="salt-for-tests"
    )
    return asking_of(facts, held)


def decided(model: Model, as_of: datetime) -> pa.Table:
    """Everyone who stands at an action is contacted the next morning."""
    actions = [step.step for step in model.plan.steps if isinstance(step.does, Action)]
    table = model.standings
    due = pc.is_in(table["step"], value_set=pa.array(actions))
    due = pc.and_(due, pc.less_equal(table["arrived_at"], pa.scalar(naive_utc(as_of), pa.timestamp("us"))))
    rows = table.filter(pc.and_(due, pc.invert(table["is_withheld"])))
    count = rows.num_rows
    moments = [naive_utc(as_of), naive_utc(as_of + timedelta(hours=10))]
    columns = [
        rows["enrolment_id"],
        rows["step"],
        *(pa.array([moment] * count, pa.timestamp("us")) for moment in moments),
    ]
    return pa.table(columns, names=CONTACTS.names).cast(CONTACTS)


def responses_of(contacts: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Half of the messages are opened within three days, some clicked."""
    found = []
    for word, share in (("opened", 0.5), ("clicked", 0.05)):
        rows = contacts.filter(pa.array(rng.random(contacts.num_rows) < share))
        at = rows["planned_for"].to_numpy() + rng.integers(0, 3 * 24 * 3600, rows.num_rows).astype("timedelta64[s]")
        at = pa.array(at.astype("datetime64[us]"), pa.timestamp("us"))
        words = pa.array([word] * rows.num_rows)
        columns = [rows["enrolment_id"], rows["step"], words, at, at]
        found.append(pa.table(columns, names=RESPONSES.names).cast(RESPONSES))
    return pa.concat_tables(found)


def lived(number: int, customers: pa.Table, count: int, rng: np.random.Generator) -> Model:
    """A model whose enrolments came to where they stand by runs of the engine, the last of them yesterday's."""
    plan, entries = plan_of(number), entries_of(number, customers, count, rng)
    told = Told(happenings_of(plan, entries["customer_id"], rng), RESPONSES.empty_table(), CONTACTS.empty_table())
    model = Model(plan, entries, STANDINGS.empty_table(), told)
    since: datetime | None = None
    asking = asking_at(customers, TRANSITIONS.empty_table(), end_of_day(TODAY, ZONE))
    for ago in range(ENTERED_WITHIN + 1, 0, -3):
        as_of = end_of_day(TODAY - timedelta(days=ago), ZONE)
        new = entries.filter(
            pc.and_(
                pc.less_equal(entries["entered_at"], pa.scalar(naive_utc(as_of), pa.timestamp("us"))),
                pc.invert(
                    pc.is_in(entries["enrolment_id"], value_set=model.standings["enrolment_id"].combine_chunks())
                ),
            )
        )
        begun = enter(plan, new, as_of)
        model.standings = pa.concat_tables([model.standings, begun.standings])
        done = advance(plan, model.standings, model.told, as_of, since, ZONE, asking)
        model.standings, since = done.standings.combine_chunks(), as_of
        model.record += [begun.transitions, done.transitions]
        contacts = decided(model, as_of)
        model.told = Told(
            model.told.happenings,
            pa.concat_tables([model.told.responses, responses_of(contacts, rng)]),
            pa.concat_tables([model.told.contacts, contacts]),
        )
    return model
