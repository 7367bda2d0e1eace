"""What the sister shop writes, in our own layout: its few customers are in no other system."""

from __future__ import annotations

from datetime import date

import numpy as np

from dagster_project.domain.town.lives import Lives
from dagster_project.domain.town.people import People
from dagster_project.domain.town.shop import KINDS, PRODUCTS, Basket, product_names, product_prices
from dagster_project.domain.town.words import joined
from dagster_project.domain.town.written import Told, flags, moments, table, written


def tell_sister_shop(
    rng: np.random.Generator, people: People, lives: Lives, basket: Basket, first_day: date, days: int
) -> Told:
    """Contacts, consents, products, orders, order lines and tickets, as CSV."""
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
    channels = np.asarray(["email", "phone", "letter", "ads"], object)
    given = rng.random((len(who), 4)) < 0.6
    withdrawn = lives.withdrawn_at[who]
    changes = np.flatnonzero(withdrawn > created)
    row, channel = np.divmod(np.arange(len(who) * 4), 4)
    again, denied = np.divmod(np.arange(len(changes) * 4), 4)
    rows, kinds = np.concatenate([row, changes[again]]), np.concatenate([channel, denied])
    is_change = np.arange(len(rows)) >= len(row)
    at = np.where(is_change, withdrawn[rows], created[rows])
    told.tables["consents"] = table(
        np.maximum(np.floor(at), 0),
        contact_id=ids[rows],
        purpose=np.full(len(rows), "marketing", object),
        channel=channels[kinds],
        is_given=flags(given[rows, kinds] & ~is_change, upper=False),
        changed_at=written(moments(first_day, at)),
        text_version=np.full(len(rows), "2025-01", object),
    )
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
    return told


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
