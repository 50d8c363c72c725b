"""The endpoint: what Prometheus reads there, and who serves it."""

from __future__ import annotations

import json
import logging
import socket
import time
import urllib.request
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flows.local_prefect import ProcessId
from flows.metrics.endpoint import Endpoint
from flows.metrics.keeper import kept_metrics
from flows.metrics.kept import Kept, file_name, keep
from flows.metrics.runs import count_report, count_saves, counted_run
from flows.metrics.service import served_metrics
from flows.ports import free_port
from lineage_core.ingest.report import FileCounts, Report
from lineage_core.metrics import REGISTRY
from lineage_core.model.changes import GraphChanges
from lineage_core.model.files import FileVersion
from lineage_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Settings with a data folder and a port of their own."""
    return Settings(data_dir=tmp_path / "data", metrics_port=free_port())


def served(settings: Settings) -> dict[tuple[str, str], float]:
    """What the endpoint says: (sample, labels as JSON) -> value."""
    with urllib.request.urlopen(f"http://127.0.0.1:{settings.metrics_port}/metrics", timeout=60) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {(item.name, json.dumps(item.labels)): item.value for family in families for item in family.samples}


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def kept_by_another(settings: Settings, totals: Mapping[str, float]) -> None:
    settings.metrics_dir.mkdir(parents=True, exist_ok=True)
    process = ProcessId(pid=ProcessId.current().pid, started=ProcessId.current().started + 0.5)
    keep(settings.metrics_dir, file_name(process), Kept(at=time.time(), process=process, totals=dict(totals)))


def test_what_all_processes_count_is_served_as_one(own: Settings) -> None:
    before = value("parse_cache_hit_total")
    kept_by_another(own, {'["parse_cache_hit_total", {}]': 5, '["of_an_older_version_total", {}]': 1})
    with kept_metrics(own):
        pass
    endpoint = Endpoint(own)
    endpoint.start()
    try:
        found = served(own)
    finally:
        endpoint.stop()
    assert found["parse_cache_hit_total", "{}"] == before + 5
    assert ("of_an_older_version_total", "{}") not in found
    assert found["lineage_dead_letters", "{}"] == 0


def test_every_metric_says_what_it_is() -> None:
    for metric in REGISTRY.collect():
        assert metric.documentation.endswith("."), metric.name
        assert metric.type in {"counter", "gauge", "histogram"}


def test_a_run_is_counted_by_how_it_ended(own: Settings) -> None:
    failed, completed = (value("lineage_runs_total", kind="bulk", outcome=end) for end in ("failed", "completed"))
    began = time.time()
    with counted_run("bulk", own) as counted:
        counted.ended_well = True
    ended = time.time()
    with pytest.raises(RuntimeError), counted_run("bulk", own):
        raise RuntimeError
    assert value("lineage_runs_total", kind="bulk", outcome="completed") == completed + 1
    assert value("lineage_runs_total", kind="bulk", outcome="failed") == failed + 1
    assert began <= value("lineage_last_success_timestamp_seconds", kind="bulk") <= ended


def test_a_report_is_counted_by_status_and_kind() -> None:
    before = value("lineage_files_total", status="partial"), value("lineage_rows_written_total", kind="nodes_created")
    refused = value("lineage_rows_refused_total")
    changes = GraphChanges(nodes_created=7)
    count_report(
        Report(run_id="r", project="p", files=FileCounts(partial=2), changes=changes, dead_letters=3),
    )
    assert value("lineage_files_total", status="partial") == before[0] + 2
    assert value("lineage_rows_written_total", kind="nodes_created") == before[1] + 7
    assert value("lineage_rows_refused_total") == refused + 3


def test_only_a_fresh_save_says_how_long_it_took() -> None:
    before = value("lineage_save_to_graph_seconds_count"), value("lineage_save_to_graph_seconds_sum")
    now = time.time()
    ages = (2.0, 86_400.0, -5.0)
    count_saves(
        [FileVersion(path="a", location="/a", size=1, sha256="0", mtime_ns=int((now - age) * 1e9)) for age in ages]
    )
    assert value("lineage_save_to_graph_seconds_count") == before[0] + 2, "one was moved here, and is a day old"
    assert value("lineage_save_to_graph_seconds_sum") - before[1] == pytest.approx(2.0, abs=0.5), (
        "a clock in the future"
    )


def test_a_folder_that_cannot_be_written_costs_the_metrics_alone(
    own: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    own.data_dir.write_text("in the way")
    with caplog.at_level(logging.WARNING), kept_metrics(own):
        pass
    assert "cannot be kept" in caplog.text


def test_who_finds_the_port_taken_serves_once_it_is_free(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.metrics.service._AGAIN_SECONDS", 0.05)
    with closing(socket.create_server(("127.0.0.1", own.metrics_port))) as stranger, served_metrics(own):
        time.sleep(0.2)
        stranger.close()
        found: dict[tuple[str, str], float] = {}
        deadline = time.monotonic() + 60
        while not found and time.monotonic() < deadline:
            with suppress(OSError):
                found = served(own)
            time.sleep(0.05)
    assert "lineage_build_info" in {name for name, _ in found}


def test_no_port_is_no_endpoint(own: Settings) -> None:
    silent = own.model_copy(update={"metrics_port": 0})
    with served_metrics(silent):
        pass
    assert list(own.metrics_dir.glob("*.json")), "it is kept all the same"
