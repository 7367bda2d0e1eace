"""What the till writes: invoice lines, cancellations, guests without a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from dagster_project.domain.town.lives import Lives
from dagster_project.domain.town.people import People
from dagster_project.domain.town.words import joined
from dagster_project.domain.town.written import Told, moments, table

PRODUCTS = 240
KINDS = ("CUP", "LAMP", "RUG", "BASKET", "CANDLE", "TOWEL", "BOWL", "CLOCK")
COLOURS = ("BLUE", "GREEN", "BIRCH", "RED", "WHITE", "STRIPED")
FIRST_INVOICE = 600_000
SHARE_GUEST = 0.08  # of purchases: no customer number at the till
SHARE_CANCELLED = 0.03
BROKEN_EVERY = 5_000  # one invoice line in so many has no product code


@dataclass(frozen=True)
class Basket:
    """The lines of all purchases: which purchase, product, pieces and price; and whether a guest bought."""

    purchase: np.ndarray
    product: np.ndarray
    pieces: np.ndarray
    price: np.ndarray
    is_guest: np.ndarray  # per purchase


def product_prices() -> np.ndarray:
    """The price of each product: 0.85 to 58.45, never a round number."""
    return np.round(0.85 + (np.arange(PRODUCTS) * 37 % 97) * 0.6, 2)


def product_codes() -> np.ndarray:
    """The number of each product: P0000, P0001 ..."""
    return joined("P", np.char.zfill(np.arange(PRODUCTS).astype(str), 4))


def product_names() -> np.ndarray:
    """The name of each product."""
    numbers = np.arange(PRODUCTS)
    colours = np.asarray(COLOURS, object)[numbers % len(COLOURS)]
    kinds = np.asarray(KINDS, object)[numbers // len(COLOURS) % len(KINDS)]
    return joined(colours, " ", kinds, " NO ", numbers.astype(str))


def fill_baskets(rng: np.random.Generator, lives: Lives) -> Basket:
    """What is in each basket: one to four products, as many pieces as the person spends."""
    count = len(lives.buyer)
    lines = rng.integers(1, 5, count)
    purchase = np.repeat(np.arange(count), lines)
    product = (rng.beta(1.2, 3.0, len(purchase)) * PRODUCTS).astype(np.int64)
    price = product_prices()[product]
    share = lives.spend[lives.buyer[purchase]] / lines[purchase]
    pieces = np.clip(np.round(share * rng.lognormal(0, 0.3, len(purchase)) / price), 1, 500).astype(np.int64)
    return Basket(purchase, product, pieces, price, rng.random(count) < SHARE_GUEST)


def tell_shop(
    rng: np.random.Generator, people: People, lives: Lives, basket: Basket, first_day: date, days: int
) -> Told:
    """Invoice lines of everyone who does not buy at the sister shop."""
    told = Told()
    mine = ~people.in_standard[lives.buyer[basket.purchase]]
    purchase, product = basket.purchase[mine], basket.product[mine]
    pieces, price = basket.pieces[mine], basket.price[mine]
    cancelled = rng.random(len(lives.buyer)) < SHARE_CANCELLED
    taken_back = np.flatnonzero(cancelled[purchase] & (rng.random(len(purchase)) < 0.6))
    back_at = lives.bought_at + 1 + rng.random(len(lives.buyer)) * 9
    taken_back = taken_back[back_at[purchase[taken_back]] < days]
    rows = np.concatenate([np.arange(len(purchase)), taken_back])
    is_back = np.arange(len(rows)) >= len(purchase)
    bought = purchase[rows]
    at = np.where(is_back, back_at[bought], lives.bought_at[bought])
    number = (FIRST_INVOICE + np.arange(len(lives.buyer))).astype(str).astype(object)[bought]
    number[is_back] = "C" + number[is_back]
    guest = basket.is_guest[bought] & ~is_back
    code = product_codes()[product[rows]]
    broken = (np.arange(len(rows)) % BROKEN_EVERY == BROKEN_EVERY - 1) & ~is_back
    told.broken["shop.invoice_lines"] = int(broken.sum())
    told.tables["invoice_lines"] = table(
        np.floor(at),
        InvoiceNo=number,
        StockCode=_or_none(broken, code),
        Description=product_names()[product[rows]],
        Quantity=np.where(is_back, -pieces[rows], pieces[rows]),
        InvoiceDate=moments(first_day, at),
        UnitPrice=price[rows],
        CustomerID=_or_none(guest, people.customer_number[lives.buyer[bought]]),
        Country=np.full(len(rows), "Finland", object),
    )
    return told


def _or_none(is_missing: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values, None where they are missing."""
    text = values.astype(object)
    text[is_missing] = None
    return text
