"""The server a command runs on: PREFECT_API_URL's, or a local one shared by all users and stopped by the last."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from flows.local_prefect import ProcessId, RunningServer
from flows.prefect_server import prefect_server
from flows.server_environment import Address
from lineage_core.errors import ServerError
from lineage_core.settings import Settings, load_settings


@pytest.fixture
def local(tmp_path: Path) -> Settings:
    """Settings that name no Prefect server."""
    return load_settings(data_dir=tmp_path, prefect_api_url="", prefect_home=tmp_path / "prefect")


def test_a_local_server_is_shared_and_stopped_by_its_last_user(local: Settings) -> None:
    with prefect_server(local) as first:
        with prefect_server(local) as second:
            assert second.api_url == first.api_url
        first.wait()
        assert first.api_url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{first.api_url}/health", trust_env=False).json() is True
        process = _state(local).process.find()
        assert process is not None
        _use_and_die(local)
        assert len(_state(local).users) == 2, "the killed user is still listed"
    assert not process.is_running(), "a user that was killed does not keep the server"
    assert not (local.prefect_dir / "server.json").exists()


def test_a_server_that_was_left_behind_is_taken_over(local: Settings) -> None:
    _use_and_die(local)
    left_behind = _state(local)
    with prefect_server(local) as server:
        assert server.api_url == left_behind.api_url
    assert left_behind.process.find() is None


def test_a_server_of_which_only_the_state_is_left_is_started_again(local: Settings) -> None:
    gone = ProcessId(pid=os.getpid(), started=0.0)
    local.prefect_dir.mkdir(parents=True)
    state = RunningServer(process=gone, address=Address(port=1), users=[gone])
    (local.prefect_dir / "server.json").write_text(state.model_dump_json())
    with prefect_server(local) as server:
        assert server.api_url != state.api_url


def test_ctrl_c_in_the_terminal_is_not_for_the_server(local: Settings) -> None:
    with prefect_server(local):
        process = _state(local).process
        assert os.getsid(process.pid) == process.pid


def test_a_server_that_cannot_start_shows_its_log(local: Settings) -> None:
    (local.prefect_dir / "prefect.db").mkdir(parents=True)
    with prefect_server(local) as server, pytest.raises(ServerError, match="did not start") as caught:
        server.wait()
    assert "unable to open database file" in caught.value.message
    assert "server.log" in caught.value.hint


def test_a_data_folder_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    settings = load_settings(data_dir=tmp_path / "data", prefect_home=tmp_path / "data" / "prefect", prefect_api_url="")
    with pytest.raises(ServerError, match="cannot be used") as caught, prefect_server(settings):
        pass
    assert "LINEAGE_DATA_DIR" in caught.value.hint


def test_a_dead_server_of_prefect_api_url_is_named_at_once(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, prefect_api_url="http://127.0.0.1:9/api")
    started = time.monotonic()
    with (
        prefect_server(settings) as server,
        pytest.raises(ServerError, match=re.escape("http://127.0.0.1:9/api")) as caught,
    ):
        server.wait()
    assert time.monotonic() - started < 30, "a local server would be waited for a minute"
    assert "PREFECT_API_URL" in caught.value.hint
    assert not (tmp_path / "prefect").exists(), "no local server is started instead"


def _state(settings: Settings) -> RunningServer:
    return RunningServer.model_validate_json((settings.prefect_dir / "server.json").read_bytes())


_DYING_USER = """
import os, sys
from flows.local_prefect import LocalServer
from lineage_core.settings import load_settings
LocalServer(load_settings(data_dir=sys.argv[1], prefect_home=sys.argv[2])).enter()
os._exit(9)
"""


def _use_and_die(settings: Settings) -> None:
    """Another process that becomes a user and ends before it can leave."""
    command = [sys.executable, "-c", _DYING_USER, str(settings.data_dir), str(settings.prefect_dir)]
    assert subprocess.run(command, check=False).returncode == 9
