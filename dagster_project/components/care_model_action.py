"""The action in a care model's file: a contact to be proposed, with its channel, content and conditions."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from dagster_project.components.channels import ContactChannel, linked_channels
from dagster_project.components.wording import Line, Name, Span
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.stages import Stage
from dagster_project.domain.care_models.steps import NEXT, Action, Arm, Part, Variant
from dagster_project.domain.conditions import Condition, ConditionError, compile_condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS

Amount = Annotated[Decimal, Field(ge=0, le=100_000, max_digits=18, decimal_places=4)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WORDED = ("treatment", "subject", "link", "offer")  # what a variant says itself
CALM = "count_open_complaints = 0"  # what is true of customers whom we may try to sell to


class Strict(BaseModel):
    """A part of the file: no key that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def compiled(text: str, columns: dict[str, str]) -> Condition:
    """The condition of a file; what is wrong with it, as pydantic tells it."""
    try:
        return compile_condition(text, columns)
    except ConditionError as error:
        raise ValueError(str(error)) from None


def page_of_its_own(link: str) -> str:
    """The address of one page; what is wrong with another text, as pydantic tells it."""
    parts = urlsplit(link)
    if parts.scheme != "https" or not parts.hostname or "." not in parts.hostname or set(link) & set(" <>\"'\\{}"):
        raise ValueError("is an https address, as https://shop.example/welcome")
    if parts.username is not None or parts.path in ("", "/"):
        raise ValueError("leads to one page, not to the front door: add the path")
    return link


class Headed(Strict):
    """What every step has."""

    id: Name = Field(description="the step's name, unique in the model")
    title: Line | None = Field(default=None, description="what it is called on the map")
    stage: Stage | None = Field(default=None, description="the stage of the service path, when not the care model's")


class Worded(Strict):
    """The content of a contact, or of one variant of it."""

    treatment: Name = Field(description="the template or script that the channel's tool uses")
    subject: Line = Field(description="the subject line; for a call or letter, what it is about")
    link: str | None = Field(
        default=None,
        max_length=500,
        description="the page it leads to, an https address with a path; needed for email, sms, push and web",
    )
    offer: Name | None = Field(default=None, description="the benefit promised, if any")

    @field_validator("link")
    @classmethod
    def _a_page_of_its_own(cls, link: str | None) -> str | None:
        return None if link is None else page_of_its_own(link)


class VariantFile(Worded):
    """One form of an action among several."""

    variant: Name
    share: Annotated[float, Field(gt=0, le=100)] = Field(description="of all variants, as 50 of 100 or 1 of 2")


class ActionFile(Headed):
    """A contact to be proposed: with a channel and content of its own, or taken from an encounter."""

    encounter: Name | None = Field(
        default=None, description="the encounter it is taken from; what stands here as well goes before it"
    )
    channel: ContactChannel = Field(description="the way it goes out")
    treatment: Name | None = None
    subject: Line | None = None
    link: str | None = Field(default=None, max_length=500)
    offer: Name | None = None
    variants: list[VariantFile] = Field(
        default_factory=list, description="instead of one content: several, drawn by share"
    )
    slots: dict[Name, Text] = Field(default_factory=dict, description="parts of the content by name")
    language_fallback: str = Field(
        default="en", pattern="^[a-z]{2}$", description="for customers whose language is unknown or not translated"
    )
    cost: Amount | None = Field(default=None, description="of one contact; without it the channel's")
    value: Amount | None = Field(
        default=None, description="what one contact is expected to bring; without it the model's"
    )
    lead_time: Span = Field(default="0d", description="from the decision to the contact: 0d, 12h, 3d")
    max_age: Span = Field(default="7d", description="how late it still makes sense; later it is dropped with a record")
    where: Text | None = Field(default=None, description="asked when it would be sent: while it is not so, it waits")
    sells: bool = Field(default=False, description="it wants to sell: nothing of it while a complaint is open")

    @field_validator("encounter")
    @classmethod
    def _there_is_one(cls, name: str | None, info: ValidationInfo) -> str | None:
        encounters = (info.context or {}).get("encounters")
        if name is not None and encounters is not None and name not in encounters:
            raise ValueError(f"there is no encounter {name!r} that is right: write or mend encounters/{name}.yaml")
        return name

    @model_validator(mode="after")
    def _sells_nothing_under_stress(self, info: ValidationInfo) -> ActionFile:
        is_tense = self.encounter in (info.context or {}).get("tense", ())
        if is_tense and (self.sells or any(variant.offer for variant in self.as_variants())):
            raise ValueError(f"the customer is tense in {self.encounter!r}: take away sells and offer, or take another")
        return self

    @model_validator(mode="after")
    def _worded_once(self) -> ActionFile:
        own = {"treatment": self.treatment, "subject": self.subject}
        if self.variants:
            given = [key for key, value in {**own, "link": self.link, "offer": self.offer}.items() if value is not None]
            if given:
                raise ValueError(f"{given[0]} stands beside variants: put it into each of them")
            names = [variant.variant for variant in self.variants]
            if len(names) < 2 or len(set(names)) < len(names):
                raise ValueError("variants are at least two, each with a name of its own")
        else:
            missing = [key for key, value in own.items() if value is None]
            if missing:
                raise ValueError(f"{missing[0]} is missing: an action has a treatment and a subject, or variants")
            Worded(treatment=self.treatment or "", subject=self.subject or "", link=self.link, offer=self.offer)
        if self.channel in linked_channels() and not all(variant.link for variant in self.as_variants()):
            raise ValueError(f"link is missing: a message by {self.channel} leads to a page")
        for name, most in (("lead_time", 31), ("max_age", 90)):
            span = Duration.parse(getattr(self, name))
            if span.days > most or span.hours > most * 24:
                raise ValueError(f"{name} is at most {most}d")
        if self.where is not None:
            compiled(self.where, CUSTOMER_COLUMNS)
        return self

    def as_variants(self) -> tuple[Variant, ...]:
        """The contents with their shares; one content has all of it."""
        if self.variants:
            return tuple(
                Variant(each.variant, each.share, each.treatment, each.subject, each.link, each.offer)
                for each in self.variants
            )
        return (Variant("only", 1, self.treatment or "", self.subject or "", self.link, self.offer),)

    def _asked(self) -> Condition | None:
        asked = [text for text in (self.where, CALM if self.sells else None) if text is not None]
        return compiled(" and ".join(f"({text})" for text in asked), CUSTOMER_COLUMNS) if asked else None

    def as_part(self) -> Part:
        """The step apart from its file."""
        does = Action(
            channel=self.channel,
            variants=self.as_variants(),
            language_fallback=self.language_fallback,
            slots=dict(self.slots),
            cost=self.cost,
            value=self.value,
            lead_time=Duration.parse(self.lead_time),
            max_age=Duration.parse(self.max_age),
            where=self._asked(),
            encounter=self.encounter,
            sells=self.sells,
        )
        return Part(self.id, does, (Arm(NEXT),), self.title or "", self.stage)
