"""The pool on a real Dask cluster: what goes there and what stays, workers that are lost, clusters that are no use."""

from __future__ import annotations

import importlib
import os
import sys
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dask_processes import DaskProcesses, kill_tree, until

from lineage_core.errors import ClusterError, ClusterLostError, SettingsError
from lineage_core.ingest.cluster import connection, on_worker
from lineage_core.ingest.cluster.connection import Cluster
from lineage_core.ingest.cluster.on_worker import parse_parcel
from lineage_core.ingest.cluster.parcel import Parcel
from lineage_core.ingest.cluster.pool import ClusterPool
from lineage_core.ingest.open_pool import open_pool
from lineage_core.ingest.pool import ParserPool
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lineage_core.ingest.executor import Pool

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("dask")]

HERE = Path(__file__).parent


@pytest.fixture
def workloads(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the work; the Dask workers find it by the same path."""
    monkeypatch.syspath_prepend(HERE)
    return importlib.import_module("dask_workloads")


def settings_of(address: str, **more: Any) -> Settings:
    return load_settings(executor="dask", dask_scheduler_address=address, workers=2, **more)


@pytest.fixture
def pool(dask: DaskProcesses) -> Iterator[Pool]:
    until(lambda: len(dask.worker_pids()) == 2)
    with open_pool(settings_of(dask.address)) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., DaskProcesses]]:
    """Starts a scheduler of the test's own, without workers; who waits for some waits a second."""
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1.0)
    started: list[DaskProcesses] = []

    def start(port: int = 0) -> DaskProcesses:
        started.append(DaskProcesses(tmp_path, port))
        return started[-1]

    yield start
    for one in started:
        one.__exit__()


def lost(item: str, reason: str) -> Any:
    return (item, reason)


# What goes where.


def test_the_settings_choose_the_pool(dask: DaskProcesses) -> None:
    with open_pool(load_settings()) as pool:
        assert isinstance(pool, ParserPool)
    with open_pool(settings_of(dask.address)) as pool:
        assert isinstance(pool, ClusterPool)
    with open_pool(settings_of("tcp://nowhere:1", enable_batching=False)) as pool:
        assert isinstance(pool, ParserPool), "the plain path is this process alone"


def test_portable_work_is_done_by_all_workers_and_what_may_not_travel_here(
    pool: Pool, dask: DaskProcesses, workloads: Any
) -> None:
    items = [f"i{number}" for number in range(20)]
    found = pool.run_batch(workloads.Away(workloads.nothing, stay="i7"), items, lost)
    assert [item for item, _ in found] == items
    assert {pid for item, pid in found if item != "i7"} == dask.worker_pids()
    assert found[7][1] not in dask.worker_pids()
    assert pool.run_batch(workloads.Away(workloads.nothing), [], lost) == []


def test_other_work_stays_here(pool: Pool, workloads: Any, dask: DaskProcesses) -> None:
    pids = {pid for _, pid in pool.run_batch(workloads.Away(workloads.nothing).__call__, ["a", "b"], lost)}
    assert not pids & dask.worker_pids()


def test_what_the_work_raises_stops_its_batch_and_not_the_pool(pool: Pool, workloads: Any) -> None:
    with pytest.raises(ValueError, match="no x"):
        pool.run_batch(workloads.Away(workloads.refuse), ["x"], lost)
    assert len(pool.run_batch(workloads.Away(workloads.nothing), ["x", "y"], lost)) == 2


# What is lost.


def test_a_worker_that_is_killed_in_the_middle_costs_a_second_try_elsewhere(
    pool: Pool, dask: DaskProcesses, workloads: Any, tmp_path: Path
) -> None:
    marks = [str(tmp_path / "first"), str(tmp_path / "second")]
    Path(marks[1]).touch()
    pending = pool.submit_batch(workloads.Away(workloads.wait_once), marks, lost)
    killed = int(until(lambda: Path(marks[0]).exists() and Path(marks[0]).read_text()))
    os.kill(killed, 9)
    found = pending.result()
    assert [item for item, _ in found] == marks
    assert killed not in {pid for _, pid in found}
    until(lambda: len(dask.worker_pids()) == 2)


def test_work_that_takes_every_worker_along_is_done_here(pool: Pool, dask: DaskProcesses, workloads: Any) -> None:
    ((item, pid),) = pool.run_batch(workloads.Away(workloads.die), ["bad"], lost)
    assert item == "bad"
    until(lambda: len(dask.worker_pids()) == 2)
    assert pid not in dask.worker_pids()


def test_closing_ends_the_wait_in_the_middle(dask: DaskProcesses, workloads: Any, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with open_pool(settings_of(dask.address)) as pool:
        pending = pool.submit_batch(workloads.Away(workloads.wait_once), [str(mark)], lost)
        worker = int(until(lambda: mark.exists() and mark.read_text()))
    with pytest.raises(CancelledError):
        pending.result()
    os.kill(worker, 9)  # Dask lets a call that has begun run on; the nanny starts another worker
    until(lambda: len(dask.worker_pids() - {worker}) == 2)


def test_a_scheduler_that_is_lost_may_be_asked_again_when_it_is_back(
    own: Callable[..., DaskProcesses], workloads: Any, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    first = own()
    first.start_worker()
    port = int(first.address.rpartition(":")[2])
    with open_pool(settings_of(first.address)) as pool:
        pending = pool.submit_batch(workloads.Away(workloads.wait_once), [str(mark)], lost)
        until(mark.exists)
        kill_tree(first.scheduler.pid)
        with pytest.raises(ClusterLostError, match=rf"at {first.address} was lost"):
            pending.result()
        with pytest.raises(ClusterLostError, match="No Dask scheduler answers"):
            pool.run_batch(workloads.Away(workloads.nothing), ["x"], lost)
        own(port).start_worker()
        assert len(pool.run_batch(workloads.Away(workloads.wait_once), [str(mark)], lost)) == 1


def test_a_scheduler_that_stays_away_is_given_up(
    own: Callable[..., DaskProcesses], workloads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "AWAY_SECONDS", 0.0)
    only = own()
    only.start_worker()
    with open_pool(settings_of(only.address)) as pool:
        kill_tree(only.scheduler.pid)
        for _ in range(3):
            with pytest.raises(ClusterError) as error:
                pool.run_batch(workloads.Away(workloads.nothing), ["x"], lost)
        assert not isinstance(error.value, ClusterLostError), "nothing that is worth another try"


def test_a_run_does_not_wait_for_ever_for_a_worker(
    own: Callable[..., DaskProcesses], workloads: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "AWAY_SECONDS", 0.1)
    monkeypatch.setattr(connection, "_LOOK_AGAIN_SECONDS", 0.2)
    mark = tmp_path / "mark"
    only = own()
    worker = only.start_worker("--no-nanny")
    with open_pool(settings_of(only.address)) as pool:
        pending = pool.submit_batch(workloads.Away(workloads.wait_once), [str(mark)], lost)
        until(mark.exists)
        worker.kill()
        with pytest.raises(ClusterLostError, match="its last worker is gone"):
            pending.result()


# Clusters that are no use.


def test_a_cluster_that_is_not_there_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.ports import free_port

    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1.0)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ClusterError, match=rf"No Dask scheduler answers at {address}") as error:
        open_pool(settings_of(address))
    assert "dask scheduler" in error.value.hint


@pytest.mark.parametrize(("address", "message"), [("", "DASK_SCHEDULER_ADDRESS is empty"), ("x://y", "no address")])
def test_a_wrong_address_is_a_wrong_setting(address: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        open_pool(settings_of(address))


def test_a_cluster_without_workers_is_no_use(own: Callable[..., DaskProcesses]) -> None:
    with pytest.raises(ClusterError, match="has no workers") as error:
        open_pool(settings_of(own().address))
    assert "dask worker" in error.value.hint


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match="Dask cannot be imported") as error:
        open_pool(settings_of("tcp://127.0.0.1:1"))
    assert "sql-lineage-graph[dask]" in error.value.hint


def test_a_worker_of_another_version_is_named_before_anything_is_sent(
    dask: DaskProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_worker, "WORKER_VERSION", "this-one")
    with pytest.raises(ClusterError, match=r"The Dask worker tcp://\S+ has another version .* and this-one") as error:
        open_pool(settings_of(dask.address))
    assert "same checkout" in error.value.hint


def test_a_worker_of_another_version_that_came_later_refuses_what_it_is_sent(dask: DaskProcesses) -> None:
    cluster = Cluster(settings_of(dask.address))
    parcel = Parcel((), 1.0, 1, sender="another")
    with pytest.raises(ClusterError, match="has another version of this project: parser and stages are another"):
        cluster.result(cluster.submit(lambda: parse_parcel(parcel)))
    cluster.close()


def test_a_worker_without_this_project_is_told_from_a_lost_one(
    own: Callable[..., DaskProcesses], tmp_path: Path
) -> None:
    (tmp_path / "shadow" / "lineage_core").mkdir(parents=True)
    (tmp_path / "shadow" / "lineage_core" / "__init__.py").touch()
    bare = own()
    bare.start_worker(PYTHONPATH=str(tmp_path / "shadow"))
    with pytest.raises(ClusterError, match=r"cannot run this project: .*No module named .*lineage_core.ingest"):
        open_pool(settings_of(bare.address))
