"""What the sister shop writes, in our own layout: its few customers are in no other system."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from dagster_project.domain.town.lives import CLOSES, OPENS, Lives
from dagster_project.domain.town.people import People
from dagster_project.domain.town.shop import KINDS, PRODUCTS, Basket, product_names, product_prices
from dagster_project.domain.town.words import joined
from dagster_project.domain.town.written import Told, flags, moments, table, written

PLACES = ("harbour", "market")  # its two shops; everyone has one of them
SHARE_SHOWS_CARD = 0.7  # of purchases: the card is read at the door
MOST_MINUTES_INSIDE = 40  # from the door to the till
VISITS_WITHOUT_PURCHASE = 3.0  # a year and person
ASKED_OF_ALL = ("email", "phone", "letter", "ads")
ASKED_BY_APP = ("push", "sms")  # whoever has the shop's app is asked about these, too
SHARE_WITH_APP, SHARE_ALLOWS = 0.4, 0.6


def tell_sister_shop(
    rng: np.random.Generator, people: People, lives: Lives, basket: Basket, first_day: date, days: int
) -> Told:
    """Contacts, consents, products, orders, order lines, tickets and visits, as CSV."""
    told = Told()
    who = np.flatnonzero(people.in_standard)
    created = np.minimum(np.maximum(people.arrival[who], -30) + rng.random(len(who)) * 0.9, days - 0.25)
    ids = joined("s", people.person[who].astype(str))
    told.tables["contacts"] = table(
        np.maximum(np.floor(created), 0),
        contact_id=ids,
        customer_number=people.customer_number[who],
        email=people.email[who],
        phone=joined("+358", people.phone[who]),
        first_name=people.first_name[who],
        last_name=people.last_name[who],
        street=people.street[who],
        postal_code=people.postal_code[who],
        city=people.city[who],
        country=np.full(len(who), "FI", object),
        language=people.language[who],
        birth_date=people.birth_date[who].astype(str).astype(object),
        created_at=written(moments(first_day, created)),
        updated_at=written(moments(first_day, created)),
        is_deleted=flags(np.zeros(len(who), bool), upper=False),
    )
    told.tables["consents"] = _consents(rng, ids, created, lives.withdrawn_at[who], first_day)
    numbers = np.arange(PRODUCTS)
    told.tables["products"] = table(
        np.zeros(PRODUCTS),
        product_id=joined("P", np.char.zfill(numbers.astype(str), 4)),
        name=product_names(),
        category=np.asarray(KINDS, object)[numbers // 6 % len(KINDS)],
        unit_price=np.char.mod("%.2f", product_prices()).astype(object),
        in_stock=flags(numbers % 17 != 0, upper=False),
        updated_at=written(moments(first_day, np.full(PRODUCTS, 0.2))),
    )
    _orders(told, people, lives, basket, first_day)
    _tickets(told, people, lives, first_day)
    told.tables["visits"] = _visits(rng, people, lives, first_day, days)
    return told


def _consents(
    rng: np.random.Generator, ids: np.ndarray, created: np.ndarray, withdrawn: np.ndarray, first_day: date
) -> pa.Table:
    """What each contact says when it comes to be, and once more when it takes everything back."""
    allows = rng.random((len(ids), len(ASKED_OF_ALL))) < SHARE_ALLOWS
    has_app = rng.random(len(ids)) < SHARE_WITH_APP
    allows = np.hstack([allows, rng.random((len(ids), len(ASKED_BY_APP))) < SHARE_ALLOWS])
    is_asked = np.hstack([np.ones((len(ids), len(ASKED_OF_ALL)), bool), np.tile(has_app[:, None], len(ASKED_BY_APP))])
    person, channel = np.nonzero(is_asked)
    back = np.flatnonzero((withdrawn > created)[person])
    rows, kinds = np.concatenate([person, person[back]]), np.concatenate([channel, channel[back]])
    is_change = np.arange(len(rows)) >= len(person)
    at = np.where(is_change, withdrawn[rows], created[rows])
    return table(
        np.maximum(np.floor(at), 0),
        contact_id=ids[rows],
        purpose=np.full(len(rows), "marketing", object),
        channel=np.asarray([*ASKED_OF_ALL, *ASKED_BY_APP], object)[kinds],
        is_given=flags(allows[rows, kinds] & ~is_change, upper=False),
        changed_at=written(moments(first_day, at)),
        text_version=np.full(len(rows), "2025-01", object),
    )


def _visits(rng: np.random.Generator, people: People, lives: Lives, first_day: date, days: int) -> pa.Table:
    """Cards read at the door: before most purchases, and sometimes with nothing bought."""
    bought = np.flatnonzero(people.in_standard[lives.buyer])
    shown = bought[rng.random(len(bought)) < SHARE_SHOWS_CARD]
    came = lives.bought_at[shown] - rng.random(len(shown)) * MOST_MINUTES_INSIDE / 1440
    mine = np.flatnonzero(people.in_standard)
    looking = np.repeat(mine, rng.poisson(VISITS_WITHOUT_PURCHASE * days / 365, len(mine)))
    looked = np.floor(rng.random(len(looking)) * days) + (OPENS + rng.random(len(looking)) * (CLOSES - OPENS)) / 24
    is_known = looked > people.arrival[looking]
    person = np.concatenate([lives.buyer[shown], looking[is_known]])
    at = np.concatenate([came, looked[is_known]])
    return table(
        np.floor(at),
        visit_id=joined("v", np.arange(len(person)).astype(str)),
        contact_id=joined("s", person.astype(str)),
        place=np.asarray(PLACES, object)[person % len(PLACES)],
        visited_at=written(moments(first_day, at)),
    )


def _orders(told: Told, people: People, lives: Lives, basket: Basket, first_day: date) -> None:
    orders = np.flatnonzero(people.in_standard[lives.buyer])
    number = joined("o", orders.astype(str))
    told.tables["orders"] = table(
        np.floor(lives.bought_at[orders]),
        order_id=number,
        contact_id=joined("s", lives.buyer[orders].astype(str)),
        customer_number=people.customer_number[lives.buyer[orders]],
        ordered_at=written(moments(first_day, lives.bought_at[orders])),
        is_cancelled=flags(np.zeros(len(orders), bool), upper=False),
        currency=np.full(len(orders), "EUR", object),
    )
    lines = np.flatnonzero(people.in_standard[lives.buyer[basket.purchase]])
    purchase = basket.purchase[lines]
    told.tables["order_lines"] = table(
        np.floor(lives.bought_at[purchase]),
        order_id=joined("o", purchase.astype(str)),
        line=lines.astype(str).astype(object),
        product_id=joined("P", np.char.zfill(basket.product[lines].astype(str), 4)),
        quantity=basket.pieces[lines].astype(str).astype(object),
        unit_price=np.char.mod("%.2f", basket.price[lines]).astype(object),
        ordered_at=written(moments(first_day, lives.bought_at[purchase])),
    )


def _tickets(told: Told, people: People, lives: Lives, first_day: date) -> None:
    mine = np.flatnonzero(people.in_standard[lives.caller])
    closed = lives.closed_at[mine]
    later = np.flatnonzero(~np.isnan(closed))
    rows = np.concatenate([np.arange(len(mine)), later])
    is_closed = np.arange(len(rows)) >= len(mine)
    ticket = mine[rows]
    at = np.where(is_closed, closed[rows], lives.called_at[ticket])
    told.tables["service_contacts"] = table(
        np.floor(at),
        ticket_id=joined("t", ticket.astype(str)),
        contact_id=joined("s", lives.caller[ticket].astype(str)),
        category=lives.category[ticket],
        priority=np.full(len(rows), "medium", object),
        channel=np.full(len(rows), "phone", object),
        opened_at=written(moments(first_day, lives.called_at[ticket])),
        closed_at=np.where(is_closed, written(moments(first_day, closed[rows])), ""),
        updated_at=written(moments(first_day, at)),
    )
