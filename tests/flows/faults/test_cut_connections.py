"""Connections that are cut, stall or are refused while a real run writes: nothing is lost, nothing is doubled."""

from __future__ import annotations

import importlib
import re
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from run_records import batches, ended_task_runs, retry_delays

from lineage_core.graph import transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Fault, Ingest, Proxy, Server

    from lineage_core.graph.snapshot import Snapshot

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("cuts")]

TABLES = 120
"""Three batches; 25 files are a transaction."""


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A folder of three batches, each a transaction."""
    folder = tmp_path / "sql"
    folder.mkdir()
    for number in range(TABLES):
        (folder / f"t{number:03d}.sql").write_text(f"CREATE TABLE dbo.T{number:03d} (Id int, Name varchar(9));")
    return folder


@pytest.fixture(scope="module")
def graphs() -> list[Snapshot]:
    """The clean graph, once it is known."""
    return []


@pytest.fixture
def clean(
    ingest: Ingest,
    sql: Path,  # noqa: ARG001 - the tree of all tests
    faulty: Proxy,  # noqa: ARG001 - the way to the server
    server: Server,
    project: str,
    graphs: list[Snapshot],
) -> Snapshot:
    """The graph of a run in which nothing goes wrong."""
    if not graphs:
        assert not ingest(project=f"{project}-clean").failed
        graphs.append(server.graph(f"{project}-clean"))
    return graphs[0]


@pytest.fixture
def tries(prefect_api: str) -> Callable[[str], list[list[float]]]:
    """What a run's write tasks needed, as the Prefect server counts it: the delays before each further try."""

    def ask(run_id: str) -> list[list[float]]:
        with temporary_settings({PREFECT_API_URL: prefect_api}), get_client(sync_client=True) as client:
            return [retry_delays(client, run) for run in ended_task_runs(client, run_id, batches("write", 50, 50, 20))]

    return ask


CLEAN_CHANGES = TABLES * (4 + 4)
"""A file has a table with two columns; it defines and writes the table, which contains the columns."""


@pytest.mark.parametrize(
    "faults",
    [["before", "pass", "before"], ["after", "pass", "after"], ["pass", "after", "before", "after"]],
    ids=["before COMMIT", "after COMMIT", "now and then"],
)
def test_a_connection_that_is_cut_around_commit_costs_a_try(
    ingest: Ingest, faulty: Proxy, server: Server, project: str, clean: Snapshot, tries: Any, faults: list[Fault]
) -> None:
    faulty.faults.extend(faults)
    report = ingest()
    assert not report.failed
    assert not faulty.faults
    assert server.graph(project) == clean
    assert report.changes.total == CLEAN_CHANGES, "what was committed without an answer counts as well"
    needed = tries(report.run_id)
    assert sum(len(delays) for delays in needed) >= len(faults) - faults.count("pass"), (
        "a busy machine may cost one more"
    )
    assert all(delays == pytest.approx([1, 2, 4, 8, 16][: len(delays)], abs=0.1) for delays in needed)
    assert ingest().changes.total == 0


def test_an_outage_of_half_a_minute_is_sat_out(
    ingest: Ingest, faulty: Proxy, server: Server, project: str, clean: Snapshot, tries: Any
) -> None:
    begun = faulty.commits
    faulty.at_commit = lambda number: faulty.down(29) if number == begun + 2 else None
    report = ingest()
    assert not report.failed
    assert server.graph(project) == clean
    assert report.changes.total == CLEAN_CHANGES
    needed = tries(report.run_id)
    longest = max(needed, key=len)
    assert longest == pytest.approx([1, 2, 4, 8, 16], abs=0.1), "the sixth try comes after 31 s"


@pytest.mark.parametrize(
    ("reader", "before", "waits"),
    # the states are read ahead of the task that asks for them; so are the counts, but only a run without changes uses those
    [("flows.ingest_tree.file_states", 0, [0, 1, 2]), ("flows.ingest.graph_counts", 1, [1, 2])],
)
def test_an_outage_while_the_graph_is_read_is_sat_out_as_well(
    ingest: Ingest,
    faulty: Proxy,
    server: Server,
    project: str,
    clean: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
    reader: str,
    before: int,
    waits: list[int],
) -> None:
    module, name = reader.rsplit(".", 1)
    read = getattr(importlib.import_module(module), name)
    tries: list[float] = []

    def read_while_it_is_away(*where: Any) -> Any:
        tries.append(time.monotonic())
        if len(tries) == before + 1:
            faulty.close()
        if len(tries) == before + 1 + len(waits):
            faulty.open()
        return read(*where)

    monkeypatch.setattr(reader, read_while_it_is_away)
    assert not ingest().failed
    assert len(tries) == before + 1 + len(waits)
    assert all(
        later - earlier > wait - 0.1 for (earlier, later), wait in zip(pairwise(tries[before:]), waits, strict=True)
    )
    assert server.graph(project) == clean


def test_a_connection_that_stalls_is_given_up_and_its_locks_are_freed(
    ingest: Ingest,
    faulty: Proxy,
    server: Server,
    project: str,
    clean: Snapshot,
    tries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transaction, "LONGEST_SECONDS", 6.0)
    faulty.faults.append("stall")
    begun = time.monotonic()
    report = ingest()
    assert time.monotonic() - begun < 150, "15 s on a quiet machine"
    assert not report.failed
    assert server.graph(project) == clean
    assert report.changes.total == CLEAN_CHANGES
    assert sum(map(len, tries(report.run_id))) >= 1


def test_a_database_that_stays_away_fails_the_run_and_the_next_one_does_the_rest(
    ingest: Ingest, faulty: Proxy, server: Server, project: str, clean: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.write import write_batch

    monkeypatch.setattr(write_batch, "retry_delay_seconds", [0] * 5)
    faulty.faults.extend(["pass", *["before"] * 12])
    report = ingest()
    assert re.search(r"write batch-00\d \(\d+ files\)", report.outcome)
    faulty.faults.clear()
    assert not ingest().failed
    assert server.graph(project) == clean
