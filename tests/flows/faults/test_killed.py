"""kill -9 in the middle of a run: after a restart and one pass the graph is that of a run that was left in peace."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from changing_tree import Tree
from ended_processes import is_running
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.one_at_a_time import PREFIX
from flows.project_key import project_key
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Server

    from lineage_core.graph.snapshot import Snapshot

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("kills")]

HERE = Path(__file__).parent
SEED = 20


class Runs:
    """Starts runs of a flow over a tree, in processes that can be killed."""

    def __init__(self, warm: subprocess.Popen[str], environment: dict[str, str], folder: Path) -> None:
        self._warm = warm
        self._api = environment["PREFECT_API_URL"]
        self._slot = PREFIX + project_key(load_settings(project="killed", root=folder))
        self._order = {"environment": environment, "folder": str(folder), "log": str(folder / "runs.log")}

    def start(self, flow: str, paths: list[str], **environment: str) -> psutil.Process:
        """A run's process."""
        assert self._warm.stdin
        assert self._warm.stdout
        order = {**self._order, "environment": {**self._order["environment"], **environment}}
        self._warm.stdin.write(json.dumps({**order, "flow": flow, "paths": paths}) + "\n")
        self._warm.stdin.flush()
        return psutil.Process(int(self._warm.stdout.readline()))

    def end(self) -> int:
        """Wait until the run has ended; its exit code, or minus the signal that ended it."""
        assert self._warm.stdout
        return int(self._warm.stdout.readline().split()[1])

    def free_slot(self) -> None:
        """Let the next incremental run begin: a killed one holds its slot until its lease has ended, for a minute."""
        with (
            temporary_settings({PREFECT_API_URL: self._api}),
            get_client(sync_client=True) as client,
            suppress(ObjectNotFound),  # no incremental run yet
        ):
            client.delete_global_concurrency_limit_by_name(self._slot)

    def run(self, flow: str, paths: list[str], **environment: str) -> int:
        """A run from start to end."""
        self.start(flow, paths, **environment)
        return self.end()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this module's runs."""
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def tree(base: Path) -> Tree:
    """The tree that all tests here ingest."""
    return Tree(base / "sql")


@pytest.fixture(scope="module")
def runs(base: Path, server: Server, prefect_api: str) -> Iterator[Runs]:
    """Starts runs on the tests' own Neo4j."""
    database = server.database
    environment = {
        "DO_NOT_TRACK": "1",
        "INGEST_PROJECT": "killed",
        "INGEST_ROOT": str(base),
        "INGEST_WORKERS": "2",
        "LINEAGE_DATA_DIR": str(base / "data"),
        "NEO4J_URI": database.uri,
        "NEO4J_USER": database.user,
        "NEO4J_PASSWORD": database.password,
        "PREFECT_API_URL": prefect_api,
        "PREFECT_HOME": str(base / "prefect-home"),
    }
    with subprocess.Popen(
        [sys.executable, str(HERE / "warm_runs.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment, "PYTHONPATH": str(HERE.parents[2])},
    ) as warm:
        yield Runs(warm, environment, base)
        assert warm.stdin
        warm.stdin.close()


@pytest.fixture(scope="module")
def clean(tree: Tree, runs: Runs, server: Server) -> dict[int, Snapshot]:
    """The graph of each of the tree's states, by runs into empty projects that nobody disturbed."""
    graphs = {}
    for _ in range(2):
        tree.turn()
        project = f"clean-{tree.state}"
        assert runs.run("bulk", ["sql"], INGEST_PROJECT=project) == 0
        graphs[tree.state] = server.graph(project)
    assert graphs[0] != graphs[1]
    return graphs


@pytest.fixture(scope="module")
def seconds(tree: Tree, runs: Runs, clean: dict[int, Snapshot], server: Server) -> dict[str, float]:
    """How long a run of each flow takes that is left in peace."""
    took: dict[str, list[float]] = {"bulk": [], "incremental": []}
    assert runs.run("bulk", ["sql"]) == 0
    for flow, times in 2 * list(took.items()):
        changed = tree.turn()
        begun = time.monotonic()
        assert runs.run(flow, ["sql"] if flow == "bulk" else changed) == 0
        times.append(time.monotonic() - begun)
        assert server.graph("killed") == clean[tree.state]
    return {flow: min(times) for flow, times in took.items()}


def kill_flow(run: psutil.Process, _server: Server) -> None:
    """The process of the flow. Those of its pool must not outlive it for long."""
    children = run.children(recursive=True)
    run.kill()
    deadline = time.monotonic() + 60
    while [child for child in children if is_running(child.pid)]:
        assert time.monotonic() < deadline, children
        time.sleep(0.05)


def kill_pool_process(run: psutil.Process, _server: Server) -> None:
    """One of the processes that parse and link, or the one that starts them."""
    children = run.children(recursive=True)
    if children:
        random.Random(run.pid).choice(children).kill()  # noqa: S311 - no secret


def kill_database(_run: psutil.Process, server: Server) -> None:
    """The server, which is then started again while the run goes on."""
    server.kill()
    server.start()


MOMENTS = 10
"""Kills of a flow, one in each tenth of a run."""


@pytest.mark.parametrize("flow", ["bulk", "incremental"])
@pytest.mark.parametrize("kill", [kill_flow, kill_pool_process, kill_database])
@pytest.mark.timeout(1800)
def test_one_pass_after_the_kill_makes_the_graph_whole(
    tree: Tree,
    runs: Runs,
    server: Server,
    clean: dict[int, Snapshot],
    seconds: dict[str, float],
    kill: Callable[[psutil.Process, Server], None],
    flow: str,
) -> None:
    chance = random.Random(f"{SEED} {kill.__name__} {flow}")  # noqa: S311 - no secret
    moments = [(number + chance.random()) / MOMENTS for number in range(MOMENTS)]
    ends = []
    for moment in moments:
        changed = tree.turn()
        paths = ["sql"] if flow == "bulk" else changed
        run = runs.start(flow, paths)
        time.sleep(moment * seconds[flow])  # that it is just any moment is the point
        with suppress(psutil.NoSuchProcess):  # this run was quicker
            kill(run, server)
        ends.append(runs.end())
        runs.free_slot()
        assert runs.run(flow, paths) == 0, f"the pass after a kill {moment:.0%} into a run"
        assert server.graph("killed") == clean[tree.state], f"killed {moment:.0%} into a run"
    assert kill is not kill_flow or -signal.SIGKILL in ends
