"""The forms files leave in, one file per receiving tool, each with its own normaliser and golden files."""

from __future__ import annotations

from dagster_project.domain.exports.formats import call_list, contact_list, google_ads, mailchimp, meta
from dagster_project.domain.exports.formats.format import Format, Rows

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        mailchimp.FORMAT,
        call_list.FORMAT,
        contact_list.POSTAL,
        contact_list.TEXTS,
        contact_list.TASKS,
        contact_list.SLOTS,
        google_ads.FORMAT,
        meta.FORMAT,
    )
}

__all__ = ["FORMATS", "Format", "Rows"]
