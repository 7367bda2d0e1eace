"""The form of ``match_rules.yaml``: what makes two source records one customer, and what no customer may become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.components.fenced import load_file
from dagster_project.components.wording import Name
from dagster_project.domain.identity.rules import (
    COOKIE_RULES,
    PROBABLE,
    SAID_SAME,
    Limits,
    MatchRule,
    MatchRules,
    ProbableRule,
)
from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT

IDENTITY = CHECKOUT / "dagster_project" / "defs" / "identity"
RULES_FILE = "match_rules.yaml"
NOT_RULES = {PROBABLE, SAID_SAME, *COOKIE_RULES.values()}  # names of matches that are made in other ways

Attribute = Literal[
    "customer_number",
    "email",
    "mailbox",
    "phone",
    "first_name",
    "last_name",
    "birth_date",
    "street_name",
    "house_number",
    "postal_code",
    "city",
]


class Strict(BaseModel):
    """A part of the file: no key that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MatchRuleFile(Strict):
    """Records that have the same values are one customer."""

    rule: Name = Field(description="kept with every match it makes")
    same: list[Attribute] = Field(min_length=1, description="must be equal in both")
    alike: list[Literal["name"]] = Field(default=[], description="must be alike besides; where unknown, held")
    apart_when: list[Literal["name", "birth_date"]] = Field(
        default=[], description="held where both are known and clearly differ"
    )
    certain: bool = Field(default=False, description="the company's own word: only two customer numbers hold it")

    @model_validator(mode="after")
    def _not_a_name_of_ours(self) -> MatchRuleFile:
        if self.rule in NOT_RULES:
            raise ValueError(f"{self.rule} is how Hoiva names matches of its own: choose another name")
        if self.certain and "customer_number" not in self.same:
            raise ValueError("only a rule on customer_number can be certain: nothing else outweighs what a person says")
        return self


class ProbableFile(Strict):
    """Records that a trained model holds to be one customer."""

    model: str = Field(description="the file of the model, beside this one; `hoiva identity train` makes it")
    merge_at: float = Field(gt=0.5, lt=1, description="the probability from which two records are joined")
    review_at: float = Field(gt=0, lt=1, description="the probability from which a person should look")
    needs_one_of: list[Literal["email", "phone", "birth_date", "address"]] = Field(
        default=[], description="without agreement in one of these a match is held: a name alone is no evidence"
    )
    names_apart: bool = Field(
        default=True, description="clearly different names hold it unless an e-mail or a phone agrees"
    )
    most_pairs: int = Field(default=2_000_000, ge=1, le=100_000_000, description="pairs that are scored at most")

    @model_validator(mode="after")
    def _in_order(self) -> ProbableFile:
        if self.review_at > self.merge_at:
            raise ValueError("review_at is above merge_at: nothing would be left to look at")
        return self

    def as_rule(self) -> ProbableRule:
        """What this part means."""
        return ProbableRule(
            self.model, self.merge_at, self.review_at, tuple(self.needs_one_of), self.names_apart, self.most_pairs
        )


class LimitsFile(Strict):
    """What no customer may become, whatever the rules say."""

    records_of_a_value: int = Field(default=20, ge=2, le=1_000, description="a value of more records joins nobody")
    emails: int = Field(default=8, ge=1, le=1_000, description="distinct addresses of one customer")
    phones: int = Field(default=8, ge=1, le=1_000, description="distinct phones of one customer")
    names: int = Field(default=6, ge=1, le=1_000, description="distinct names of one customer")
    role_addresses: list[str] = Field(default=[], description="local parts of addresses of a house: info, office")
    birth_dates: bool = Field(default=True, description="who clearly differs in date of birth is never one customer")
    support: float = Field(
        default=0.6, ge=0, le=1, description="share of a customer's parts that a probable match must speak for"
    )


class MatchRulesFile(Strict):
    """``match_rules.yaml``."""

    rules: list[MatchRuleFile] = Field(min_length=1, description="strongest first")
    probable: ProbableFile | None = None
    limits: LimitsFile = LimitsFile()

    @model_validator(mode="after")
    def _named_once(self) -> MatchRulesFile:
        names = [rule.rule for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two rules are called {twice[0]}: rename one of them")
        return self

    def as_rules(self) -> MatchRules:
        """What the file means."""
        return MatchRules(
            exact=tuple(
                MatchRule(rule.rule, tuple(rule.same), tuple(rule.alike), tuple(rule.apart_when), rule.certain)
                for rule in self.rules
            ),
            probable=self.probable.as_rule() if self.probable else None,
            limits=Limits(
                self.limits.records_of_a_value,
                self.limits.emails,
                self.limits.phones,
                self.limits.names,
                frozenset(self.limits.role_addresses),
                self.limits.birth_dates,
                self.limits.support,
            ),
        )


def load_match_rules(folder: Path = IDENTITY) -> MatchRules:
    """The rules of the company.

    Raises:
        HoivaError: the file is wrong; the message has file and line. Without rules nobody can say who is who.

    >>> [rule.rule for rule in load_match_rules().exact][:2]
    ['customer_number', 'email']
    """
    read = load_file(folder / RULES_FILE, MatchRulesFile)
    if isinstance(read, list):
        raise HoivaError("; ".join(str(fault) for fault in read))
    return read[0].as_rules()


def load_probable_model(rules: MatchRules, folder: Path = IDENTITY) -> dict[str, Any] | None:
    """The trained model that the rules name, or None when they name none."""
    if rules.probable is None:
        return None
    path = folder / rules.probable.model
    if not path.exists():
        raise HoivaError(f"{RULES_FILE} names {rules.probable.model}, which is not there: run `hoiva identity train`")
    model: dict[str, Any] = json.loads(path.read_text())
    return model
