"""Settings of what an ingest runs on: Neo4j, Prefect, the local stack, the watcher."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from lineage_core.settings.environment import env


class ServiceSettings(BaseSettings):
    """The database, Prefect, and what `lineage up` starts."""

    # --- Neo4j
    neo4j_uri: str = Field(
        "",
        validation_alias=env("NEO4J_URI"),
        description="Address of a Neo4j 5 or newer, or Aura. Empty: the embedded server, started if it is not running.",
    )
    neo4j_user: str = Field("neo4j", validation_alias=env("NEO4J_USER"), description="User name.")
    neo4j_password: SecretStr = Field(
        SecretStr(""),
        validation_alias=env("NEO4J_PASSWORD"),
        description="Password. The embedded server makes its own.",
    )
    neo4j_database: str = Field("neo4j", validation_alias=env("NEO4J_DATABASE"), description="Database name.")
    neo4j_bolt_port: int = Field(
        7687,
        validation_alias=env("LINEAGE_NEO4J_BOLT_PORT"),
        ge=1,
        le=65535,
        description="Bolt port of the embedded server.",
    )
    neo4j_http_port: int = Field(
        7474,
        validation_alias=env("LINEAGE_NEO4J_HTTP_PORT"),
        ge=1,
        le=65535,
        description="HTTP port of the embedded server (Neo4j Browser).",
    )
    neo4j_stall_seconds: int = Field(
        30,
        validation_alias=env("LINEAGE_NEO4J_STALL_SECONDS"),
        ge=2,
        le=3600,
        description="Seconds without a sign of life after which a connection to the embedded server counts as lost; "
        "the write is then tried again. Another server says so itself: twice its server.bolt.connection_keep_alive.",
    )
    neo4j_jars_dir: Path | None = Field(
        None,
        validation_alias=env("LINEAGE_NEO4J_JARS"),
        description="Folder that holds the embedded server's jars already, for machines without Maven Central.",
    )
    maven_mirror: str = Field(
        "",
        validation_alias=env("LINEAGE_MAVEN_MIRROR"),
        description="Base address of a Maven repository to take the jars from instead of Maven Central.",
    )
    java_home: Path | None = Field(
        None,
        validation_alias=env("JAVA_HOME"),
        description="A Java 17 or newer to run the embedded server on. Default: one on PATH, else the packaged JRE.",
    )

    # --- Prefect
    prefect_api_url: str = Field(
        "",
        validation_alias=env("PREFECT_API_URL"),
        description="API of the Prefect server to run on. Empty: a local server, started for the run.",
    )
    prefect_home: Path | None = Field(
        None,
        validation_alias=env("PREFECT_HOME"),
        description=(
            "Folder of Prefect's own files, the local server's history included. Default: `prefect` in the data folder."
        ),
    )

    # --- the local stack
    prefect_port: int = Field(
        4200,
        validation_alias=env("LINEAGE_PREFECT_PORT"),
        ge=1,
        le=65535,
        description="Port of the Prefect server that `lineage up` starts (API and UI).",
    )
    metrics_port: int = Field(
        9464,
        validation_alias=env("LINEAGE_METRICS_PORT"),
        ge=0,
        le=65535,
        description="Port, on 127.0.0.1, at which `lineage up`, `lineage watch` and `lineage worker` offer metrics to "
        "Prometheus, under /metrics. 0: none.",
    )

    enable_warm_runner: bool = Field(
        default=True,
        validation_alias=env("ENABLE_WARM_RUNNER"),
        description="Have `lineage worker` fork flow runs from a process that has everything imported, which saves 3 s "
        "and more a run. Off: each run is a new Python process.",
    )

    # --- the watcher
    watch_debounce_seconds: float = Field(
        5.0,
        validation_alias=env("WATCH_DEBOUNCE_SECONDS"),
        ge=0,
        le=3600,
        description="Seconds without a change after which the changed files are ingested together. 0: each at once.",
    )
    watch_max_files: int = Field(
        50,
        validation_alias=env("WATCH_MAX_FILES"),
        ge=1,
        description="Changed files that are ingested without waiting any longer.",
    )
    watch_max_wait_seconds: float = Field(
        15.0,
        validation_alias=env("WATCH_MAX_WAIT_SECONDS"),
        gt=0,
        description="Seconds that a change waits at most while others keep coming.",
    )
    watch_reconcile_seconds: float = Field(
        300.0,
        validation_alias=env("WATCH_RECONCILE_SECONDS"),
        gt=0,
        description="Seconds between two comparisons of the whole tree with the graph.",
    )
    watch_force_polling: bool = Field(
        default=False,
        validation_alias=env("WATCH_FORCE_POLLING"),
        description="Look at every file again and again instead of being told by the kernel; network drives need it.",
    )
    watch_poll_seconds: float = Field(
        2.0,
        validation_alias=env("WATCH_POLL_SECONDS"),
        ge=0.05,
        description="Seconds between two looks, where WATCH_FORCE_POLLING is set.",
    )
