"""What the CRM writes: contacts with every change, and service tickets."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from dagster_project.domain.town.lives import Lives
from dagster_project.domain.town.people import People
from dagster_project.domain.town.words import joined
from dagster_project.domain.town.written import (
    Told,
    dirty_email,
    dirty_name,
    dirty_phone,
    flags,
    moments,
    table,
    written,
)

FIRST_CONTACT_ID = 70_000_000
FIRST_TICKET_ID = 300_000_000
SECOND_RECORDS_FROM = 40_000_000  # added to the id of a contact that is in the CRM twice
BROKEN_EVERY = 400  # one contact row in so many has a moment that is none


def tell_crm(rng: np.random.Generator, people: People, lives: Lives, first_day: date, days: int) -> Told:
    """Contacts, tickets and their links, as the CRM's connector delivers them."""
    told = Told()
    known = np.flatnonzero(people.in_crm)
    second = np.flatnonzero(people.in_crm & people.twice_in_crm)
    who = np.concatenate([known, second])
    is_second = np.arange(len(who)) >= len(known)
    contact = FIRST_CONTACT_ID + who + np.where(is_second, SECOND_RECORDS_FROM, 0)
    created = np.maximum(people.arrival[who], -30) + np.where(is_second, 5.0, 0.0) + rng.random(len(who)) * 0.9
    created = np.minimum(created, days - 0.25)
    has_email = rng.random(len(who)) < 0.95
    has_phone = rng.random(len(who)) < 0.75
    has_number = ~is_second & (rng.random(len(who)) < 0.94)
    asked_phone, asked_post = rng.random(len(who)) < 0.7, rng.random(len(who)) < 0.75
    may_phone, may_post = rng.random(len(who)) < 0.6, rng.random(len(who)) < 0.7
    opted_out = rng.random(len(who)) < 0.05
    withdrawn = lives.withdrawn_at[who]
    changes = np.flatnonzero(withdrawn > created)
    rows = np.concatenate([np.arange(len(who)), changes])  # each contact once, and once more when the mind changed
    is_change = np.arange(len(rows)) >= len(who)
    at = np.where(is_change, withdrawn[rows], created[rows])
    person = who[rows]
    text = {
        "property_email": np.where(has_email[rows], dirty_email(rng, people.email[person]), ""),
        "property_firstname": dirty_name(rng, people.first_name[person]),
        "property_lastname": dirty_name(rng, people.last_name[person]),
        "property_phone": np.where(has_phone[rows], dirty_phone(rng, people.phone[person]), ""),
    }
    modified = written(moments(first_day, at))
    no_email = opted_out[rows] | is_change
    broken = (np.arange(len(rows)) % BROKEN_EVERY == BROKEN_EVERY - 1) & ~is_change
    modified = np.where(broken, "yesterday", modified)
    told.broken["hubspot.contact"] = int(broken.sum())
    told.tables["contact"] = table(
        np.maximum(np.floor(at), 0),
        id=contact[rows].astype(str).astype(object),
        _fivetran_deleted=flags(np.zeros(len(rows), bool)),
        _fivetran_synced=written(moments(first_day, np.floor(at) + 1.09)),
        **text,
        property_address=people.street[person],
        property_city=people.city[person],
        property_zip=people.postal_code[person],
        property_country=np.full(len(rows), "Finland", object),
        property_date_of_birth=np.char.replace(people.birth_date[person].astype(str), "-", "").astype(object),
        property_customer_number=np.where(has_number[rows], people.customer_number[person], ""),
        property_createdate=written(moments(first_day, created[rows])),
        property_lastmodifieddate=modified,
        property_hs_email_optout=flags(no_email, no_email | (rng.random(len(rows)) < 0.8)),
        property_may_phone=flags(may_phone[rows] & ~is_change, asked_phone[rows] | is_change),
        property_may_post=flags(may_post[rows] & ~is_change, asked_post[rows]),
    )
    told.tables |= _tickets(people, lives, first_day)
    return told


def _tickets(people: People, lives: Lives, first_day: date) -> dict[str, pa.Table]:
    """A ticket is delivered on the day it is opened, and again on the day it is closed."""
    mine = people.in_crm[lives.caller]
    caller, opened, closed = lives.caller[mine], lives.called_at[mine], lives.closed_at[mine]
    category = lives.category[mine]
    ticket = (FIRST_TICKET_ID + np.arange(len(caller))).astype(str).astype(object)
    later = np.flatnonzero(np.floor(closed) > np.floor(opened))
    rows = np.concatenate([np.arange(len(caller)), later])
    is_update = np.arange(len(rows)) >= len(caller)
    same_day = np.where(np.floor(closed) == np.floor(opened), closed, np.nan)
    shown = np.where(is_update, closed[rows], same_day[rows])
    day = np.floor(np.where(is_update, closed[rows], opened[rows]))
    synced = written(moments(first_day, day + 1.09))
    tickets = table(
        day,
        id=ticket[rows],
        _fivetran_synced=synced,
        is_deleted=flags(np.zeros(len(rows), bool)),
        property_createdate=written(moments(first_day, opened[rows])),
        property_closed_date=written(moments(first_day, shown)),
        property_hs_ticket_category=category[rows],
        property_hs_ticket_priority=np.asarray(["LOW", "MEDIUM", "HIGH"], object)[rows % 3],
        property_source_type=np.asarray(["PHONE", "CHAT", "EMAIL"], object)[rows % 3],
        property_subject=joined("Ticket ", ticket[rows]),
        property_content=np.full(len(rows), "", object),
    )
    links = table(
        np.floor(opened),
        ticket_id=ticket,
        contact_id=(FIRST_CONTACT_ID + caller).astype(str).astype(object),
        category=np.full(len(caller), "HUBSPOT_DEFINED", object),
        _fivetran_synced=written(moments(first_day, np.floor(opened) + 1.09)),
    )
    return {"ticket": tickets, "ticket_contact": links}
