"""Every setting, in one place: its environment name, default and meaning.

Made once at the edge (`load_settings`) and handed down; nothing else reads the environment. Sources, strongest first:
arguments, environment variables, `lineage.toml` in the current folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import psutil
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from lineage_core.errors import SettingsError

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def _env(name: str) -> Any:
    """A field's environment name; the field's own name works in lineage.toml and in arguments."""
    return AliasChoices(name, name.lower())


def default_workers() -> int:
    """min(4, cpus this process may use)."""
    return min(4, len(os.sched_getaffinity(0)))


def default_memory_limit() -> int:
    """Bytes: 2 GiB or half of the machine, whichever is less."""
    return int(min(2 * 2**30, psutil.virtual_memory().total // 2))


class Settings(BaseSettings):
    """The project's settings. See docs/settings.md, which is generated from these descriptions."""

    model_config = SettingsConfigDict(
        toml_file="lineage.toml", extra="ignore", frozen=True, populate_by_name=True, validate_default=True
    )

    # --- what is ingested
    project: str = Field(
        "default",
        validation_alias=_env("INGEST_PROJECT"),
        min_length=1,
        max_length=200,
        description="Name of the project: part of every node's id, so that several trees can share a database.",
    )
    root: Path = Field(
        Path(),
        validation_alias=_env("INGEST_ROOT"),
        description="Project root: a file's identity is its path relative to it. Default: the current folder.",
    )
    suffixes: tuple[str, ...] = Field(
        (".sql",), validation_alias=_env("INGEST_SUFFIXES"), description="Suffixes of files to ingest, in any case."
    )
    dialect: str = Field(
        "",
        validation_alias=_env("INGEST_DIALECT"),
        description="Dialect of files that no pattern of `dialects` matches. Empty: found from each file's content.",
    )
    dialects: dict[str, str] = Field(
        default_factory=dict,
        validation_alias=_env("INGEST_DIALECTS"),
        description="Path pattern (gitignore syntax) -> dialect; the last match wins.",
    )
    databases: dict[str, str] = Field(
        default_factory=dict,
        validation_alias=_env("INGEST_DATABASES"),
        description="Path pattern (gitignore syntax) -> database of its files' names; the last match wins.",
    )
    default_database: str = Field(
        "",
        validation_alias=_env("INGEST_DEFAULT_DATABASE"),
        description="Database of names that give none, where the file has no USE.",
    )
    default_schema: str = Field(
        "",
        validation_alias=_env("INGEST_DEFAULT_SCHEMA"),
        description="Schema of names that give none. Empty: the dialect's own (dbo, public, ...).",
    )

    # --- how it is ingested
    workers: int = Field(
        default_factory=default_workers,
        validation_alias=_env("INGEST_WORKERS"),
        ge=1,
        le=256,
        description="Parser processes. Default: min(4, cpus).",
    )
    writers: int = Field(
        2,
        validation_alias=_env("INGEST_WRITERS"),
        ge=1,
        le=8,
        description="Database sessions that write at the same time; more than two is not faster.",
    )
    batch_size: int = Field(
        5000, validation_alias=_env("INGEST_BATCH_SIZE"), ge=1, le=100_000, description="Rows of one UNWIND statement."
    )
    max_delete_share: float = Field(
        0.3,
        validation_alias=_env("INGEST_MAX_DELETE_SHARE"),
        ge=0,
        le=1,
        description="Share of the project's files that a run may delete from the graph without being told to "
        "(`--confirm-deletions`). Up to 20 files it always may.",
    )
    memory_limit: int = Field(
        default_factory=default_memory_limit,
        validation_alias=_env("INGEST_MEMORY_LIMIT"),
        ge=128 * 2**20,
        description="Bytes (or 2g, 512m) that this process and its workers may hold together. "
        "Default: 2 GiB or half of the machine, whichever is less.",
    )
    enable_cache: bool = Field(
        default=True,
        validation_alias=_env("ENABLE_PARSE_CACHE"),
        description="Keep the facts of each content, so that it is parsed once.",
    )
    enable_batching: bool = Field(
        default=True,
        validation_alias=_env("ENABLE_BATCHING"),
        description="Parse in parallel and write in batches. Off: one file after the other, one row a transaction.",
    )

    executor: Literal["local", "dask"] = Field(
        "local",
        validation_alias=_env("INGEST_EXECUTOR"),
        description="Who parses: `local`, the processes of this machine; `dask`, the workers of the cluster that "
        "DASK_SCHEDULER_ADDRESS names. Everything else is done here.",
    )
    dask_scheduler_address: str = Field(
        "",
        validation_alias=_env("DASK_SCHEDULER_ADDRESS"),
        description="Address of the Dask scheduler for INGEST_EXECUTOR=dask, such as tcp://10.0.0.5:8786 or tls://...",
    )
    dask_shared_files: bool = Field(
        default=False,
        validation_alias=_env("INGEST_DASK_SHARED_FILES"),
        description="Dask workers see the files under the same paths and read them there. Off: contents are sent.",
    )

    # --- where things are kept
    data_dir: Path = Field(
        Path("data"),
        validation_alias=_env("LINEAGE_DATA_DIR"),
        description="Folder of everything kept between runs: caches, dead letters, the embedded Neo4j's store.",
    )
    cache_entries: int = Field(
        10_000,
        validation_alias=_env("PARSE_CACHE_ENTRIES"),
        ge=1,
        description="Entries of the parse cache; the least recently used go first.",
    )
    cache_days: float = Field(
        30.0, validation_alias=_env("PARSE_CACHE_DAYS"), gt=0, description="Days an entry of the parse cache is kept."
    )

    # --- Neo4j
    neo4j_uri: str = Field(
        "",
        validation_alias=_env("NEO4J_URI"),
        description="Address of a Neo4j 5 or newer, or Aura. Empty: the embedded server, started if it is not running.",
    )
    neo4j_user: str = Field("neo4j", validation_alias=_env("NEO4J_USER"), description="User name.")
    neo4j_password: SecretStr = Field(
        SecretStr(""),
        validation_alias=_env("NEO4J_PASSWORD"),
        description="Password. The embedded server makes its own.",
    )
    neo4j_database: str = Field("neo4j", validation_alias=_env("NEO4J_DATABASE"), description="Database name.")
    neo4j_bolt_port: int = Field(
        7687,
        validation_alias=_env("LINEAGE_NEO4J_BOLT_PORT"),
        ge=1,
        le=65535,
        description="Bolt port of the embedded server.",
    )
    neo4j_http_port: int = Field(
        7474,
        validation_alias=_env("LINEAGE_NEO4J_HTTP_PORT"),
        ge=1,
        le=65535,
        description="HTTP port of the embedded server (Neo4j Browser).",
    )
    neo4j_stall_seconds: int = Field(
        30,
        validation_alias=_env("LINEAGE_NEO4J_STALL_SECONDS"),
        ge=2,
        le=3600,
        description="Seconds without a sign of life after which a connection to the embedded server counts as lost; "
        "the write is then tried again. Another server says so itself: twice its server.bolt.connection_keep_alive.",
    )
    neo4j_jars_dir: Path | None = Field(
        None,
        validation_alias=_env("LINEAGE_NEO4J_JARS"),
        description="Folder that holds the embedded server's jars already, for machines without Maven Central.",
    )
    maven_mirror: str = Field(
        "",
        validation_alias=_env("LINEAGE_MAVEN_MIRROR"),
        description="Base address of a Maven repository to take the jars from instead of Maven Central.",
    )
    java_home: Path | None = Field(
        None,
        validation_alias=_env("JAVA_HOME"),
        description="A Java 17 or newer to run the embedded server on. Default: one on PATH, else the packaged JRE.",
    )

    # --- Prefect
    prefect_api_url: str = Field(
        "",
        validation_alias=_env("PREFECT_API_URL"),
        description="API of the Prefect server to run on. Empty: a local server, started for the run.",
    )
    prefect_home: Path | None = Field(
        None,
        validation_alias=_env("PREFECT_HOME"),
        description=(
            "Folder of Prefect's own files, the local server's history included. Default: `prefect` in the data folder."
        ),
    )

    # --- the local stack
    prefect_port: int = Field(
        4200,
        validation_alias=_env("LINEAGE_PREFECT_PORT"),
        ge=1,
        le=65535,
        description="Port of the Prefect server that `lineage up` starts (API and UI).",
    )
    metrics_port: int = Field(
        9464,
        validation_alias=_env("LINEAGE_METRICS_PORT"),
        ge=0,
        le=65535,
        description="Port, on 127.0.0.1, at which `lineage up`, `lineage watch` and `lineage worker` offer metrics to "
        "Prometheus, under /metrics. 0: none.",
    )

    enable_warm_runner: bool = Field(
        default=True,
        validation_alias=_env("ENABLE_WARM_RUNNER"),
        description="Have `lineage worker` fork flow runs from a process that has everything imported, which saves 3 s "
        "and more a run. Off: each run is a new Python process.",
    )

    # --- the watcher
    watch_debounce_seconds: float = Field(
        5.0,
        validation_alias=_env("WATCH_DEBOUNCE_SECONDS"),
        ge=0,
        le=3600,
        description="Seconds without a change after which the changed files are ingested together. 0: each at once.",
    )
    watch_max_files: int = Field(
        50,
        validation_alias=_env("WATCH_MAX_FILES"),
        ge=1,
        description="Changed files that are ingested without waiting any longer.",
    )
    watch_max_wait_seconds: float = Field(
        15.0,
        validation_alias=_env("WATCH_MAX_WAIT_SECONDS"),
        gt=0,
        description="Seconds that a change waits at most while others keep coming.",
    )
    watch_reconcile_seconds: float = Field(
        300.0,
        validation_alias=_env("WATCH_RECONCILE_SECONDS"),
        gt=0,
        description="Seconds between two comparisons of the whole tree with the graph.",
    )
    watch_force_polling: bool = Field(
        default=False,
        validation_alias=_env("WATCH_FORCE_POLLING"),
        description="Look at every file again and again instead of being told by the kernel; network drives need it.",
    )
    watch_poll_seconds: float = Field(
        2.0,
        validation_alias=_env("WATCH_POLL_SECONDS"),
        ge=0.05,
        description="Seconds between two looks, where WATCH_FORCE_POLLING is set.",
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

    @field_validator("memory_limit", mode="before")
    @classmethod
    def _size(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        text = value.strip().lower().removesuffix("ib").removesuffix("b")
        unit = text[-1:] if text[-1:] in _UNITS else ""
        return int(float(text.removesuffix(unit)) * _UNITS[unit])

    @field_validator("suffixes")
    @classmethod
    def _dotted(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(suffix.lower() if suffix.startswith(".") else f".{suffix.lower()}" for suffix in value)

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
