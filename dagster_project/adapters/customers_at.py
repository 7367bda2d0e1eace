"""Customers as they looked at any past moment, from what was known then: what a backtest and a late run ask.

The features are those of ``customer_features``, the one macro that also makes tonight's rows; tiers, rhythm and
lifecycle are worked out from them as every night. Who is whom, how they can be reached and where they live are as
known now. Scores of models (churn, lifetime, personas) are not worked out for the past: they are unknown there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from dagster_project.domain.clock import naive_utc

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from dagster_project.settings import Settings

AT_ONCE = 31  # moments whose features are worked out together: a month of days, so that memory stays small


@lru_cache(maxsize=4)
def _features_sql(settings: Settings) -> str:
    from dagster_project.adapters.dbt import compiled

    return compiled(settings, "{{ customer_features('asked_of', 'told_events', 'told_service_contacts') }}")


class Past:
    """The customers of one published (or built) house, asked about past moments."""

    def __init__(
        self, settings: Settings, customers: pa.Table, events: pa.Table, service_contacts: pa.Table, threads: int = 2
    ) -> None:
        """Take what is known now.

        Args:
            settings: for the business zone.
            customers: ``customer_360`` as of now.
            events: ``customer_events``, whole.
            service_contacts: ``customer_service_contacts``, whole.
            threads: of the engine.
        """
        import duckdb

        self.settings, self.customers = settings, customers.sort_by("customer_id")
        self._kept: dict[datetime, pa.Table] = {}
        self.connection: duckdb.DuckDBPyConnection = duckdb.connect(config={"threads": threads})
        known = self.customers.select(["customer_id", "first_seen_at"])
        for name, rows in (("known", known), ("told_events", events), ("told_service_contacts", service_contacts)):
            self.connection.register("rows", rows)
            self.connection.execute(f"create table {name} as from rows")
            self.connection.unregister("rows")

    def close(self) -> None:
        """Let go of the memory."""
        self.connection.close()

    def prepare(self, moments: Iterable[datetime]) -> None:
        """Work out the features of several moments at once: a day of many costs a tenth of one alone."""
        wanted = [moment for moment in moments if moment not in self._kept]
        for start in range(0, len(wanted), AT_ONCE):
            self._ask(wanted[start : start + AT_ONCE])

    def at(self, moment: datetime) -> pa.Table:
        """``customer_analytics`` as of a past moment (aware): one row per customer known then, by customer_id."""
        if moment not in self._kept:
            self._ask([moment])
        return self._analysed(self._kept[moment], moment)

    def forget(self, before: datetime) -> None:
        """Drop what was worked out for moments before another."""
        self._kept = {moment: rows for moment, rows in self._kept.items() if moment >= before}

    def _ask(self, moments: list[datetime]) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        asked = pa.table({"as_of": pa.array([naive_utc(moment) for moment in moments], pa.timestamp("us"))})
        self.connection.register("moments_asked", asked)
        self.connection.execute(
            "create or replace temp table asked_of as select known.customer_id, moments_asked.as_of from known"
            " inner join moments_asked on known.first_seen_at <= moments_asked.as_of"
        )
        self.connection.unregister("moments_asked")
        found = self.connection.execute(f"{_features_sql(self.settings)} order by as_of, customer_id").to_arrow_table()
        for moment in moments:
            of_it = pc.equal(found["as_of"], pa.scalar(naive_utc(moment), pa.timestamp("us")))
            self._kept[moment] = found.filter(of_it).combine_chunks()

    def _analysed(self, features: pa.Table, moment: datetime) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        from dagster_project.domain.analytics.customers import customer_analytics
        from dagster_project.domain.analytics.lifecycle import lifecycle
        from dagster_project.domain.analytics.rfm import rfm
        from dagster_project.domain.analytics.rhythm import rhythm

        zone = self.settings.zone
        places = pc.index_in(features["customer_id"], value_set=self.customers["customer_id"].combine_chunks())
        known = self.customers.take(places)
        columns = {
            field.name: features[field.name].cast(field.type)
            if field.name in features.column_names
            else known[field.name]
            for field in self.customers.schema
        }
        then = pa.table(columns, schema=self.customers.schema)
        own_rhythm = rhythm(then, moment, zone)
        analyses = {"rfm": rfm(then, moment, zone), "rhythm": own_rhythm}
        return customer_analytics(then, analyses | {"lifecycle": lifecycle(then, own_rhythm, moment, zone)})


def past_of_published(settings: Settings) -> Past:
    """The past of the newest published version; the warehouse is not touched.

    Raises:
        NotPublished: nothing has been published yet.
    """
    from dagster_project.adapters.reading import reader

    with reader(settings) as published:
        return Past(
            settings,
            published.table("select * from customer_360.customer_360"),
            published.table("select * from customer_360.customer_events"),
            published.table("select * from customer_360.customer_service_contacts"),
            settings.threads,
        )
