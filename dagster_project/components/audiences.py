"""Audiences as Dagster assets: one trigger list per care model, one membership audience per ad destination."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of
from dagster_project.components.suites import check_result
from dagster_project.settings import settings

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.domain.exports.destination import Destination

EXPECTATIONS = "expectations"


def key_of_list(care_model: str) -> str:
    """The asset of a care model's trigger list; its table in the room ``audiences`` has the care model's name."""
    return f"trigger_list__{care_model}"


def key_of_audience(audience: str) -> str:
    """The asset of a membership audience; its table in the room ``audiences`` has the audience's name."""
    return f"audience__{audience}"


def trigger_lists_of(care_models: list[str]) -> dg.AssetsDefinition:
    """Who was chosen for each care model, held against the suite of trigger lists before anyone may export it."""
    keys = {name: key_of_list(name) for name in sorted(care_models)}

    @dg.multi_asset(
        name="make_trigger_lists",
        specs=[
            dg.AssetSpec(key, deps=["contact_plan"], description=f"Contacts chosen for `{name}`.")
            for name, key in keys.items()
        ],
        check_specs=[dg.AssetCheckSpec(EXPECTATIONS, asset=key, blocking=True) for key in keys.values()],
        pool=WAREHOUSE_POOL,
    )
    def make_trigger_lists(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        from dagster_project.adapters.warehouse import open_warehouse
        from dagster_project.domain.audiences import trigger_lists

        with open_warehouse(settings()) as warehouse:
            plan = warehouse.read("select * from decisions.contact_plan")
            lists = trigger_lists(plan, keys, as_of_of(context))
            for name, rows in lists.items():
                warehouse.write("audiences", name, rows)
        yield from checked(context, {name: (keys[name], rows) for name, rows in lists.items()}, is_membership=False)

    return make_trigger_lists


def memberships_of(destinations: list["Destination"]) -> dg.AssetsDefinition:
    """Who belongs to each ad audience: of the segment, with consent, and kept out by nothing."""
    by_audience = {one.audience: one for one in destinations if one.audience and one.segment}

    @dg.multi_asset(
        name="make_audiences",
        specs=[
            dg.AssetSpec(
                key_of_audience(name),
                deps=["segments", "consents_current", "enrolments", "contact_plan"],
                description=f"Members of the segment `{one.segment}` who allow {one.purpose} by {one.channel}.",
            )
            for name, one in sorted(by_audience.items())
        ],
        check_specs=[
            dg.AssetCheckSpec(EXPECTATIONS, asset=key_of_audience(name), blocking=True) for name in sorted(by_audience)
        ],
        pool=WAREHOUSE_POOL,
    )
    def make_audiences(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        from dagster_project.adapters.ledger import open_ledger
        from dagster_project.adapters.warehouse import open_warehouse
        from dagster_project.domain.audiences import membership_audience

        as_of = as_of_of(context)
        made = {}
        with open_ledger(settings().ledger_address) as ledger, open_warehouse(settings()) as warehouse:
            segments = warehouse.read("select segment, customer_id from analytics.segments")
            consents = warehouse.read("select * from customer_360.consents_current")
            control = warehouse.read(
                "select distinct customer_id from care_models.enrolments where is_control and ended_at is null"
            )
            held_out = ledger.held_out() | set(control["customer_id"].to_pylist())
            for name, one in sorted(by_audience.items()):
                asked = segments.filter(_is(segments, "segment", one.segment or ""))
                members = set(asked["customer_id"].to_pylist())
                blocked = set(ledger.blocked_customers(members, one.purpose, one.channel))
                rows = membership_audience(
                    segments, one.segment or "", consents, one.purpose, one.channel, held_out | blocked, as_of
                )
                warehouse.write("audiences", name, rows)
                made[name] = (key_of_audience(name), rows)
        yield from checked(context, made, is_membership=True)

    return make_audiences


def checked(
    context: dg.AssetExecutionContext, tables: Mapping[str, tuple[str, "pa.Table"]], *, is_membership: bool
) -> Iterator[dg.MaterializeResult]:
    """Each audience with what its suite found; a failing one blocks what would publish and export it."""
    from dagster_project.adapters.expectations import keep_outcome, validate_audience

    for name, (key, rows) in tables.items():
        outcome = validate_audience(name, rows, is_membership=is_membership)
        keep_outcome(settings(), outcome, as_of_of(context))
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={"dagster/row_count": rows.num_rows},
            check_results=[check_result(outcome, key, EXPECTATIONS)],
        )


def _is(rows: "pa.Table", column: str, value: str) -> "pa.ChunkedArray":
    import pyarrow.compute as pc

    return pc.equal(rows[column], value)
