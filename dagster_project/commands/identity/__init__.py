"""``hoiva identity``: who is one customer, why, and what a person has to say to it."""

from __future__ import annotations

import typer

from dagster_project.commands.identity.answer import answer
from dagster_project.commands.identity.report import report
from dagster_project.commands.identity.review import review
from dagster_project.commands.identity.train import train
from dagster_project.commands.identity.why import why

identity = typer.Typer(
    name="identity",
    help="Who is one customer, why, and what a person has to say to it.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
identity.command(epilog="Example: `hoiva identity review --reason names_differ`")(review)
identity.command(epilog="Example: `hoiva identity answer hubspot:contact:1 mailchimp:member:a same`")(answer)
identity.command(epilog="Example: `hoiva identity report --out identity.html`")(report)
identity.command(epilog="Example: `hoiva identity train --out probable_matches.json`")(train)
identity.command(epilog="Example: `hoiva identity why hubspot:contact:1 cookie:ga4:x`")(why)
