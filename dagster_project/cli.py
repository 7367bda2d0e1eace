"""The ``hoiva`` command: what a person does from a terminal. Every command exits with 0, 1 (it failed) or 2 (usage)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.commands.approve import approve
from dagster_project.commands.backtest import backtest
from dagster_project.commands.backup import backup
from dagster_project.commands.check import check
from dagster_project.commands.deliver import deliver
from dagster_project.commands.erase import erase
from dagster_project.commands.export_person import export_person
from dagster_project.commands.guard import guard
from dagster_project.commands.identity import identity
from dagster_project.commands.map import map_
from dagster_project.commands.plan import plan
from dagster_project.commands.restore import restore, settle
from dagster_project.commands.serve import serve
from dagster_project.commands.shared import AsJson, Home, err, moment_of, out, print_json, settings_of
from dagster_project.commands.story import story
from dagster_project.commands.token import token
from dagster_project.commands.verify import verify
from dagster_project.errors import HoivaError

app = typer.Typer(
    name="hoiva",
    help="Customer care models on dbt and Dagster: land files, run the day, see who was chosen and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


@app.command(epilog="Example: `hoiva run --as-of 2026-03-31`")
def run(
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The day (its end) or moment asked about; default: now.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run the daily job once, in this process: from the landed files to audience batches in `outbox/`."""
    from dagster_project.adapters.reporting import run_summary
    from dagster_project.cli_views import progress_of_a_run, show_run
    from dagster_project.commands.erase import go_on_with_erasures

    own = settings_of(home)
    moment = moment_of(as_of, own, "--as-of")
    outcome = progress_of_a_run(own, moment, err, quiet=as_json)
    erasures = [{"erasure_id": one.erasure_id, "state": one.state} for one in go_on_with_erasures(own)]
    summary = run_summary(own, outcome, moment) | {"erasures": erasures}
    if as_json:
        print_json(summary)
    else:
        show_run(out, summary)
    if not outcome.success:
        raise typer.Exit(1)


@app.command(epilog="Example: `hoiva land shop invoice_lines_2010-12.parquet --history`")
def land(
    source: Annotated[str, typer.Argument(help="The source whose contract the files follow, as shop or hubspot.")],
    files: Annotated[list[Path], typer.Argument(help="The delivered files: CSV, CSV.gz, JSON lines(.gz), Parquet.")],
    table: Annotated[
        str | None, typer.Option("--table", help="The table, when a file's name does not begin with it.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="A first load: each row counts as known at its own time.")
    ] = False,
    arrived_at: Annotated[
        str | None, typer.Option("--arrived-at", help="When the files became known, if not now; a day or a moment.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hand files to the file gate: each row is loaded or kept in quarantine with its line and reason."""
    from dagster_project.cli_views import land_files, show_deliveries

    own = settings_of(home)
    if history and arrived_at:
        raise typer.BadParameter("give --history or --arrived-at, not both", param_hint="--arrived-at")
    arrival = None if history else moment_of(arrived_at, own, "--arrived-at")
    deliveries = land_files(own, source, files, table, arrival, history=history, console=err, quiet=as_json)
    if as_json:
        print_json(deliveries)
    else:
        show_deliveries(out, deliveries)
    if any(delivery["status"] == "refused" for delivery in deliveries):
        raise typer.Exit(1)


@app.command(epilog="Example: `hoiva status`")
def status(home: Home = None, as_json: AsJson = False) -> None:
    """What was delivered, what is published, who was chosen, and which batches lie in `outbox/`."""
    from dagster_project.adapters.reporting import status_of
    from dagster_project.cli_views import show_status

    own = settings_of(home)
    state = status_of(own, moment_of(None, own, ""))
    print_json(state) if as_json else show_status(out, state)


@app.command(epilog="Example: `hoiva explain c0123456789abcdef0123`")
def explain(
    customer_id: Annotated[str, typer.Argument(help="A customer's id; an older id of a merged customer works too.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """One customer: identity, the 360, where they stand, what was decided and why not the rest."""
    from dagster_project.adapters.explaining import explanation_of
    from dagster_project.cli_views import show_explanation

    story = explanation_of(settings_of(home), customer_id)
    print_json(story) if as_json else show_explanation(out, story)


@app.command(epilog="Example: `hoiva report base_xray --as-of 2026-03-31`")
def report(
    name: Annotated[str | None, typer.Argument(help="A page, as base_xray; without it, all pages are listed.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="A day of the month wanted; default: the newest there is.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Where the pages for people lie: each opens in any browser, without a network."""
    from dagster_project.adapters.pages import choose_pages, month_of
    from dagster_project.cli_views import show_pages

    own = settings_of(home)
    month = None if as_of is None else month_of(moment_of(as_of, own, "--as-of"), own)
    pages = choose_pages(own, name, month)
    print_json(pages) if as_json else show_pages(out, pages)


@app.command(epilog="Example: `hoiva demo --customers 5000`")
def demo(
    customers: Annotated[int, typer.Option("--customers", min=50, help="How many people live in the town.")] = 2000,
    days: Annotated[int, typer.Option("--days", min=60, help="How many days of their lives are delivered.")] = 365,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same town.")] = 1,
    home: Home = None,
) -> None:
    """A synthetic town delivered as raw files, the daily job, a summary, and where to look."""
    from dagster_project.demo import run_demo

    if not run_demo(settings_of(home), customers, days, seed, out, err):
        raise typer.Exit(1)


@app.command(epilog="Example: `hoiva dev --port 3000`")
def dev(
    port: Annotated[int, typer.Option("--port", help="The port of the Dagster UI on this machine.")] = 3000,
    home: Home = None,
) -> None:
    """The Dagster UI with schedules and sensors, on this machine alone and behind a login (the address has the key)."""
    from dagster_project.adapters.dagster_home import prepare
    from dagster_project.adapters.guarding.serving import serve_dagster
    from dagster_project.settings import CHECKOUT

    own = settings_of(home)
    prepare(own)
    os.environ["HOIVA_UNATTENDED"] = "true"  # schedules and sensors start by themselves here, and nowhere else
    command = [str(Path(sys.executable).parent / "dagster"), "dev", "-w", "workspace.yaml"]

    def tell(address: str) -> None:
        out.print(f"Dagster, in half a minute: {address}", markup=False, soft_wrap=True)
        out.print("Drop files into landing/<source>/; stop with Ctrl-C.")

    raise typer.Exit(serve_dagster(command, CHECKOUT, port, own.guard_password_hash, tell))


app.command(epilog="Example: `hoiva approve meta_fading_high_value --because 'the segment was redefined'`")(approve)
app.command(epilog="Example: `hoiva backtest high_value_fading --from 2026-01-01 --to 2026-03-31`")(backtest)
app.command(epilog="Example: `hoiva backup BACKUPS`")(backup)
app.command(epilog="Example: `hoiva check`")(check)
app.command(epilog="Example: `hoiva erase --file people.csv`")(erase)
app.command("export-person", epilog="Example: `hoiva export-person c0123456789abcdef0123 --to aino`")(export_person)
app.add_typer(identity)
app.add_typer(token)
app.command("map", epilog="Example: `hoiva map high_value_fading --out map.html`")(map_)
app.command(epilog="Example: `hoiva deliver contact_centre_calls`")(deliver)
app.command(epilog="Example: `hoiva guard --to http://127.0.0.1:3000 --name hoiva.example.com --https`")(guard)
app.command(epilog="Example: `hoiva plan high_value_fading`")(plan)
app.command(epilog="Example: `hoiva restore BACKUPS/hoiva-20260331T203000Z --home restored`")(restore)
app.command(epilog="Example: `hoiva serve --port 8443`")(serve)
app.command(epilog="Example: `hoiva settle --sent lost/outbox --last mailchimp_letters=12`")(settle)
app.command(epilog="Example: `hoiva story welcome_after_first_purchase`")(story)
app.command(epilog="Example: `hoiva verify --repair`")(verify)


def main() -> None:
    """The entry point: a mistake a person can mend is one line on standard error, and no error quotes a row."""
    from dagster_project.adapters.boundary import install, place_of
    from dagster_project.adapters.redaction import DISK_FULL, is_disk_full, told

    install(with_dagster=False)  # definitions.py puts up the rest, where Dagster is loaded
    try:
        app()
    except HoivaError as error:
        err.print("hoiva:", str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except Exception as error:  # a mistake of ours: its type and place, for whoever mends it
        known = (
            DISK_FULL
            if is_disk_full(error)
            else f"unexpected {type(error).__name__} at {place_of(error)}: {told(error)}"
        )
        err.print("hoiva:", known, style="red", markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
