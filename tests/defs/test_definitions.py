"""The house as Dagster sees it: rooms, owners, the one warehouse pool, and when things run by themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.components.automation import BUILDS, DAY, DECIDE, ERASE, EXPORT, schedule_status, sensor_status
from dagster_project.components.running import WAREHOUSE_POOL
from dagster_project.settings import CHECKOUT, settings

ROOMS = {
    "sources": {"deliveries", "hubspot__contact", "mailchimp__member", "ga4__events", "shop__invoice_lines",
                "standard__orders", "consent_coverage"},
    "staging": {"stg_hubspot__contacts", "stg_mailchimp__members", "stg_ga4__events", "stg_shop__invoice_lines",
                "stg_standard__orders"},
    "unified": {"contacts", "consents", "orders", "order_lines", "web_events", "newsletter_events",
                "service_contacts", "events"},
    "identity": {"identifiers", "clusters", "customers", "customer_aliases", "review_queue",
                 "merge_suspects", "identity_report"},
    "customer_360": {"customer_360", "customer_events", "consents_current", "contact_points", "customer_timeline",
                     "households"},
    "analytics": {"rfm", "rhythm", "lifecycle", "customer_analytics", "segments", "segment_sizes",
                  "churn_model", "churn_scores", "lifetime_value", "lifetime_value_model",
                  "personas", "deal_personas",
                  "lifecycle_moves", "lifecycle_migration", "lifecycle_before",
                  "value_tier_migration", "base_xray", "fading_high_value", "fading_high_value_flow",
                  "next_products", "next_categories", "product_rules"},
    "care_models": {"welcome_after_first_purchase", "service_recovery", "high_value_fading",
                    "enrolments", "standings", "transitions", "due_actions", "answers", "automation_maps"},
    "decisions": {"proposed_actions", "not_eligible", "propensities", "candidates", "contact_plan", "funnel",
                  "constraint_use", "comparison", "displacements", "decisions_report"},
    "audiences": {"trigger_list__welcome_after_first_purchase", "trigger_list__service_recovery",
                  "trigger_list__high_value_fading"},
    "exports": {"published", "acknowledgements", "data_docs", "health", "retired_destinations", "mailchimp_letters",
                "contact_centre_calls", "google_ads_fading_high_value", "meta_fading_high_value", "postal_letters",
                "text_messages", "app_messages", "shop_pages", "sample_orders", "event_invitations",
                "shop_staff_tasks"},
}  # fmt: skip

# These steps never open the warehouse: they read the ledger, published Parquet, or files.
OUTSIDE_THE_POOL = {
    "deliveries",
    "acknowledgements",
    "retired_destinations",
    "data_docs",
    "health",
    "mailchimp_letters",
    "contact_centre_calls",
    "google_ads_fading_high_value",
    "meta_fading_high_value",
    "postal_letters",
    "text_messages",
    "app_messages",
    "shop_pages",
    "sample_orders",
    "event_invitations",
    "shop_staff_tasks",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    """The front door, opened with a home of its own."""
    from dagster_project.definitions import defs
    from tests.journeys.homes import at_home

    with at_home(tmp_path_factory.mktemp("house") / "home"):
        yield defs()


def specs(house: dg.Definitions) -> list[dg.AssetSpec]:
    return list(house.resolve_all_asset_specs())


def test_each_room_holds_what_the_house_is_known_for(house: dg.Definitions) -> None:
    keys: dict[str, set[str]] = {}
    for spec in specs(house):
        keys.setdefault(str(spec.group_name), set()).add(spec.key.to_user_string())
    assert set(keys) == set(ROOMS)
    assert {room: expected - keys[room] for room, expected in ROOMS.items() if expected - keys[room]} == {}


def test_every_asset_has_an_owner_and_says_what_it_is(house: dg.Definitions) -> None:
    assert [spec.key.to_user_string() for spec in specs(house) if not spec.owners] == []
    assert [spec.key.to_user_string() for spec in specs(house) if not spec.description] == []


def test_no_room_reads_a_later_room(house: dg.Definitions) -> None:
    place = {room: number for number, room in enumerate(ROOMS)}
    room_of = {spec.key: str(spec.group_name) for spec in specs(house)}
    backwards = [
        f"{spec.key.to_user_string()} reads {dep.asset_key.to_user_string()}"
        for spec in specs(house)
        for dep in spec.deps
        if place[room_of[dep.asset_key]] > place[room_of[spec.key]]
    ]
    assert backwards == []


def test_every_step_that_may_open_the_warehouse_waits_in_its_pool(house: dg.Definitions) -> None:
    """DuckDB takes one writer and no reader beside it: a step without the pool breaks another one's run."""
    steps = house.resolve_job_def(DAY).graph.node_defs
    outside = {step.name for step in steps if WAREHOUSE_POOL not in step.pools}
    assert outside == OUTSIDE_THE_POOL
    assert len(steps) > len(outside) + 10


def test_no_step_outside_the_pool_opens_the_warehouse() -> None:
    """The list above is only as true as this: none of their files imports it."""
    files = ["sources/deliveries.py", "exports/acknowledgements.py", "exports/data_docs.py", "exports/health.py"]
    files.append("exports/retired_destinations.py")
    sources = [CHECKOUT / "dagster_project" / "defs" / file for file in files]
    sources.append(CHECKOUT / "dagster_project" / "components" / "destination_folder.py")
    assert [path.name for path in sources if "open_warehouse" in path.read_text()] == []


def test_schedules_keep_clear_of_the_hour_that_daylight_saving_moves(house: dg.Definitions) -> None:
    schedules = list(house.schedules or [])
    assert [schedule.name for schedule in schedules] == ["every_morning"]
    for schedule in schedules:
        _, hour, *_ = str(schedule.cron_schedule).split()
        assert hour.isdigit()
        assert int(hour) != 3
        assert schedule.execution_timezone == settings().business_zone


def test_nothing_starts_by_itself_unless_asked(house: dg.Definitions, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {sensor.name for sensor in house.sensors or []} >= {
        "landing_files",
        "exports_waiting",
        "erasures_waiting",
    }
    assert {sensor.default_status for sensor in house.sensors or []} == {dg.DefaultSensorStatus.STOPPED}
    assert {schedule.default_status for schedule in house.schedules or []} == {dg.DefaultScheduleStatus.STOPPED}
    monkeypatch.setenv("HOIVA_UNATTENDED", "true")
    settings.cache_clear()
    assert sensor_status() == dg.DefaultSensorStatus.RUNNING
    assert schedule_status() == dg.DefaultScheduleStatus.RUNNING


def test_steps_run_in_the_process_of_their_run(house: dg.Definitions) -> None:
    assert house.executor is dg.in_process_executor
    for name in (DAY, DECIDE, EXPORT):
        assert house.resolve_job_def(name).executor_def is dg.in_process_executor


def test_jobs_hold_what_their_names_promise(house: dg.Definitions) -> None:
    steps = {
        name: {step.name for step in house.resolve_job_def(name).graph.node_defs} for name in (DAY, DECIDE, EXPORT)
    }
    assert steps[DAY] >= steps[DECIDE] | steps[EXPORT]
    assert "deliveries" in steps[DECIDE]
    assert "published" in steps[DECIDE]
    assert not steps[DECIDE] & steps[EXPORT]
    assert {"mailchimp_letters", "acknowledgements"} <= steps[EXPORT]


def test_no_tool_calls_home() -> None:
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"] == "yes"
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "False"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


def test_the_instance_of_a_home_has_telemetry_off_and_one_place_in_the_pool(tmp_path: Path) -> None:
    from dagster_project.adapters.dagster_home import prepare
    from tests.journeys.homes import at_home

    with at_home(tmp_path / "home") as own:
        prepare(own)
        with dg.DagsterInstance.get() as instance:
            assert not instance.telemetry_enabled
            assert instance.run_monitoring_enabled
            assert instance.run_retries_enabled
            limits = instance.get_concurrency_config()
            assert limits.pool_config.default_pool_limit == 1
            assert limits.run_queue_config is not None
            (night,) = limits.run_queue_config.tag_concurrency_limits
            assert ({night["key"]: night["value"]}, night["limit"]) == (BUILDS, 1)


def test_nights_run_one_after_another_and_exports_beside(house: dg.Definitions) -> None:
    tags = {name: BUILDS.items() <= house.resolve_job_def(name).tags.items() for name in (DAY, DECIDE, ERASE, EXPORT)}
    assert tags == {DAY: True, DECIDE: True, ERASE: True, EXPORT: False}
    assert [step.pools for step in house.resolve_job_def(ERASE).graph.node_defs] == [{WAREHOUSE_POOL}]


def test_tests_of_dbt_are_checks_of_their_assets(house: dg.Definitions) -> None:
    checks: dict[str, int] = {}
    for key in house.resolve_asset_graph().asset_check_keys:
        name = key.asset_key.to_user_string()
        checks[name] = checks.get(name, 0) + 1
    assert checks["customer_360"] > 5
    assert checks["contact_points"] > 0
    assert checks["events"] > 0
    assert sum(checks.values()) > 100


def test_every_test_of_dbt_is_some_assets_check(house: dg.Definitions) -> None:
    """One that reads several models says in dbt_project/tests/_tests.yml which asset shows it."""
    from dagster_project.components.dbt_room import manifest

    tests = {node["name"] for node in manifest()["nodes"].values() if node["resource_type"] == "test"}
    shown = {key.name for key in house.resolve_asset_graph().asset_check_keys}
    assert "nobody_may_be_contacted_against_a_denial" in tests
    assert tests - shown == set()


def test_the_front_door_is_short() -> None:
    assert len((CHECKOUT / "dagster_project" / "definitions.py").read_text().splitlines()) < 60
