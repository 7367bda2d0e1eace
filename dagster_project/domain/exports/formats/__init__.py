"""The forms files leave in, one file per receiving tool, each with its own normaliser and golden files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dagster_project.domain.exports.destination import Destination
from dagster_project.domain.exports.formats import (
    braze,
    call_list,
    contact_list,
    custobar,
    google_ads,
    google_data_manager,
    hubspot,
    klaviyo,
    letter_file,
    linkedin,
    mailchimp,
    meta,
    plain,
    sanoma,
    tiktok,
)
from dagster_project.domain.exports.formats.format import Digest, Format, Rows, with_digests

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        mailchimp.FORMAT,
        klaviyo.LETTERS,
        hubspot.LETTERS,
        custobar.MESSAGES,
        braze.MESSAGES,
        call_list.FORMAT,
        letter_file.FORMAT,
        contact_list.POSTAL,
        contact_list.TEXTS,
        contact_list.TASKS,
        contact_list.SLOTS,
        google_ads.FORMAT,
        google_data_manager.FORMAT,
        meta.FORMAT,
        tiktok.FORMAT,
        linkedin.FORMAT,
        sanoma.FORMAT,
        klaviyo.LIST,
        hubspot.LIST,
        custobar.LIST,
        braze.LIST,
    )
}
PLAIN = tuple(plain.MEDIA)  # of both kinds, with the columns their destination declares
OPTIONS: dict[str, tuple[str, ...]] = {
    "tiktok": ("phone_with_plus",),
    "letter_file": ("home_country",),
    **dict.fromkeys(PLAIN, ("columns",)),
}
_MADE: dict[str, Callable[..., Format]] = {"tiktok": tiktok.form, "letter_file": letter_file.form}


def form_of(destination: Destination) -> Format:
    """The form of a destination's files, with what its YAML says about it.

    Raises:
        HoivaError: its columns are wrong.
    """
    options: dict[str, Any] = dict(destination.format_options)
    if destination.format in PLAIN:
        return plain.form(destination.format, destination.kind, **options)
    if options:
        return _MADE[destination.format](**options)
    return FORMATS[destination.format]


DIGESTS: dict[str, Digest] = {
    digest.column: digest for form in (*FORMATS.values(), tiktok.form(phone_with_plus=False)) for digest in form.digests
}  # every identifier that is ever hashed, by its column

__all__ = ["DIGESTS", "FORMATS", "OPTIONS", "PLAIN", "Digest", "Format", "Rows", "form_of", "with_digests"]
