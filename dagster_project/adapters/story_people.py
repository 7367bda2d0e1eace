"""The customers of stories: their rows, what happened to them, what they allow, as known at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from dagster_project.domain.care_models import CareModel, in_control_group
from dagster_project.domain.care_models.stories import Person, Story, Turn
from dagster_project.domain.clock import end_of_day, naive_utc
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.nights import Known
    from dagster_project.settings import Settings

PURPOSES = ("marketing", "advertising")
MOST_TRIES = 10_000  # names tried for somebody who must be drawn into a small group
EVENT = ("customer_id", "event_id", "event_type", "subject_id", "source_system", "channel", "amount", "occurred_at",
         "known_at")  # fmt: skip
CHANNELS = ("email", "sms", "push", "web", "phone", "letter", "sample", "event", "staff", "ads")
# What is true of a person of whom the story says nothing: reachable, calm, and nothing counted yet.
DEFAULTS: dict[str, Any] = {
    **{name: 0 for name, kind in CUSTOMER_COLUMNS.items() if name.startswith("count_") and kind == "bigint"},
    **{name: True for name in CUSTOMER_COLUMNS if name.startswith("has_")},
    "is_fading": False,
    "value_tier": "middle",
    "lifecycle_stage": "active",
    "language_code": "en",
    "country_code": "FI",
}


def _money(amount: Any) -> Any:
    from decimal import Decimal

    return None if amount is None else Decimal(str(amount))


def _arrow(kind: str) -> pa.DataType:
    import pyarrow as pa

    if kind.startswith("decimal"):
        return pa.decimal128(18, 4)
    kinds = {"string": pa.string(), "bigint": pa.int64(), "double": pa.float64(), "boolean": pa.bool_()}
    return kinds.get(kind) or (pa.date32() if kind == "date" else pa.timestamp("us"))


class People:
    """Everyone in the stories: what is known of them as of a moment."""

    def __init__(self, settings: Settings, stories: Sequence[Story], model: CareModel) -> None:
        self.settings = settings
        self.ids: dict[tuple[str, str], str] = {}
        self.rows: list[tuple[str, Story, Person]] = []
        self.turns: list[tuple[Turn, Story, str]] = []
        for story in stories:
            for person in story.people:
                customer_id = _drawn(settings, story, person, model)
                self.ids[(story.story, person.name)] = customer_id
                self.rows.append((customer_id, story, person))
            for turn in story.turns:
                who = turn.become_one[0] if turn.become_one else turn.who
                self.turns.append((turn, story, self.ids[(story.story, who)]))
        self.turns.sort(key=lambda each: each[0].at)
        self.channels = sorted({channel for turn, _, _ in self.turns for channel in turn.consent or ()})

    def values_of(self, column: str) -> list[Any]:
        """Everything that stands in a column, of anybody, at any time."""
        told = [person.row for _, _, person in self.rows] + [turn.change for turn, _, _ in self.turns if turn.change]
        return [row[column] for row in told if column in row]

    def known(self, as_of: datetime, ledger: Ledger) -> Known:
        import pyarrow as pa

        from dagster_project.adapters.nights import Known

        today = self._today(as_of)
        text = pa.string()
        inside: dict[tuple[str, str], bool] = {}
        for turn, _, who in self.turns:
            if turn.segments is not None and turn.known <= as_of:
                inside |= {(segment, today[who]): is_in for segment, is_in in turn.segments.items()}
        members = [key for key, is_in in inside.items() if is_in]
        return Known(
            customers=self.customers(as_of),
            events=self._events(as_of, today),
            responses=self._responses(as_of, ledger),
            consents=self._consents(as_of, today),
            aliases=pa.table(
                {"alias_customer_id": pa.array(list(today), text), "customer_id": pa.array(today.values(), text)}
            ),
            segments=pa.table(
                {
                    "segment": pa.array([segment for segment, _ in members], text),
                    "customer_id": pa.array([who for _, who in members], text),
                }
            ),
            customers_at=self.customers,
        )

    def customers(self, as_of: datetime) -> pa.Table:
        """The rows of everyone there is, as of a moment."""
        import pyarrow as pa

        today = self._today(as_of)
        rows = {}
        for customer_id, story, person in self.rows:
            if today[customer_id] == customer_id and as_of >= end_of_day(story.first, self.settings.zone):
                rows[customer_id] = DEFAULTS | dict(person.row)
        for turn, _, who in self.turns:
            if turn.change is not None and turn.known <= as_of and today[who] in rows:
                rows[today[who]] |= turn.change
        columns = {"customer_id": pa.array(list(rows), pa.string())}
        for column, kind in CUSTOMER_COLUMNS.items():
            columns[column] = pa.array([row.get(column) for row in rows.values()], _arrow(kind))
        return pa.table(columns)

    def _today(self, as_of: datetime) -> dict[str, str]:
        """Each customer id and whose it is by now."""
        today = {customer_id: customer_id for customer_id, _, _ in self.rows}
        for turn, story, who in self.turns:
            if turn.become_one and turn.known <= as_of:
                for other in turn.become_one[1:]:
                    today[self.ids[(story.story, other)]] = who
        return today

    def _events(self, as_of: datetime, today: Mapping[str, str]) -> pa.Table:
        import pyarrow as pa

        told = [
            {
                "customer_id": today[who], "event_id": f"{story.story}-{number}", "source_system": "story",
                "occurred_at": naive_utc(turn.at), "known_at": naive_utc(turn.known), **turn.event,
            }
            for number, (turn, story, who) in enumerate(self.turns)
            if turn.event is not None and turn.known <= as_of
        ]  # fmt: skip
        kinds = {"amount": pa.decimal128(18, 4), "occurred_at": pa.timestamp("us"), "known_at": pa.timestamp("us")}
        return pa.table(
            {
                name: pa.array([_money(row[name]) if name == "amount" else row[name] for row in told],
                               kinds.get(name, pa.string()))
                for name in EVENT
            }
        )  # fmt: skip

    def _responses(self, as_of: datetime, ledger: Ledger) -> pa.Table:
        """Reactions to the contacts that were made, each to the newest contact of its step."""
        import pyarrow as pa

        rows = []
        asked = [each for each in self.turns if each[0].response is not None and each[0].known <= as_of]
        contacts: dict[tuple[str, str], str] = {}
        if asked:
            for row in sorted(ledger.contacts().to_pylist(), key=lambda row: row["planned_for"]):
                contacts[(row["claimed_customer_id"], row["step"])] = row["contact_id"]
        for turn, _, who in asked:
            assert turn.response is not None
            response, step, by_machine = turn.response
            contact_id = contacts.get((who, step))
            if contact_id is None:
                continue
            names = [f"any_{response}"] if response in ("opened", "clicked") else []
            names += [] if by_machine else [response]
            rows += [(contact_id, name, naive_utc(turn.at), naive_utc(turn.known)) for name in names]
        kinds = [pa.string(), pa.string(), pa.timestamp("us"), pa.timestamp("us")]
        columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 4
        heads = ("contact_id", "response", "occurred_at", "known_at")
        return pa.table(
            {name: pa.array(column, kind) for name, column, kind in zip(heads, columns, kinds, strict=True)}
        )

    def _consents(self, as_of: datetime, today: Mapping[str, str]) -> pa.Table:
        """Everything is allowed until it is refused; of two who are one, what either refused is refused."""
        import pyarrow as pa

        refused: dict[tuple[str, str], bool] = {}
        for turn, _, who in self.turns:
            if turn.consent is not None and turn.known <= as_of:
                refused |= {(who, channel): not is_on for channel, is_on in turn.consent.items()}
        no = {(today[who], channel) for (who, channel), is_off in refused.items() if is_off}
        rows = [
            (customer_id, purpose, channel, (customer_id, channel) not in no)
            for customer_id in sorted(set(today.values()))
            for purpose in PURPOSES
            for channel in CHANNELS
        ]
        ids, purposes, channels, allowed = (list(column) for column in zip(*rows, strict=True))
        return pa.table(
            {
                "customer_id": ids, "purpose": purposes, "channel": channels, "is_allowed": allowed,
                "decided_at": pa.array([naive_utc(as_of)] * len(ids), pa.timestamp("us")),
                "consent_id": [f"{one}-{purpose}-{channel}"[:64] for one, purpose, channel, _ in rows],
            }
        )  # fmt: skip


def _drawn(settings: Settings, story: Story, person: Person, model: CareModel) -> str:
    """A customer id that the draws put where the story wants it."""
    from dagster_project.domain.decisions.holdout import in_share

    if person.side == "control" and not model.control_share:
        raise HoivaError(f"{story.story}: {model.care_model} has no control group")
    for number in count():
        customer_id = f"{_short(story.story, 36)}.{_short(person.name, 16)}.{number}"
        is_held = bool(in_share([customer_id], settings.holdout_salt, settings.holdout_share)[0])
        drawn = in_control_group([customer_id], model.care_model, model.control_share, settings.holdout_salt)
        if is_held == (person.side == "holdout") and (is_held or bool(drawn[0]) == (person.side == "control")):
            return customer_id
        if number > MOST_TRIES:
            break
    raise HoivaError(f"{story.story}: nobody can be drawn into the {person.side}: is its share 0?")


def _short(name: str, length: int) -> str:
    """A name in so many letters, different for different names."""
    from hashlib import blake2b

    return name if len(name) <= length else f"{name[: length - 9]}-{blake2b(name.encode(), digest_size=4).hexdigest()}"
