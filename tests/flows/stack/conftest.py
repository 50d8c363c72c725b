"""The real stack, as `lineage up` starts it, on ports and in a data folder of the test's own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil
import pytest

from flows.local_prefect import ProcessId, read_server
from flows.ports import free_port
from flows.stack.leftovers import leftovers
from flows.stack.processes import end
from flows.stack.state import StackFile, StackState
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
SECONDS = 400.0
"""For what takes 15 s on a quiet machine."""


class Up:
    """A `lineage up` that was started."""

    def __init__(self, process: subprocess.Popen[str], output: Path, settings: Settings, own: dict[str, str]) -> None:
        self.process = process
        self.settings = settings
        self.environment = own
        self._output = output

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self._output.read_text()

    @property
    def state(self) -> StackState:
        """As it keeps it."""
        state = StackFile(self.settings).read()
        assert state is not None, self.said
        return state

    def part(self, name: str) -> psutil.Process:
        """The process of a part."""
        return psutil.Process(self.process_of(name).pid)

    def process_of(self, name: str) -> ProcessId:
        """The same, as it can be told from a later one."""
        process = self.state.parts[name].process
        assert process is not None
        return process

    def lineage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command, in another terminal."""
        return subprocess.run(
            [*COMMAND, *arguments], env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def status(self) -> dict[str, Any]:
        """What `lineage status --json` says; `exit` is its exit code."""
        done = self.lineage("status", "--json")
        return {**json.loads(done.stdout), "exit": done.returncode}

    def until(self, what: str) -> None:
        """Return once `what`, a Python expression over `state`, holds."""
        deadline = time.monotonic() + SECONDS
        while True:
            state = StackFile(self.settings).read()
            own = state is not None and state.process.pid == self.process.pid
            if state is not None and own and eval(what, {"state": state, "parts": state.parts}):  # noqa: S307 - of the test
                return
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, (what, state, self.said)
            time.sleep(0.05)

    def until_ready(self) -> None:
        """Return once it has said that everything is up."""
        self.until("len(parts) == 6 and all(part.condition == 'up' for part in parts.values())")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Seconds that it takes to stop everything."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(SECONDS) == 0, self.said
        return time.monotonic() - began


class StartUp(Protocol):
    """Starts `lineage up`."""

    def __call__(self, *arguments: str, **variables: str) -> Up:
        """With more arguments, and other variables than the test's."""
        ...


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The folder to watch."""
    folder = tmp_path / "sql"
    folder.mkdir()
    (folder / "t.sql").write_text("CREATE TABLE dbo.T (Id int);")
    return folder


@pytest.fixture
def up(tmp_path: Path, tree: Path) -> Iterator[StartUp]:
    """The command; what is left of it at the end of the test is ended."""
    own = {
        "INGEST_PROJECT": f"test-{tmp_path.name}",
        "INGEST_ROOT": str(tree),
        "LINEAGE_DATA_DIR": str(tmp_path / "data"),
        "LINEAGE_PREFECT_PORT": str(free_port()),
        "LINEAGE_METRICS_PORT": str(free_port()),
        "LINEAGE_NEO4J_BOLT_PORT": str(free_port()),
        "LINEAGE_NEO4J_HTTP_PORT": str(free_port()),
        "PYTHONPATH": str(CHECKOUT),
        "COLUMNS": "200",
    }
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEO4J_"))}
    started: list[Up] = []

    def start(*arguments: str, **variables: str) -> Up:
        environment = {**given, **own, **variables}
        output = tmp_path / f"up-{len(started)}.txt"
        with output.open("w") as out:
            process = subprocess.Popen(
                [*COMMAND, "up", *arguments], env=environment, cwd=tmp_path, stdout=out, stderr=out, text=True
            )
        settings = load_settings(
            data_dir=tmp_path / "data",
            root=tree,
            project=own["INGEST_PROJECT"],
            prefect_api_url=variables.get("PREFECT_API_URL", ""),
            prefect_port=int(environment["LINEAGE_PREFECT_PORT"]),
            metrics_port=int(environment["LINEAGE_METRICS_PORT"]),
            neo4j_uri=variables.get("NEO4J_URI", ""),
            neo4j_bolt_port=int(own["LINEAGE_NEO4J_BOLT_PORT"]),
            neo4j_http_port=int(own["LINEAGE_NEO4J_HTTP_PORT"]),
        )
        started.append(Up(process, output, settings, environment))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
    if started:
        _end_what_is_left(started[-1].settings)


def _end_what_is_left(settings: Settings) -> None:
    state = StackFile(settings).read()
    server = read_server(settings.prefect_dir)
    left = [*(leftovers(state, settings) if state else ()), *([server.process] if server else ())]
    asyncio.run(end(left, 5.0))
    EmbeddedServer(settings).stop()


@pytest.fixture
def graph(settings: Settings) -> dict[str, str]:
    """Variables that name the tests' shared Neo4j."""
    return {
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password.get_secret_value(),
        "NEO4J_DATABASE": settings.neo4j_database,
    }
