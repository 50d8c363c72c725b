"""Hashing: SHA-256 of the bytes, or a reason for people why there is none."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from lineage_core.model.files import SourceFile
from lineage_core.source import hashing
from lineage_core.source.hashing import hash_file

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def source(path: Path) -> SourceFile:
    return SourceFile(path=path.name, location=str(path))


def test_a_version_is_the_hash_size_and_time_of_the_bytes(tmp_path: Path) -> None:
    content = b"SELECT 1;\r\n" * 100_000
    file = tmp_path / "x.sql"
    file.write_bytes(content)
    version = hash_file(source(file), "tsql")
    assert version.sha256 == hashlib.sha256(content).hexdigest()
    assert (version.path, version.location, version.size) == ("x.sql", str(file), len(content))
    assert (version.mtime_ns, version.dialect, version.error) == (file.stat().st_mtime_ns, "tsql", "")


def test_an_empty_file_has_a_version(tmp_path: Path) -> None:
    (tmp_path / "x.sql").touch()
    assert hash_file(source(tmp_path / "x.sql")).sha256 == hashlib.sha256().hexdigest()


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    version = hash_file(source(tmp_path / "x.sql"))
    assert (version.sha256, version.error) == ("", "cannot be read: No such file or directory")


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.sql").mkdir()
    assert hash_file(source(tmp_path / "x.sql")).error == "cannot be read: not a file but a folder"


def test_a_pipe_in_its_place_is_an_error_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.sql")
    assert hash_file(source(tmp_path / "x.sql")).error == "cannot be read: not a file but a named pipe"


def test_a_file_that_fails_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    """The memory of this process is a regular file to the system, whose first page cannot be read, not even by root."""
    (tmp_path / "x.sql").symlink_to("/proc/self/mem")
    assert hash_file(source(tmp_path / "x.sql")).error == "cannot be read: Input/output error"


def test_a_change_while_it_is_read_is_noticed_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.sql"
    file.write_text("before")
    digest = hashing._digest
    calls: list[int] = []

    def saved_in_between(*args: object) -> object:
        result = digest(*args)  # type: ignore[arg-type]
        if not calls:
            file.write_text("afterwards")
        calls.append(1)
        return result

    monkeypatch.setattr(hashing, "_digest", saved_in_between)
    version = hash_file(source(file))
    assert version.sha256 == hashlib.sha256(b"afterwards").hexdigest()
    assert len(calls) == 2


def test_a_file_that_never_rests_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.sql"
    file.write_bytes(b"x")
    digest = hashing._digest

    def written_to_meanwhile(stream: Any, name: str) -> Any:
        result = digest(stream, name)
        with file.open("ab") as writer:
            writer.write(b"y")
        return result

    monkeypatch.setattr(hashing, "_digest", written_to_meanwhile)
    version = hash_file(source(file))
    assert version.sha256 == ""
    assert "is being written to" in version.error
    assert file.read_bytes() == b"xyy"  # it was tried twice
