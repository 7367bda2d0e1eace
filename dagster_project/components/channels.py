"""The form of the channels' file: what each way to reach customers carries, costs and gives back.

A channel is a contract between care models and whoever delivers: a care model waits only for responses that its channel
can give, and nothing is planned for an hour at which the channel does not work. See docs/contracts/channels.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticKnownError

from dagster_project.components.fenced import load_file
from dagster_project.components.wording import Name, Span
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.decisions.policy import ANY_CONSENT, Channel

DECISIONS = Path(__file__).resolve().parent.parent / "defs" / "decisions"
CHANNELS_FILE = "channels.yaml"

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class ChannelFile(BaseModel):
    """One channel of ``channels.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["digital", "analog"] = Field(
        default="digital", description="digital: the customer can follow a link from it; analog: paper, voice, people"
    )
    carries: Literal["contacts", "audiences"] = Field(
        default="contacts", description="contacts: one customer at a time; audiences: a list kept by an ad platform"
    )
    contact_point: Literal["has_email", "has_phone", "has_postal_address"] | None = Field(
        description="what must be known of a customer; null: nothing, as for the shop's own pages and people"
    )
    consent: Name | None = Field(
        default=None,
        description="the channel whose consent covers this one, or any: one on any channel. Left out: its own",
    )
    daily_capacity: int | None = Field(ge=0, description="contacts in one business day; null for no limit, 0 for none")
    cost: Decimal = Field(default=Decimal(0), ge=0, le=10_000, max_digits=18, decimal_places=4)
    minutes: Decimal = Field(
        default=Decimal(0), ge=0, le=10_000, max_digits=18, decimal_places=4,
        description="of somebody's working time that one contact takes",
    )  # fmt: skip
    lead_time: Span = Field(default="0d", description="from the decision to the contact at the earliest: 0d, 12h, 3d")
    opens: Clock = "00:00"
    closes: Clock = "23:59"
    weekdays: list[Weekday] = Field(default_factory=lambda: list(get_args(Weekday)), min_length=1)
    responses: list[Name] = Field(
        default_factory=list, description="the codes that can come back; a care model waits for these alone"
    )
    skills: dict[Name, Annotated[list[Name], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="what some of its people can do, and the treatments that need it; constraints limit them by it",
    )

    @field_validator("lead_time")
    @classmethod
    def _not_for_ever(cls, text: str) -> str:
        if Duration.parse(text).days > 31 or Duration.parse(text).hours > 31 * 24:
            raise ValueError("is at most 31d")
        return text

    @field_validator("responses")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"names {twice[0]} twice")
        reserved = [name for name in names if name.startswith("any_")]
        if reserved:
            raise ValueError(f"{reserved[0]}: any_ stands for responses of machines and people together; rename it")
        return names

    @model_validator(mode="after")
    def _hangs_together(self) -> ChannelFile:
        if self.opens >= self.closes:
            raise ValueError("opens before it closes: opens 09:00, closes 17:00")
        if self.carries == "audiences" and self.responses:
            raise ValueError("an audience gives no response of one customer: take responses away")
        return self

    def as_channel(self, name: str) -> Channel:
        """The channel as the decisions know it."""
        return Channel(
            name=name,
            contact_point=self.contact_point,
            daily_capacity=self.daily_capacity,
            cost=self.cost,
            opens=time.fromisoformat(self.opens),
            closes=time.fromisoformat(self.closes),
            weekdays=frozenset(get_args(Weekday).index(day) for day in self.weekdays),
            kind=self.kind,
            carries=self.carries,
            consent=self.consent or name,
            lead_time=Duration.parse(self.lead_time),
            responses=tuple(self.responses),
            minutes=self.minutes,
        )


class ChannelsFile(BaseModel):
    """``channels.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: dict[Name, ChannelFile]

    def skills(self) -> dict[str, list[tuple[str, str]]]:
        """By skill, the channels and treatments of contacts that need it."""
        needs: dict[str, list[tuple[str, str]]] = {}
        for name, channel in self.channels.items():
            for skill, treatments in channel.skills.items():
                needs.setdefault(skill, []).extend((name, treatment) for treatment in treatments)
        return needs

    @model_validator(mode="after")
    def _covered_by_one_that_is_there(self) -> ChannelsFile:
        for name, channel in self.channels.items():
            covering = channel.consent
            if covering in (None, name, ANY_CONSENT):
                continue
            if covering not in self.channels:
                raise ValueError(
                    f"{name}: its consent {covering} is no channel here; known: {', '.join(self.channels)}"
                )
            if self.channels[str(covering)].consent not in (None, covering):
                raise ValueError(
                    f"{name}: customers are not asked about {covering}: name the channel they are asked about"
                )
        return self


@cache
def shipped() -> dict[str, Channel]:
    """The channels of the project, by name; none when their file is wrong, which is shown where decisions are made.

    >>> shipped()["letter"].kind, shipped()["phone"].contact_point
    ('analog', 'has_phone')
    """
    read = load_file(DECISIONS / CHANNELS_FILE, ChannelsFile)
    return {} if isinstance(read, list) else {name: one.as_channel(name) for name, one in read[0].channels.items()}


def contact_channels() -> tuple[str, ...]:
    """The channels by which one customer can be contacted, in the order of their file: those of care models.

    >>> "ads" in contact_channels(), contact_channels()[0]
    (False, 'email')
    """
    return tuple(name for name, channel in shipped().items() if channel.carries == "contacts")


def linked_channels() -> tuple[str, ...]:
    """The channels on which a message without a page to go to leads nowhere.

    >>> linked_channels()
    ('email', 'sms', 'push', 'web')
    """
    return tuple(name for name in contact_channels() if shipped()[name].kind == "digital")


def responses_by_channel() -> dict[str, tuple[str, ...]]:
    """What can come back from each channel: the one place that says so.

    >>> responses_by_channel()["sample"]
    ('ordered', 'returned')
    """
    return {name: shipped()[name].responses for name in contact_channels()}


def _response_codes() -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for codes in responses_by_channel().values() for code in codes))


def _one_of(known: Callable[[], tuple[str, ...]]) -> Any:
    """A text that the channels' file names. Without a file that can be read there is nothing to hold it against."""

    def check(text: str) -> str:
        names = known()
        if names and text not in names:
            listed = ", ".join(repr(name) for name in names[:-1])
            raise PydanticKnownError("literal_error", {"expected": f"{listed} or {names[-1]!r}"})
        return text

    return AfterValidator(check)


def _listed(known: Callable[[], tuple[str, ...]]) -> Any:
    """The same for editors."""
    return Field(json_schema_extra=lambda schema: schema.update({"enum": list(known())}))


def _all() -> tuple[str, ...]:
    return tuple(shipped())


ChannelName = Annotated[str, _one_of(_all), _listed(_all)]
ContactChannel = Annotated[str, _one_of(contact_channels), _listed(contact_channels)]
ResponseCode = Annotated[str, _one_of(_response_codes), _listed(_response_codes)]
