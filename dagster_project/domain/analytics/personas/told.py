"""What an operator sees of the personas: how many customers have one, and a picture of their sizes."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.analytics.personas.personas import Personas
from dagster_project.domain.analytics.personas.schema import UNKNOWN


def share_known(found: Personas) -> float:
    """The share of customers of whom we know who they are; 0 in an empty base.

    >>> import pyarrow as pa
    >>> share_known(Personas(pa.table({}), None, {"big_basket": 3, "unknown": 1}))
    0.75
    """
    return 1 - found.sizes.get(UNKNOWN, 0) / sum(found.sizes.values()) if sum(found.sizes.values()) else 0.0


def drawn_sizes(found: Personas) -> str:
    """Bars: customers of each persona, the largest first, the unknown last."""
    import pandas as pd

    from dagster_project.domain.pages.charts import bars

    in_order = sorted(found.sizes.items(), key=lambda each: (each[0] == UNKNOWN, -each[1], each[0]))
    rows = pd.DataFrame([(name.replace("_", " "), count) for name, count in in_order], columns=["persona", "customers"])
    return bars(rows, "persona", "customers")


def drawn_deals(found: pa.Table) -> str | None:
    """A picture for metadata: on how many deals each persona sits; None without deals."""
    import pandas as pd

    from dagster_project.domain.pages.charts import bars, picture

    if not found.num_rows:
        return None
    pairs = pd.DataFrame({name: found.column(name).to_pylist() for name in ("persona", "deal_id")}).drop_duplicates()
    rows = pairs.groupby("persona", as_index=False).size().sort_values(["size", "persona"], ascending=[False, True])
    rows["persona"] = rows["persona"].str.replace("_", " ")
    return picture("Deals each persona sits on", bars(rows.rename(columns={"size": "deals"}), "persona", "deals"))
