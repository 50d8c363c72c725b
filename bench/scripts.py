"""The comparisons `watch` and `save`: scripts that measure by themselves, their results brought into the same form."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.comparison import Plan, Target
from bench.measured import BenchError
from bench.services import own_environment

if TYPE_CHECKING:
    from bench.comparison import Measures, Round
    from bench.session import Session

_HERE = Path(__file__).parent


def watch(session: Session) -> Plan:
    """CPU of the watcher with its window, against a run for each event. A round starts its own servers."""
    few = ["--files", "5", "--saves", "4"] if session.options.quick else []

    def one_round(number: int) -> Round:
        (found,) = _json_of(session, f"watch-{number}", "bench_watch.py", "--rounds", "1", *few)
        return {
            way: {
                "cpu": measures["watcher"],
                "prefect_cpu": measures["server"],
                "memory": measures["memory"] * 2**20,
                "runs": measures["runs"],
            }
            for way, measures in found.items()
        }

    return Plan(
        one_round,
        (
            Target("watcher's CPU, window / each event", "window", "each", "cpu", at_most=0.2),
            Target("server's CPU, window / each event", "window", "each", "prefect_cpu"),
            Target("runs, window / each event", "window", "each", "runs"),
        ),
    )


def save(session: Session) -> Plan:
    """Seconds from a save to the graph, with the window of 5 s and without."""
    few = ["--files", "30", "--saves", "4"] if session.options.quick else []

    def one_round(number: int) -> Round:
        found = _json_of(session, f"save-{number}", "bench_save_to_graph.py", "--rounds", "1", *few)
        return {way: _percentiles(seconds) for way, seconds in found.items()}

    return Plan(
        one_round,
        (
            Target("seconds at p95, window of 5 s", "debounce", measure="p95", at_most=10),
            Target("seconds at p95, --realtime", "realtime", measure="p95", at_most=3),
        ),
        notes=lambda: ["The seconds of the table are the middle of a round's saves."],
    )


def _percentiles(seconds: list[float]) -> Measures:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"seconds": cuts[49], "p95": cuts[94], "p99": cuts[98], "saves": float(len(seconds))}


def _json_of(session: Session, name: str, script: str, *arguments: str) -> Any:
    """What a script writes with --json."""
    work = session.options.work
    out = work / f"{name}.json"
    command = [sys.executable, str(_HERE / script), *arguments, "--json", str(out)]
    done = subprocess.run(command, env=own_environment(work), cwd=work, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{script} failed:\n{(done.stdout + done.stderr)[-1500:]}")
    return json.loads(out.read_text("utf-8"))
