"""A town of a million straight into the lake: what its systems would have delivered, drawn inside DuckDB in minutes.

Everyone is drawn by number, so any part of the town can be made alone and is the same again. The shares are those of
the real shop: about two source records a person, and twenty web events. No value is a real person's.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from dagster_project.domain.sources.delivery import Delivery
    from dagster_project.settings import Settings

LAST_DAY = datetime(2026, 3, 31, tzinfo=UTC)  # the day whose events come as deliveries of their own
AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)
DAYS = 365
SYLLABLES = "ka la ma na pa ra sa ta va ja ki li mi ni pi ri si ti vi ko lo mo no po ro so to vo ku lu".split()
DOMAINS = ("posti.example", "kirje.example", "mail.example", "koti.example", "work.example", "post.example")
CITIES = ("Helsinki", "Espoo", "Tampere", "Vantaa", "Oulu", "Turku", "Lahti", "Kuopio")
# Shares of the persons
IN_CRM, TWICE_IN_CRM, IN_NEWSLETTER, IN_SHOP, ON_THE_WEB = 0.45, 0.05, 0.40, 0.62, 0.5
NUMBER_IN_CRM = 0.55  # of those in both CRM and shop
SESSIONS, EVENTS = 12.2, 3.3  # of one browser on average; of one session

MACROS = f"""
create macro draw(number, place) as (hash(number * 131 + place * 7919 + $seed) % 1000003) / 1000003.0;
create macro pick(words, number, place) as words[1 + cast(floor(draw(number, place) * len(words)) as integer)];
create macro syllable(number, place) as pick({list(SYLLABLES)!r}, number, place);
create macro word(number, place) as upper(syllable(number, place)[1]) || syllable(number, place)[2]
    || syllable(number, place + 1);
create macro moment(number, place) as
    timestamp '{LAST_DAY:%Y-%m-%d} 20:00:00' - to_microseconds(cast(draw(number, place) * {DAYS}e6 * 86400 as bigint));
"""
PERSONS = """
create table persons as select number,
    word(cast(floor(pow(draw(number, 1), 2) * 600) as bigint), 101) as first_name,
    word(cast(floor(pow(draw(number, 2), 2) * 20000) as bigint), 103)
        || pick(['nen', 'la', 'ri', 'maa', 'salo', 'berg'], cast(floor(pow(draw(number, 2), 2) * 20000) as bigint), 107)
        as last_name,
    lower(first_name || '.' || last_name) || number % 9973 || '@' || pick($domains, number, 3) as email,
    '0' || pick(['40', '41', '44', '45', '46', '50'], number, 4)
        || lpad(cast(1000000 + number * 7 % 8999993 as text), 7, '0') as phone,
    strftime(date '1930-01-01' + cast(floor(draw(number, 5) * 27000) as integer), '%Y%m%d') as birth_date,
    word(cast(floor(draw(number, 6) * 900) as bigint), 109) || 'katu '
        || 1 + cast(floor(draw(number, 7) * 60) as integer) as street,
    lpad(cast(floor(draw(number, 8) * 3000) * 10 as integer)::text, 5, '0') as postal_code,
    pick($cities, number, 9) as city,
    cast(10000000 + number as text) as customer_number,
    draw(number, 10) < $in_crm as in_crm, draw(number, 11) < $twice_in_crm as twice_in_crm,
    draw(number, 12) < $in_newsletter as in_newsletter, draw(number, 13) < $in_shop as in_shop,
    draw(number, 14) < $on_the_web as on_the_web, draw(number, 15) < $number_in_crm and draw(number, 13) < $in_shop
        as number_in_crm,
    draw(number, 16) < 0.15 as was_changed
from range($persons) as numbers(number)
"""
CONTACTS = """
select 'h' || number || coalesce(entry, '') as id, false as _fivetran_deleted,
    case when entry = 'b' and draw(number, 21) < 0.5 then null
        when version = 1 and draw(number, 22) < 0.5 then 'old.' || email else email end as property_email,
    first_name as property_firstname, last_name as property_lastname,
    case when draw(number, 23) < 0.8 then case when entry = 'b' then '+358' || phone[2:] else phone end end
        as property_phone,
    street as property_address, city as property_city, postal_code as property_zip, 'Finland' as property_country,
    case when draw(number, 24) < 0.7 then birth_date end as property_date_of_birth,
    case when number_in_crm and entry is null then customer_number end as property_customer_number,
    moment(number, 25) - interval 400 day as property_createdate,
    case when version = 1 then moment(number, 25) - interval 380 day else moment(number, 26) end
        as property_lastmodifieddate,
    draw(number, 27) < 0.2 as property_hs_email_optout,
    property_lastmodifieddate as occurred_at
from (
    select *, null as entry, 2 as version from persons where in_crm
    union all select *, null as entry, 1 as version from persons where in_crm and was_changed
    union all select *, 'b' as entry, 2 as version from persons where in_crm and twice_in_crm
) as entries
"""
MEMBERS = """
select md5('m' || number) as id, 'list1' as list_id, 'FI' as country_code,
    case when draw(number, 31) < 0.75 then upper(email[1]) || email[2:] else 'second.' || email end as email_address,
    'fi' as language, moment(number, 32) as last_changed, first_name as merge_fname,
    case when draw(number, 33) < 0.1 then null else last_name end as merge_lname, 'subscribed' as status,
    last_changed as timestamp_opt, last_changed as timestamp_signup, last_changed as occurred_at
from persons where in_newsletter
"""
INVOICES = """
create table invoices as
select number, customer_number, 500000 + number * 8 + nth as invoice,
    moment(number * 8 + nth, 41) as occurred_at, 1 + cast(floor(draw(number * 8 + nth, 42) * 3) as integer) as lines,
    on_the_web and draw(number * 8 + nth, 43) < 0.6 as is_on_the_web
from persons, unnest(range(1 + cast(floor(draw(number, 44) * 3) as integer))) as orders(nth) where in_shop
"""
INVOICE_LINES = """
select cast(invoice as text) as InvoiceNo,
    cast(20000 + cast(floor(draw(invoice * 4 + line, 45) * 4000) as integer) as text) as StockCode,
    'PRODUCT ' || StockCode as Description, 1 + cast(floor(draw(invoice * 4 + line, 46) * 5) as integer) as Quantity,
    occurred_at + interval 3 hour as InvoiceDate,
    cast(1 + draw(invoice * 4 + line, 47) * 40 as decimal(18, 2)) as UnitPrice,
    customer_number as CustomerID, 'Finland' as Country, occurred_at
from invoices, unnest(range(lines)) as parts(line)
"""
CAMPAIGNS = """
select 'c' || number as id, false as _fivetran_deleted, 'list1' as list_id,
    timestamp '2026-03-31 07:00:00' - to_days(cast(number * 60 as integer)) as create_time,
    create_time + interval 1 hour as send_time, 'sent' as status, 'News' as subject_line, 'News' as title,
    create_time as occurred_at
from range(6) as numbers(number)
"""
RECIPIENTS = """
select 'c' || campaign as campaign_id, md5('m' || number) as member_id, 'list1' as list_id,
    timestamp '2026-03-31 08:00:00' - to_days(cast(campaign * 60 as integer)) as occurred_at
from persons, range(6) as campaigns(campaign) where in_newsletter
"""
ACTIVITIES = """
select case when draw(number * 8 + campaign, 52) < 0.7 then 'open' else 'click' end as action,
    'c' || campaign as campaign_id, md5('m' || number) as member_id, 'list1' as list_id,
    timestamp '2026-03-31 08:00:00' - to_days(cast(campaign * 60 as integer))
        + to_seconds(cast(draw(number * 8 + campaign, 53) * 40000 as integer)) as timestamp,
    case when action = 'click' then 'https://shop.example/p/' || number % 900 end as url, timestamp as occurred_at
from persons, range(6) as campaigns(campaign) where in_newsletter and draw(number * 8 + campaign, 51) < 0.3
"""
SESSIONS_SQL = """
create table sessions as
select number, number * 64 + nth as session, case when draw(number * 64 + nth, 61) < 0.1 and in_shop
    then customer_number end as user_id, moment(number * 64 + nth, 62) as started_at,
    cast(floor(-ln(1 - draw(number * 64 + nth, 63)) * $views) as integer) as views
from persons, unnest(range(1 + cast(least(62, floor(-ln(1 - draw(number, 64)) * $sessions)) as integer))) as visits(nth)
where on_the_web
"""
WEB_EVENTS = """
select cast(occurred_at as date) as event_date, occurred_at as event_timestamp, event_name,
    '[{"key": "ga_session_id", "value": {"int_value": ' || session || '}}, {"key": "source", "value": {"string_value":'
    || ' "google"}}, {"key": "medium", "value": {"string_value": "organic"}}, {"key": "page_location", "value":'
    || ' {"string_value": "https://shop.example.com/p/' || coalesce(cast(product as text), '') || '"}}]'
        as event_params,
    number % 900000000 || '.' || number * 7 as user_pseudo_id, user_id, '{"category": "mobile"}' as device,
    '{"country": "Finland"}' as geo,
    case when invoice is null then '{}' else '{"transaction_id": "' || invoice || '"}' end as ecommerce,
    case when product is null then '[]' else '[{"item_id": "' || product || '"}]' end as items, occurred_at
from (
    select number, session, user_id, case when nth = 0 then 'session_start' else 'view_item' end as event_name,
        started_at + to_microseconds(nth * 37000000 + session % 1000) as occurred_at,
        case when nth > 0 then 20000 + cast(floor(draw(session * 32 + nth, 65) * 4000) as integer) end as product,
        null as invoice
    from sessions, unnest(range(least(views, 30) + 1)) as steps(nth)
    union all
    select number, number * 64 + 63 as session, null as user_id, 'purchase' as event_name, occurred_at,
        null as product, invoice
    from invoices where is_on_the_web
) as happened
"""
TABLES = {
    ("hubspot", "contact"): CONTACTS,
    ("mailchimp", "member"): MEMBERS,
    ("mailchimp", "campaign"): CAMPAIGNS,
    ("mailchimp", "campaign_recipient"): RECIPIENTS,
    ("mailchimp", "campaign_recipient_activity"): ACTIVITIES,
    ("shop", "invoice_lines"): INVOICE_LINES,
    ("ga4", "events"): WEB_EVENTS,
}
OF_A_DAY = {("mailchimp", "campaign_recipient_activity"), ("shop", "invoice_lines"), ("ga4", "events")}


def make_big_town(home: Settings, persons: int, seed: int = 1) -> tuple[list[Delivery], list[Delivery]]:
    """Write the town into the lake of an empty home.

    Returns:
        the deliveries up to the day before LAST_DAY, and those of that day.
    """
    before: list[Delivery] = []
    of_the_day: list[Delivery] = []
    settings = {"threads": home.threads, "memory_limit": "4GB", "preserve_insertion_order": False}
    with duckdb.connect(str(home.at_home.make().root / "town.duckdb"), config=settings) as town:  # type: ignore[arg-type]
        run = town.execute
        for statement in MACROS.replace("$seed", str(seed)).split(";")[:-1]:
            run(statement)
        run(PERSONS, {"persons": persons, "domains": list(DOMAINS), "cities": list(CITIES), "in_crm": IN_CRM,
                      "twice_in_crm": TWICE_IN_CRM, "in_newsletter": IN_NEWSLETTER, "in_shop": IN_SHOP,
                      "on_the_web": ON_THE_WEB, "number_in_crm": NUMBER_IN_CRM})  # fmt: skip
        run(INVOICES)
        run(SESSIONS_SQL, {"views": EVENTS - 1 + 0.5, "sessions": SESSIONS})
        day = f"occurred_at >= timestamp '{LAST_DAY:%Y-%m-%d}'"
        for (source, table), drawn in TABLES.items():
            if (source, table) in OF_A_DAY:
                before.append(_deliver(town, home, source, table, drawn, f"not ({day})", LAST_DAY - timedelta(days=1)))
                of_the_day.append(_deliver(town, home, source, table, drawn, day, LAST_DAY))
            else:
                before.append(_deliver(town, home, source, table, drawn, "true", LAST_DAY - timedelta(days=1)))
    (home.at_home.root / "town.duckdb").unlink()
    return before, of_the_day


def _deliver(
    town: duckdb.DuckDBPyConnection, home: Settings, source: str, table: str, drawn: str, which: str, day: datetime
) -> Delivery:
    """Write one lake file as the gate would, in the order in which the rows happened."""
    from dagster_project.adapters.gate import contracts_in
    from dagster_project.adapters.lake import lake_file, lake_schema
    from dagster_project.adapters.landing import CONTRACTS
    from dagster_project.domain.sources.delivery import Delivery

    contract = contracts_in(CONTRACTS).items[source]
    file_id = f"{source}_{table}_{day:%Y%m%d}"
    path = lake_file(home, contract, table, day.date(), file_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = {name[0] for name in town.execute(f"describe {drawn}").fetchall()}
    empty = lake_schema(contract.tables[table]).empty_table()
    town.register("empty", empty)
    kinds = {name: kind for name, kind, *_ in town.execute("describe select * from empty").fetchall()}
    town.unregister("empty")
    own = {
        "known_at": "occurred_at",
        "row_id": f"md5(row({', '.join(sorted(made))})::text)",
        "file_id": f"'{file_id}'",
        "line_number": "row_number() over ()",
    }
    columns = ", ".join(
        f'cast({own.get(name, name if name in made else "null")} as {kind}) as "{name}"' for name, kind in kinds.items()
    )
    written = town.execute(
        f"copy (select {columns} from (select * from ({drawn}) as drawn where {which} order by occurred_at) as ordered)"
        f" to '{path}' (format parquet, compression zstd)"
    ).fetchone()
    count = int(written[0]) if written else 0
    return Delivery(file_id, source, table, path.name, "loaded", day, day, "", "", count, count, 0, "history")
