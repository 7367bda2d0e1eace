"""Records whose persons are known: published sets, and the synthetic town at three levels of dirt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dagster_project.components.match_rules import load_match_rules
from dagster_project.domain.identity.contacts import PASSED_ON, WRITTEN, normalise_contacts
from dagster_project.domain.identity.rules import Limits, MatchRule, MatchRules, ProbableRule
from dagster_project.domain.town.people import make_people
from dagster_project.domain.town.written import dirty_email, dirty_name, dirty_phone

TOLD = pd.Timestamp("2026-01-01")
FEBRL = MatchRules(
    exact=(
        MatchRule("other_id", ("other_id",), alike=("name",)),
        MatchRule("other_id_and_birth_date", ("other_id", "birth_date")),
        MatchRule("name_and_birth_date", ("first_name", "last_name", "birth_date")),
    ),
    probable=ProbableRule(model="", merge_at=0.9, review_at=0.2),
    limits=Limits(birth_dates=False),
)
PERSONS = MatchRules(
    exact=(MatchRule("name_and_birth_date", ("first_name", "last_name", "birth_date")),),
    probable=ProbableRule(model="", merge_at=0.2, review_at=0.1),
    limits=Limits(birth_dates=False, names=20, support=0.0),
)


@dataclass(frozen=True)
class People:
    """Records, what they say, who they are, and by which rules they are matched."""

    name: str
    raw: pd.DataFrame  # as a tutorial reads it
    records: pa.Table
    versions: pa.Table
    person: pd.Series  # by source_record_id
    rules: MatchRules
    kind: str  # which tutorial fits: febrl1, febrl4, fake_1000, town
    exact_keys: tuple[str, ...]  # what exact keys alone would join by


def all_sets(folder: Path, town_size: int) -> list[People]:
    """Every set; the published ones only where the folder is there."""
    found: list[People] = []
    if folder.exists():
        found.append(_febrl("Febrl 1", "febrl1", [folder / "febrl_dataset1.csv.gz"]))
        both = [folder / "febrl_dataset4a.csv.gz", folder / "febrl_dataset4b.csv.gz"]
        found.append(_febrl("Febrl 4a/4b", "febrl4", both))
        found.append(_fake(folder / "splink_fake_1000.csv.gz"))
    return found + [town(level, town_size) for level in DIRT]


def _febrl(name: str, kind: str, files: list[Path]) -> People:
    frames = []
    for file in files:
        frame = pd.read_csv(file, dtype=str, skipinitialspace=True)
        frame.columns = [column.strip() for column in frame.columns]
        frames.append(frame.apply(lambda column: column.str.strip()).replace("", None))
    raw = pd.concat(frames, ignore_index=True)
    raw["cluster"] = raw["rec_id"].str.extract(r"^([^-]+-[^-]+)")[0]
    street = raw["street_number"].fillna("") + " " + raw["address_1"].fillna("")
    written = pd.DataFrame(
        {
            "source_record_id": raw["rec_id"],
            "first_name": raw["given_name"],
            "last_name": raw["surname"],
            "street": street.str.strip().replace("", None),
            "postal_code": raw["postcode"],
            "city": raw["suburb"],
            "birth_date": _dates(raw["date_of_birth"], "%Y%m%d"),
        }
    )
    return _people(name, kind, raw, written, raw["cluster"], FEBRL, ("other_id",), other_id=raw["soc_sec_id"])


def _fake(file: Path) -> People:
    raw = pd.read_csv(file, dtype=str)
    written = pd.DataFrame(
        {
            "source_record_id": raw["unique_id"],
            "first_name": raw["first_name"],
            "last_name": raw["surname"],
            "city": raw["city"],
            "email_raw": raw["email"],
            "birth_date": _dates(raw["dob"], "%Y-%m-%d"),
        }
    )
    return _people("fake_1000", "fake_1000", raw, written, raw["cluster"], PERSONS, ("email",))


@dataclass(frozen=True)
class Dirt:
    """How often something is wrong in a record, as shares of the records."""

    slip: float  # a name typed wrongly
    other_email: float  # the newsletter has another address
    no_email: float
    no_phone: float
    moved: float  # the second record has another address
    wrong_date: float  # one figure of the date of birth
    no_number: float  # without the company's number


DIRT = {
    "little": Dirt(0.02, 0.02, 0.05, 0.25, 0.02, 0.005, 0.05),
    "usual": Dirt(0.08, 0.10, 0.12, 0.30, 0.10, 0.03, 0.12),
    "much": Dirt(0.20, 0.25, 0.25, 0.40, 0.25, 0.08, 0.30),
}


def town(level: str, size: int, seed: int = 11) -> People:
    """A town told by a CRM (some people twice), a newsletter tool and a shop, at one level of dirt."""
    dirt, rng = DIRT[level], np.random.default_rng(seed)
    people = make_people(rng, size, 365)
    everyone = np.arange(size)
    crm = everyone[people.in_crm]
    twice = crm[rng.random(len(crm)) < 0.1]
    told = [
        _told(rng, people, crm, "hubspot:contact:", dirt, numbered=True, moved=False),
        _told(rng, people, twice, "hubspot:contact:second", dirt, numbered=False, moved=True),
        _told(rng, people, everyone[people.in_newsletter], "mailchimp:member:", dirt, numbered=False, moved=False),
    ]
    letters = told[2]
    letters[["phone_raw", "street", "postal_code", "city", "birth_date"]] = None
    other = rng.random(len(letters)) < dirt.other_email
    letters.loc[other, "email_raw"] = [f"{at}x@example.net" for at in np.flatnonzero(other)]
    shop = pd.DataFrame(
        {
            "source_record_id": "shop:customer:" + pd.Series(people.customer_number),
            "customer_number": people.customer_number,
            "person": everyone,
        }
    )
    written = pd.concat([*told, shop], ignore_index=True)
    raw = written.rename(columns={"source_record_id": "unique_id"})
    return _people(f"town, {level} dirt", "town", raw, written, written["person"], load_match_rules(), ("email",))


def _told(
    rng: np.random.Generator, people: Any, who: np.ndarray, prefix: str, dirt: Dirt, *, numbered: bool, moved: bool
) -> pd.DataFrame:
    count = len(who)

    def sometimes(share: float) -> np.ndarray:
        return rng.random(count) < share

    first = np.where(sometimes(dirt.slip), _slipped(rng, people.first_name[who]), people.first_name[who])
    last = np.where(sometimes(dirt.slip), _slipped(rng, people.last_name[who]), people.last_name[who])
    born = people.birth_date[who] + np.where(sometimes(dirt.wrong_date), rng.integers(1, 9, count), 0)
    away = sometimes(dirt.moved) if moved else np.zeros(count, dtype=bool)
    elsewhere = rng.integers(0, len(people), count)
    frame = pd.DataFrame(
        {
            "source_record_id": [f"{prefix}{one}" for one in who],
            "first_name": dirty_name(rng, first),
            "last_name": dirty_name(rng, last),
            "email_raw": np.where(sometimes(dirt.no_email), None, dirty_email(rng, people.email[who])),
            "phone_raw": np.where(sometimes(dirt.no_phone), None, dirty_phone(rng, people.phone[who])),
            "street": np.where(away, people.street[elsewhere], people.street[who]),
            "postal_code": np.where(away, people.postal_code[elsewhere], people.postal_code[who]),
            "city": people.city[who],
            "birth_date": born,
            "person": who,
        }
    )
    if numbered:
        frame["customer_number"] = np.where(sometimes(dirt.no_number), None, people.customer_number[who])
    return frame


def _slipped(rng: np.random.Generator, names: np.ndarray) -> np.ndarray:
    """Names with one letter exchanged, left out or doubled."""
    found = []
    for name, how in zip(names.tolist(), rng.integers(0, 3, len(names)).tolist(), strict=True):
        at = 1 + int(rng.integers(0, max(1, len(name) - 2)))
        forms = (
            name[:at] + "qwertyuiopasdfghjklzxcvbnm"[int(rng.integers(0, 26))] + name[at + 1 :],
            name[:at] + name[at + 1 :],
            name[:at] + name[at] * 2 + name[at + 1 :] if at < len(name) else name,
        )
        found.append(forms[how])
    return np.asarray(found, dtype=object)


def _dates(text: pd.Series, form: str) -> pd.Series:
    return pd.to_datetime(text, format=form, errors="coerce")


def _people(
    name: str,
    kind: str,
    raw: pd.DataFrame,
    written: pd.DataFrame,
    person: pd.Series,
    rules: MatchRules,
    exact_keys: tuple[str, ...],
    other_id: pd.Series | None = None,
) -> People:
    """The tables that matching reads, through the same normalisation as a delivery."""
    frame = written.copy()
    for column in (*PASSED_ON, *WRITTEN, "customer_number"):
        if column not in frame:
            frame[column] = None
    ids = pa.array(frame["source_record_id"].astype(str), pa.string())
    moments = pa.array([TOLD] * len(frame), pa.timestamp("us"))
    texts = {
        column: pa.array(frame[column].astype(object), pa.string(), from_pandas=True)
        for column in (*WRITTEN, "customer_number")
        if column != "birth_date"
    }
    born = pa.array(pd.to_datetime(frame["birth_date"]), pa.timestamp("us"), from_pandas=True).cast(pa.date32())
    contacts = pa.table(
        {"contact_version_id": ids, "source_record_id": ids, "occurred_at": moments, "known_at": moments}
        | {column: texts[column] for column in WRITTEN if column != "birth_date"}
        | {"birth_date": born}
    )
    versions = normalise_contacts(contacts, "FI")
    versions = versions.append_column("customer_number", texts["customer_number"])
    versions = versions.append_column("is_newest", pa.array([True] * len(frame), pa.bool_()))
    if other_id is not None:
        versions = versions.append_column("other_id", pa.array(other_id.astype(object), pa.string(), from_pandas=True))
    records = pa.table(
        {
            "source_record_id": ids,
            "is_cookie": pa.array([False] * len(frame), pa.bool_()),
            "first_known_at": moments,
            "first_seen_at": moments,
        }
    )
    return People(
        name, raw, records, versions, pd.Series(person.to_numpy(), index=ids.to_pylist()), rules, kind, exact_keys
    )
