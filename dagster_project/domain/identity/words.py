"""What the reasons and rules of matching mean, in the words a person reads."""

from __future__ import annotations

from collections.abc import Mapping

from dagster_project.domain.identity import rules

REASONS_IN_WORDS: Mapping[str, str] = {
    rules.BELOW_THRESHOLD: "much agrees, but not enough to be sure",
    rules.WEAK_CHAIN: "one probable match stands against records that are unlike",
    rules.ONLY_A_NAME: "nothing agrees but the name",
    rules.NAMES_DIFFER: "the names differ: a family, or a new name",
    rules.NAME_UNKNOWN: "one of the two has no name to compare",
    rules.BIRTH_DATES_DIFFER: "the birth dates differ: parent and child, or a slip",
    rules.TOO_MANY_EMAILS: "the customer would have more addresses than the limit",
    rules.TOO_MANY_PHONES: "the customer would have more phones than the limit",
    rules.TOO_MANY_NAMES: "the customer would have more names than the limit",
    rules.SEVERAL_CUSTOMERS: "several customers used the browser",
    rules.SHARED_BY_MANY: "more records have the value than any family would",
    rules.ROLE_ADDRESS: "the address is one of a house, like info@",
    rules.TWO_CUSTOMER_NUMBERS: "the systems give two customer numbers",
    rules.SAID_DIFFERENT: "a person said that they are two",
}
# The order in which a person's answer helps most: first what a look can settle, last what it cannot.
REVIEW_ORDER = tuple(REASONS_IN_WORDS)

RULES_IN_WORDS: Mapping[str, str] = {
    rules.SAID_SAME: "a person said so",
    rules.PROBABLE: "the trained model",
    "login": "logged in with the browser",
    "order_on_the_web": "ordered with the browser",
}


def rule_in_words(rule: str) -> str:
    """A rule as one reads it; the company's own rules by their names.

    >>> rule_in_words("login"), rule_in_words("name_and_birth_date")
    ('logged in with the browser', 'name and birth date')
    """
    return RULES_IN_WORDS.get(rule, rule.replace("_", " "))


def evidence_in_words(evidence: str) -> str:
    """What agrees, as one reads it.

    >>> evidence_in_words("first_name+last_name+birth_date")
    'first name, last name, birth date'
    """
    return evidence.replace("+", ", ").replace("_", " ")


def reason_in_words(reason: str | None) -> str:
    """Why a match was held; empty when it joins."""
    return "" if reason is None else REASONS_IN_WORDS.get(reason, reason.replace("_", " "))
