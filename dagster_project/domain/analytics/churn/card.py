"""The page ``churn_model``: what the score is worth, what it looks at, where it fails, and how the base has moved."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dagster_project.domain.analytics.churn.card_pictures import (
    calibration_picture,
    drift_picture,
    effect_pictures,
    importance_picture,
    lift_picture,
    tenths_picture,
)
from dagster_project.domain.analytics.churn.checking import NAMES, Check
from dagster_project.domain.analytics.churn.drift import MOVED, Drift
from dagster_project.domain.analytics.churn.examples import HORIZON_MONTHS
from dagster_project.domain.analytics.churn.groups import group_checks
from dagster_project.domain.analytics.churn.learning import Learned
from dagster_project.domain.analytics.churn.training import BOOSTING
from dagster_project.domain.analytics.columns import Numbers as Floats
from dagster_project.domain.clock import business_date
from dagster_project.domain.pages import Numbers, Page, Section
from dagster_project.domain.pages.page import Value, written_day

MOST_DRIFTED = 8  # features shown
TITLE = "Churn model"
SUBTITLE = f"Who will buy nothing in the next {HORIZON_MONTHS} months, and how far to trust it"
REGISTRY_SQL = """
select auc_model, auc_recency, auc_frequency, auc_rhythm, auc_p_alive, auc_expected_purchases,
       lift_model, lift_recency, lift_frequency, lift_rhythm, lift_p_alive, lift_expected_purchases, calibration_error
from analytics.churn_model where is_current
"""
TENTHS_SQL = """
select risk_tenth, count(*) as customers, avg(churn_probability) as probability
from analytics.churn_scores group by risk_tenth order by risk_tenth
"""
MADE_SQL = "select * from analytics.churn_model where is_current"


def card_page(learned: Learned, probability: Floats, drifted: list[Drift], as_of: datetime, zone: ZoneInfo) -> Page:
    """The model card.

    Args:
        learned: the version in use.
        probability: of tonight's customers; empty when no scores are published.
        drifted: every feature then and now; empty when there is no model.
        as_of: the moment.
        zone: the business zone.
    """
    headline: list[tuple[str, Value]] = [("customers scored", len(probability))]
    sections = [Section("May it be used?", sentence(learned.verdict.reason))]
    if learned.check is not None:
        headline += [
            ("AUC of its last check", learned.check.model.auc.value),
            ("times the usual share of leavers in the riskiest tenth", learned.check.model.lift.value),
            ("calibration error", learned.check.calibration_error),
        ]
        sections += checked_sections(learned.check, zone)
    if learned.model is not None and learned.check is not None:
        sections.append(looks_at(learned, learned.check))
    if drifted:
        sections.append(moved(drifted))
    if len(probability):
        sections.append(tonight(probability))
    sections.append(made(learned, zone))
    return Page(TITLE, SUBTITLE, as_of, headline, sections)


def checked_sections(check: Check, zone: ZoneInfo) -> list[Section]:
    """How it did when it could not know, beside simple scores; whether its shares came true; and for whom it fails."""
    day = written_day(day_of(check.cut, zone))
    told = (
        f"A model trained with what was known on {day} scored the {len(check.has_left):,} customers who had bought "
        f"within a year. By {written_day(day_of(check.end, zone))} {check.has_left.mean():.0%} of them had bought "
        "nothing more. AUC: how often somebody who left stood above somebody who stayed (a coin: 0.5). Lift: leavers "
        "in the riskiest tenth, by their usual share. In brackets 95 % intervals."
    )
    rows = [
        [NAMES[one.score], str(one.auc), str(one.lift), str(one.auc_behind) if one.score != "model" else ""]
        for one in check.told
    ]
    table = Numbers(
        "The model beside simple scores",
        ["score", "AUC", "lift at 10 %", "AUC behind the model"],
        rows,
        "",
        REGISTRY_SQL,
    )
    fit = (
        f"What was foretold lay {check.calibration_error:.3f} from what came, on average over tenths of the customers. "
        "A season the model has not seen moves all shares together: read the order first, the shares with care."
    )
    failing = group_checks(check)
    wrong = [one.group for one in failing if one.fails]
    groups = Numbers(
        "Groups of customers",
        ["group", "customers", "foretold", "came", "AUC", "fails"],
        [[one.group, one.count, one.foretold, str(one.came), str(one.auc or "too few to say"), one.fails or "no"]
         for one in failing],
        "Where the share foretold lies well outside of what came, or leavers and stayers are not told apart.",
    )  # fmt: skip
    where = f"It fails for: {'; '.join(wrong)}." if wrong else "It fails for none of the groups looked at."
    return [
        Section("How good is it?", told, [lift_picture(check), table]),
        Section("Does it come true?", fit, [calibration_picture(check)]),
        Section("Where does it fail?", where, [groups]),
    ]


def looks_at(learned: Learned, check: Check) -> Section:
    """What moves the score, and which way."""
    told = (
        "How much each kind of knowledge moves a customer's risk, and what was foretold and came along single "
        "features in the last check. This is what goes together, not what would happen if you changed it."
    )
    return Section("What does it look at?", told, [importance_picture(learned), *effect_pictures(check)])


def moved(drifted: list[Drift]) -> Section:
    """How far tonight's customers are from those learned from."""
    far = [one.feature for one in drifted if one.index >= MOVED]
    told = f"{len(far)} of {len(drifted)} features have moved: {', '.join(far)}." if far else "No feature has moved."
    rows: list[list[Value]] = [[one.feature, one.index, one.then, one.now, one.word] for one in drifted[:MOST_DRIFTED]]
    columns = ["feature", "stability index", "middle value learned", "middle value now", "reading"]
    return Section("Has the base moved?", told, [drift_picture(drifted), Numbers("The most moved", columns, rows)])


def tonight(probability: Floats) -> Section:
    """Tonight's scores."""
    expected = float(probability.sum())
    told = f"Of {len(probability):,} customers about {expected:,.0f} are expected to buy nothing in three months."
    return Section("Tonight", told, [tenths_picture(probability, TENTHS_SQL)])


def made(learned: Learned, zone: ZoneInfo) -> Section:
    """Data, settings and use: enough to make it again, and to know what it is not for."""
    line = learned.line
    rows: list[list[Value]] = [
        ["version", learned.version],
        ["examples", line["count_examples"]],
        ["customers among them", line["count_customers"]],
        ["months learned from", months_told(line, zone)],
        ["data hash (SHA-256)", line["data_hash"][:16]],
        ["settings hash", line["settings_hash"]],
        ["trees", BOOSTING["max_iter"]],
        ["AUC among customers held out, same months", learned.model.held_out_auc if learned.model else None],
    ]
    told = (
        "Gradient boosting on what customer_360 said at past months' ends, calibrated on customers it had not seen; "
        "trained anew when a month has ended. For choosing whom to speak to; not for deciding what anybody is owed, "
        "and it proves no cause."
    )
    return Section("How was it made?", told, [Numbers("This version", ["", ""], rows, "", MADE_SQL)])


def months_told(line: dict[str, object], zone: ZoneInfo) -> str:
    """From which month's end to which."""
    first, last = line["first_month_at"], line["last_month_at"]
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return "none"
    return f"{written_day(day_of(first, zone))} to {written_day(day_of(last, zone))}"


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The business day of a moment in UTC without a zone."""
    return business_date(moment.replace(tzinfo=UTC), zone)


def sentence(words: str) -> str:
    """The words as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."
