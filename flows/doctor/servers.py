"""Checks of the servers: reachable, writable, of the right version, of the same time."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.doctor.check import failed, ok, skipped
from flows.doctor.folders import nearest_existing
from flows.prefect_environment import client_environment
from flows.prefect_server import running_server
from lineage_core.errors import DatabaseError, LineageError, ServerError
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.ingest.cluster.connection import Cluster

if TYPE_CHECKING:
    from httpx import Response

    from flows.doctor.check import Answer, Setup
    from lineage_core.settings import Settings

_CLOCK_SECONDS = 5.0
_NOT_RUNNING = "not running; `lineage up` starts it"


def neo4j(setup: Setup) -> Answer:
    """Whether Neo4j lets us in, and lets us write: a node is made in a transaction that is rolled back."""
    from neo4j.exceptions import DriverError, Neo4jError

    settings = setup.settings
    if not settings.neo4j_uri and not EmbeddedServer(settings).status().running:
        return skipped(_NOT_RUNNING)
    database = locate(settings)
    try:
        with (
            open_driver(database) as driver,
            driver.session(database=database.name) as session,
            session.begin_transaction() as trial,
        ):
            trial.run("CREATE (n:File {id: 'doctor'}) RETURN n.id").consume()
            trial.rollback()
    except DatabaseError as error:
        return failed(error.message, error.hint)
    except (Neo4jError, DriverError) as error:
        return failed(
            f"{database.uri} cannot be written: {error}",
            f"Give user {database.user} the right to write to {database.name}, and see whether it is read-only.",
        )
    return ok(f"{database.uri}, reachable and writable")


def prefect(setup: Setup) -> Answer:
    """Whether the Prefect server answers, and is of the version that is installed here."""
    try:
        server = running_server(setup.settings)
        if server.local is None:
            server.wait()
    except ServerError as error:
        return failed(error.message, error.hint) if setup.settings.prefect_api_url else skipped(_NOT_RUNNING)
    from prefect import __version__ as installed

    answer = _asked(setup.settings, server.api_url)
    if isinstance(answer, str):
        return failed(
            f"{server.api_url}: {answer}", "Look into its log; check PREFECT_API_AUTH_STRING or PREFECT_API_KEY."
        )
    theirs = answer.json()
    if theirs != installed:
        return failed(
            f"{server.api_url} is version {theirs}, installed here is {installed}",
            "Install the same version on both sides: pip install prefect==" + str(theirs),
        )
    return ok(f"{server.api_url}, version {theirs}")


def dask(setup: Setup) -> Answer:
    """Whether the Dask cluster that is to parse answers, with workers that have this version of the project."""
    if setup.settings.executor != "dask":
        return skipped("not needed: INGEST_EXECUTOR is local")
    try:
        with closing(Cluster(setup.settings)) as cluster:
            workers = cluster.threads()
    except LineageError as error:
        return failed(error.message, error.hint)
    threads = sum(workers.values())
    return ok(f"{setup.settings.dask_scheduler_address}, {len(workers)} workers, {threads} threads, of this version")


def clock(setup: Setup) -> Answer:
    """Whether this machine, its file system and the Prefect server agree on the time, as their times are compared."""
    now = time.time()
    try:
        with tempfile.NamedTemporaryFile(dir=nearest_existing(setup.settings.data_dir.absolute())) as probe:
            differences = {"the data folder's file system": Path(probe.name).stat().st_mtime - now}
    except OSError:
        differences = {}  # said by another check
    try:
        server = running_server(setup.settings)
    except ServerError:
        server = None
    answer = _asked(setup.settings, server.api_url) if server else ""
    if not isinstance(answer, str) and "date" in answer.headers:
        theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
        differences["the Prefect server"] = theirs - time.time()
    wrong = [f"{name} is {off:+.0f} s off" for name, off in differences.items() if abs(off) > _CLOCK_SECONDS]
    if wrong:
        return failed("; ".join(wrong), "Have both machines' clocks set by NTP (timedatectl set-ntp true).")
    return ok(f"as {' and '.join(differences)}" if differences else "nothing to compare it with")


def _asked(settings: Settings, api_url: str) -> Response | str:
    """The answer to the question for the version, with the login that Prefect's client knows; or what is wrong."""
    home = settings.prefect_home if settings.prefect_api_url else settings.prefect_dir
    os.environ.update(client_environment(api_url, home))
    from httpx import HTTPError
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    with (
        temporary_settings({PREFECT_API_URL: api_url, PREFECT_CLIENT_MAX_RETRIES: 0}),
        get_client(sync_client=True) as client,
    ):
        try:
            return client.request("GET", "/admin/version")
        except HTTPError as error:
            return str(error) or type(error).__name__
