"""Which API a transport speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.adapters.pushing.google_data_manager import DataManager
from dagster_project.adapters.pushing.google_token import GoogleToken
from dagster_project.adapters.pushing.http import open_client
from dagster_project.adapters.pushing.mailchimp import Mailchimp
from dagster_project.adapters.pushing.meta import Meta
from dagster_project.adapters.pushing.push import Platform
from dagster_project.domain.exports.transport import ByPages, ToDataManager, ToMeta

if TYPE_CHECKING:
    from dagster_project.adapters.transports.secrets import Secrets


def platform_of(to: ByPages, secrets: Secrets) -> Platform:
    """The platform a transport names."""
    client = open_client()
    if isinstance(to, ToDataManager):
        return DataManager(to, client, GoogleToken(secrets, client))
    if isinstance(to, ToMeta):
        return Meta(to, client, secrets)
    return Mailchimp(to, client, secrets)
