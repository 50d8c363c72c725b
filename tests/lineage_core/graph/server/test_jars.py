"""The embedded server's jars: whole or not at all, and a clear way out where they cannot be had."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import platformdirs
import pytest

from lineage_core.errors import ServerError
from lineage_core.graph.server import jars
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user cache folder of the test's own."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda _: str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> list[jars.Jar]:
    """A lock of two small jars."""
    contents = {"org.a:one:1.0": b"one", "org.b:two:2.0:tests": b"two"}
    found = [jars.Jar(name, len(body), hashlib.sha256(body).hexdigest()) for name, body in contents.items()]
    monkeypatch.setattr(jars, "locked_jars", lambda: found)
    return found


@pytest.fixture
def mirror(tmp_path: Path, lock: list[jars.Jar]) -> Iterator[tuple[str, Path]]:
    """A Maven repository on loopback that holds the two jars."""
    root = tmp_path / "mirror"
    for jar, body in zip(lock, (b"one", b"two"), strict=True):
        (root / jar.path).parent.mkdir(parents=True)
        (root / jar.path).write_bytes(body)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", root
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_lock_names_the_server_and_its_browser() -> None:
    names = {jar.file_name for jar in jars.locked_jars()}
    assert {"neo4j-5.26.31.jar", "neo4j-server-5.26.31.jar", "neo4j-browser-5.24.0.jar"} <= names
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars.locked_jars())


def test_jars_come_from_the_mirror_once(cache: Path, mirror: tuple[str, Path]) -> None:
    address, root = mirror
    said: list[str] = []
    settings = load_settings(maven_mirror=address)
    folder = jars.jars_folder(settings, said.append)
    assert folder.parent == cache
    assert sorted(file.name for file in folder.glob("*.jar")) == ["one-1.0.jar", "two-2.0-tests.jar"]
    assert len(said) == 1
    for file in root.rglob("*.jar"):
        file.unlink()
    assert jars.jars_folder(settings, said.append) == folder
    assert len(said) == 1


@pytest.mark.usefixtures("cache")
def test_a_damaged_folder_is_repaired(mirror: tuple[str, Path]) -> None:
    settings = load_settings(maven_mirror=mirror[0])
    folder = jars.jars_folder(settings)
    (folder / "one-1.0.jar").write_bytes(b"")
    assert (jars.jars_folder(settings) / "one-1.0.jar").read_bytes() == b"one"


def test_a_jar_that_is_not_what_the_lock_says_is_refused(cache: Path, mirror: tuple[str, Path]) -> None:
    address, root = mirror
    next(root.rglob("one-1.0.jar")).write_bytes(b"evil")
    with pytest.raises(ServerError, match=r"org\.a:one:1\.0 cannot be fetched .*expected"):
        jars.jars_folder(load_settings(maven_mirror=address))
    assert not (cache / f"neo4j-{jars.NEO4J_VERSION}").exists()


@pytest.mark.usefixtures("cache", "lock")
def test_no_repository_in_reach_names_three_ways_out() -> None:
    with pytest.raises(ServerError) as caught:
        jars.jars_folder(load_settings(maven_mirror="http://127.0.0.1:9"))
    for way in ("NEO4J_URI", "LINEAGE_MAVEN_MIRROR", "LINEAGE_NEO4J_JARS"):
        assert way in str(caught.value)


@pytest.mark.usefixtures("lock")
def test_a_prefilled_folder_is_checked(tmp_path: Path) -> None:
    settings = load_settings(neo4j_jars_dir=tmp_path)
    with pytest.raises(ServerError, match="lacks 2 of 2 jars"):
        jars.jars_folder(settings)
    (tmp_path / "one-1.0.jar").write_bytes(b"one")
    (tmp_path / "two-2.0-tests.jar").write_bytes(b"two")
    assert jars.jars_folder(settings) == tmp_path
    (tmp_path / "one-1.0.jar").write_bytes(b"eno")
    with pytest.raises(ServerError, match=r"is not org\.a:one:1\.0"):
        jars.jars_folder(settings)
