"""A Prefect server of these tests' own, the project's deployments on it, and `lineage worker` as a user starts it.

The tests of one folder share the server: put them into one xdist group.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.prefect_server import prefect_server
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prefect.client.schemas.objects import FlowRun, State

    from lineage_core.graph.connection import Database

CHECKOUT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
SECONDS = 240.0
"""For what takes some seconds on a quiet machine."""

PROBE = """
import json, os, pathlib, sys, time
from prefect import flow

@flow(name="probe", flow_run_name="{title}", log_prints=True)
def probe(title: str, folder: str, do: str = "") -> None:
    place = pathlib.Path(folder)
    tells = {
        "pid": os.getpid(), "parent": os.getppid(), "session": os.getsid(0), "folder": os.getcwd(),
        "warm": "flows.bulk" in sys.modules, "variable": os.environ.get("PROBE"), "at": time.time(),
    }
    (place / f"{title}.new").write_text(json.dumps(tells))
    (place / f"{title}.new").rename(place / f"{title}.json")
    print("this is", title)
    while do == "wait" and not (place / "go").exists():
        time.sleep(0.05)
    if do == "fail":
        raise ValueError("it is a probe")
    if do == "exit":
        os._exit(3)
"""


def until(what: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What `what` gives, once that is something."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Prefect server with the deployments of prefect.yaml."""
    home = tmp_path_factory.mktemp("own-prefect")
    shutil.copy(CHECKOUT / "prefect.yaml", home)
    shutil.copytree(CHECKOUT / "flows", home / "flows")
    with prefect_server(load_settings(data_dir=home, prefect_home=home, prefect_api_url="")) as server:
        server.wait()
        variables = {**os.environ, "PREFECT_API_URL": server.api_url, "PYTHONPATH": str(CHECKOUT)}
        subprocess.run([*COMMAND, "deploy"], cwd=home, env=variables, check=True, capture_output=True)
        yield server.api_url


@pytest.fixture
def client(own_server: str) -> Iterator[SyncPrefectClient]:
    """A client of that server."""
    with temporary_settings({PREFECT_API_URL: own_server}), get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture
def variables(own_server: str, database: Database, tmp_path: Path) -> dict[str, str]:
    """What a worker of these tests has in its environment."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LINEAGE_"))}
    return {
        **given,
        "DO_NOT_TRACK": "1",
        "LINEAGE_DATA_DIR": str(tmp_path / "data"),
        "INGEST_WORKERS": "2",
        "NEO4J_URI": database.uri,
        "NEO4J_USER": database.user,
        "NEO4J_PASSWORD": database.password,
        "PREFECT_API_URL": own_server,
        "PREFECT_HOME": str(tmp_path / "prefect-home"),
        "PYTHONPATH": str(CHECKOUT),
        "PROBE": "of the worker",
    }


class Worker:
    """A `lineage worker` that was started."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> str:
        """What it and its runs have printed so far."""
        return self._log.read_text()

    def runner(self) -> psutil.Process:
        """Its warm runner, once that serves."""
        return until(self._runner)

    def _runner(self) -> psutil.Process | None:
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
                serves = any(connection.laddr for connection in child.net_connections("unix"))
                if serves and "flows.warm.runner" in child.cmdline():
                    return child
        return None

    def until(self, what: Callable[[], Any]) -> Any:
        """What `what` gives, once that is something."""
        return until(what)

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.terminate()
        self.process.wait(SECONDS)


@pytest.fixture
def worker(variables: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts `lineage worker` with more arguments and variables; it is stopped at the end of the test."""
    started: list[Worker] = []

    def start(*arguments: str, **more: str) -> Worker:
        log = tmp_path / f"worker-{len(started)}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                [*COMMAND, "worker", *arguments], cwd=tmp_path, env={**variables, **more}, stdout=out, stderr=out
            )
        started.append(Worker(process, log))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop()


@dataclass
class Probes:
    """Runs of a flow that tells where and how it runs."""

    client: SyncPrefectClient
    folder: Path
    deployments: Mapping[str, uuid.UUID]

    def start(self, title: str, do: str = "", queue: str = "normal") -> FlowRun:
        """A run on a queue."""
        parameters = {"title": title, "folder": str(self.folder), "do": do}
        return self.client.create_flow_run_from_deployment(self.deployments[queue], parameters=parameters)

    def told(self, title: str) -> dict[str, Any]:
        """What a run tells, once it does."""
        file = self.folder / f"{title}.json"
        until(file.exists)
        return dict(json.loads(file.read_text()))

    def go(self) -> None:
        """Those that wait may go on."""
        (self.folder / "go").touch()

    def until(self, what: Callable[[], Any], seconds: float = SECONDS) -> Any:
        """What `what` gives, once that is something."""
        return until(what, seconds)

    def state(self, run: FlowRun) -> State[Any]:
        """The last state of a run."""
        return until(lambda: self._final(run))

    def _final(self, run: FlowRun) -> State[Any] | None:
        state = self.client.read_flow_run(run.id).state
        return state if state is not None and state.is_final() else None


@pytest.fixture
def probes(client: SyncPrefectClient, tmp_path: Path) -> Iterator[Probes]:
    """A deployment of the probe on each queue; runs that are left over are deleted."""
    folder = tmp_path / "probes"
    folder.mkdir()
    (folder / "probe.py").write_text(PROBE)
    name = uuid.uuid4().hex[:8]
    flow_id = client.create_flow_from_name("probe")
    deployments = {
        queue: client.create_deployment(
            flow_id=flow_id,
            name=f"{queue}-{name}",
            entrypoint="probe.py:probe",
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}],
            work_pool_name="lineage",
            work_queue_name=queue,
            enforce_parameter_schema=False,
        )
        for queue in ("critical", "normal", "batch")
    }
    yield Probes(client, folder, deployments)
    for deployment in deployments.values():
        client.delete_deployment(deployment)
