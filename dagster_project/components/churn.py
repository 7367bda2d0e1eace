"""How churn scores come to be in a run: train when the months learned from have changed, else take what is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.components.running import read_table
from dagster_project.errors import HoivaError
from dagster_project.settings import settings

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.domain.analytics.churn.learning import Learned

CARD = "churn_model"  # the page's name
HAS_SIGNAL = "scores_know_something"  # the name of the asset check
KIND = "churn"  # the registry's folder
# Customers to learn from, in the warehouse: the smallest ids of those who ever bought. Ids are hashes: a fair draw.
DRAWN = """
select customer_id from customer_360.customer_360 where count_orders > 0 order by customer_id limit $customers
"""
IS_DRAWN = f"customer_id in ({DRAWN})"


def learned_for(as_of: datetime) -> Learned:
    """The version that the months known by ``as_of`` make: the registered one, or a new one, trained and registered.

    Its examples end with whole months, so the first run after a month's end trains; so does a run that knows better
    who is who. Training is a function of its examples alone: whichever run trains, the version is the same.
    """
    from dagster_project.adapters.model_registry import registry
    from dagster_project.domain.analytics.churn.examples import examples_of, known_months
    from dagster_project.domain.analytics.churn.learning import TRAINING_CUSTOMERS, learn, registered, version_of
    from dagster_project.domain.analytics.history import at_month, months_of

    own = settings()
    past, tonight = (
        read_table("customer_360", table, IS_DRAWN, customers=TRAINING_CUSTOMERS)
        for table in ("customer_months", "customer_360")
    )
    earlier = {month.astimezone(UTC).replace(tzinfo=None): at_month(past, month) for month in months_of(past)}
    months = known_months(earlier, tonight, as_of, own.zone)
    examples = examples_of(months, own.zone)
    found: Learned | None = registry(own, KIND).load(version_of(examples, own.zone))
    if found is None:
        found = learn(months, examples, own.zone)
        registry(own, KIND).register(found.version, found, registered(found.line, as_of))
    registry(own, KIND).seen(found.version, as_of)
    return found


def registry_rows(current: Learned, as_of: datetime) -> pa.Table:
    """Every version made by ``as_of``, as the table ``churn_model``."""
    from dagster_project.adapters.model_registry import registry
    from dagster_project.domain.analytics.churn.learning import registry_table

    return registry_table(registry(settings(), KIND).lines(as_of), current.version)


def current_version() -> Learned:
    """The version ``churn_model`` says is in use.

    Raises:
        HoivaError: it is registered, but its file is not there.
    """
    from dagster_project.adapters.model_registry import registry

    rows = read_table("analytics", "churn_model")
    version = rows.filter(rows.column("is_current")).column("model_version")[0].as_py()
    found: Learned | None = registry(settings(), KIND).load(version)
    if found is None:
        raise HoivaError(f"the churn model {version} is registered but its file is gone: materialise churn_model again")
    return found


def scores_of(current: Learned, as_of: datetime) -> pa.Table:
    """Tonight's scores of this version; none when its scores may not be shown."""
    from dagster_project.domain.analytics.churn.scoring import churn_scores, no_scores

    if current.model is None or not current.verdict.is_published:
        return no_scores()
    customers = read_table("customer_360", "customer_360")
    return churn_scores(customers, current.model, current.version, current.quality, as_of, settings().zone)


def write_card(current: Learned, scores: pa.Table, as_of: datetime) -> str:
    """Write the model card for this moment; its picture of leavers found, or nothing when there is none."""
    from dagster_project.adapters.pages import write_page
    from dagster_project.domain.analytics.churn.card import card_page
    from dagster_project.domain.analytics.churn.drift import drift
    from dagster_project.domain.analytics.churn.features import asked_at
    from dagster_project.domain.pages import render

    own = settings()
    tonight = asked_at(read_table("customer_360", "customer_360"), as_of, own.zone)
    moved = drift(current.newest, tonight.values) if current.model is not None else []
    page = card_page(current, scores.column("churn_probability").to_numpy(), moved, as_of, own.zone)
    return str(write_page(own, CARD, as_of, render(page, own.zone)))


def telling(current: Learned) -> dict[str, Any]:
    """The one number and the one picture of the model, for the asset's metadata."""
    from dagster_project.domain.analytics.churn.card_pictures import lift_picture
    from dagster_project.domain.pages.charts import picture

    if current.check is None:
        return {"number": ("verdict", current.verdict.reason)}
    figure = lift_picture(current.check)
    return {"number": ("auc", current.quality), "picture": picture(figure.title, figure.svg)}


def may_be_shown(current: Learned) -> dg.AssetCheckResult:
    """The check that tells a refusal. It blocks nothing: without scores, conditions on them are simply not met."""
    return dg.AssetCheckResult(
        asset_key="churn_scores",
        check_name=HAS_SIGNAL,
        passed=current.verdict.is_published,
        severity=dg.AssetCheckSeverity.WARN,
        description=current.verdict.reason,
    )
