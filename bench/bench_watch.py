"""CPU of the watcher with its window, against handling each event at once: the same saves, interleaved rounds.

    .venv/bin/python bench/bench_watch.py [--files 20] [--saves 30] [--rounds 3] [--gap 0.1] [--pause 1] [--json FILE]

Every way runs as a process of its own, on a real Prefect server and a real Neo4j, and is measured after its first run,
when everything is imported. Runs of the deployment end as soon as they are made: what they would do is not measured,
only what making them costs the watcher and the server.

- window: the watcher as it is, 5 s of quiet, 50 files, at most 15 s
- realtime: the watcher with the window off; changes merge while a run waits
- each: the same events, a run for each changed path
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.watch.state import Batch
    from flows.watch.trigger import PrefectTrigger

WAYS = ("window", "realtime", "each")
FLOW = "stand-in"
DEPLOYMENT = f"{FLOW}/watch"
LINEAGE = Path(sys.executable).with_name("lineage")


def main() -> None:
    """Run the rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--saves", type=int, default=30, help="of each file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gap", type=float, default=0.1, help="mean seconds between two files")
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between two saves of all files")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return
    with tempfile.TemporaryDirectory() as scratch, services(Path(scratch)) as (server, neo4j):
        rounds = [
            {way: measured(way, Path(scratch) / f"{way}-{number}", server, neo4j, options) for way in WAYS}
            for number in range(options.rounds)
        ]
    show(rounds)
    if options.json:
        options.json.write_text(json.dumps(rounds, indent=2) + "\n")


def child(way: str) -> None:
    """Watch as the way says, until SIGTERM."""
    from flows.watch.run_watch import run_watch
    from flows.watch.trigger import PrefectTrigger

    settings = load_settings(**({} if way == "window" else {"watch_debounce_seconds": 0.0}))
    trigger = PrefectTrigger(settings, DEPLOYMENT)
    if way == "each":
        asyncio.run(each_at_once(settings, trigger))
    else:
        run_watch(settings, [], trigger)


async def each_at_once(settings: Settings, trigger: PrefectTrigger) -> None:
    """The watcher without window, merging and state."""
    from flows.watch.changes import Changes
    from flows.watch.events import events
    from flows.watch.roots import roots_of
    from flows.watch.state import Batch

    (root,) = roots_of([], settings)
    rules = Changes(settings, [root.path])
    async for changes, _ in events(root, settings):
        for path in rules.of(changes).paths:
            await make_run(trigger, Batch(key=uuid.uuid4().hex, paths=[path]))


async def make_run(trigger: PrefectTrigger, batch: Batch) -> None:
    """Ask until the server, which may be too busy, has made a run."""
    while True:
        try:
            await trigger.start(batch)
        except Exception:  # noqa: BLE001 - whatever it was, try again
            await asyncio.sleep(0.5)
        else:
            return


def measured(
    way: str, folder: Path, server: Server, neo4j: dict[str, str], options: argparse.Namespace
) -> dict[str, float]:
    """CPU seconds of one way over all saves, and the runs that it made."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    environment = {
        **os.environ,
        **neo4j,
        "PREFECT_API_URL": server.api_url,
        "INGEST_ROOT": str(tree),
        "INGEST_PROJECT": folder.name,
        "LINEAGE_DATA_DIR": str(folder / "data"),
    }
    with subprocess.Popen([sys.executable, __file__, "--child", way], env=environment) as process:
        warm_up(tree, server)
        watcher = psutil.Process(process.pid)
        before, server_before, runs_before = cpu(watcher), cpu(server.process), server.runs
        save(tree, options)
        time.sleep(8)  # the last window closes
        result = {
            "watcher": cpu(watcher) - before,
            "server": cpu(server.process) - server_before,
            "runs": server.runs - runs_before,
            "memory": watcher.memory_info().rss / 2**20,
        }
        process.terminate()
    print(f"{folder.name:<12} {result}", file=sys.stderr)
    return result


def warm_up(tree: Path, server: Server) -> None:
    """Save until a run was made of it."""
    runs = server.runs
    while server.runs == runs:
        (tree / "warm.sql").write_text(f"SELECT {time.time()}")
        time.sleep(7)


def save(tree: Path, options: argparse.Namespace) -> None:
    """The same saves at the same times for every way."""
    chance = random.Random(4)
    for number in range(options.saves):
        for name in range(options.files):
            (tree / f"{name}.sql").write_text(f"CREATE VIEW v{name} AS SELECT {number} AS n")
            time.sleep(chance.expovariate(1 / options.gap))
        time.sleep(chance.expovariate(1 / options.pause))


def cpu(process: psutil.Process) -> float:
    """User and system seconds of a process and its children."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(item.user + item.system + item.children_user + item.children_system for item in times)


class Server:
    """The Prefect server, whose runs end as soon as they are made."""

    def __init__(self, api_url: str, process: psutil.Process) -> None:
        self.api_url = api_url
        self.process = process
        self.runs = 0

    def end_runs(self) -> None:
        """End runs, for ever."""
        from prefect import flow
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
        from prefect.client.schemas.objects import StateType
        from prefect.states import Completed

        @flow(name=FLOW)
        def stand_in(paths: list[str], project: str = "", root: str = "") -> None:
            """Nothing."""

        scheduled = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
        with get_client(sync_client=True) as client:
            client.create_deployment(flow_id=client.create_flow(stand_in), name="watch", enforce_parameter_schema=False)
            while True:
                for run in client.read_flow_runs(flow_run_filter=FlowRunFilter(state=scheduled)):
                    client.set_flow_run_state(run.id, Completed(), force=True)
                    self.runs += 1
                time.sleep(1)


@contextmanager
def services(scratch: Path) -> Iterator[tuple[Server, dict[str, str]]]:
    """A Prefect server and a Neo4j of their own."""
    from flows.prefect_session import prefect_session

    ports = [str(free_port()), str(free_port())]
    own = {"LINEAGE_DATA_DIR": str(scratch / "neo4j"), "NEO4J_URI": ""}
    own |= {"LINEAGE_NEO4J_BOLT_PORT": ports[0], "LINEAGE_NEO4J_HTTP_PORT": ports[1]}
    environment = {**os.environ, **own}
    subprocess.run([LINEAGE, "db", "start"], env=environment, check=True, capture_output=True)
    password = next((scratch / "neo4j").rglob("password*")).read_text().strip()
    settings = load_settings(data_dir=scratch / "prefect", prefect_home=scratch / "prefect", prefect_api_url="")
    try:
        with prefect_session(settings) as server:
            assert server.local is not None, "the settings name no other server"
            opened = Server(server.api_url, psutil.Process(server.local[1].process.pid))
            threading.Thread(target=opened.end_runs, daemon=True).start()
            yield opened, {"NEO4J_URI": f"bolt://127.0.0.1:{ports[0]}", "NEO4J_PASSWORD": password}
    finally:
        subprocess.run([LINEAGE, "db", "stop"], env=environment, check=True, capture_output=True)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def show(rounds: list[dict[str, dict[str, float]]]) -> None:
    """The table, and what the window saves."""
    print(f"{'':<10} {'watcher CPU s: min, median, max':>32} {'server CPU s':>13} {'runs':>6} {'MiB':>6}")
    for way in WAYS:
        seconds = [found[way]["watcher"] for found in rounds]
        spread = f"{min(seconds):.2f} {statistics.median(seconds):.2f} {max(seconds):.2f}"
        rest = [statistics.median(found[way][name] for found in rounds) for name in ("server", "runs", "memory")]
        print(f"{way:<10} {spread:>32} {rest[0]:>13.1f} {rest[1]:>6.0f} {rest[2]:>6.0f}")
    for way in ("realtime", "window"):
        shares = [100 * (1 - found[way]["watcher"] / found["each"]["watcher"]) for found in rounds]
        print(f"{way}, below each, by round:", ", ".join(f"{share:.1f} %" for share in shares))


if __name__ == "__main__":
    main()
