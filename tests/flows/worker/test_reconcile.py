"""After a killed worker: its runs end or run again, and what they held is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.states import Cancelling, Running

from flows.local_prefect import ProcessId
from flows.one_at_a_time import PREFIX
from flows.reconcile import MOST_TRIES, reconcile_crashed
from flows.run_worker import POOL

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Probes, Worker
    from prefect.client.orchestration import SyncPrefectClient

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("worker")]


@pytest.mark.parametrize("warm", ["true", "false"])
def test_the_next_worker_does_what_a_killed_one_had_begun(
    worker: Callable[..., Worker], probes: Probes, client: SyncPrefectClient, warm: str
) -> None:
    killed = worker(ENABLE_WARM_RUNNER=warm)
    if warm == "true":
        killed.runner()
    run = probes.start("begun", "wait")
    first = probes.told("begun")
    process = ProcessId.of(first["pid"])
    killed.process.kill()
    killed.process.wait()
    probes.until(lambda: process.find() is None)
    probes.go()
    heir = worker("--reconcile")
    probes.until(lambda: client.read_flow_run(run.id).state_name == "Completed")  # it is Crashed for a moment first
    assert probes.told("begun")["at"] > first["at"]
    assert client.read_flow_run(run.id).run_count == 2
    names = [
        state.name for state in sorted(probes.client.read_flow_run_states(run.id), key=lambda state: state.timestamp)
    ]
    assert names.index("Crashed") < names.index("AwaitingRetry") < names.index("Completed")
    assert "begun was left Running by a killed worker; it runs again." in heir.said


def test_a_run_that_was_being_cancelled_is_cancelled_and_one_that_kills_its_worker_again_and_again_stays_crashed(
    probes: Probes, client: SyncPrefectClient
) -> None:
    cancelling, deadly = probes.start("cancelling"), probes.start("deadly")
    client.set_flow_run_state(cancelling.id, Running(), force=True)
    client.set_flow_run_state(cancelling.id, Cancelling(), force=True)
    for _ in range(MOST_TRIES):
        client.set_flow_run_state(deadly.id, Running(), force=True)
    said: list[str] = []
    reconcile_crashed(POOL, said.append)
    assert [sum(run.name in line for line in said) for run in (cancelling, deadly)] == [1, 1]
    assert probes.state(cancelling).is_cancelled()
    assert probes.state(deadly).is_crashed()
    assert client.read_flow_run(deadly.id).run_count == MOST_TRIES


def test_slots_of_killed_runs_are_free_and_those_of_other_limits_are_left(client: SyncPrefectClient) -> None:
    names = [f"{PREFIX}killed", f"{PREFIX}idle", "somebody-else"]
    for name in names:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
    for name in (names[0], names[2]):
        client.increment_concurrency_slots_with_lease([name], slots=1, mode="concurrency", lease_duration=60)
    reconcile_crashed(POOL, print)
    slots = {limit.name: limit.active_slots for limit in client.read_global_concurrency_limits()}
    assert {name: slots.get(name) for name in names} == {names[0]: None, names[1]: 0, names[2]: 1}
    for name in names[1:]:
        client.delete_global_concurrency_limit_by_name(name)


def test_task_runs_of_a_killed_run_do_not_stay_running(
    worker: Callable[..., Worker], probes: Probes, client: SyncPrefectClient
) -> None:
    flow = probes.folder / "probe.py"
    flow.write_text(
        "import time\nfrom prefect import task\n\n@task\ndef sleep():\n    time.sleep(600)\n\n"
        + flow.read_text()
        .replace("    if do == 'fail'", "    if do == 'fail'")
        .replace("    print(", "    sleep()\n    print(")
    )
    killed = worker()
    run = probes.start("busy")
    only = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
    probes.until(lambda: [task for task in client.read_task_runs(flow_run_filter=only) if task.state_name == "Running"])
    killed.process.kill()
    killed.process.wait()
    reconcile_crashed(POOL, print)
    assert [task.state_name for task in client.read_task_runs(flow_run_filter=only)] == ["Crashed"]
    client.delete_flow_run(run.id)
