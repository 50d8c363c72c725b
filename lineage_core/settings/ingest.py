"""Settings of what is ingested and how, and of where things are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import psutil
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from lineage_core.settings.environment import env

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def default_workers() -> int:
    """min(4, cpus this process may use)."""
    return min(4, len(os.sched_getaffinity(0)))


def default_memory_limit() -> int:
    """Bytes: 2 GiB or half of the machine, whichever is less."""
    return int(min(2 * 2**30, psutil.virtual_memory().total // 2))


class IngestSettings(BaseSettings):
    """What an ingest does; the services that it uses have settings of their own."""

    # --- what is ingested
    project: str = Field(
        "default",
        validation_alias=env("INGEST_PROJECT"),
        min_length=1,
        max_length=200,
        description="Name of the project: part of every node's id, so that several trees can share a database.",
    )
    root: Path = Field(
        Path(),
        validation_alias=env("INGEST_ROOT"),
        description="Project root: a file's identity is its path relative to it. Default: the current folder.",
    )
    suffixes: tuple[str, ...] = Field(
        (".sql",), validation_alias=env("INGEST_SUFFIXES"), description="Suffixes of files to ingest, in any case."
    )
    dialect: str = Field(
        "",
        validation_alias=env("INGEST_DIALECT"),
        description="Dialect of files that no pattern of `dialects` matches. Empty: found from each file's content.",
    )
    dialects: dict[str, str] = Field(
        default_factory=dict,
        validation_alias=env("INGEST_DIALECTS"),
        description="Path pattern (gitignore syntax) -> dialect; the last match wins.",
    )
    databases: dict[str, str] = Field(
        default_factory=dict,
        validation_alias=env("INGEST_DATABASES"),
        description="Path pattern (gitignore syntax) -> database of its files' names; the last match wins.",
    )
    default_database: str = Field(
        "",
        validation_alias=env("INGEST_DEFAULT_DATABASE"),
        description="Database of names that give none, where the file has no USE.",
    )
    default_schema: str = Field(
        "",
        validation_alias=env("INGEST_DEFAULT_SCHEMA"),
        description="Schema of names that give none. Empty: the dialect's own (dbo, public, ...).",
    )

    # --- how it is ingested
    workers: int = Field(
        default_factory=default_workers,
        validation_alias=env("INGEST_WORKERS"),
        ge=1,
        le=256,
        description="Parser processes. Default: min(4, cpus).",
    )
    writers: int = Field(
        2,
        validation_alias=env("INGEST_WRITERS"),
        ge=1,
        le=8,
        description="Database sessions that write at the same time; more than two is not faster.",
    )
    batch_size: int = Field(
        5000, validation_alias=env("INGEST_BATCH_SIZE"), ge=1, le=100_000, description="Rows of one UNWIND statement."
    )
    max_delete_share: float = Field(
        0.3,
        validation_alias=env("INGEST_MAX_DELETE_SHARE"),
        ge=0,
        le=1,
        description="Share of the project's files that a run may delete from the graph without being told to "
        "(`--confirm-deletions`). Up to 20 files it always may.",
    )
    memory_limit: int = Field(
        default_factory=default_memory_limit,
        validation_alias=env("INGEST_MEMORY_LIMIT"),
        ge=128 * 2**20,
        description="Bytes (or 2g, 512m) that this process and its workers may hold together. "
        "Default: 2 GiB or half of the machine, whichever is less.",
    )
    enable_cache: bool = Field(
        default=True,
        validation_alias=env("ENABLE_PARSE_CACHE"),
        description="Keep the facts of each content, so that it is parsed once.",
    )
    enable_batching: bool = Field(
        default=True,
        validation_alias=env("ENABLE_BATCHING"),
        description="Parse in parallel and write in batches. Off: one file after the other, one row a transaction.",
    )

    executor: Literal["local", "dask"] = Field(
        "local",
        validation_alias=env("INGEST_EXECUTOR"),
        description="Who parses: `local`, the processes of this machine; `dask`, the workers of the cluster that "
        "DASK_SCHEDULER_ADDRESS names. Everything else is done here.",
    )
    dask_scheduler_address: str = Field(
        "",
        validation_alias=env("DASK_SCHEDULER_ADDRESS"),
        description="Address of the Dask scheduler for INGEST_EXECUTOR=dask, such as tcp://10.0.0.5:8786 or tls://...",
    )
    dask_shared_files: bool = Field(
        default=False,
        validation_alias=env("INGEST_DASK_SHARED_FILES"),
        description="Dask workers see the files under the same paths and read them there. Off: contents are sent.",
    )

    # --- where things are kept
    data_dir: Path = Field(
        Path("data"),
        validation_alias=env("LINEAGE_DATA_DIR"),
        description="Folder of everything kept between runs: caches, dead letters, the embedded Neo4j's store.",
    )
    cache_entries: int = Field(
        10_000,
        validation_alias=env("PARSE_CACHE_ENTRIES"),
        ge=1,
        description="Entries of the parse cache; the least recently used go first.",
    )
    cache_days: float = Field(
        30.0, validation_alias=env("PARSE_CACHE_DAYS"), gt=0, description="Days an entry of the parse cache is kept."
    )

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
