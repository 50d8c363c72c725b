"""The machine and the versions that a result holds for."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from lineage_core.graph.server.jars import NEO4J_VERSION

ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("sql-lineage-graph", "prefect", "neo4j", "neo4j-rust-ext", "sqlglot", "sqlglotc", "sqlparse", "pydantic")


def machine() -> dict[str, object]:
    """Processor, cores, memory, load, and what is installed; the load says whether others were working."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_at_start": [round(value, 2) for value in os.getloadavg()],
        "system": platform.platform(),
        "python": platform.python_version(),
        "neo4j_server": os.environ.get("NEO4J_URI") or NEO4J_VERSION,
        "commit": _commit(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - the git on PATH
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
