"""A run of care models that leaves no trace: the published tables, a copy of the ledger, and nothing else.

Both are read, and read only: a plan can be made beside the daily run, and by people who may write nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from dagster_project.domain.analytics.schema import SEGMENTS
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.customers_at import Past
    from dagster_project.adapters.deciding import Decided
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.nights import Known, Night, ReadVersion
    from dagster_project.adapters.reading import Reader
    from dagster_project.domain.care_models import CareModel
    from dagster_project.domain.decisions.catalogue import CatalogueAction
    from dagster_project.domain.decisions.decide import Decisions
    from dagster_project.domain.decisions.policy import ContactPolicy
    from dagster_project.settings import Settings

NO_ANSWERS = (
    "select null::varchar as contact_id, null::varchar as response, null::timestamp as occurred_at,"
    " null::timestamp as known_at where false"
)  # of a version that was published before answers were
LeftOut = str | tuple[str, ...]  # a care model or action by name, or several at once
OF_NEXT_PRODUCTS = ("analytics/next_products", "customer_360/current_products")  # published, what actions may ask of


class Tried(NamedTuple):
    """What a run would find and decide.

    Attributes:
        without: the decisions that would be made if a care model or action proposed nothing, or several, as asked.
    """

    night: Night
    decided: Decided
    without: Mapping[LeftOut, Decisions]


def published_moment(settings: Settings) -> datetime:
    """The moment of the newest published version.

    Raises:
        NotPublished: nothing has been published yet.
    """
    from dagster_project.adapters.published import open_published

    as_of = datetime.fromisoformat(str(open_published(settings).as_of))
    return as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)


def try_night(
    settings: Settings, models: Sequence[CareModel], policy: ContactPolicy, read: ReadVersion,
    as_of: datetime | None = None, without: Collection[LeftOut] = (),
    actions: Mapping[str, CatalogueAction] | None = None,
) -> Tried:  # fmt: skip
    """What a run would do with these care models, as of the newest published version or another moment.

    What was decided as of that moment or since is forgotten on the copy: it is planned as if for the first time.

    Args:
        settings: for the homes of both, the business zone and the draws.
        models: the care models, instead of those of the files.
        policy: the contact policy.
        read: makes a care model of a definition that the ledger kept.
        as_of: the moment; None: of the version. Of any other, customers are worked out anew from what was known then,
            without the scores of models and without segments.
        without: care models or actions to leave out of the decision, each by itself, or several at once: what is
            chosen when they propose nothing.
        actions: of the catalogue, by name, instead of those of the files; None: there are none.

    Raises:
        NotPublished: nothing has been published yet.
        HoivaError: the ledger cannot be copied.
    """
    moment = published_moment(settings)
    with ledger_copy(settings) as ledger:
        _forget_since(ledger, as_of or moment)
        if as_of is None or as_of == moment:
            told = _known(settings, ledger, models, read)
            return _try(settings, ledger, models, policy, told, moment, read, without, actions)
        from dagster_project.adapters.backtest import house_of, known_at

        house = house_of(settings)
        try:
            return _try(settings, ledger, models, policy, known_at(house, as_of), as_of, read, without, actions)
        finally:
            house.past.close()


def _try(
    settings: Settings, ledger: Ledger, models: Sequence[CareModel], policy: ContactPolicy, known: Known,
    as_of: datetime, read: ReadVersion, without: Collection[LeftOut], actions: Mapping[str, CatalogueAction] | None,
) -> Tried:  # fmt: skip
    """The night on the copy; then its decision again for each that is left out, after what was claimed is forgotten."""
    from dagster_project.adapters.nights import choose, night

    found, decided = night(settings, ledger, models, policy, known, as_of, read, actions)
    proposing = set(decided.decisions.candidates["care_model"].unique().to_pylist())
    others = {}
    for names in without:
        left_out = {names} if isinstance(names, str) else set(names)
        if not left_out & proposing:
            others[names] = decided.decisions
            continue
        _forget_since(ledger, as_of)
        again = choose(settings, ledger, models, policy, known, found.candidates, as_of, actions, left_out)
        others[names] = again.decisions
    return Tried(found, decided, others)


def live_definitions(settings: Settings) -> dict[str, str]:
    """The newest definition of each care model that customers ever entered, by name."""
    with ledger_copy(settings) as ledger:
        found = ledger.definitions()
    return {name: found[(name, version)] for name, version in sorted(found)}  # the newest version comes last


@contextmanager
def ledger_copy(settings: Settings) -> Iterator[Ledger]:
    """A copy of the ledger, to be thrown away; the ledger is not written, nor is a file put beside it.

    Raises:
        HoivaError: it is in no SQLite file: then a plan is made against a restored backup.
    """
    from dagster_project.adapters.ledger import open_ledger

    address = settings.ledger_address
    if not address.startswith("sqlite"):
        raise HoivaError("a plan copies a ledger that is a file: restore a backup and give it as HOIVA_LEDGER_URL")
    with TemporaryDirectory(prefix="hoiva-plan-") as folder:
        copy, source = Path(folder) / "ledger.db", Path(address.partition(":///")[2])
        if source.exists():
            _back_up(source, copy)
        with open_ledger(f"sqlite:///{copy}") as ledger:
            yield ledger


def _back_up(source: Path, copy: Path) -> None:
    """Copy as of one moment, also while a run writes. Where nobody has it open, not even a lock file is made."""
    is_open = source.with_name(f"{source.name}-wal").exists()
    address = f"file:{quote(str(source.resolve()))}?mode=ro{'' if is_open else '&immutable=1'}"
    with closing(sqlite3.connect(address, uri=True)) as here, closing(sqlite3.connect(copy)) as there:
        here.backup(there)


def _forget_since(ledger: Ledger, as_of: datetime) -> None:
    """Take out of a copy what care models and decisions wrote as of a moment or since; channels get their room back."""
    from sqlalchemy import delete, func, select, update

    from dagster_project.adapters.ledger import care_tables as care
    from dagster_project.adapters.ledger.tables import capacity_counters, contact_transitions, contacts

    later = contacts.c.decided_as_of >= as_of
    days = (contacts.c.channel, contacts.c.planned_date)
    taken = select(*days, func.count()).where(later, contacts.c.status != "returned").group_by(*days)
    written = (
        (care.transitions, care.transitions.c.recorded_as_of), (care.enrolments, care.enrolments.c.recorded_at),
        (care.care_model_versions, care.care_model_versions.c.first_as_of),
        (care.care_model_runs, care.care_model_runs.c.as_of), (care.group_looks, care.group_looks.c.looked_as_of),
        (care.group_members, care.group_members.c.looked_as_of),
    )  # fmt: skip
    with ledger.writing() as connection:
        for channel, day, count in connection.execute(taken).all():
            same = (capacity_counters.c.channel == channel) & (capacity_counters.c.day == day)
            connection.execute(update(capacity_counters).where(same).values(used=capacity_counters.c.used - count))
        ids = select(contacts.c.contact_id).where(later)
        connection.execute(delete(contact_transitions).where(contact_transitions.c.contact_id.in_(ids)))
        connection.execute(delete(contacts).where(later))
        for table, moment in written:
            connection.execute(delete(table).where(moment >= as_of))


class _Rooms:
    """The published tables where a warehouse is expected."""

    def __init__(self, published: Reader) -> None:
        self._published = published

    def read(self, sql: str, parameters: dict[str, Any] | None = None) -> pa.Table:
        return self._published.table(sql, **(parameters or {}))


def _known(settings: Settings, ledger: Ledger, models: Sequence[CareModel], read: ReadVersion) -> Known:
    """What the newest published version knows."""
    from dagster_project.adapters.customers_at import past_of_published
    from dagster_project.adapters.enrolling import EVENTS, event_types_of, held_back, members_of_segments
    from dagster_project.adapters.nights import Known
    from dagster_project.adapters.proposing import NEXT_PRODUCTS
    from dagster_project.adapters.reading import reader

    @cache
    def past() -> Past:
        return past_of_published(settings)

    everyone = [*models, *(read(definition) for definition in ledger.definitions().values())]
    with reader(settings) as published:
        rooms: Any = _Rooms(published)
        has_answers, has_segments = published.has("care_models/answers"), published.has("analytics/segments")
        return Known(
            customers=rooms.read("select * from analytics.customer_analytics order by customer_id"),
            events=rooms.read(EVENTS, {"event_types": event_types_of(everyone)}),
            responses=rooms.read("select * from care_models.answers" if has_answers else NO_ANSWERS),
            consents=rooms.read("select * from customer_360.consents_current"),
            aliases=rooms.read("select alias_customer_id, customer_id from identity.customer_aliases"),
            segments=members_of_segments(rooms, models) if has_segments else SEGMENTS.empty_table(),
            held=held_back(rooms, models) if has_segments else {},
            next_products=rooms.read(NEXT_PRODUCTS) if all(map(published.has, OF_NEXT_PRODUCTS)) else None,
            customers_at=lambda moment: past().at(moment),
        )
