"""The embedded server as a process: started once, found again, killed, stopped, reset."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from lineage_core.errors import ServerError
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.server import process
from lineage_core.graph.server.config import password_file
from lineage_core.graph.server.java import find_java, packaged_java, version
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(240)
def test_a_server_lives_through_its_days(own: Settings) -> None:
    server = EmbeddedServer(own)
    assert not server.status().running
    with ThreadPoolExecutor(2) as two:  # two commands at once start one server
        first, second = two.map(lambda _: server.start(), range(2))
    assert first.pid == second.pid
    assert stat.S_IMODE(password_file(own).stat().st_mode) == 0o600
    assert "Neo4j Browser" in httpx.get(server.browser_url).text

    with open_driver(locate(own)) as driver:
        driver.execute_query("CREATE (:Kept {value: 1})", database_="neo4j")
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [])
    assert not server.status().running

    with open_driver(locate(own)) as driver:
        kept, _, _ = driver.execute_query("MATCH (n:Kept) RETURN n.value AS value", database_="neo4j")
    assert [record["value"] for record in kept] == [1]
    assert server.stop()
    assert not server.stop()
    server.reset()
    assert server.status().store_bytes == 0
    assert not server.password


def test_a_port_in_use_names_its_setting(own: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own.neo4j_http_port))
        taken.listen()
        with pytest.raises(ServerError, match="in use") as caught:
            EmbeddedServer(own).start()
    assert "LINEAGE_NEO4J_HTTP_PORT" in str(caught.value)


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(ServerError, match="LINEAGE_DATA_DIR"):
        EmbeddedServer(load_settings(data_dir=tmp_path / "data")).start()


def test_the_packaged_java_is_new_enough() -> None:
    assert version(packaged_java()) >= 17


def test_a_file_that_vanishes_while_the_store_is_measured_has_no_size(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"123")
    sizes = process._sizes(tmp_path)
    assert next(sizes) == 3
    for name in "ab":
        (tmp_path / name).unlink()
    assert list(sizes) == []


def test_java_home_has_to_be_a_java(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="cannot be run"):
        find_java(load_settings(java_home=tmp_path))
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    old.chmod(0o755)
    with pytest.raises(ServerError, match="is Java 11; Neo4j needs 17"):
        find_java(load_settings(java_home=tmp_path))


def test_a_start_that_is_called_off_leaves_no_process_and_no_password(
    own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    endless = f"import os, pathlib, time; pathlib.Path({str(begun)!r}).write_text(str(os.getpid())); time.sleep(60)"
    monkeypatch.setattr(process, "admin_command", lambda *_: [sys.executable, "-c", endless])
    server = EmbeddedServer(own)
    with ThreadPoolExecutor(1) as thread:
        start = thread.submit(server.start)
        while not (begun.exists() and begun.read_text()):
            assert not start.done(), start.exception()
        server.call_off()
        with pytest.raises(ServerError, match="first password"):
            start.result()
    assert not psutil.pid_exists(int(begun.read_text()))
    assert not password_file(own).exists()
    assert not server.status().running
