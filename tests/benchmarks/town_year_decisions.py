"""The town for a year, chosen in three ways: together by value, together by score, and by every department alone.

    python -m tests.benchmarks.town_year_decisions --home HOME [--weeks 52] [--out FOLDER]

``HOME`` is a home with a year behind it (``hoiva demo --customers 400 --days 460 --home HOME``). Every seventh night
all care models and actions propose; each way lives through the same year with a ledger of its own, in silos each
department with one of its own. Nothing of HOME is written. The page goes to FOLDER.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagster_project.domain.care_models import CareModel
    from dagster_project.domain.decisions.catalogue import CatalogueAction
    from dagster_project.domain.decisions.policy import ContactPolicy

WEEK = timedelta(days=7)
FATIGUE_DAYS, FATIGUE_FROM, FATIGUE_CHANCE = 14, 2, 0.01
ASSUMED = (
    "Beside the shipped care models and actions three departments have a campaign of their own every two weeks for"
    " whoever has bought before, worth 4 to 6 % of the customer's usual basket. "
    "What a contact is worth is its score: what is expected, not what was measured. A complaint about fatigue is"
    f" expected with {FATIGUE_CHANCE:.0%} for every contact beyond the {FATIGUE_FROM}nd within {FATIGUE_DAYS} days;"
    " nobody has measured that in this town. Nobody answers anything in this year, so every path goes on as after"
    " silence. Alone, each department keeps the contact policy over its own contacts and has all of what is scarce to"
    " itself, so some of what it sends could not be carried out."
)


@dataclass(frozen=True)
class Sent:
    """One contact of a year."""

    customer_id: str
    department: str
    day: date
    score: float
    cost: float
    minutes: float
    channel: str


def main() -> int:
    """Live through the year three times and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.town_year_decisions", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--out", type=Path, default=Path("."))
    arguments = parser.parse_args()
    os.environ["HOIVA_HOME"] = str(arguments.home)
    from dagster_project.components.action import catalogue
    from dagster_project.components.care_model import load_care_models
    from dagster_project.components.trying import contact_policy
    from dagster_project.settings import settings

    models = [item.as_model() for item in load_care_models().items.values()]
    actions = catalogue() | campaigns()
    policy = scarce(contact_policy())
    departments = sorted({model.department for model in models} | {one.department for one in actions.values()})
    sent: dict[str, list[Sent]] = {"the plan": lived(settings(), models, actions, policy, arguments.weeks)}
    with by_score():
        sent["best score first"] = lived(settings(), models, actions, policy, arguments.weeks)
    alone: list[Sent] = []
    for department in departments:
        own = [model for model in models if model.department == department]
        theirs = {name: one for name, one in actions.items() if one.department == department}
        alone += lived(settings(), own, theirs, policy, arguments.weeks)
    sent["each department alone"] = alone
    write(sent, policy, arguments.out)
    return 0


def campaigns() -> dict[str, CatalogueAction]:
    """Three departments that want the same customers again and again, by letter in the mail, call and e-mail."""
    from dagster_project.components.action import ActionFile

    wanted = {
        "new_collection": ("brand", 0.04, "count_orders >= 1", ["email", "letter"]),
        "members_evening": ("shops", 0.06, "count_orders >= 3", ["email", "phone"]),
        "price_of_the_week": ("marketing", 0.05, "count_orders >= 2", ["email"]),
    }
    files = [
        ActionFile.model_validate(
            {
                "action": name, "purpose": "marketing", "action_class": "marketing",
                "title": name.replace("_", " "), "owner": f"team:{department}",
                "value": {"column": "average_order_amount"}, "propensity": chance, "eligibility": asked,
                "again_after": "14d",
                "treatments": [
                    {"channel": channel, "treatment": name, "subject": name.replace("_", " "),
                     "link": "https://shop.example/offers"}
                    for channel in channels
                ],
            }
        )
        for name, (department, chance, asked, channels) in wanted.items()
    ]  # fmt: skip
    return {file.action: file.as_action() for file in files}


def scarce(policy: ContactPolicy) -> ContactPolicy:
    """A small town's means: two calls and three places at events a day, and ten letters."""
    means = {"phone": 2, "event": 3, "letter": 10, "sample": 3, "staff": 4}
    channels = {
        name: replace(channel, daily_capacity=means.get(name, channel.daily_capacity))
        for name, channel in policy.channels.items()
    }
    return replace(policy, channels=channels)


@contextmanager
def by_score() -> Iterator[None]:
    """Choose the best score first, as long as this lasts."""
    from dagster_project.domain.decisions import arbitration

    usual = arbitration.arbitrate
    arbitration.arbitrate = lambda problem, **_: arbitration.greedy(problem)
    try:
        yield
    finally:
        arbitration.arbitrate = usual


def lived(
    own: Any, models: Sequence[CareModel], actions: Mapping[str, CatalogueAction], policy: ContactPolicy, weeks: int
) -> list[Sent]:
    """A year of one way, in a ledger in memory."""
    from dagster_project.adapters.backtest import house_of, known_at
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.nights import night
    from dagster_project.adapters.planning import published_moment
    from dagster_project.adapters.sending import count_as_made
    from dagster_project.components.care_model import model_of
    from dagster_project.domain.clock import business_date, end_of_day

    house = house_of(own)
    last = business_date(published_moment(own), own.zone)
    days = [end_of_day(last - WEEK * ahead, own.zone) for ahead in reversed(range(weeks))]
    started = time.process_time()
    with open_ledger("sqlite://") as ledger:
        for number, as_of in enumerate(days):
            if number % 13 == 0:
                house.past.forget(before=as_of)
                house.past.prepare(days[number : number + 13])
            count_as_made(ledger, policy.channels, as_of)
            found, _ = night(own, ledger, models, policy, known_at(house, as_of), as_of, model_of, actions)
            assert not found.faults, found.faults
        rows = [row for row in ledger.contacts().to_pylist() if row["status"] != "returned"]
    house.past.close()
    names = ", ".join(sorted({model.department for model in models} | {one.department for one in actions.values()}))
    print(f"{names}: {len(rows)} contacts, {time.process_time() - started:.0f} s CPU", file=sys.stderr, flush=True)
    return [
        Sent(row["customer_id"], row["department"] or "", row["planned_date"], row["score"], float(row["cost"]),
             row["minutes"] or 0.0, row["channel"])
        for row in rows
    ]  # fmt: skip


def fatigue(contacts: Sequence[Sent]) -> float:
    """Complaints to be expected: see ``ASSUMED``."""
    by_customer: defaultdict[str, list[date]] = defaultdict(list)
    for one in contacts:
        by_customer[one.customer_id].append(one.day)
    total = 0.0
    for days in by_customer.values():
        for place, day in enumerate(sorted(days)):
            near = sum((day - other).days < FATIGUE_DAYS for other in sorted(days)[: place + 1])
            total += FATIGUE_CHANCE * max(0, near - FATIGUE_FROM)
    return total


def beyond(contacts: Sequence[Sent], policy: ContactPolicy) -> tuple[int, int]:
    """Contacts beyond a channel's day, and contacts that were not the customer's only one of the day."""
    of_channel = Counter((one.channel, one.day) for one in contacts)
    over = 0
    for (channel, _), count in of_channel.items():
        capacity = policy.channels[channel].daily_capacity
        over += max(0, count - capacity) if capacity is not None else 0
    same_day = Counter((one.customer_id, one.day) for one in contacts)
    return over, sum(count - 1 for count in same_day.values())


def write(sent: Mapping[str, Sequence[Sent]], policy: ContactPolicy, folder: Path) -> None:
    """Print the figures and write the page."""
    import pandas as pd

    from dagster_project.domain.pages import Figure, Numbers, Page, Section, render
    from dagster_project.domain.pages.charts import lines
    from dagster_project.domain.pages.page import Value
    from dagster_project.settings import settings

    rows: list[list[Value]] = []
    counted: list[dict[str, Any]] = []
    for way, contacts in sent.items():
        per_customer = Counter(one.customer_id for one in contacts)
        over, doubled = beyond(contacts, policy)
        value, cost = sum(one.score for one in contacts), sum(one.cost for one in contacts)
        rows.append([way, len(contacts), len(per_customer), round(value, 0), round(cost, 0),
                     round(value / max(len(contacts), 1), 2), round(fatigue(contacts), 1), over, doubled,
                     max(per_customer.values(), default=0)])  # fmt: skip
        counted += [
            {"contacts": contacts_of, "way": way, "customers": number}
            for contacts_of, number in sorted(Counter(per_customer.values()).items())
        ]
    heads = ["way", "contacts", "customers", "worth", "cost", "worth of one", "complaints expected",
             "beyond a channel's day", "second of a day", "most for one customer"]  # fmt: skip
    print(" | ".join(heads))
    for row in rows:
        print(" | ".join(str(cell) for cell in row))
    departments = sorted({one.department for contacts in sent.values() for one in contacts})
    shares: list[list[Value]] = [
        [department, *(sum(one.department == department for one in contacts) for contacts in sent.values())]
        for department in departments
    ]
    page = Page(
        "A year of decisions",
        "The same year of the same town, chosen together by value, together by score, and by each department alone.",
        datetime.combine(max(one.day for one in next(iter(sent.values()))), datetime.min.time(), settings().zone),
        [(way, len(contacts)) for way, contacts in sent.items()],
        [
            Section("Three ways", ASSUMED, [
                Numbers("The year in figures", heads, rows, "Beyond: what could not be carried out as it was sent.",
                        is_wide=True),
                Figure("Contacts of one customer in the year",
                       lines(pd.DataFrame(counted), "contacts", "customers", series="way", x_title="contacts",
                             y_title="customers"),
                       "How many customers had so many contacts.", is_wide=True),
                Numbers("Contacts of each department", ["department", *sent], shares),
            ]),
        ],
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "year_of_decisions.html").write_text(render(page, settings().zone), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
