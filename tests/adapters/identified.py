"""A published house in which it is known who is one customer: a few records, the matches that join or hold them."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from dagster_project.adapters.published import publish
from dagster_project.domain.clock import naive_utc
from dagster_project.settings import Settings

AS_OF = datetime(2026, 3, 31, 20, 59, tzinfo=UTC)
SEEN = naive_utc(datetime(2026, 3, 1, 12, tzinfo=UTC))
# Aino is in three systems and has a browser; Eino shares her phone; Otso has another customer number.
AINO, EINO, OTSO = (f"c{number:020d}" for number in (1, 2, 3))
CLUSTERS = {
    "ga4:cookie:x": AINO,
    "hubspot:contact:1": AINO,
    "mailchimp:member:a": AINO,
    "shop:customer:7": AINO,
    "hubspot:contact:2": EINO,
    "hubspot:contact:3": OTSO,
}
FIRST = {AINO: "hubspot:contact:1", EINO: "hubspot:contact:2", OTSO: "hubspot:contact:3"}
MATCHES = [
    ("ga4:cookie:x", "shop:customer:7", "login", "cookie_login", 1.0, None),
    ("hubspot:contact:1", "mailchimp:member:a", "email", "email", 1.0, None),
    ("hubspot:contact:1", "shop:customer:7", "customer_number", "customer_number", 1.0, None),
    ("hubspot:contact:1", "hubspot:contact:2", "phone_and_name", "phone", 1.0, "names_differ"),
    ("hubspot:contact:2", "mailchimp:member:a", "probable", "first_name+city", 0.93, "below_threshold"),
    ("hubspot:contact:1", "hubspot:contact:3", "email", "email", 1.0, "two_customer_numbers"),
]


def publish_identity(settings: Settings, more: dict[str, pa.Table] | None = None) -> None:
    """Publish them as the tables of room identity, and more of its tables."""
    clusters = pa.table(
        {
            "source_record_id": list(CLUSTERS),
            "customer_id": list(CLUSTERS.values()),
            "record_customer_id": [
                customer if FIRST[customer] == record else f"c9{place:019d}"
                for place, (record, customer) in enumerate(CLUSTERS.items())
            ],
        }
    )
    matches = pa.Table.from_pylist(
        [
            {
                "source_record_id_a": a,
                "source_record_id_b": b,
                "rule": rule,
                "evidence": evidence,
                "score": score,
                "match_weight": None if score == 1 else 3.5,
                "first_seen_at": SEEN,
                "reason": reason,
            }
            for a, b, rule, evidence, score, reason in MATCHES
        ]
    )
    held = [row for row in matches.to_pylist() if row["reason"]]
    queue = pa.Table.from_pylist(
        [row | {f"customer_id_{side}": CLUSTERS[row[f"source_record_id_{side}"]] for side in "ab"} for row in held]
    )
    suspects = pa.table(
        {
            "customer_id": [AINO],
            **{name: [3] for name in ("count_records", "count_names")},
            **{name: [2] for name in ("count_birth_dates", "count_emails", "count_phones")},
            "count_probable_matches": [0],
            "least_score": pa.array([None], pa.float64()),
        }
    )
    aliases = clusters.select(["record_customer_id", "customer_id"]).rename_columns(
        ["alias_customer_id", "customer_id"]
    )
    tables = {"clusters": clusters, "matches": matches, "review_queue": queue, "merge_suspects": suspects}
    published = {**tables, "customer_aliases": aliases, **(more or {})}
    publish(settings, {f"identity/{name}": rows for name, rows in published.items()}, AS_OF)
