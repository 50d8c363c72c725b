"""Fixtures for tests against the real Neo4j: one embedded server for all workers, a project for each test."""

from __future__ import annotations

import os
import signal
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

import hypothesis
import psutil
import pytest
from filelock import FileLock

from flows.ports import free_port
from lineage_core.errors import ServerError
from lineage_core.graph.connection import Database, locate, open_driver
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.graph.writer import prepare
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dask_processes import DaskProcesses
    from neo4j import Driver


RUN = "RUN_OF_TESTS"
"""The environment variable by which everything is known that a run of tests has started."""


def pytest_configure(config: pytest.Config) -> None:
    """What holds for all tests."""
    if not _is_worker(config):
        os.environ[RUN] = uuid.uuid4().hex
    # A machine that is busy with something else says nothing about an example: without limits in time.
    hypothesis.settings.register_profile(
        "lineage", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("lineage")
    _take_interrupts()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what a run that was interrupted has left: servers, whose fixtures came to no end."""
    if not _is_worker(config):
        for process in psutil.process_iter():
            with suppress(psutil.Error):  # it has ended, or is somebody else's
                if process.environ().get(RUN) == os.environ[RUN]:
                    process.kill()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _take_interrupts() -> None:
    """Take Ctrl-C even where this was started with SIGINT ignored, as shells start what runs in the background.

    What the tests start would ignore it as well, and some of them end it so.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def database(shared_folder: Path) -> Iterator[Database]:
    """An embedded server: the first worker that asks starts it, the last that is done stops it."""
    folder = shared_folder / "neo4j-server"
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "users.lock")
    ports, users = folder / "ports", folder / "users"
    with lock:
        if not ports.exists():
            ports.write_text(f"{free_port()} {free_port()}")
        bolt, http = (int(port) for port in ports.read_text().split())
        own = load_settings(data_dir=folder / "data", neo4j_uri="", neo4j_bolt_port=bolt, neo4j_http_port=http)
        try:
            found = locate(own)
        except ServerError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Neo4j to test against: {error.message}")
        with open_driver(found) as opened:
            prepare(opened, found.name)
        users.write_text(str(int(users.read_text()) + 1 if users.exists() else 1))
    yield found
    with lock:
        left = int(users.read_text()) - 1
        users.write_text(str(left))
        if left == 0:
            EmbeddedServer(own).stop()


@pytest.fixture(scope="session")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    """A Dask scheduler with two workers, for the tests of the xdist group "dask"."""
    from dask_processes import DaskProcesses

    with DaskProcesses(tmp_path_factory.mktemp("dask")) as started:
        for _ in range(2):
            started.start_worker()
        yield started


@pytest.fixture(scope="session")
def driver(database: Database) -> Iterator[Driver]:
    """An open driver."""
    with open_driver(database) as opened:
        yield opened


@pytest.fixture
def project(database: Database, driver: Driver) -> Iterator[str]:
    """A project name that no other test uses; what it holds is deleted afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    query = "MATCH (n) WHERE n.project_id = $project CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 1000 ROWS"
    with driver.session(database=database.name) as session:
        session.run(query, project=name).consume()


@pytest.fixture
def settings(tmp_path: Path, database: Database, project: str) -> Settings:
    """Settings of a test: a data folder of its own, the shared server, its project."""
    return load_settings(
        data_dir=tmp_path / "data",
        root=tmp_path,
        project=project,
        neo4j_uri=database.uri,
        neo4j_user=database.user,
        neo4j_password=database.password,
        neo4j_database=database.name,
    )
