"""A copy of the project's code with everything that `lineage up` starts, and a real browser on its Prefect UI."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import ViewportSize, expect, sync_playwright
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.settings import PREFECT_API_URL, temporary_settings
from refusing_way import RefusingWay
from ui_pages import Pages

from flows.ports import free_port
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neo4j import Driver
    from playwright.sync_api import BrowserContext, Page
    from prefect.client.schemas.objects import FlowRun, TaskRun

    from lineage_core.graph.connection import Database

CHECKOUT = Path(__file__).resolve().parents[3]
CHROMIUM = Path("/usr/bin/chromium")
COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-3d-apis",  # drawing a run's graph without a graphics card would be most of the work
]
VIEWPORT: ViewportSize = {"width": 1280, "height": 1600}
"""Tall: Prefect loads a list when it comes into sight, and the long name of a run pushes it down."""

SECONDS = 400.0
"""For what takes 15 s on a quiet machine."""


class Site:
    """A running stack. `code` is the copy of the project's code that its worker runs; `settings` are the stack's."""

    def __init__(self, code: Path, settings: Settings, way: RefusingWay, output: Path) -> None:
        self.code = code
        self.settings = settings
        self.way = way
        self.ui = f"http://127.0.0.1:{settings.prefect_port}"
        self._output = output

    @property
    def said(self) -> str:
        """What `lineage up` and its worker have printed."""
        logs = [self._output, self.settings.stack_dir / "worker.log"]
        return "\n".join(log.read_text() for log in logs if log.exists())


@pytest.fixture(scope="session")
def _chromium() -> str:
    if not CHROMIUM.exists():
        why = f"{CHROMIUM} is not there: scripts/chromium.sh says how to get it"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return str(CHROMIUM)


@pytest.fixture(scope="module")
def browser(_chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser of the module's own: while it is open this thread has a running event loop, which others must not find."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"),
            executable_path=_chromium,
            args=ARGUMENTS,
            headless=True,
            viewport=VIEWPORT,
        )
        expect.set_options(timeout=SECONDS * 1000)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: BrowserContext, tmp_path: Path) -> Iterator[Page]:
    """A new tab. What it shows in the end is kept in the test's folder, to be looked at after a failure."""
    opened = browser.new_page()
    opened.set_default_timeout(SECONDS * 1000)
    yield opened
    opened.screenshot(path=tmp_path / "page.png")
    opened.close()


@pytest.fixture
def pages(page: Page, site: Site) -> Pages:
    """The pages of the Prefect UI."""
    return Pages(page, site.ui)


@pytest.fixture(scope="session")
def site(
    _chromium: str, database: Database, driver: Driver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """`lineage up` on a copy of the code, for a project whose root is empty at first."""
    home = tmp_path_factory.mktemp("site")
    code = _copied_code(home / "code")
    (home / "root").mkdir()
    target = urlsplit(database.uri)
    way = RefusingWay((target.hostname or "127.0.0.1", target.port or 7687))
    settings = load_settings(
        data_dir=home / "data",
        root=home / "root",
        project=f"ui-{uuid.uuid4().hex[:12]}",
        prefect_api_url="",
        prefect_port=free_port(),
        metrics_port=free_port(),
        neo4j_uri=f"bolt://127.0.0.1:{way.port}",
        neo4j_user=database.user,
        neo4j_password=database.password,
        neo4j_database=database.name,
        workers=2,
    )
    up = _started(code, settings, home / "up.txt")
    made = Site(code, settings, way, home / "up.txt")
    _until(lambda: "Logs are in" in made.said, lambda: up.poll() is None, made)
    yield made
    up.send_signal(signal.SIGTERM)
    up.wait(SECONDS)
    way.close()
    query = "MATCH (n) WHERE n.project_id = $project CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 1000 ROWS"
    with driver.session(database=database.name) as session:
        session.run(query, project=settings.project).consume()


def _copied_code(folder: Path) -> Path:
    """The code as a worker runs it. A write that may pass is tried again at once: the waits are not what is tested."""
    for package in ("flows", "tasks", "lineage_core"):
        shutil.copytree(CHECKOUT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "prefect.yaml", folder)
    retries = folder / "tasks" / "retries.py"
    text = retries.read_text()
    assert "[1, 2, 4, 8, 16]" in text
    retries.write_text(text.replace("[1, 2, 4, 8, 16]", "[0.1, 0.1]"))
    return folder


def _started(code: Path, settings: Settings, output: Path) -> subprocess.Popen[bytes]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEO4J_"))}
    own = {
        "INGEST_PROJECT": settings.project,
        "INGEST_ROOT": str(settings.root),
        "INGEST_WORKERS": str(settings.workers),
        "LINEAGE_DATA_DIR": str(settings.data_dir),
        "LINEAGE_PREFECT_PORT": str(settings.prefect_port),
        "LINEAGE_METRICS_PORT": str(settings.metrics_port),
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password.get_secret_value(),
        "NEO4J_DATABASE": settings.neo4j_database,
        "PYTHONPATH": str(code),
        # a window that only a flush closes
        "WATCH_DEBOUNCE_SECONDS": "3600",
        "WATCH_MAX_WAIT_SECONDS": "3600",
    }
    with output.open("w") as out:
        return subprocess.Popen([*COMMAND, "up"], env={**given, **own}, cwd=code, stdout=out, stderr=out)


def _until(what: Callable[[], bool], alive: Callable[[], bool], site: Site) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert alive(), site.said
        assert time.monotonic() < deadline, site.said
        time.sleep(0.1)


class Server:
    """What the Prefect server knows, asked past the UI."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client

    def flow_run(self, run_id: str) -> FlowRun:
        """The run."""
        return self._client.read_flow_run(UUID(run_id))

    def task_runs(self, run_id: str) -> list[TaskRun]:
        """All of a flow run, in the order in which they began."""
        of_run = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run_id)]))
        return self._client.read_task_runs(flow_run_filter=of_run, limit=200)

    def until(self, run_id: str, what: Callable[[list[TaskRun]], bool]) -> None:
        """Return once `what` holds of a flow run's task runs."""
        deadline = time.monotonic() + SECONDS
        while not what(found := self.task_runs(run_id)):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    """The stack's Prefect server."""
    with temporary_settings({PREFECT_API_URL: f"{site.ui}/api"}), get_client(sync_client=True) as client:
        yield Server(client)
