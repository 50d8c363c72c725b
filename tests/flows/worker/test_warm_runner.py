"""Flow runs that `lineage worker` forks from its warm runner: as good as processes of their own, and at once."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from prefect.states import Cancelling

from flows.local_prefect import ProcessId

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Probes, Worker
    from prefect.client.orchestration import SyncPrefectClient

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("worker")]

CHECKOUT = Path(__file__).resolve().parents[3]


def test_a_run_is_forked_from_the_runner_with_an_environment_folder_and_session_of_its_own(
    worker: Callable[..., Worker], probes: Probes
) -> None:
    started = worker()
    runner = started.runner()
    assert len(runner.threads()) == 1, "a lock that another thread holds would be held in the fork for ever"
    assert probes.state(probes.start("one")).is_completed()
    told = probes.told("one")
    assert told["warm"]
    assert told["parent"] == runner.pid
    assert told["session"] == told["pid"]
    assert told["folder"] == str(probes.folder)
    assert told["variable"] == "of the worker"
    probes.until(lambda: "this is one" in started.said)  # its output goes where the worker's goes
    assert len(runner.threads()) == 1, "nor does a run leave one behind in the runner"
    assert probes.state(probes.start("two")).is_completed()
    assert probes.told("two")["parent"] == runner.pid


def test_it_fails_crashes_and_is_killed_as_any_other_run(worker: Callable[..., Worker], probes: Probes) -> None:
    worker().runner()
    failed, crashed, killed = (probes.start(title, do) for title, do in (("f", "fail"), ("c", "exit"), ("k", "wait")))
    os.kill(probes.told("k")["pid"], signal.SIGKILL)
    assert probes.state(failed).is_failed()
    assert "it is a probe" in (probes.state(failed).message or "")
    assert probes.state(crashed).is_crashed()
    assert "status code: 3" in (probes.state(crashed).message or "")
    assert probes.state(killed).is_crashed()
    assert "-9" in (probes.state(killed).message or "")


def test_a_run_that_is_cancelled_ends(worker: Callable[..., Worker], probes: Probes, client: SyncPrefectClient) -> None:
    worker().runner()
    run = probes.start("long", "wait")
    process = ProcessId.of(probes.told("long")["pid"])
    client.set_flow_run_state(run.id, Cancelling())
    assert probes.state(run).is_cancelled()
    probes.until(lambda: process.find() is None)


def test_a_run_does_not_outlive_who_stands_for_it(worker: Callable[..., Worker], probes: Probes) -> None:
    started = worker()
    runner = ProcessId.of(started.runner().pid)
    of_killed_client, of_killed_worker = probes.start("a", "wait"), probes.start("b", "wait")
    runs = [ProcessId.of(probes.told(title)["pid"]) for title in ("a", "b")]
    client = next(
        child
        for child in psutil.Process(started.process.pid).children()
        if child.environ().get("PREFECT__FLOW_RUN_ID") == str(of_killed_client.id)
    )
    client.kill()
    probes.until(lambda: runs[0].find() is None)
    assert runs[1].find() is not None
    assert probes.state(of_killed_client).is_crashed()
    started.process.kill()
    started.process.wait()
    probes.until(lambda: runs[1].find() is None and runner.find() is None)
    assert not probes.client.read_flow_run(of_killed_worker.id).state.is_final()  # type: ignore[union-attr]


def test_a_runner_that_dies_is_replaced_and_runs_start_without_it_meanwhile(
    worker: Callable[..., Worker], probes: Probes
) -> None:
    started = worker()
    runner = started.runner()
    runner.kill()
    assert probes.state(probes.start("cold")).is_completed()
    assert probes.told("cold")["parent"] != runner.pid
    again = started.runner()
    assert again.pid != runner.pid
    assert probes.state(probes.start("warm")).is_completed()
    assert probes.told("warm")["parent"] == again.pid


def test_after_a_change_of_the_code_runs_have_the_new_code(
    worker: Callable[..., Worker], probes: Probes, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    for package in ("flows", "tasks", "lineage_core"):
        shutil.copytree(CHECKOUT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    started = worker(PYTHONPATH=str(copy))
    runner = started.runner()
    flow = probes.folder / "probe.py"
    flow.write_text(flow.read_text().replace('"it is a probe"', "word"))
    flow.write_text("from flows.project_key import word\n" + flow.read_text())
    module = copy / "flows" / "project_key.py"
    module.write_text(module.read_text() + '\nword = "the new code"\n')
    assert "the new code" in (probes.state(probes.start("changed", "fail")).message or "")
    assert probes.told("changed")["parent"] != runner.pid
    probes.until(
        lambda: started.runner().pid and probes.state(probes.start("x")).is_completed() and probes.told("x")["warm"]
    )


def test_it_can_be_switched_off(worker: Callable[..., Worker], probes: Probes) -> None:
    started = worker(ENABLE_WARM_RUNNER="false")
    assert probes.state(probes.start("cold")).is_completed()
    assert not probes.told("cold")["warm"]
    for child in psutil.Process(started.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # the run's, which has ended
            assert "flows.warm.runner" not in child.cmdline()
