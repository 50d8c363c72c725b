"""The parts as compose.yaml runs them, without Docker: its commands, its environments, its health checks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from ruamel.yaml import YAML

from flows.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j import Driver

    from lineage_core.graph.connection import Database

pytestmark = pytest.mark.stack

CHECKOUT = Path(__file__).resolve().parents[2]
AUTH = "admin:of-a-test"
SECONDS = 120
"""For what takes 10 s on a quiet machine."""


class Services:
    """The services of compose.yaml as processes of this machine.

    Args:
        folder: for what the volumes hold, and the output.
        own: variables that are other than in a container.
    """

    def __init__(self, folder: Path, own: dict[str, str]) -> None:
        self._folder = folder
        self._own = own
        self._declared: dict[str, Any] = YAML(typ="safe").load(CHECKOUT / "deploy" / "compose.yaml")["services"]
        self.ends = ExitStack()

    @property
    def api(self) -> str:
        """Address of the Prefect server."""
        return self._own["PREFECT_API_URL"]

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a service; it is ended with the test."""
        log = self.ends.enter_context((self._folder / f"{name}.log").open("wb"))
        command = self._command(self._declared[name]["command"])
        process = subprocess.Popen(command, cwd=CHECKOUT, env=self._environment(name), stdout=log, stderr=log)
        self.ends.callback(process.wait)
        self.ends.callback(process.kill)
        return process

    def health(self, name: str, seconds: int = 0) -> str:
        """What the health check of a service says; empty if it is well."""
        _, *test = self._declared[name]["healthcheck"]["test"]
        done = subprocess.run(
            [*self._command(test), str(seconds)],
            cwd=CHECKOUT,
            env=self._environment(name),
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == bool(done.stderr)
        return done.stderr

    def said(self, name: str) -> str:
        """The output of a service."""
        return (self._folder / f"{name}.log").read_text()

    def _environment(self, name: str) -> dict[str, str]:
        declared = self._declared[name]["environment"]
        places = {variable: value for variable, value in self._own.items() if variable in declared}
        secrets = {"PREFECT_API_AUTH_STRING": AUTH}
        if name == "prefect":
            places |= {"PREFECT_SERVER_API_AUTH_STRING": AUTH, "PREFECT_HOME": str(self._folder / "server")}
        else:
            secrets |= {key: value for key, value in self._own.items() if key.startswith(("NEO4J_", "INGEST_"))}
        return {"PATH": os.environ["PATH"], "HOME": str(self._folder), **declared, **secrets, **places}

    @staticmethod
    def _command(words: list[str]) -> list[str]:
        return [str(Path(sys.executable).parent / words[0]), *words[1:]]


@pytest.fixture
def services(tmp_path: Path, database: Database, project: str) -> Iterator[Services]:
    port = str(free_port())
    (tmp_path / "sql").mkdir()
    places = {
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_HOME": str(tmp_path / "data" / "prefect"),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(tmp_path / "server" / "ui"),
        "LINEAGE_DATA_DIR": str(tmp_path / "data"),
        "INGEST_ROOT": str(tmp_path / "sql"),
        "INGEST_PROJECT": project,
        "NEO4J_URI": database.uri,
        "NEO4J_PASSWORD": database.password,
    }
    found = Services(tmp_path, places)
    with found.ends:
        yield found


def test_the_parts_start_apart_are_well_keep_the_graph_current_and_stop_when_asked(
    services: Services, tmp_path: Path, driver: Driver, database: Database, project: str
) -> None:
    assert "No Prefect server" in services.health("prefect")
    prefect = services.start("prefect")
    assert services.health("prefect", SECONDS) == "", services.said("prefect")
    assert httpx.get(f"{services.api}/work_pools/lineage").status_code == 401, "it wants a login"
    assert services.start("deployments").wait(SECONDS) == 0, services.said("deployments")
    assert "NOT_READY" in services.health("worker")
    assert "Nobody watches" in services.health("watcher")
    worker, watcher = services.start("worker"), services.start("watcher")
    assert services.health("worker", SECONDS) == "", services.said("worker")
    assert services.health("watcher", SECONDS) == "", services.said("watcher")
    (tmp_path / "sql" / "view.sql").write_text("CREATE VIEW dbo.v AS SELECT a.x FROM dbo.a")
    query = "MATCH (f:File {project_id: $project}) RETURN count(f) AS files"
    end = time.monotonic() + SECONDS
    while not driver.execute_query(query, project=project, database_=database.name).records[0]["files"]:
        assert time.monotonic() < end, services.said("worker") + services.said("watcher")
        time.sleep(0.2)
    for process in (watcher, worker, prefect):
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) in {0, 128 + signal.SIGTERM, -signal.SIGTERM}
        assert time.monotonic() - began < 40, "10 s on a quiet machine"
