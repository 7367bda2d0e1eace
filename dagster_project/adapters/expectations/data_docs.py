"""Data Docs: pages of what was expected and what held, safe to show, because there are only counts in them."""

from __future__ import annotations

import html
import json
import re
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.expectations.validating import Failure, Outcome, new_context
from dagster_project.domain.clock import naive_utc

if TYPE_CHECKING:
    from dagster_project.settings import Settings

OUTCOMES = "outcomes"  # the folder of the newest outcome of each subject, as JSON
SITE = ("expectations", "validations", "static")  # the folders of the site; made anew each time
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The library's pages fetch styles and scripts from a dozen hosts and pictures from its makers, which tells them who
# looks at what, when. All of that is cut out: the pages open without a network and report to nobody.
FROM_OUTSIDE = re.compile(
    r"<script\b.*?</script>|<footer\b.*?</footer>|<(?:link|img)\b[^>]*https?:[^>]*>|url\('https?:[^)]*\)",
    re.IGNORECASE | re.DOTALL,
)
STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 } td, th { padding: .4rem; text-align: left }
td, th { border-bottom: 1px solid #ddd; vertical-align: top } .failed { color: #b00020 } button { display: none }
</style>"""


def keep_outcome(settings: Settings, outcome: Outcome, at: datetime) -> Path:
    """Keep an outcome for the next pages: the newest per suite, table and subject (one per table for deliveries).

    Args:
        settings: whose home it is.
        outcome: of :func:`validate`.
        at: when it was found, in UTC with its zone: the run's moment.
    """
    folder = settings.at_home.data_docs / OUTCOMES
    folder.mkdir(parents=True, exist_ok=True)
    parts = [outcome.suite, outcome.table] + (
        [outcome.subject] if outcome.suite in ("trigger_list", "membership") else []
    )
    path = folder / f"{'.'.join(parts)}.json"
    unfinished = path.with_suffix(".part")
    text = json.dumps({**asdict(outcome), "at": naive_utc(at).isoformat()}, indent=1, sort_keys=True, default=str)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
    return path


def kept_outcomes(settings: Settings) -> list[tuple[Outcome, datetime]]:
    """The outcomes kept, with their moments in UTC, by name."""
    kept = []
    for path in sorted((settings.at_home.data_docs / OUTCOMES).glob("*.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        at = datetime.fromisoformat(values.pop("at")).replace(tzinfo=UTC)
        failed = tuple(Failure(**failure) for failure in values.pop("failed"))
        kept.append((Outcome(failed=failed, **values), at))
    return kept


def build_data_docs(settings: Settings, outcomes: list[Outcome] | None = None, at: datetime = EPOCH) -> Path:
    """Build the pages of what was expected and what held, and return the first one, ``data_docs/index.html``.

    They replace the pages of before. Nothing in them is a value of a row; a test plants one and looks for it.

    Args:
        settings: whose home it is.
        outcomes: what to show; without it, everything that :func:`keep_outcome` kept.
        at: the moment to show beside ``outcomes``; those kept have their own.
    """
    told = [(outcome, at) for outcome in outcomes] if outcomes is not None else kept_outcomes(settings)
    folder = settings.at_home.data_docs
    folder.mkdir(parents=True, exist_ok=True)
    for name in SITE:
        shutil.rmtree(folder / name, ignore_errors=True)
    context = new_context()
    context.add_data_docs_site(
        "hoiva",
        {
            "class_name": "SiteBuilder",
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "show_how_to_buttons": False,
        },
    )
    keys = [_put(context, outcome, moment) for outcome, moment in told]
    context.build_data_docs(site_names=["hoiva"])
    for page in folder.rglob("*.html"):
        text = FROM_OUTSIDE.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", f"{STYLE}</head>", 1), encoding="utf-8")
    shutil.rmtree(folder / "static", ignore_errors=True)
    pages = [context.get_docs_sites_urls(resource_identifier=key, site_name="hoiva")[0]["site_url"] for key in keys]
    first = folder / "index.html"
    first.write_text(_first_page(told, [page.removeprefix(f"file://{folder}/") for page in pages]), encoding="utf-8")
    return first


def _first_page(told: list[tuple[Outcome, datetime]], pages: list[str]) -> str:
    """One row per outcome, failures first. The library's own list needs scripts from outside."""
    rows = []
    for (outcome, at), page in sorted(zip(told, pages, strict=True), key=lambda pair: pair[0][0].success):
        held = sum(one["success"] for one in outcome.results)
        verdict = "holds" if outcome.success else '<span class="failed">fails</span>'
        cells = (
            f'<a href="{html.escape(page)}">{html.escape(f"{outcome.suite}.{outcome.table}")}</a>',
            html.escape(outcome.subject),
            "" if at == EPOCH else f"{at:%Y-%m-%d %H:%M} UTC",
            f"{outcome.count_rows:,}",
            f"{held} of {len(outcome.results)}",
            verdict,
        )
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in ("suite", "subject", "as of", "rows", "expectations held", ""))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Expectations</title>{STYLE}</head>'
        f"<body><h1>Expectations</h1><table><tr>{head}</tr>{''.join(rows)}</table></body></html>"
    )


def _put(context: Any, outcome: Outcome, at: datetime) -> Any:
    """Hand one outcome to the context, as if it had found it itself; returns the key of its page."""
    import great_expectations as gx
    from great_expectations.core import RunIdentifier
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    name = f"{outcome.suite}.{outcome.table}"
    configs = [one["expectation_config"] for one in outcome.results]
    if name not in {suite.name for suite in context.suites.all()}:
        context.suites.add(gx.ExpectationSuite(name=name, expectations=configs))
    held = sum(one["success"] for one in outcome.results)
    asked = len(outcome.results)
    run = RunIdentifier(run_name=outcome.subject or outcome.table, run_time=at)
    suite = ExpectationSuiteIdentifier(name=name)
    found = ExpectationSuiteValidationResultSchema().load(
        {
            "suite_name": name,
            "success": outcome.success,
            "results": outcome.results,
            "suite_parameters": {},
            "statistics": {
                "evaluated_expectations": asked,
                "successful_expectations": held,
                "unsuccessful_expectations": asked - held,
                "success_percent": 100 * held / asked if asked else None,
            },
            "meta": {},
        }
    )
    found.meta.update({"run_id": run, "validation_time": run.run_time, "active_batch_definition": {}})
    key = ValidationResultIdentifier(suite, run, outcome.subject or outcome.table)
    context.validation_results_store.store_validation_results(found, key, suite)
    return key
