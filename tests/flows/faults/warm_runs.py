"""A process that has imported everything and forks a run for each line it reads: a run starts at once.

Line in: JSON {environment, folder, log, flow, paths}. Lines out: the run's process id, and in the end that and its exit
code. One run at a time.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import flows.bulk
import flows.run_bulk
import tasks.results  # noqa: F401
from flows.prefect_session import prefect_session
from lineage_core.settings import load_settings


def ingest(flow: str, paths: list[str]) -> int:
    """Run the flow; 0 if it completed, 1 if it failed."""
    from tasks.results import register

    with prefect_session(load_settings()):
        register()
        if flow == "bulk":
            state: Any = flows.bulk.bulk(paths=paths, return_state=True)
        else:
            from flows.incremental import incremental

            state = incremental(paths=paths, return_state=True)
    return int(not state.is_completed())


def fork(order: dict[str, Any]) -> int:
    """Start a run in a process of its own, in a group of its own; its process id."""
    pid = os.fork()
    if pid:
        return pid
    os.setpgid(0, 0)
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 70
    try:
        code = ingest(order["flow"], order["paths"])
    except Exception as error:  # noqa: BLE001 - the process ends here, whatever it was
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    finally:
        sys.stderr.flush()
        os._exit(code)


def reap(pid: int) -> None:
    """Tell when the run has ended, and how."""
    _, status = os.waitpid(pid, 0)
    print(pid, os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


for line in sys.stdin:
    run = fork(json.loads(line))
    print(run, flush=True)  # noqa: T201
    reap(run)
