"""Planted people, and what each kind of source delivers about them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.gate.typing import pseudonyms
from dagster_project.domain.identity.ids import record_ids

WHEN = "2026-03-29 10:00:00"
LETTERS_OF = "abcdefghijklmnopqrst"


@dataclass(frozen=True)
class Person:
    """Somebody, with values in every field that nobody else has."""

    number: int
    kind: str  # a word that all planted people share, and all others

    @property
    def word(self) -> str:
        return f"{self.kind}{LETTERS_OF[self.number % 20]}{LETTERS_OF[self.number // 20]}q"

    @property
    def email(self) -> str:
        return f"Paivi.{self.word}@Posti{self.number:02d}.example.com"

    @property
    def phone(self) -> str:
        return f"040 {71 if self.kind == 'vesi' else 81}0 {1000 + self.number}"

    @property
    def first_name(self) -> str:
        return f"Jäkälä{self.word}"

    @property
    def last_name(self) -> str:
        return f"Öljymäki{self.word}"

    @property
    def street(self) -> str:
        return f"Lähdekuja {self.word} {self.number}"

    @property
    def city(self) -> str:
        return f"Kylänen{self.word}"

    @property
    def ticket(self) -> str:
        return f"Terveisin {self.word}, soittakaa"

    @property
    def id(self) -> str:
        return str((7 if self.kind == "vesi" else 8) * 10_000_000 + self.number)

    @property
    def customer_number(self) -> str:
        return str((7 if self.kind == "vesi" else 8) * 10_000 + self.number)

    @property
    def member(self) -> str:
        return hashlib.md5(self.email.lower().encode(), usedforsecurity=False).hexdigest()

    @property
    def fields(self) -> list[str]:
        """Every planted value."""
        return [self.email, self.phone, self.first_name, self.last_name, self.street, self.city, self.ticket]

    def records(self, salt: str) -> list[str]:
        """Her source records, the eldest first."""
        member = pseudonyms(pa.chunked_array([[self.member]]), salt).to_pylist()[0]
        cookie = f"cookie-{self.word}"
        return [
            f"hubspot:contact:{self.id}",
            f"standard:contact:{self.id}",
            f"mailchimp:member:{member}",
            f"shop:customer:{self.customer_number}",
            f"ga4:cookie:{cookie}",
        ]

    def customer_id(self, salt: str) -> str:
        return record_ids([self.records(salt)[0]], salt)[0]


PLANTED = [Person(number, "vesi") for number in range(20)]
OTHERS = [Person(number, "maa") for number in range(10)]
VALUES = [value for one in PLANTED for value in one.fields]


def as_csv(rows: Sequence[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def deliveries(people: Sequence[Person]) -> dict[tuple[str, str], bytes]:
    """(source, file name) to the bytes that each kind of source delivers about these people."""
    contact = [
        {
            "id": one.id, "_fivetran_deleted": "false", "_fivetran_synced": WHEN, "property_email": one.email.upper(),
            "property_firstname": one.first_name, "property_lastname": one.last_name, "property_phone": one.phone,
            "property_address": one.street, "property_city": one.city, "property_zip": "00100",
            "property_country": "Finland", "property_date_of_birth": "19710624",
            "property_customer_number": one.customer_number, "property_createdate": WHEN,
            "property_lastmodifieddate": WHEN, "property_hs_email_optout": "false", "property_may_phone": "true",
            "property_may_post": "true",
        }
        for one in people
    ]  # fmt: skip
    many = min(10, len(people) - 1)
    broken = [row | {"property_createdate": "yesterday"} for row in contact[:many]] + [contact[-1]]
    ticket = [
        {
            "id": f"t{one.id}", "_fivetran_synced": WHEN, "is_deleted": "false", "property_createdate": WHEN,
            "property_closed_date": "", "property_hs_ticket_category": "complaint",
            "property_hs_ticket_priority": "LOW", "property_source_type": "EMAIL", "property_subject": one.ticket,
            "property_content": f"{one.ticket} {one.phone}",
        }
        for one in people
    ]  # fmt: skip
    ticket_contact = [
        {"ticket_id": f"t{one.id}", "contact_id": one.id, "category": "x", "_fivetran_synced": WHEN} for one in people
    ]
    member = [
        {
            "id": one.member, "list_id": "l1", "_fivetran_synced": WHEN, "country_code": "FI",
            "email_address": one.email.lower(), "email_type": "html", "language": "fi", "last_changed": WHEN,
            "member_rating": 2, "merge_fname": one.first_name, "merge_lname": one.last_name, "status": "subscribed",
            "timestamp_opt": WHEN, "timestamp_signup": WHEN, "vip": "false",
        }
        for one in people
    ]  # fmt: skip
    recipient = [
        {"campaign_id": "c1", "member_id": one.member, "list_id": "l1", "_fivetran_synced": WHEN} for one in people
    ]
    web = b"".join(
        json.dumps(
            {
                "event_date": "20260329", "event_timestamp": 1_774_000_000_000_000 + one.number, "event_name": "view",
                "event_params": [{"key": "q", "value": one.last_name}], "user_pseudo_id": f"cookie-{one.word}",
                "user_id": one.customer_number, "device": {}, "geo": {}, "ecommerce": {}, "items": [],
            }
        ).encode()
        + b"\n"
        for one in people
    )  # fmt: skip
    lines = pa.table(
        {
            "InvoiceNo": [f"5{one.id}" for one in people], "StockCode": ["A1"] * len(people),
            "Description": ["MUG"] * len(people), "Quantity": ["2"] * len(people),
            "InvoiceDate": [f"2026-03-{1 + one.number % 9:02d} 10:00:00" for one in people],
            "UnitPrice": ["2.5"] * len(people), "CustomerID": [one.customer_number for one in people],
            "Country": ["Finland"] * len(people),
        }
    )  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(lines, sink)
    standard = [
        {
            "contact_id": one.id, "customer_number": "", "email": one.email, "phone": one.phone,
            "first_name": one.first_name, "last_name": one.last_name, "street": one.street, "postal_code": "00100",
            "city": one.city, "updated_at": WHEN,
        }
        for one in people
    ]  # fmt: skip
    orders = [{"order_id": f"o{one.id}", "contact_id": one.id, "ordered_at": WHEN} for one in people]
    order_lines = [
        {"order_id": f"o{one.id}", "line": "1", "quantity": "1", "unit_price": "9", "ordered_at": WHEN}
        for one in people
    ]
    answers = [
        {
            "answer_id": f"a{one.id}", "source_record_id_a": f"hubspot:contact:{one.id}",
            "source_record_id_b": f"standard:contact:{one.id}", "is_same": "true", "answered_at": WHEN,
        }
        for one in people
    ]  # fmt: skip
    short = f"{contact[0]['id']},{contact[0]['property_email']}\n".encode()
    return {
        ("hubspot", "contact_1.csv"): as_csv(contact),
        ("hubspot", "contact_2.csv"): as_csv(broken),
        ("hubspot", "contact_3.csv"): as_csv(contact[:1]) + short,
        ("hubspot", "ticket_1.csv"): as_csv(ticket),
        ("hubspot", "ticket_contact_1.csv"): as_csv(ticket_contact),
        ("mailchimp", "member_1.csv.gz"): gzip.compress(as_csv(member)),
        ("mailchimp", "campaign_recipient_1.csv"): as_csv(recipient),
        ("ga4", "events_1.jsonl.gz"): gzip.compress(web),
        ("shop", "invoice_lines_1.parquet"): sink.getvalue(),
        ("standard", "contacts_1.csv"): as_csv(standard),
        ("standard", "orders_1.csv"): as_csv(orders),
        ("standard", "order_lines_1.csv"): as_csv(order_lines),
        ("standard", "match_answers_1.csv"): as_csv(answers),
        # Refused as a whole: a quote is opened that never closes.
        ("hubspot", "contact_4.csv"): as_csv(contact).replace(b"00100", b'"00100', 1),
    }
