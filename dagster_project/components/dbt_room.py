"""A room of dbt models as Dagster assets: key = model, group = room, dbt tests as asset checks."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from dagster_project.adapters import dbt
from dagster_project.components.running import RETRY_A_LOCKED_STORE, WAREHOUSE_POOL, as_of_of
from dagster_project.settings import settings


class HouseTranslator(DagsterDbtTranslator):
    """Names in Dagster are names in dbt: the model is the key, its folder is the group."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """A model's name; for a source ``<source>__<table>``, the asset the file gate makes."""
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey(f"{dbt_resource_props['source_name']}__{dbt_resource_props['name']}")
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The room: the first folder under ``models``. Seeds belong to the sources."""
        if dbt_resource_props["resource_type"] == "source":
            return "sources"
        room: str = dbt_resource_props["fqn"][1]
        return room if dbt_resource_props["resource_type"] != "seed" else "sources"

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's own words, without the SQL (dbt's pages show that)."""
        return str(dbt_resource_props.get("description") or "")


@lru_cache(maxsize=1)
def manifest() -> dict[str, Any]:
    """The parsed project, once per process."""
    return dbt.manifest_json(settings())


def room_of_models(room: str, select: str | None = None) -> dg.AssetsDefinition:
    """All dbt models of one room, built and tested together in this process.

    Args:
        room: the folder under ``dbt_project/models``, and the group in Dagster.
        select: another dbt selector than the room's folder.
    """

    @dbt_assets(
        manifest=manifest(),
        select=select or f"fqn:hoiva.{room}",
        name=f"build_{room}",
        dagster_dbt_translator=HouseTranslator(),
        pool=WAREHOUSE_POOL,
        retry_policy=RETRY_A_LOCKED_STORE,
    )
    def build_room(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from build_selected(context)

    return build_room


def build_selected(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Build what the run selected of these models; every model and test becomes its Dagster event.

    The events of finished nodes are yielded even when a later one failed, so that the page shows what stands.
    """
    parameters = get_updated_cli_invocation_params_for_context(
        context=context, manifest=manifest(), dagster_dbt_translator=HouseTranslator()
    )
    selected = list(parameters.selection_args)[1:]
    events: list[dbt.DbtEvent] = []
    failure: dbt.DbtFailed | None = None
    try:
        dbt.build(settings(), [part for arg in selected for part in arg.split()], as_of_of(context), events.append)
    except dbt.DbtFailed as failed:
        failure = failed
    for event in events:
        message = DbtCoreCliEventMessage(raw_event=dict(event.raw), event_history_metadata={})
        yield from message.to_default_asset_events(
            manifest=parameters.manifest,
            dagster_dbt_translator=parameters.dagster_dbt_translator,
            context=context,
        )
    if failure is not None:
        raise dg.Failure(str(failure), allow_retries="lock" in str(failure))
