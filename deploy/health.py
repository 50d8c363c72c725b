# ruff: noqa: INP001 - a script, run by path
"""Whether a part that runs by itself is well: `python deploy/health.py prefect|worker|watcher [SECONDS]`.

Exit code 0 if it is; else it keeps asking for as many seconds, says what is wrong and exits with 1. It asks as the part
itself would: with the same environment and, about the watcher, on the same machine.
"""

from __future__ import annotations

import os
import sys
import time

import httpx

from flows.run_worker import POOL
from flows.watch.state import read_state
from lineage_core.settings import Settings, load_settings

_ANSWER_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.5


def prefect(settings: Settings) -> str:
    """What is wrong with the server of PREFECT_API_URL; empty if nothing is."""
    try:
        httpx.get(f"{settings.prefect_api_url}/health", timeout=_ANSWER_SECONDS).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"No Prefect server at {settings.prefect_api_url}: {error}"
    return ""


def worker(settings: Settings) -> str:
    """Whether Prefect heard of a worker lately; which one of several, it does not tell."""
    user, _, password = os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")
    try:
        url = f"{settings.prefect_api_url}/work_pools/{POOL}"
        answer = httpx.get(url, auth=(user, password) if user else None, timeout=_ANSWER_SECONDS)
        status = answer.raise_for_status().json()["status"]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"Work pool {POOL} cannot be read: {error}"
    return f"Work pool {POOL} is {status}: no worker runs." if status == "NOT_READY" else ""


def watcher(settings: Settings) -> str:
    """Whether the project's watcher runs."""
    state = read_state(settings)
    return "" if state is not None and state.running else f"Nobody watches project {settings.project}."


PARTS = {"prefect": prefect, "worker": worker, "watcher": watcher}


def main(name: str, seconds: float = 0.0) -> str:
    """What is wrong with a part for as many seconds; empty as soon as nothing is."""
    settings = load_settings()
    end = time.monotonic() + seconds
    while (wrong := PARTS[name](settings)) and time.monotonic() < end:
        time.sleep(_LOOK_AGAIN_SECONDS)
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(float, sys.argv[2:])) or 0)
