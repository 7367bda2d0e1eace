"""Which evidence makes two source records one customer, and what keeps them apart: ``match_rules.yaml``'s meaning."""

from __future__ import annotations

from dataclasses import dataclass, field

# What a rule may compare: columns of the versions that matching reads, in their one form.
ATTRIBUTES = (
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
)
COMPARED = ("name", "birth_date")  # what can be alike or clearly differ without being the same text

# Why a match was held. A person reads these in the review queue.
TWO_CUSTOMER_NUMBERS = "two_customer_numbers"  # the company itself says these are two
SEVERAL_CUSTOMERS = "several_customers"  # a browser that several customers used
SHARED_BY_MANY = "shared_by_many"  # more records have the value than any family would
ROLE_ADDRESS = "role_address"  # info@, office@: an address of a house, not of a person
NAMES_DIFFER = "names_differ"
NAME_UNKNOWN = "name_unknown"  # the rule asks for a name, and one of the two has none
BIRTH_DATES_DIFFER = "birth_dates_differ"
TOO_MANY_EMAILS = "too_many_emails"
TOO_MANY_PHONES = "too_many_phones"
TOO_MANY_NAMES = "too_many_names"
WEAK_CHAIN = "weak_chain"  # joined by one probable match, while most of the others of the customer are unlike
SAID_DIFFERENT = "said_different"  # a person said so
BELOW_THRESHOLD = "below_threshold"  # probable, but not enough
ONLY_A_NAME = "only_a_name"  # nothing agrees but the name
REASONS = (
    TWO_CUSTOMER_NUMBERS,
    SEVERAL_CUSTOMERS,
    SHARED_BY_MANY,
    ROLE_ADDRESS,
    NAMES_DIFFER,
    NAME_UNKNOWN,
    BIRTH_DATES_DIFFER,
    TOO_MANY_EMAILS,
    TOO_MANY_PHONES,
    TOO_MANY_NAMES,
    WEAK_CHAIN,
    SAID_DIFFERENT,
    BELOW_THRESHOLD,
    ONLY_A_NAME,
)

SAID_SAME = "said_same"  # the rule of a match that a person made
COOKIE_RULES = {"cookie_login": "login", "cookie_order": "order_on_the_web"}  # evidence of a browser -> its rule
PROBABLE = "probable"


@dataclass(frozen=True)
class MatchRule:
    """Records that have the same values are one customer.

    Attributes:
        rule: its name, kept with every match it makes.
        same: the attributes that must be equal in both; a record without one of them is not compared.
        alike: ``name`` or ``birth_date``: must be alike besides; where unknown, the match is held.
        apart_when: ``name`` or ``birth_date``: the match is held where both are known and clearly differ.
        is_certain: the company's own word: no limit but that of two customer numbers holds it.
    """

    rule: str
    same: tuple[str, ...]
    alike: tuple[str, ...] = ()
    apart_when: tuple[str, ...] = ()
    is_certain: bool = False

    @property
    def evidence(self) -> str:
        """What agrees, in words joined by ``+``."""
        return "+".join((*self.same, *self.alike))


@dataclass(frozen=True)
class ProbableRule:
    """Records that a trained model holds to be one customer.

    Attributes:
        model: the file of the model, beside the rules.
        merge_at: the probability from which two records are joined.
        review_at: the probability from which a person should look.
        needs_one_of: without agreement in one of these, a match is held: a common name alone is no evidence.
        names_apart: whether clearly different names hold a match that no e-mail and no phone supports: twins, couples
            and families share a house, and twins a day.
        most_pairs: pairs that are scored at most; larger blocks are skipped.
    """

    model: str
    merge_at: float
    review_at: float
    needs_one_of: tuple[str, ...] = ()
    names_apart: bool = False
    most_pairs: int = 2_000_000


@dataclass(frozen=True)
class Limits:
    """What no customer may become, whatever the rules say.

    Attributes:
        records_of_a_value: records that may share one value; a value of more joins nobody.
        emails: distinct addresses of one customer, at most.
        phones: distinct phones of one customer, at most.
        names: distinct names of one customer, at most.
        role_addresses: local parts of addresses that belong to a house and not to a person.
        birth_dates: whether records whose dates of birth clearly differ may never be one customer.
        support: the least share of a customer's parts that a probable match must speak for; above it the match joins.
    """

    records_of_a_value: int = 20
    emails: int = 8
    phones: int = 8
    names: int = 6
    role_addresses: frozenset[str] = frozenset()
    birth_dates: bool = True
    support: float = 0.6


@dataclass(frozen=True)
class MatchRules:
    """All rules: the exact ones strongest first, the probable one, and the limits."""

    exact: tuple[MatchRule, ...]
    probable: ProbableRule | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def order(self) -> dict[str, int]:
        """Rule -> its rank: matches of a lower rank join first, and what comes later is held against them."""
        certain = [rule.rule for rule in self.exact if rule.is_certain]
        others = [rule.rule for rule in self.exact if not rule.is_certain]
        return {rule: rank for rank, rule in enumerate([*certain, SAID_SAME, *others, PROBABLE])}
