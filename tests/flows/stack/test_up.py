"""`lineage up` with real servers: up, looked at, stopped, killed, and up again."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest
from ended_processes import is_running

from flows.ports import is_free
from flows.stack.state import StackFile

if TYPE_CHECKING:
    from conftest import StartUp, Up

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1200)]

STOP_SECONDS = 40.0
"""For what takes 2 to 5 s on a quiet machine, and is promised for 10."""

PARTS = ["neo4j", "prefect", "deployments", "worker", "watcher", "metrics"]


def test_one_command_brings_everything_up_and_one_signal_stops_it(up: StartUp) -> None:
    stack = up("--secure")
    stack.until_ready()
    _assert_all_is_well(stack)
    _assert_all_processes_are_measured(stack)
    pids, ports = _processes(stack), _ports(stack)
    _assert_secrets_are_kept(stack, pids)
    assert stack.stop(signal.SIGTERM) < STOP_SECONDS
    _assert_nothing_is_left(stack, pids, ports)
    again = up("--secure")
    again.until_ready()
    pids = _processes(again)
    assert again.stop(signal.SIGINT) < STOP_SECONDS
    _assert_nothing_is_left(again, pids, ports)
    assert "killed" not in again.said, "the second start finds nothing of the first"


def test_parts_that_are_killed_are_started_again_and_that_is_told(up: StartUp, graph: dict[str, str]) -> None:
    stack = up(**graph)
    stack.until_ready()
    for name in ("worker", "watcher"):
        stack.part(name).kill()
    for name in ("worker", "watcher"):
        stack.until(f"parts[{name!r}].restarts == 1 and parts[{name!r}].condition == 'up'")
    address = stack.state.parts["prefect"].url
    stack.part("prefect").kill()
    stack.until("parts['prefect'].restarts == 1")
    status = stack.status()
    assert status["exit"] == int(not status["well"]), "1 while something is down"
    stack.until("parts['prefect'].restarts == 1 and parts['prefect'].condition == 'up'")
    assert stack.state.parts["prefect"].url == address
    assert "Worker ended: killed by SIGKILL; starts again in 1 s." in stack.said
    assert "Prefect server is up again." in stack.said
    stack.until_ready()
    assert 'lineage_part_restarts_total{part="watcher"} 1.0' in _metrics(stack)
    assert stack.stop() < STOP_SECONDS


def test_after_a_kill_the_next_start_ends_or_takes_over_what_was_left(up: StartUp, graph: dict[str, str]) -> None:
    killed = up(**graph)
    killed.until_ready()
    left = {name: killed.process_of(name) for name in ("prefect", "worker", "watcher")}
    killed.process.kill()
    killed.process.wait()
    shown = killed.lineage("status")
    assert shown.returncode == 1
    assert shown.stdout.count("left running") == 3
    stack = up(**graph)
    stack.until_ready()
    assert "The last stack was killed" in stack.said
    assert left["worker"].find() is None
    assert left["watcher"].find() is None
    assert stack.process_of("prefect") == left["prefect"], "it serves on"
    assert stack.stop() < STOP_SECONDS
    assert left["prefect"].find() is None


def test_there_is_one_stack_and_other_commands_join_its_servers(up: StartUp, graph: dict[str, str]) -> None:
    stack = up(**graph)
    stack.until_ready()
    second = up(**graph)
    assert second.process.wait(60) == 1
    assert f"A stack runs already on this data folder (process {stack.process.pid})" in second.said
    done = stack.lineage("ingest", str(stack.settings.root))
    assert done.returncode == 0, done.stderr
    assert f"Prefect UI, while this runs: {stack.state.parts['prefect'].url}" in done.stderr
    assert stack.status()["well"], "the server is still there"
    doctor = stack.lineage("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert doctor.stdout.count("in use by this stack") == 2
    assert stack.stop() < STOP_SECONDS


def test_a_start_that_is_called_off_leaves_nothing(up: StartUp) -> None:
    stack = up()
    stack.until("parts['prefect'].condition == 'starting' and parts['neo4j'].condition == 'starting'")
    assert stack.stop() < STOP_SECONDS
    left = [process for process in psutil.process_iter() if _is_of(process, stack.settings.data_dir)]
    assert left == []
    assert "Traceback" not in stack.said


@pytest.mark.parametrize(
    ("variable", "names"),
    [("LINEAGE_PREFECT_PORT", "local Prefect server"), ("LINEAGE_METRICS_PORT", "metrics")],
)
def test_a_port_that_is_taken_is_named_with_its_holder_and_stops_the_start(
    up: StartUp, graph: dict[str, str], variable: str, names: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stack = up(**graph, **{variable: str(port)})
        assert stack.process.wait(60) == 1
    assert f"Port {port} of 127.0.0.1 is in use by process {os.getpid()}" in stack.said
    assert names in stack.said
    assert variable in stack.said
    assert "Traceback" not in stack.said
    assert not StackFile(stack.settings).read()


def _assert_all_is_well(stack: Up) -> None:
    status = stack.status()
    assert status["exit"] == 0
    assert [part["name"] for part in status["parts"]] == PARTS
    assert {part["state"] for part in status["parts"]} == {"up", "done"}
    assert all(f'lineage_part_up{{part="{name}"}} 1.0' in _metrics(stack) for name in PARTS)
    assert "lineage_build_info" in _metrics(stack)
    api = f"{status['parts'][1]['url']}/api"
    assert httpx.get(f"{api}/admin/version", trust_env=False).status_code == 401, "it asks who we are"
    doctor = stack.lineage("doctor", str(stack.settings.root))
    assert doctor.returncode == 0, doctor.stdout
    assert "reachable and writable" in doctor.stdout


def _assert_all_processes_are_measured(stack: Up) -> None:
    """The flow run that took the tree up, the watcher and the worker each count in a process of their own."""
    wanted = (
        'lineage_runs_total{kind="incremental",outcome="completed"} 1.0',
        'lineage_files_total{status="ok"} 1.0',
        'batch_processing_duration_seconds_count{stage="write"} 1.0',
        'lineage_database_transaction_seconds_count{outcome="committed"}',
        "lineage_save_to_graph_seconds_count 1.0",
        "lineage_watch_window_files_count",
        'lineage_queue_runs{queue="critical",state="running"} 0.0',
        'lineage_part_resident_memory_bytes{part="worker"}',
        'lineage_last_success_timestamp_seconds{kind="incremental"}',
        "parse_cache_miss_total 1.0",
    )
    deadline = time.monotonic() + 120
    while missing := [line for line in wanted if line not in _metrics(stack)]:
        assert time.monotonic() < deadline, missing
        time.sleep(0.5)


def _assert_secrets_are_kept(stack: Up, pids: list[int]) -> None:
    data = stack.settings.data_dir
    files = [data / "prefect" / "auth", data / "neo4j" / "password"]
    for file in [
        *files,
        data / "stack" / "state.json",
        data / "prefect" / "server.json",
        *(data / "stack").glob("*.log"),
    ]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    secrets = [file.read_text().strip().removeprefix("admin:") for file in files]
    assert all(len(secret) > 20 for secret in secrets)
    kept = {Path(folder, name) for folder, _, names in os.walk(data) for name in names}
    told = [stack.said, *map(_text, [*(kept - set(files)), *(Path(f"/proc/{pid}/cmdline") for pid in pids)])]
    assert not [text for text in told if any(secret in text for secret in secrets)]


def _text(file: Path) -> str:
    """Nothing of what is no file, or is gone since it was found, as a process may be."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return file.read_text("utf-8", "replace") if file.is_file() else ""
    return ""


def _assert_nothing_is_left(stack: Up, pids: list[int], ports: list[int]) -> None:
    assert "Everything is stopped." in stack.said
    assert "Traceback" not in stack.said
    assert [pid for pid in pids if is_running(pid)] == []
    assert [port for port in ports if not is_free(port)] == []
    assert stack.status()["exit"] == 1


def _metrics(stack: Up) -> str:
    url = stack.state.parts["metrics"].url
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
        return str(answer.read().decode())


def _processes(stack: Up) -> list[int]:
    """Every process of the stack, with what those have started."""
    tops = [psutil.Process(stack.process.pid), *(stack.part(name) for name in ("neo4j", "prefect"))]
    return [process.pid for top in tops for process in (top, *top.children(recursive=True))]


def _ports(stack: Up) -> list[int]:
    own = stack.settings
    return [own.prefect_port, own.metrics_port, own.neo4j_bolt_port, own.neo4j_http_port]


def _is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in " ".join(process.cmdline()) or process.environ().get("LINEAGE_DATA_DIR") == str(folder)
    except psutil.Error:
        return False
