"""Runs a command and writes what it and everything it started took, the processes that it left behind included.

    python bench/tree_cpu.py OUT.json COMMAND ...

It makes itself the reaper of its descendants (prctl PR_SET_CHILD_SUBREAPER, Linux), so that a worker whose parent has
ended comes to it and is counted. What goes on for longer than 20 s after the command is counted as far as it got.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STRAGGLER_SECONDS = 20.0
_LOOK_SECONDS = 0.01


def main() -> None:
    """Run, wait, write; exit as the command did."""
    out, *command = sys.argv[1:]
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    began = time.perf_counter()
    child = subprocess.Popen(command, preexec_fn=_end_with_parent)  # noqa: PLW1509 - there is one thread here
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime + _stragglers()
    Path(out).write_text(json.dumps({"wall": wall, "cpu": cpu}), "utf-8")
    sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def _end_with_parent() -> None:
    """A benchmark that is stopped kills this process: the command is asked to end then, not left to go on."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _stragglers() -> float:
    """CPU seconds of what the command left behind, once it has ended."""
    seconds = 0.0
    deadline = time.monotonic() + STRAGGLER_SECONDS
    while time.monotonic() < deadline:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid:
            seconds += usage.ru_utime + usage.ru_stime
        else:
            time.sleep(_LOOK_SECONDS)
    return seconds


if __name__ == "__main__":
    main()
