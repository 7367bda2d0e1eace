"""What the newsletter tool writes: members, letters, who read them, and the machines that read everything."""

from __future__ import annotations

import hashlib
from datetime import date

import numpy as np
import pyarrow as pa

from dagster_project.domain.town.lives import Lives
from dagster_project.domain.town.people import People
from dagster_project.domain.town.words import joined
from dagster_project.domain.town.written import Told, dirty_email, moments, table, written

LETTER_EVERY = 14  # days
SENT_AT = 9 / 24  # of the day, UTC
LIST_ID = "5e1f00d5aa"
SHARE_OPENS, SHARE_CLICKS, SHARE_BOUNCES, SHARE_UNSUBSCRIBES = 0.32, 0.25, 0.01, 0.0012
BROKEN_EVERY = 3_000  # one reaction in so many names no member


def tell_newsletter(rng: np.random.Generator, people: People, lives: Lives, first_day: date, days: int) -> Told:
    """Members with every change, letters, their readers and reactions, as the tool's connector delivers them."""
    told = Told()
    who = np.flatnonzero(people.in_newsletter)
    signed_up = np.minimum(np.maximum(people.arrival[who], -20) + 0.5 + rng.random(len(who)) * 6, days - 0.3)
    member = np.asarray([hashlib.md5(email.lower().encode()).hexdigest() for email in people.email[who]], object)
    letters = np.arange(3, days, LETTER_EVERY) + SENT_AT
    last_letter = np.full(len(who), np.inf)
    left = np.minimum(lives.withdrawn_at[who], np.inf)
    left = np.where(np.isnan(left), np.inf, left)
    leaves = rng.random((len(letters), len(who))) < SHARE_UNSUBSCRIBES
    for number, sent in enumerate(letters):
        goes = leaves[number] & (signed_up < sent) & (left > sent)
        left = np.where(goes, np.minimum(left, sent + 0.1), left)
        last_letter = np.where(goes, number, last_letter)
    reader, letter = _pairs(signed_up, left, letters)
    told.tables |= _members(rng, people, who, member, signed_up, left, last_letter, first_day, days)
    told.tables["campaign"] = _letters(letters, first_day)
    told.tables["list"] = table(
        np.zeros(1),
        id=np.asarray([LIST_ID], object),
        name=np.asarray(["Town letter"], object),
        date_created=written(moments(first_day, np.asarray([0.1]))),
        default_language=np.asarray(["fi"], object),
        _fivetran_deleted=np.asarray(["false"], object),
        _fivetran_synced=written(moments(first_day, np.asarray([1.1]))),
    )
    told.tables["campaign_recipient"] = table(
        np.floor(letters[letter]),
        campaign_id=_letter_ids(letters)[letter],
        member_id=member[reader],
        list_id=np.full(len(reader), LIST_ID, object),
        _fivetran_synced=written(moments(first_day, np.floor(letters[letter]) + 1.1)),
    )
    reactions, broken = _reactions(rng, people, who, member, reader, letter, letters, first_day, days)
    told.tables["campaign_recipient_activity"] = reactions
    told.broken["mailchimp.campaign_recipient_activity"] = broken
    return told


def _pairs(signed_up: np.ndarray, left: np.ndarray, letters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(member, letter) of every letter sent: to whom had signed up and not left."""
    sent = [np.flatnonzero((signed_up < at) & (left > at)) for at in letters]
    reader = np.concatenate([*sent, np.zeros(0, np.int64)]).astype(np.int64)
    return reader, np.repeat(np.arange(len(letters)), [len(one) for one in sent])


def _letter_ids(letters: np.ndarray) -> np.ndarray:
    return np.asarray([f"{0xC0FFEE00 + number:010x}" for number in range(len(letters))], object)


def _letters(letters: np.ndarray, first_day: date) -> pa.Table:
    count = len(letters)
    numbers = np.arange(1, count + 1).astype(str)
    return table(
        np.floor(letters),
        id=_letter_ids(letters),
        _fivetran_deleted=np.full(count, "false", object),
        _fivetran_synced=written(moments(first_day, np.floor(letters) + 1.1)),
        list_id=np.full(count, LIST_ID, object),
        create_time=written(moments(first_day, letters - 0.3)),
        send_time=written(moments(first_day, letters)),
        status=np.full(count, "sent", object),
        subject_line=joined("News of the town, letter ", numbers),
        title=joined("letter ", numbers),
        type=np.full(count, "regular", object),
    )


def _members(
    rng: np.random.Generator,
    people: People,
    who: np.ndarray,
    member: np.ndarray,
    signed_up: np.ndarray,
    left: np.ndarray,
    last_letter: np.ndarray,
    first_day: date,
    days: int,
) -> dict[str, pa.Table]:
    """Each member once, and once more when they left; and who left because of which letter."""
    gone = np.flatnonzero(left < days)
    rows = np.concatenate([np.arange(len(who)), gone])
    is_gone = np.arange(len(rows)) >= len(who)
    at = np.where(is_gone, left[rows], signed_up[rows])
    person = who[rows]
    members = table(
        np.maximum(np.floor(at), 0),
        id=member[rows],
        list_id=np.full(len(rows), LIST_ID, object),
        _fivetran_synced=written(moments(first_day, np.floor(at) + 1.1)),
        country_code=np.full(len(rows), "FI", object),
        email_address=dirty_email(rng, people.email[person]),
        email_type=np.full(len(rows), "html", object),
        language=people.language[person],
        last_changed=written(moments(first_day, at)),
        member_rating=(1 + person % 5).astype(str).astype(object),
        merge_fname=people.first_name[person],
        merge_lname=people.last_name[person],
        status=np.where(is_gone, "unsubscribed", "subscribed").astype(object),
        timestamp_opt=written(moments(first_day, signed_up[rows])),
        timestamp_signup=written(moments(first_day, signed_up[rows])),
        vip=np.full(len(rows), "false", object),
    )
    clicked = gone[np.isfinite(last_letter[gone])]
    letters = _letter_ids(np.arange(3, days, LETTER_EVERY))
    unsubscribes = table(
        np.floor(left[clicked]),
        campaign_id=letters[last_letter[clicked].astype(np.int64)] if len(clicked) else np.zeros(0, object),
        member_id=member[clicked],
        list_id=np.full(len(clicked), LIST_ID, object),
        reason=np.full(len(clicked), "NONE", object),
        timestamp=written(moments(first_day, left[clicked])),
        _fivetran_synced=written(moments(first_day, np.floor(left[clicked]) + 1.1)),
    )
    return {"member": members, "unsubscribe": unsubscribes}


def _reactions(
    rng: np.random.Generator,
    people: People,
    who: np.ndarray,
    member: np.ndarray,
    reader: np.ndarray,
    letter: np.ndarray,
    letters: np.ndarray,
    first_day: date,
    days: int,
) -> tuple[pa.Table, int]:
    """Opens and clicks: people after a while, gateways of everything within ten seconds; and how many are broken."""
    machine = people.behind_gateway[who][reader]
    chance = rng.random(len(reader))
    opens = np.flatnonzero(chance < SHARE_OPENS)
    clicks = opens[rng.random(len(opens)) < SHARE_CLICKS]
    bounces = np.flatnonzero(chance > 1 - SHARE_BOUNCES)
    gateway = np.flatnonzero(machine)
    delay = rng.exponential(0.35, len(reader)) + 0.01
    second = 1 / 86_400
    parts = [
        (opens, "open", delay[opens], ""),
        (clicks, "click", delay[clicks] + 0.002, "https://shop.example.com/p/P0001"),
        (bounces, "bounce", np.full(len(bounces), 0.001), ""),
        (gateway, "open", (2 + rng.integers(0, 3, len(gateway))) * second, ""),
        *((gateway, "click", (3 + place) * second, f"https://shop.example.com/p/P000{place}") for place in range(3)),
    ]
    pair = np.concatenate([part[0] for part in parts])
    at = letters[letter[pair]] + np.concatenate([np.broadcast_to(np.asarray(part[2]), len(part[0])) for part in parts])
    action = np.concatenate([np.full(len(part[0]), part[1], object) for part in parts])
    url = np.concatenate([np.full(len(part[0]), part[3], object) for part in parts])
    keep = at < days - 0.15
    pair, at, action, url = pair[keep], at[keep], action[keep], url[keep]
    broken = np.arange(len(pair)) % BROKEN_EVERY == BROKEN_EVERY - 1
    reactions = table(
        np.floor(at),
        action=action,
        campaign_id=_letter_ids(letters)[letter[pair]],
        member_id=np.where(broken, "", member[reader[pair]]),
        list_id=np.full(len(pair), LIST_ID, object),
        timestamp=written(moments(first_day, at)),
        url=url,
        bounce_type=np.where(action == "bounce", "soft", "").astype(object),
        ip=joined("203.0.113.", np.arange(1, 255).astype(str))[reader[pair] % 254],
    )
    return reactions, int(broken.sum())
