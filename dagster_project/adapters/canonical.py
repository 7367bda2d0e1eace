"""The one form of a table, so that equal content is equal bytes."""

from __future__ import annotations

import pyarrow as pa


def canonical(rows: pa.Table) -> pa.Table:
    """The one form of a table: plain types, no metadata, sorted by its columns from the left.

    >>> canonical(pa.table({"customer_id": ["c2", "c1"], "as_of": [1, 2]}))["customer_id"].to_pylist()
    ['c1', 'c2']
    """
    fields = [pa.field(field.name, _plain(field.type), nullable=True) for field in rows.schema]
    plain = rows.replace_schema_metadata(None).cast(pa.schema(fields))
    keys = [(field.name, "ascending") for field in fields if not _has_no_order(field.type)]
    return (plain.sort_by(keys) if keys and plain.num_rows > 1 else plain).combine_chunks()


def _has_no_order(kind: pa.DataType) -> bool:
    return pa.types.is_nested(kind) or pa.types.is_interval(kind)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind
