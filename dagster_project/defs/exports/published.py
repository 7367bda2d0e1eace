import dagster as dg

from dagster_project.components.audiences import key_of_audience, key_of_list
from dagster_project.components.care_model import load_care_models
from dagster_project.components.destination import contact_points_needed, digests_needed, load_destinations
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of
from dagster_project.settings import settings

AUDIENCES = sorted(
    {key_of_list(name) for name in load_care_models().items}
    | {key_of_audience(item.audience) for item in load_destinations().items.values() if item.audience}
)
# Tables of the analyses that nothing else here waits for.
SCORES = (
    "base_xray",
    "churn_model",
    "churn_scores",
    "fading_high_value",
    "fading_high_value_flow",
    "lifecycle_moves",
    "lifecycle_migration",
    "lifetime_value",
    "lifetime_value_model",
    "deal_personas",
    "personas",
    "next_categories",
    "next_products",
    "product_rules",
)


@dg.asset(
    pool=WAREHOUSE_POOL,
    deps=[
        "customer_timeline",
        "contact_points",
        "customer_aliases",
        "review_queue",
        "identity_changes",
        "identity_report",
        "segment_sizes",
        "segments",
        "automation_maps",
        "funnel",
        "standings",
        "transitions",
        "answers",
        *SCORES,
        *AUDIENCES,
    ],
    kinds={"parquet"},
)
def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """What everyone else reads: `published/<room>/<table>.parquet`, switched as a whole by one rename."""
    from dagster_project.adapters.at_hand import keep_at_hand
    from dagster_project.adapters.differences import keep_differences
    from dagster_project.adapters.digests import keep_digests
    from dagster_project.adapters.publishing import publish_rooms

    version = publish_rooms(settings(), as_of_of(context))
    keep_digests(version, digests_needed())
    keep_differences(settings(), version)
    keep_at_hand(settings(), version, contact_points_needed())
    return dg.MaterializeResult(
        metadata={"version": version.name, "count_tables": len(version.tables), "is_new": version.is_new}
    )
