"""Every setting of Hoiva, in one typed place: ``HOIVA_*`` variables over ``hoiva.yaml`` over defaults."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from yaml import YAMLError

from dagster_project.domain.clock import known_zones
from dagster_project.errors import SettingsError

CHECKOUT = Path(__file__).resolve().parent.parent
PREFIX = "HOIVA_"
SECRET_PREFIX = "HOIVA_SECRET_"  # HOIVA_SECRET_<DESTINATION>_<NAME>; see adapters/transports/secrets.py


class Home:
    """The folders under ``HOIVA_HOME``: the only place Hoiva writes to.

    >>> Home(Path("/srv/hoiva")).warehouse.name
    'warehouse.duckdb'
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.landing = root / "landing"  # files dropped for the gate: landing/<source>/<table>/
        self.lake = root / "lake"  # accepted rows without personal columns
        self.vault = root / "vault"  # everything with names, addresses, e-mails, phones
        self.vault_lake = self.vault / "lake"
        self.vault_archive = self.vault / "archive"  # delivered files, byte for byte
        self.vault_quarantine = self.vault / "quarantine"  # raw values of quarantined rows
        self.vault_published = self.vault / "published"  # contact points, for exports alone
        self.vault_database = self.vault / "vault.duckdb"
        self.quarantine = root / "quarantine"  # file, line, column, reason code; no values
        self.warehouse = root / "warehouse.duckdb"
        self.ledger = root / "ledger.db"
        self.published = root / "published"  # a link to the newest whole version
        self.reports = root / "reports"  # pages on their way to published/reports, by month
        self.outbox = root / "outbox"
        self.acks = root / "acks"
        self.dagster = root / "dagster"
        self.dbt = root / "dbt"  # dbt's target and log folders
        self.data_docs = root / "data_docs"
        self.models = root / "models"  # trained models, a folder per kind; they can be trained again

    def make(self) -> Home:
        """Create the folders. Those with personal data are readable by their owner alone."""
        for folder in (self.landing, self.lake, self.quarantine, self.outbox, self.acks, self.dagster, self.dbt):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.vault, self.vault_lake, self.vault_archive, self.vault_quarantine, self.vault_published):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.vault, self.landing, self.outbox):
            folder.chmod(0o700)
        return self


class Settings(BaseSettings):
    """What one installation decides for itself.

    Given as variables (``HOIVA_PHONE_REGION=GB``) or in ``hoiva.yaml`` (``phone_region: GB``); variables win.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=True)

    home: Path = Field(default=Path("var"), description="the folder for all runtime files")
    business_zone: str = Field(default="Europe/Helsinki", description="the time zone that decides what a day is")
    phone_region: str = Field(default="FI", description="the region of phone numbers written without a country code")
    reporting_currency: str = Field(default="EUR", description="the one currency amounts are in", pattern="^[A-Z]{3}$")
    holdout_share: float = Field(default=0.05, ge=0, le=0.5, description="share of customers who are never contacted")
    holdout_salt: str = Field(default="hoiva-holdout-1", min_length=8, description="salt of the holdout draw")
    identity_salt: str = Field(default="hoiva-identity-1", min_length=8, description="salt of ids and pseudonyms")
    ledger_url: str = Field(default="", description="SQLAlchemy URL of the ledger; empty: ledger.db in the home")
    unattended: bool = Field(default=False, description="whether schedules and sensors start by themselves")
    guard_password_hash: str = Field(
        default="", repr=False, description="of the Dagster UI's password: hoiva guard --new-password prints it"
    )
    duckdb_memory: str = Field(default="8GB", pattern=r"^\d+(MB|GB)$", description="memory limit of the warehouse")
    secrets_file: Path | None = Field(
        default=None, description="a YAML file with the destinations' passwords, keys and tokens, readable by its owner"
    )
    threads: int = Field(default=2, ge=1, le=64, description="threads of the warehouse")

    @field_validator("business_zone")
    @classmethod
    def _a_zone_that_exists(cls, zone: str) -> str:
        if zone not in known_zones():
            raise ValueError("is not a time zone; write it as Europe/Helsinki")
        return zone

    @field_validator("phone_region")
    @classmethod
    def _a_region_that_exists(cls, region: str) -> str:
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("is not a phone region; write two letters, as FI or GB")
        return region

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = Path(os.environ.get("HOIVA_CONFIG", "hoiva.yaml"))
        yaml = YamlConfigSettingsSource(settings_cls, yaml_file=file if file.is_file() else None)
        return init_settings, env_settings, yaml

    @property
    def zone(self) -> ZoneInfo:
        """The business zone, which decides what a day is."""
        return ZoneInfo(self.business_zone)

    @cached_property
    def at_home(self) -> Home:
        """The folders of this installation."""
        return Home(self.home.resolve())

    @property
    def ledger_address(self) -> str:
        """The SQLAlchemy URL of the ledger."""
        return self.ledger_url or f"sqlite:///{self.at_home.ledger}"


def load_settings(**overrides: object) -> Settings:
    """Read the settings, or say in one line which key is wrong and what to write.

    Raises:
        SettingsError: an unknown or wrong key, in a variable or in the file.
    """
    known = set(Settings.model_fields) | {"config"}
    for name in sorted(os.environ):
        key = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and not name.startswith(SECRET_PREFIX) and key not in known:
            raise SettingsError(f"{name} is not a setting; known: {', '.join(sorted(known))}")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise SettingsError(f"the settings file is not YAML{line}: write one `key: value` a line") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            message = f"{key} is not a setting; known: {', '.join(sorted(known))}"
        else:
            field = Settings.model_fields.get(key)
            meaning = f" ({field.description}; default {field.default!r})" if field else ""
            message = f"setting {key}: {first['msg'].removeprefix('Value error, ')}{meaning}"
        raise SettingsError(message) from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once. Tests clear it with ``settings.cache_clear()``."""
    return load_settings()
