"""Runs that a person starts in the browser, and what their pages then tell."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from flows.watch.state import read_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Site
    from neo4j import Driver
    from ui_pages import Pages

    from lineage_core.graph.connection import Database

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("ui"), pytest.mark.timeout(1200)]

SECONDS = 60.0
LONG = f"CREATE TABLE app.notes (id int);\nCOMMENT ON COLUMN app.notes.id IS '{40_000 * 'x'}';"


def test_an_ingest_from_the_form_keeps_progress_files_and_report_on_its_page(
    pages: Pages, tmp_path: Path, project: str
) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "orders.sql").write_text("CREATE TABLE dbo.Orders (Id int, Amount money);")
    (tmp_path / "sql" / "broken.sql").write_text(
        "CREATE VIEW dbo.Half AS SELECT Id FROM dbo.Orders;\nGO\nSELECT FROM WHERE (;"
    )
    pages.deployment("bulk", "ingest")
    pages.custom_run(paths=[str(tmp_path / "sql")], project=project, root=str(tmp_path))
    pages.expect_state("Completed")
    expect(pages.page.get_by_role("banner")).to_contain_text(f"bulk · {tmp_path / 'sql'}")
    artifacts = pages.artifacts()
    links = {
        key: artifacts.get_by_role("link", name=key) for key in ("ingest-progress", "ingest-files", "ingest-report")
    }
    addresses = {key: link.get_attribute("href") for key, link in links.items()}
    links["ingest-report"].click()
    expect(pages.page.get_by_role("heading", name="In the graph", exact=True)).to_be_visible()
    expect(pages.page.get_by_role("row", name="Files 1 ok, 1 partial")).to_be_visible()
    pages.goto(addresses["ingest-files"])
    for file, status in (("sql/broken.sql", "partial"), ("sql/orders.sql", "ok")):
        expect(pages.page.get_by_role("row").filter(has_text=file)).to_contain_text(status)
    pages.goto(addresses["ingest-progress"])
    expect(pages.page.get_by_text("Progress: 100%")).to_be_visible()


def test_flush_has_the_watcher_ingest_what_it_holds(site: Site, pages: Pages) -> None:
    saved = site.settings.root / "saved.sql"
    saved.write_text("CREATE TABLE dbo.Saved (Id int);")
    _until_held(site, saved)
    pages.deployment("flush", "flush")
    pages.quick_run()
    pages.expect_state("Completed")
    assert pages.state_message().startswith("Triggered ")
    pages.page.goto(f"{site.ui}/runs")
    pages.page.get_by_role("link", name="incremental · 1 file · saved.sql").click()
    pages.expect_state("Completed")


def test_replay_writes_dead_letters_once_the_database_takes_them(
    pages: Pages, tmp_path: Path, project: str, driver: Driver, database: Database
) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "long.sql").write_text(LONG)
    pages.deployment("bulk", "ingest")
    with _index_that_takes_no_long_text(driver, database):
        pages.custom_run(paths=[str(tmp_path / "sql")], project=project, root=str(tmp_path))
        pages.expect_state("Failed")
        assert pages.state_message() == "2 rows in the dead letter file"
    pages.deployment("replay", "replay")
    pages.custom_run(project=project)
    pages.expect_state("Completed")
    assert pages.state_message() == "2 written"
    pages.artifacts().get_by_role("link", name="replay-report").click()
    expect(pages.page.get_by_role("row", name="written 2 in the graph now")).to_be_visible()


@contextmanager
def _index_that_takes_no_long_text(driver: Driver, database: Database) -> Iterator[None]:
    """On the descriptions of columns: a range index refuses values of more than 8 KB."""
    index = "CREATE INDEX ui_long IF NOT EXISTS FOR (c:Column) ON (c.description)"
    for query in (index, "CALL db.awaitIndexes(60)"):
        driver.execute_query(query, database_=database.name)
    try:
        yield
    finally:
        driver.execute_query("DROP INDEX ui_long IF EXISTS", database_=database.name)


def _until_held(site: Site, file: Path) -> None:
    """Return once the watcher has noticed the file."""
    end = time.monotonic() + SECONDS
    while (state := read_state(site.settings)) is None or str(file) not in state.pending:
        assert time.monotonic() < end, state
        time.sleep(0.05)
