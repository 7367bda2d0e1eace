"""What must hold of a new contact, counted from the list of contacts alone, in words of its own.

Nothing of the checker is used here: a rule that both had wrong in the same way would have to be written wrongly twice.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.domain.decisions.builders import HELSINKI

Rows = list[dict[str, Any]]


def broken_by_itself(row: dict[str, Any], own: Rows) -> list[str]:
    """A step made twice, or an hour at which nobody is called."""
    step = (row["care_model"], row["channel"])
    others = [one for one in own if one["contact_id"] != row["contact_id"]]
    found = ["repetition"] if any((one["care_model"], one["channel"]) == step for one in others) else []
    if row["channel"] == "phone":
        local = row["planned_for"].replace(tzinfo=ZONE_UTC).astimezone(HELSINKI)
        if not time(9) <= local.time() <= time(17) or time(12) <= local.time() < time(14) or local.weekday() == 6:
            found.append("quiet")
    return found


def broken_beside(row: dict[str, Any], own: Rows, at_home: Rows) -> list[str]:
    """The rules between the contacts of one customer, or of one household."""
    if row["action_class"] == "mandatory":
        return []
    earlier = [one for one in own if one["contact_id"] != row["contact_id"]]  # what must be told went out, too
    own = [one for one in own if one["action_class"] != "mandatory"]
    others = [one for one in own if one["contact_id"] != row["contact_id"]]
    mates = [one for one in others if letter_of(one) and letter_of(one) == letter_of(row)]
    day = row["planned_date"]
    found = ["package"] if len(mates) > 1 else []
    if not mates and too_many(own, day, 5, 2):
        found.append("cap")
    if not mates and too_many([one for one in own if one["planned_date"] == day], day, 1, 1):
        found.append("day")
    if (row["channel"], row["action_class"]) == ("email", "marketing"):
        letters = [one for one in at_home if (one["channel"], one["action_class"]) == ("email", "marketing")]
        rides = any(one["action_class"] == "marketing" for one in mates)
        if not rides and too_many(letters, day, 3, 1):
            found.append("household")
    return found + [name for other in others for name in apart(row, other)] + came_before(row, earlier)


def counted(row: dict[str, Any], live: list[dict[str, Any]]) -> list[str]:
    """What is scarce, counted anew."""
    day = row["planned_date"]
    monday = day - timedelta(days=day.weekday())
    week = [one for one in live if 0 <= (one["planned_date"] - monday).days < 7 and one["department"] == "crm"]
    on_day = [one for one in live if one["planned_date"] == day]
    found = []
    if sum(one["channel"] == "email" for one in on_day) > 3 and row["channel"] == "email":
        found.append("capacity")
    if sum(one["minutes"] for one in on_day if one["channel"] == "phone") > 16 and row["channel"] == "phone":
        found.append("minutes")
    if sum(one["cost"] for one in week) > Decimal("7.03") and row["department"] == "crm":
        found.append("budget")
    if sum(one["units"] for one in live if one["offer"] == "gift") > 3 and row["offer"] == "gift":
        found.append("stock")
    return found


ZONE_UTC = ZoneInfo("UTC")


def letter_of(row: dict[str, Any]) -> tuple[str, date] | None:
    """The package a contact travels in."""
    is_offer = row["channel"] == "email" and row["care_model"] in ("m5", "m6", "m7")
    return ("letter", row["planned_date"]) if is_offer else None


def too_many(rows: list[dict[str, Any]], day: date, length: int, most: int) -> bool:
    """Whether any window of days around a day holds too many interruptions."""
    for back in range(length):
        first = day - timedelta(days=back)
        inside = [one for one in rows if first <= one["planned_date"] < first + timedelta(days=length)]
        if len({letter_of(one) or one["contact_id"] for one in inside}) > most:
            return True
    return False


def apart(row: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The rest and the pairs that forbid two contacts of one customer."""
    found = []
    for first, second in ((row, other), (other, row)):
        after = (second["planned_date"] - first["planned_date"]).days
        names = first["care_model"], second["care_model"]
        if names[0] == "m1" and second["action_class"] == "marketing" and 0 <= after < 2:
            found.append("rest")
        if names == ("m3", "m1") and 0 <= after < 4:
            found.append("pair")
        if names == ("m2", "m3") and abs(after) < 3:
            found.append("pair")
    return found


def came_before(row: dict[str, Any], others: list[dict[str, Any]]) -> list[str]:
    """``m4`` only after an ``m1`` that went out in the nine days before."""
    if row["care_model"] != "m4":
        return []
    days = [
        (row["planned_date"] - one["planned_date"]).days
        for one in others
        if one["care_model"] == "m1" and one["status"] in ("published", "accepted")
    ]
    return [] if any(0 < number <= 9 for number in days) else ["after"]
