"""Every setting: its environment name, default and meaning.

Made once at the edge (`load_settings`) and handed down; nothing else reads the environment. Sources, strongest first:
arguments, environment variables, `lineage.toml` in the current folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from lineage_core.errors import SettingsError
from lineage_core.settings.ingest import IngestSettings
from lineage_core.settings.services import ServiceSettings

if TYPE_CHECKING:
    from pathlib import Path


class Settings(ServiceSettings, IngestSettings):
    """The project's settings, and the paths that follow from them. docs/settings.md is made of their descriptions."""

    model_config = SettingsConfigDict(
        toml_file="lineage.toml", extra="ignore", frozen=True, populate_by_name=True, validate_default=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then lineage.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def parse_cache_dir(self) -> Path:
        """Folder of the parse cache (SQLite inside)."""
        return self.data_dir / ".cache" / "parse_cache.db"

    @property
    def dead_letters(self) -> Path:
        """File of the rows that could not be written."""
        return self.data_dir / "failed_ingestion.jsonl"

    @property
    def results_dir(self) -> Path:
        """Folder of the results that Prefect keeps of tasks (SQLite inside)."""
        return self.data_dir / ".cache" / "results.db"

    @property
    def runs_dir(self) -> Path:
        """Folder with one sub-folder a run: the rows between link and write."""
        return self.data_dir / "runs"

    @property
    def prefect_dir(self) -> Path:
        """Folder of Prefect's own files: its history, logs and the local server's state."""
        return self.prefect_home or self.data_dir / "prefect"

    @property
    def stack_dir(self) -> Path:
        """Folder of what `lineage up` knows of its parts, and of their logs."""
        return self.data_dir / "stack"

    @property
    def metrics_dir(self) -> Path:
        """What each process has counted, for /metrics."""
        return self.data_dir / "metrics"

    @property
    def watch_dir(self) -> Path:
        """Folder with one sub-folder a watched project: what the watcher still has to do."""
        return self.data_dir / "watch"

    @property
    def neo4j_home(self) -> Path:
        """The embedded server's home: store, logs, password."""
        return self.data_dir / "neo4j"


def load_settings(**overrides: Any) -> Settings:
    """Settings from arguments, environment and lineage.toml.

    Raises:
        SettingsError: naming each wrong value, where it came from and what would be right.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        lines = [
            f"{item['loc'][0] if item['loc'] else 'setting'}: {item['msg']} (got {item.get('input')!r})"
            for item in error.errors()
        ]
        raise SettingsError(
            "Settings cannot be used: " + "; ".join(lines),
            hint="See `lineage settings` for every name, default and meaning.",
        ) from error
