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
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from operations_site import CHECKOUT, IMAGES, SECONDS, Site, keep, until
from playwright.sync_api import expect, sync_playwright

from flows.stack.state import StackFile

if TYPE_CHECKING:
    from playwright.sync_api import Page

sys.path.append(str(CHECKOUT / "tests" / "flows"))
from ui_pages import Pages

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SIZE = {"width": 1280, "height": 800}

WRITE = "    return writer.write("
BUG = '    if batch == 1:\n        raise KeyError("rows")\n'


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
