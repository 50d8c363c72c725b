"""Records docs/operations.md: its screenshots and the outputs of its commands, from a stack that runs for real.

    .venv/bin/python scripts/record_operations.py [section ...]

Starts `lineage up` on a copy of examples/ in a temporary folder and goes through the sections of the document, or
through those that are named (nightly, event, failed, letters, crash, queues, deletions). The output of a command
replaces the block below its mark `<!-- recorded: name -->`. Needs /usr/bin/chromium (scripts/chromium.sh).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from flows.ports import free_port, is_free
from flows.stack.state import StackFile
from lineage_core.graph.connection import locate, open_driver
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.append(str(CHECKOUT / "tests" / "flows"))
from ui_pages import Pages  # noqa: E402 - the tests know how the UI is used

DOCUMENT = CHECKOUT / "docs" / "operations.md"
IMAGES = CHECKOUT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LINEAGE = [sys.executable, "-c", "from flows.cli import main; main()"]
PORTS = {"PREFECT": 4200, "METRICS": 9464, "NEO4J_BOLT": 7687, "NEO4J_HTTP": 7474}
SIZE = {"width": 1280, "height": 800}
SECONDS = 180.0
STAGING = 130
"""Small files beside the examples, so that a run has several batches."""

WRITE = "    return writer.write("
BUG = '    if batch == 1:\n        raise KeyError("rows")\n'


class Site:
    """The stack that is recorded, below one folder: code, warehouse (the SQL files), data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = folder / "code"
        self.warehouse = folder / "warehouse"
        ports = {name: port if is_free(port) else free_port() for name, port in PORTS.items()}
        self.settings: Settings = load_settings(
            data_dir=folder / "data",
            root=self.warehouse,
            project="warehouse",
            prefect_api_url="",
            neo4j_uri="",
            prefect_port=ports["PREFECT"],
            metrics_port=ports["METRICS"],
            neo4j_bolt_port=ports["NEO4J_BOLT"],
            neo4j_http_port=ports["NEO4J_HTTP"],
        )
        self.url = f"http://127.0.0.1:{ports['PREFECT']}"
        given = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEO4J_"))}
        self.environment = {
            **given,
            **{f"LINEAGE_{name}_PORT": str(port) for name, port in ports.items()},
            "INGEST_PROJECT": "warehouse",
            "INGEST_ROOT": str(self.warehouse),
            "LINEAGE_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(self.code),
            "COLUMNS": "150",
        }

    def make(self) -> None:
        """The code that the worker runs, and the files."""
        for package in ("flows", "tasks", "lineage_core"):
            shutil.copytree(CHECKOUT / package, self.code / package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(CHECKOUT / "prefect.yaml", self.code)
        shutil.copytree(CHECKOUT / "examples", self.warehouse)
        (self.warehouse / "staging").mkdir()
        for number in range(STAGING):
            file = self.warehouse / "staging" / f"staging.Load{number:03d}.sql"
            file.write_text(f"CREATE TABLE staging.Load{number:03d} (LoadId int, LoadedAt datetime2);\n")

    @contextmanager
    def up(self) -> Iterator[None]:
        """`lineage up` for the time of a block."""
        output = self.folder / "up.txt"
        with output.open("w") as out:
            process = subprocess.Popen([*LINEAGE, "up"], env=self.environment, cwd=self.code, stdout=out, stderr=out)
        try:
            until(lambda: "Logs are in" in output.read_text() or process.poll() is not None)
            if process.poll() is not None:
                raise SystemExit(output.read_text())
            keep("up", "lineage up", output.read_text())
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)

    def lineage(self, *arguments: str) -> str:
        """What a command says, on both outputs, in the order that a terminal shows."""
        done = subprocess.run(
            [*LINEAGE, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.stdout

    def record(self, name: str, *arguments: str) -> None:
        """Put a command and what it says into the document."""
        keep(name, " ".join(["lineage", *arguments]), self.lineage(*arguments))

    def query(self, *queries: str) -> None:
        """Cypher, as an administrator of the database would run it."""
        database = locate(self.settings)
        with open_driver(database) as driver:
            for query in queries:
                driver.execute_query(query, database_=database.name)


class Recorder:
    """One browser tab, and where its screenshots go."""

    def __init__(self, page: Page, site: Site) -> None:
        self.site = site
        self.page = page
        self.pages = Pages(page, site.url)

    def shot(self, name: str, *, scroll_to: str = "") -> None:
        """Keep what is shown, once its texts and graph are drawn."""
        self.page.wait_for_load_state("networkidle")
        if scroll_to:
            self.page.get_by_text(scroll_to, exact=True).first.evaluate("element => element.scrollIntoView()")
        self.page.wait_for_timeout(1500)  # the graph of a run glides to its place
        self.page.screenshot(path=IMAGES / f"operations-{name}.png")

    def ended(self, state: str) -> None:
        """Return once the run that is shown has ended so, and its page shows all of it."""
        self.pages.expect_state(state)
        self.page.reload()
        self.pages.expect_state(state)

    def open_run(self, name: str) -> None:
        """The page of the newest run whose name begins so."""
        self.page.goto(f"{self.site.url}/runs")
        self.page.get_by_role("link", name=re.compile(f"^{re.escape(name)}")).first.click()

    def artifact(self, key: str, shot: str) -> None:
        """A screenshot of an artifact of the run that is shown."""
        self.pages.artifacts().get_by_role("link", name=key).click()
        expect(self.page.get_by_role("button", name="Show raw data")).to_be_visible()
        self.shot(shot)
        self.page.go_back()


def nightly(recorder: Recorder) -> None:
    """The schedule, a run, its artifacts."""
    pages = recorder.pages
    pages.deployment("bulk", "nightly")
    for file in sorted((recorder.site.warehouse / "staging").iterdir()):
        file.write_text(file.read_text().replace("LoadedAt", "LoadedBy sysname, LoadedAt"))
    pages.quick_run()  # before the watcher asks for a run
    recorder.ended("Completed")
    recorder.shot("nightly-run")
    pages.deployment("bulk", "nightly")
    recorder.shot("nightly-deployment")
    recorder.open_run("bulk · the whole project")
    pages.artifacts()
    recorder.shot("nightly-artifacts", scroll_to="Artifacts")
    recorder.artifact("ingest-report", "nightly-report")


def event(recorder: Recorder) -> None:
    """A file is saved."""
    file = recorder.site.warehouse / "tsql" / "reporting.DailyPnl.sql"
    before = b"\t[Fees] [decimal]"
    text = file.read_bytes()
    if before not in text:
        raise SystemExit(f"{file.name} is another one now.")
    file.write_bytes(text.replace(before, b"\t[Funding] [decimal](18, 2) NULL,\n" + before))
    recorder.open_run("incremental · 1 file · reporting.DailyPnl.sql")
    recorder.ended("Completed")
    recorder.shot("event-run")
    recorder.artifact("ingest-files", "event-files")
    recorder.artifact("ingest-report", "event-report")
    recorder.site.record("flush-nothing", "flush")


def failed(recorder: Recorder) -> None:
    """A batch fails, the cause is mended, the run is retried."""
    module = recorder.site.code / "lineage_core" / "ingest" / "write_stage.py"
    right = module.read_text()
    module.write_text(right.replace(WRITE, BUG + WRITE))
    pages = recorder.pages
    pages.deployment("bulk", "ingest")
    pages.custom_run(project="rehearsal", paths=[str(recorder.site.warehouse)])
    recorder.ended("Failed")
    recorder.shot("failed-run")
    pages.state_message()
    recorder.shot("failed-message", scroll_to="Details")
    module.write_text(right)
    pages.page.get_by_role("button", name="Retry").first.click()
    expect(pages.page.get_by_role("dialog")).to_be_visible()
    recorder.shot("failed-retry")
    pages.page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    recorder.ended("Completed")
    shown = pages.tab("Task Runs")
    shown.get_by_role("searchbox").fill("write batch-001")
    expect(shown).to_contain_text("2 Task runs")
    recorder.shot("failed-retried")


def letters(recorder: Recorder) -> None:
    """Rows that the database refuses, and their replay."""
    site = recorder.site
    site.query("CREATE INDEX column_description FOR (c:Column) ON (c.description)", "CALL db.awaitIndexes(60)")
    file = site.warehouse / "postgres" / "14_ledger_notes.sql"
    file.write_text(
        "CREATE TABLE billing.notes (id int, body text);\n"
        f"COMMENT ON COLUMN billing.notes.body IS '{'Generated from the data dictionary. ' * 300}';\n"
    )
    recorder.open_run("incremental · 1 file · 14_ledger_notes.sql")
    recorder.pages.expect_state("Failed")
    recorder.pages.state_message()
    recorder.shot("letters-run", scroll_to="Details")
    letter = site.settings.dead_letters.read_text().splitlines()[0]
    keep("letter", "head -1 data/failed_ingestion.jsonl | cut -c 1-400", letter[:400])
    site.record("replay-refused", "replay")
    site.query("DROP INDEX column_description")
    recorder.pages.deployment("replay", "replay")
    recorder.pages.quick_run()
    recorder.pages.expect_state("Completed")
    recorder.artifact("replay-report", "letters-replayed")
    site.record("replay-nothing", "replay")


def crash(recorder: Recorder) -> None:
    """kill -9 of the worker while it works."""
    site, pages = recorder.site, recorder.pages
    pages.deployment("bulk", "history")
    pages.custom_run(force=True, clear_cache=True)
    pages.expect_state("Running")
    state = StackFile(site.settings).read()
    worker = state.parts["worker"].process if state else None
    if worker is None:
        raise SystemExit("There is no worker.")
    os.kill(worker.pid, signal.SIGKILL)
    log = site.settings.stack_dir / "worker.log"
    until(lambda: "was left" in log.read_text())
    site.record("crash-status", "status")
    lines = [line for line in log.read_text().splitlines() if "was left" in line]
    keep("crash-log", "grep 'was left' data/stack/worker.log", "\n".join(lines[-1:]))
    recorder.ended("Completed")
    recorder.shot("crash-run")


def queues(recorder: Recorder) -> None:
    """The work pool, and what the commands tell."""
    recorder.page.goto(f"{recorder.site.url}/work-pools/work-pool/lineage?tab=Work%20Queues")
    expect(recorder.page.get_by_role("link", name="critical").first).to_be_visible()
    recorder.shot("queues")
    recorder.site.record("status", "status")
    recorder.site.record("doctor", "doctor")


def deletions(recorder: Recorder) -> None:
    """Many files are gone."""
    site = recorder.site
    shutil.rmtree(site.warehouse / "staging")
    site.record("deletions-kept", "ingest", str(site.warehouse), "--submit", "--wait")
    site.record("deletions-done", "ingest", str(site.warehouse), "--submit", "--wait", "--confirm-deletions")


SECTIONS = (nightly, event, queues, failed, letters, crash, deletions)


def keep(name: str, command: str, output: str) -> None:
    """Put a command and its output into the block below its mark in the document."""
    text = DOCUMENT.read_text()
    lines = "\n".join(line.rstrip() for line in output.strip().splitlines())
    block = f"<!-- recorded: {name} -->\n```\n$ {command}\n{lines}\n```"
    mark = re.compile(rf"<!-- recorded: {name} -->\n```\n(?:(?!```).)*```", re.DOTALL)
    if not mark.search(text):
        print(f"docs/operations.md has no block for {name}:\n{block}", file=sys.stderr)
    DOCUMENT.write_text(mark.sub(lambda _: block, text))


def until(what: Callable[[], bool]) -> None:
    """Return once it holds.

    Raises:
        SystemExit: it does not.
    """
    deadline = time.monotonic() + SECONDS
    while not what():
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not come within {SECONDS:.0f} s.")
        time.sleep(0.1)


def main(names: list[str]) -> None:
    """Record the named sections, or all."""
    folder = Path(tempfile.gettempdir()) / "lineage-operations"
    shutil.rmtree(folder, ignore_errors=True)
    site = Site(folder)
    site.make()
    IMAGES.mkdir(exist_ok=True)
    with site.up(), sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder / "chromium", executable_path=CHROMIUM, args=ARGUMENTS, headless=True, viewport=SIZE
        )
        context.set_default_timeout(SECONDS * 1000)
        expect.set_options(timeout=SECONDS * 1000)
        recorder = Recorder(context.pages[0], site)
        try:
            recorder.open_run("incremental · ")  # of the watcher, which found the whole tree to be new
            recorder.ended("Completed")
            for section in SECTIONS:
                if not names or section.__name__ in names:
                    print(section.__name__, flush=True)
                    section(recorder)
        finally:
            recorder.page.screenshot(path=folder / "last.png")
            context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
