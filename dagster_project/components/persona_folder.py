"""A folder of personas as Dagster assets: who is which, and the faults of files."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from dagster_project.components.faulty_files import definitions_of_faults
from dagster_project.components.fenced import Folder
from dagster_project.components.persona import PersonaFile, find_deal_personas, find_personas, load_personas
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, read_table, write_table

FILES_ARE_ASKED = "every_persona_was_asked"


class PersonaFolder(dg.Component, dg.Model, dg.Resolvable):
    """Every persona of the folder it stands in; ``analyses`` are the tables beside customer_360 that they may ask."""

    analyses: list[str]

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The assets ``personas`` and ``deal_personas``, and the faults."""
        folder = load_personas(Path(context.path))
        assets = [personas_of(folder, self.analyses), deal_personas_of(folder)]
        return dg.Definitions.merge(dg.Definitions(assets=assets), definitions_of_faults("persona", folder))


def personas_of(folder: Folder[PersonaFile], analyses: Sequence[str]) -> dg.AssetsDefinition:
    """The persona of every customer."""
    told = "\n".join(f"- `{name}`: {item.title} ({item.owner})" for name, item in sorted(folder.items.items()))

    @dg.asset(
        key="personas",
        deps=["customer_360", *analyses],
        description=f"Who each customer is as a person to talk to, how sure that is, and why.\n\n{told}",
        check_specs=[dg.AssetCheckSpec(FILES_ARE_ASKED, asset="personas", blocking=False)],
        pool=WAREHOUSE_POOL,
        kinds={"python", "yaml"},
    )
    def personas(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from dagster_project.domain.analytics.customers import customer_analytics
        from dagster_project.domain.analytics.personas.told import drawn_sizes, share_known
        from dagster_project.domain.pages.charts import picture

        tables = {table: read_table("analytics", table) for table in analyses}
        customers = customer_analytics(read_table("customer_360", "customer_360"), tables)
        run = find_personas(folder, customers, as_of_of(context))
        check = dg.AssetCheckResult(
            asset_key="personas",
            check_name=FILES_ARE_ASKED,
            passed=not run.faults,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(map(str, run.faults)) or "every persona could be asked",
        )
        result = write_table(
            "analytics", "personas", run.found.personas,
            number=("share_with_a_persona", round(share_known(run.found), 3)),
            picture=picture("Customers by persona", drawn_sizes(run.found)),
        )  # fmt: skip
        return result._replace(check_results=[check])

    return personas


def deal_personas_of(folder: Folder[PersonaFile]) -> dg.AssetsDefinition:
    """The personas of every deal with a company."""

    @dg.asset(
        key="deal_personas",
        deps=["customer_deals", "personas"],
        description="Which personas sit around the table of each company's deal: their own, and those of their roles.",
        pool=WAREHOUSE_POOL,
        kinds={"python", "yaml"},
    )
    def deal_personas(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from dagster_project.domain.analytics.personas.told import drawn_deals

        deals, people = read_table("customer_360", "customer_deals"), read_table("analytics", "personas")
        found = find_deal_personas(folder, deals, people, as_of_of(context))
        count = len(set(found["deal_id"].to_pylist()))
        return write_table(
            "analytics", "deal_personas", found, number=("count_deals", count), picture=drawn_deals(found)
        )

    return deal_personas
