"""A destination as its YAML file says it: ``defs/exports/destinations/<destination>.yaml``."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.components.channels import ChannelName
from dagster_project.components.fenced import Fault, Folder, load_folder
from dagster_project.components.transport import FORMATS_OF_API, TransportFile, refuse_misfit
from dagster_project.domain.exports.destination import Destination
from dagster_project.domain.exports.formats import FORMATS, OPTIONS, Digest, form_of
from dagster_project.domain.exports.guards import Guards
from dagster_project.domain.exports.transport import Pull
from dagster_project.errors import HoivaError

FOLDER = Path(__file__).resolve().parent.parent / "defs" / "exports" / "destinations"
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,49}$")]  # becomes a folder's and a table's name
FormatName = Literal[
    "mailchimp", "klaviyo", "hubspot", "custobar", "braze",
    "call_list", "letter_file", "postal_list", "text_list", "task_list", "slot_list",
    "google_ads", "google_data_manager", "meta", "tiktok", "linkedin", "sanoma",
    "klaviyo_list", "hubspot_list", "custobar_list", "braze_list",
    "plain_csv", "plain_json_lines", "plain_parquet",
]  # fmt: skip


class DestinationFile(BaseModel):
    """What one destination's file may say. A mistake is reported by file and line, and stops it alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    destination: Name = Field(description="its name, also that of its folder in the outbox")
    title: str = Field(min_length=3, max_length=80, description="what people call it")
    owner: str = Field(min_length=2, description="the team that answers for it")
    kind: Literal["message", "membership"] = Field(
        description="message: each chosen contact once; membership: a set kept equal to an audience"
    )
    format: FormatName = Field(description="the form of its files")
    channel: ChannelName = Field(description="the channel it serves")
    purpose: Name = Field(default="marketing", description="the purpose of the consent its audience needs")
    care_models: list[Name] | None = Field(
        default=None, min_length=1, description="message only: these care models alone; left out: all of the channel"
    )
    audience: Name | None = Field(default=None, description="membership only: the audience, a table of that name")
    segment: Name | None = Field(default=None, description="membership only: the segment the audience is drawn from")
    audience_code: str | None = Field(
        default=None,
        pattern="^[a-z]{1,4}-[0-9]{2,4}$",
        description="membership only: the name the platform sees, a code as hv-01 that tells nothing about customers",
    )
    columns: list[str] | None = Field(
        default=None, min_length=1, max_length=30, description="plain formats only: what leaves, column by column"
    )
    phone_with_plus: bool | None = Field(default=None, description="tiktok only: numbers with their plus (the default)")
    home_country: str | None = Field(
        default=None, pattern="^[A-Z]{2}$", description="letter_file only: where letters are posted, FI left out"
    )
    full_every: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="membership only: each how manyeth batch is the whole audience, as 1 for lists that are replaced",
    )
    expires_after_days: int = Field(default=7, ge=1, le=60, description="an older batch must not be used any more")
    hold_when_removed_share: float = Field(
        default=Guards.most_removed,
        ge=0,
        le=1,
        description="a batch that removes more of its members is held",
    )
    hold_when_times_usual: float = Field(
        default=Guards.most_times_usual, ge=1, description="a batch so many times the usual size is held"
    )
    hold_from_rows: int = Field(default=Guards.from_rows, ge=1, description="a change of fewer rows is never held")
    pickup: Literal["move", "copy"] = Field(
        default="move",
        description="move: its receiver takes a batch by a rename, until then it can be taken back; copy: it cannot",
    )
    transport: TransportFile | None = Field(
        default=None, description="how its batches travel; left out: its tool reads the outbox's folder"
    )

    @model_validator(mode="after")
    def _kind_and_keys_agree(self) -> DestinationFile:
        for option in ("columns", "phone_with_plus", "home_country"):
            if getattr(self, option) is not None and option not in OPTIONS.get(self.format, ()):
                raise ValueError(f"{option} is not for format {self.format}")
        if self.format in FORMATS and FORMATS[self.format].kind != self.kind:
            kind = FORMATS[self.format].kind
            raise ValueError(f"format {self.format} is for a {kind} destination, this one is a {self.kind}")
        try:
            form = form_of(self.to_destination())
        except HoivaError as wrong:
            raise ValueError(str(wrong)) from None
        if self.channel not in form.channels:
            raise ValueError(f"format {self.format} serves the channel {' or '.join(form.channels)}")
        refuse_misfit(self.transport, self.format)
        of_membership = ("audience", "segment", "audience_code")
        if self.kind == "membership":
            for key in of_membership:
                if getattr(self, key) is None:
                    raise ValueError(f"{key} is missing: a membership destination needs it")
            if self.care_models is not None:
                raise ValueError("care_models is for message destinations")
            if self.full_every is not None and self.transport is not None and self.transport.kind in FORMATS_OF_API:
                raise ValueError(
                    f"full_every is not for transport {self.transport.kind}: its API is told adds and removes"
                )
        for key in (*of_membership, "full_every"):
            if self.kind == "message" and getattr(self, key) is not None:
                raise ValueError(f"{key} is for membership destinations")
        return self

    def _options(self) -> tuple[tuple[str, Any], ...]:
        """What the form leaves to the destination, where it is said."""
        said = {option: getattr(self, option) for option in OPTIONS.get(self.format, ())}
        found = {option: tuple(value) if isinstance(value, list) else value for option, value in said.items()}
        return tuple((option, value) for option, value in sorted(found.items()) if value is not None)

    def to_destination(self) -> Destination:
        """The destination as the exports use it."""
        return Destination(
            name=self.destination,
            kind=self.kind,
            format=self.format,
            channel=self.channel,
            purpose=self.purpose,
            care_models=None if self.care_models is None else frozenset(self.care_models),
            audience=self.audience,
            segment=self.segment,
            audience_code=self.audience_code,
            expires_after=timedelta(days=self.expires_after_days),
            pickup=self.pickup,
            full_every=self.full_every,
            guards=Guards(self.hold_when_removed_share, self.hold_when_times_usual, self.hold_from_rows),
            format_options=self._options(),
            transport=None if self.transport is None else self.transport.to_transport(),
        )


def load_destinations(folder: Path = FOLDER) -> Folder[DestinationFile]:
    """Every destination of the folder by name, and the faults of the files that are wrong.

    Two message destinations must not be handed the same contacts, and an audience has one definition: of two files that
    disagree, neither loads.
    """
    read = load_folder(folder, DestinationFile, "destination")
    faults = list(read.faults)
    for one, other in combinations(sorted(read.items), 2):
        clash = _clash(read.items[one], read.items[other])
        if clash:
            key, reason = clash
            for name, rival in ((one, other), (other, one)):
                path = read.files[name]
                faults.append(Fault(path.name, _line_of(path, key), key, reason.format(other=rival)))
    wrong = {fault.file for fault in faults}
    items = {name: item for name, item in read.items.items() if read.files[name].name not in wrong}
    return Folder(items, sorted(faults), {name: read.files[name] for name in items})


def _clash(one: DestinationFile, other: DestinationFile) -> tuple[str, str] | None:
    """The key that must change, and why; None when the two get on."""
    if one.kind == other.kind == "message" and one.channel == other.channel:
        if one.care_models is None or other.care_models is None or set(one.care_models) & set(other.care_models):
            return "care_models", "{other} would be handed the same contacts: name the care models of each"
    elif one.audience is not None and one.audience == other.audience:
        drawn = [(item.segment, item.purpose, item.channel) for item in (one, other)]
        if drawn[0] != drawn[1]:
            return "audience", "{other} draws this audience in another way: rename one"
    return None


def _line_of(path: Path, key: str) -> int:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.startswith(f"{key}:")), 1)


def destinations(folder: Path = FOLDER) -> list[Destination]:
    """The destinations whose files are right, by name."""
    items = load_destinations(folder).items
    return [items[name].to_destination() for name in sorted(items)]


def pulled(folder: Path = FOLDER) -> frozenset[str]:
    """The names of destinations whose tools fetch for themselves."""
    return frozenset(one.name for one in destinations(folder) if isinstance(one.transport, Pull))


def contact_points_needed(folder: Path = FOLDER) -> set[str]:
    """The contact points that these destinations' audiences are told by as they are."""
    return {name for one in destinations(folder) if one.kind == "membership" for name in form_of(one).contact_points}


def digests_needed(folder: Path = FOLDER) -> list[Digest]:
    """The hashed identifiers that these destinations ask for: no others are ever computed."""
    return list(dict.fromkeys(digest for one in destinations(folder) for digest in form_of(one).digests))
