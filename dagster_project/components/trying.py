"""Care models tried without effect: found by name or file, and played on what the house has published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.components.care_model import CareModelFile, context_of, load_care_models, model_of
from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.components.fenced import load_file
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.domain.care_models import CareModel
    from dagster_project.domain.care_models.backtest.figures import Figures
    from dagster_project.domain.decisions.policy import ContactPolicy
    from dagster_project.settings import Settings


def model_named(text: str) -> CareModel:
    """A care model by its name, or by the path of its file.

    Raises:
        HoivaError: there is none, or its file is wrong: with file, line and what to write instead.
    """
    if text.endswith((".yaml", ".yml")):
        read = load_file(Path(text), CareModelFile, context_of())
        if isinstance(read, list):
            raise HoivaError("\n".join(map(str, read)))
        return read[0].as_model()
    folder = load_care_models()
    if text not in folder.items:
        wrong = [str(fault) for fault in folder.faults if Path(fault.file).stem == text]
        known = f"there is no care model {text!r}; known: {', '.join(sorted(folder.items))}"
        raise HoivaError("\n".join(wrong) or known)
    return folder.items[text].as_model()


def contact_policy() -> ContactPolicy:
    """The contact policy.

    Raises:
        HoivaError: its files are wrong.
    """
    read = load_contact_policy()
    if read.policy is None:
        raise HoivaError("\n".join(map(str, read.faults)))
    return read.policy


def backtest_of(
    settings: Settings, text: str, first: date, last: date, with_others: bool, told: Callable[[date], None]
) -> tuple[CareModel, Figures, datetime]:  # fmt: skip
    """Play a care model on a past time.

    Returns:
        the care model, its figures, and the moment whose knowledge of the past was used.

    Raises:
        HoivaError: there is no such care model, it cannot be asked, or nothing has been published yet.
    """
    from dagster_project.adapters.backtest import house_of, relive
    from dagster_project.adapters.reading import reader
    from dagster_project.domain.care_models.backtest.figures import figures

    model = model_named(text)
    if model.draws_on:
        raise HoivaError(
            f"{model.care_model} draws on the segment {model.draws_on[0]}: who was in it on past days is not kept, so"
            " no backtest can tell; write the segment's condition into entry.where to try it"
        )
    models = [model]
    if with_others:
        others = (
            each.as_model() for name, each in sorted(load_care_models().items.items()) if name != model.care_model
        )
        models += [each for each in others if not each.draws_on]
    house = house_of(settings)
    try:
        relived = relive(settings, house, models, contact_policy(), first, last, model_of, told)
    finally:
        house.past.close()
    if relived.faults:
        raise HoivaError("; ".join(f"{name}: {fault}" for name, fault in sorted(relived.faults.items())))
    with reader(settings) as published:
        purchases = published.table(
            "select customer_id, occurred_at from customer_360.customer_events where event_type = 'purchase'"
        )
        as_of = datetime.fromisoformat(str(published.version.as_of))
    found = figures(
        model.care_model, relived.enrolments, relived.contacts, relived.decisions, purchases, first, last,
        settings.zone,
    )  # fmt: skip
    return model, found, as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
