"""What the web site writes: visits, products looked at, logins; some events are delivered twice."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.town.lives import Lives
from dagster_project.domain.town.people import People
from dagster_project.domain.town.shop import PRODUCTS
from dagster_project.domain.town.written import DAY, Told, moments

VISITS_PER_PURCHASE = 1.6
SHARE_LOGGED_IN = 0.35
SHARE_SECOND_BROWSER = 0.3
SHARE_DELIVERED_TWICE = 0.003
BROKEN_EVERY = 4_000  # one line in so many is cut off
CUT_OFF_AFTER = 60  # letters


def tell_web(rng: np.random.Generator, people: People, lives: Lives, first_day: date, days: int) -> Told:
    """Events in the order of days, in columns; :func:`event_lines` writes them as the analytics export does."""
    told = Told()
    mine = np.flatnonzero(people.on_web[lives.buyer])
    visits = rng.poisson(VISITS_PER_PURCHASE, len(mine))
    bought = np.repeat(mine, visits)
    at = lives.bought_at[bought] - rng.exponential(1.5, len(bought))
    keep = (at > 0) & (at < days - 0.2)
    bought, at = bought[keep], at[keep]
    person = lives.buyer[bought]
    views = rng.integers(0, 4, len(person))
    session = 100_000_000 + np.arange(len(person))
    browser = person * 2 + (rng.random(len(person)) < SHARE_SECOND_BROWSER)
    logged_in = rng.random(len(person)) < SHARE_LOGGED_IN
    of = np.repeat(np.arange(len(person)), views + 1)
    first = np.concatenate(([0], np.cumsum(views + 1)[:-1])).astype(np.int64)
    place = np.arange(len(of)) - first[of]
    micros = moments(first_day, at[of] + place * 0.0007).astype("datetime64[us]").astype(np.int64)
    product = (rng.beta(1.2, 3.0, len(of)) * PRODUCTS).astype(np.int64)
    day = np.floor(at[of] + place * 0.0007).astype(np.int32)
    broken = np.arange(len(of)) % BROKEN_EVERY == BROKEN_EVERY - 1
    told.broken["ga4.events"] = int(broken.sum())
    twice = np.flatnonzero((rng.random(len(of)) < SHARE_DELIVERED_TWICE) & ~broken)
    rows = np.concatenate([np.arange(len(of)), twice])
    order = np.lexsort((rows, day[rows]))
    rows = rows[order]
    told.tables["events"] = pa.table(
        {
            DAY: pa.array(day[rows]),
            "micros": pa.array(micros[rows]),
            "is_start": pa.array(place[rows] == 0),
            "session": pa.array(session[of[rows]]),
            "browser": pa.array(browser[of[rows]]),
            "customer_number": pa.array(
                np.where(logged_in, people.customer_number[person], None)[of[rows]], pa.string()
            ),
            "product": pa.array(product[rows]),
            "is_broken": pa.array(broken[rows]),
        }
    )
    told.tables["delivered_twice"] = pa.table({"count": pa.array([len(twice)])})
    return told


def event_lines(events: pa.Table) -> pa.Array:
    """The JSON text of these events, put together column by column; about 400 bytes each, a broken one cut off."""
    text = pa.string()
    events = events.combine_chunks()
    column = {name: events[name].combine_chunks() for name in events.column_names}
    day = column["micros"].cast(pa.timestamp("us")).cast(pa.date32()).cast(text)
    start, number = column["is_start"], column["customer_number"]
    code = pc.binary_join_element_wise("P", pc.utf8_lpad(column["product"].cast(text), 4, "0"), "")
    page = pc.if_else(start, pa.scalar(""), pc.binary_join_element_wise("p/", code, ""))
    source = "".join(
        f', {{"key": "{key}", "value": {{"string_value": "{value}"}}}}'
        for key, value in {"source": "newsletter", "medium": "email"}.items()
    )
    quoted = pc.binary_join_element_wise('"', number.fill_null(""), '"', "")
    lines = pc.binary_join_element_wise(
        '{"event_date": "',
        pc.replace_substring(day, "-", ""),
        '", "event_timestamp": ',
        column["micros"].cast(text),
        ', "event_name": "',
        pc.if_else(start, pa.scalar("session_start"), pa.scalar("view_item")),
        '", "event_params": [{"key": "ga_session_id", "value": {"int_value": ',
        column["session"].cast(text),
        '}}, {"key": "page_location", "value": {"string_value": "https://shop.example.com/',
        page,
        '"}}',
        pc.if_else(start, pa.scalar(source), pa.scalar("")),
        '], "user_pseudo_id": "',
        column["browser"].cast(text),
        '.1700000000", "user_id": ',
        pc.if_else(pc.is_valid(number), quoted, pa.scalar("null")),
        ', "device": {"category": "mobile"}, "geo": {"country": "Finland"}, "ecommerce": {}, "items": [',
        pc.if_else(start, pa.scalar(""), pc.binary_join_element_wise('{"item_id": "', code, '"}', "")),
        "]}",
        "",
    )
    return pc.if_else(column["is_broken"], pc.utf8_slice_codeunits(lines, 0, CUT_OFF_AFTER), lines)
