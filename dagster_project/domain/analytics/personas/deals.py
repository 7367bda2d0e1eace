"""The table ``deal_personas``: who sits around the table of a company's deal, and as which persona."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.personas.schema import DEAL_PERSONAS, UNKNOWN
from dagster_project.domain.analytics.schema import MOMENT, conforming_to
from dagster_project.domain.clock import naive_utc


@dataclass(frozen=True)
class DealRole:
    """A persona that somebody stands for on a deal, whatever they buy: who signs is a decision maker there."""

    persona: str
    roles: tuple[str, ...]
    confidence: float


def deal_personas(
    customer_deals: pa.Table, personas: pa.Table, roles: Sequence[DealRole], as_of: datetime
) -> pa.Table:  # fmt: skip
    """The personas of every deal: one row for each customer on it and persona they stand for there.

    A customer brings their own persona to the deal, and one more for each role they have on it. A customer without
    either is on the deal as ``unknown``: somebody to get to know.

    Args:
        customer_deals: deal_id, company_id, customer_id, deal_role; one row per customer and deal, as of the moment.
        personas: of all customers.
        roles: of :class:`DealRole`.
        as_of: the moment.

    Returns:
        sorted by deal, customer and persona.
    """
    of_customer = pc.index_in(
        customer_deals.column("customer_id"), value_set=personas.column("customer_id").combine_chunks()
    )
    known = customer_deals.filter(of_customer.is_valid())
    theirs = personas.take(of_customer.drop_null())
    version, quality = theirs.column("model_version"), theirs.column("quality")
    own = _rows(known, theirs.column("persona"), theirs.column("confidence"), theirs.column("found_by"),
                theirs.column("evidence"), quality, version)  # fmt: skip
    parts = []
    for each in sorted(roles, key=lambda one: one.persona):
        has_role = pc.fill_null(pc.is_in(known.column("deal_role"), value_set=pa.array(each.roles, pa.string())), False)
        rows = known.filter(has_role)
        said = pc.binary_join_element_wise(
            pc.replace_substring(rows.column("deal_role"), "_", " "), "of this deal", " "
        )
        parts.append(
            _rows(rows, [each.persona] * rows.num_rows, [each.confidence] * rows.num_rows, ["role"] * rows.num_rows,
                  said, quality.filter(has_role), version.filter(has_role))
        )  # fmt: skip
    found = pa.concat_tables([*parts, own])
    found = found.append_column("as_of", pa.array([naive_utc(as_of)] * found.num_rows, MOMENT))
    return conforming_to(
        "analytics.deal_personas", _strongest(found), DEAL_PERSONAS, ("deal_id", "customer_id", "persona")
    )


def _rows(
    deals: pa.Table, persona: object, confidence: object, found_by: object, evidence: object, quality: object,
    version: object,
) -> pa.Table:  # fmt: skip
    columns = {
        "deal_id": deals.column("deal_id"),
        "company_id": deals.column("company_id"),
        "customer_id": deals.column("customer_id"),
        "persona": persona,
        "confidence": confidence,
        "found_by": found_by,
        "evidence": evidence,
        "quality": quality,
        "model_version": version,
    }
    schema = pa.schema([field for field in DEAL_PERSONAS if field.name != "as_of"])
    return pa.table(columns).cast(pa.schema([field.with_nullable(True) for field in schema]))


def _strongest(rows: pa.Table) -> pa.Table:
    """One row per deal, customer and persona; ``unknown`` only for whom the deal knows nothing better."""
    keys = [("deal_id", "ascending"), ("customer_id", "ascending"), ("persona", "ascending")]
    rows = rows.sort_by([*keys, ("confidence", "descending"), ("found_by", "descending")])
    deals, customers, names = (rows.column(name).to_pylist() for name, _ in keys)
    seen: set[tuple[str, str, str]] = set()
    named = {key[:2] for key in zip(deals, customers, names, strict=True) if key[2] != UNKNOWN}
    keep = np.zeros(rows.num_rows, dtype=bool)
    for place, key in enumerate(zip(deals, customers, names, strict=True)):
        keep[place] = key not in seen and not (key[2] == UNKNOWN and key[:2] in named)
        seen.add(key)
    return rows.filter(pa.array(keep))
