"""Discovery: which files a run is about, in which order, and what it says of those it cannot take."""

from __future__ import annotations

import os
import shutil
import socket
from typing import TYPE_CHECKING

import pytest
from source_trees import found, write

from lineage_core.errors import SourceError
from lineage_core.settings import Settings, load_settings
from lineage_core.source.discover import discover

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_gives_its_sql_files_in_any_case_sorted_by_path(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "b/z.SQL", "b.sql", "a/x.sql", "a/readme.md", "a/y.Sql", "a/deep/er/v.sql")
    assert found(tmp_path, settings) == ["a/deep/er/v.sql", "a/x.sql", "a/y.Sql", "b.sql", "b/z.SQL"]


def test_a_file_has_its_place_and_size(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a/x.sql")
    (file,) = discover([tmp_path], settings).files
    assert (file.location, file.size) == (str(tmp_path / "a/x.sql"), 8)


def test_suffixes_of_the_setting_are_taken_too(tmp_path: Path) -> None:
    write(tmp_path, "a.sql", "b.DDL", "c.tab", "d.sql.j2")
    settings = load_settings(root=tmp_path, data_dir=tmp_path / "data", suffixes=(".sql", "ddl", ".sql.j2"))
    assert found(tmp_path, settings) == ["a.sql", "b.DDL", "d.sql.j2"]


def test_a_file_given_by_itself_is_taken_whatever_it_is_called(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "ddl.txt", ".hidden.sql")
    assert found(tmp_path, settings, "ddl.txt", ".hidden.sql") == [".hidden.sql", "ddl.txt"]


def test_overlapping_arguments_give_each_file_once(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a/x.sql", "a/b/y.sql")
    assert found(tmp_path, settings, "a", "a/b", "a/x.sql", "a/**/*.sql") == ["a/b/y.sql", "a/x.sql"]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("*.sql", ["top.sql"]),
        ("**/*.sql", ["a/b/y.sql", "a/x.sql", "c/x.sql", "top.sql"]),
        ("a/**", ["a/b/y.sql", "a/x.sql"]),
        ("*/x.sql", ["a/x.sql", "c/x.sql"]),
        ("[ac]/?.sql", ["a/x.sql", "c/x.sql"]),
        ("a/*", ["a/b/y.sql", "a/x.sql"]),
        ("**/*.ddl", ["a/t.ddl"]),
    ],
)
def test_globs(tmp_path: Path, settings: Settings, glob: str, expected: list[str]) -> None:
    write(tmp_path, "top.sql", "a/x.sql", "a/b/y.sql", "a/notes.md", "c/x.sql", "a/t.ddl", ".git/x.sql")
    assert found(tmp_path, settings, glob) == expected


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "v[1].sql", "v1.sql")
    assert found(tmp_path, settings, "v[1].sql") == ["v[1].sql"]


def test_hidden_version_control_and_editor_files_are_left_out(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "good.sql", "x.bak.sql")
    write(tmp_path, ".git/a.sql", ".venv/b.sql", "CVS/c.sql", ".x.sql", "._x.sql", ".#x.sql")
    write(tmp_path, "x.sql~", "~vs1A2B.sql", "~$x.sql", "#x.sql#", "x.sql.swp", "x.sql.bak", "x.sql.orig", "4913")
    assert found(tmp_path, settings) == ["good.sql", "x.bak.sql"]


def test_a_hidden_folder_given_by_itself_is_entered(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, ".sql/a.sql")
    assert found(tmp_path, settings, ".sql") == [".sql/a.sql"]


def test_what_the_project_keeps_in_its_data_folder_is_not_its_source(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "data/runs/r/x.sql", "data/neo4j/x.sql", "data/prefect/x.sql", "data/seed.sql")
    assert found(tmp_path, settings) == ["data/seed.sql"]


# One bad entry costs that entry.


def test_a_folder_named_like_a_file_is_a_folder(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "x.sql/y.sql")
    discovery = discover([tmp_path], settings)
    assert [file.path for file in discovery.files] == ["x.sql/y.sql"]
    assert discovery.problems == []


def test_a_dangling_link_is_a_problem(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "good.sql")
    (tmp_path / "x.sql").symlink_to("gone.sql")
    discovery = discover([tmp_path], settings)
    assert [file.path for file in discovery.files] == ["good.sql"]
    ((path, message),) = discovery.problems
    assert path == "x.sql"
    assert "gone.sql, which does not exist" in message


def test_a_link_to_itself_is_a_problem(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "x.sql").symlink_to("x.sql")
    discovery = discover([tmp_path], settings)
    assert discovery.files == []
    assert [path for path, _ in discovery.problems] == ["x.sql"]


def test_a_loop_of_folders_ends(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a/x.sql")
    (tmp_path / "a/up").symlink_to("..")
    assert found(tmp_path, settings) == ["a/x.sql"]


def test_no_link_is_followed_out_of_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, "a.sql")
    write(tmp_path, "outside/secret.sql")
    (root / "link.sql").symlink_to(tmp_path / "outside/secret.sql")
    (root / "folder").symlink_to(tmp_path / "outside")
    discovery = discover([root], load_settings(root=root, data_dir=tmp_path / "data"))
    assert [file.path for file in discovery.files] == ["a.sql"]
    assert discovery.problems == []
    assert [path for path, _ in discovery.skipped] == ["folder", "link.sql"]


def test_a_file_that_a_link_points_to_is_taken_once_by_its_own_path(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a/x.sql")
    (tmp_path / "b.sql").symlink_to("a/x.sql")
    (tmp_path / "c").symlink_to("a")
    assert found(tmp_path, settings) == ["a/x.sql"]


def test_pipes_and_sockets_are_problems_and_never_opened(tmp_path: Path, settings: Settings) -> None:
    os.mkfifo(tmp_path / "pipe.sql")
    with socket.socket(socket.AF_UNIX) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)  # a socket's path must be short
        server.bind("socket.sql")
        discovery = discover([tmp_path], settings)
    assert discovery.files == []
    assert discovery.problems == [
        ("pipe.sql", "not a file but a named pipe"),
        ("socket.sql", "not a file but a socket"),
    ]


def test_names_that_are_not_utf8_get_a_valid_identity(tmp_path: Path, settings: Settings) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.sql"
    with open(name, "wb"):  # noqa: PTH123 - bytes are no Path
        pass
    (file,) = discover([tmp_path], settings).files
    assert file.path == r"caf\xe9.sql"
    assert os.stat(file.location).st_size == 0  # noqa: PTH116 - the location leads there


def test_two_forms_of_one_name_are_one_identity_and_the_second_is_a_problem(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "caf\u00e9.sql", "cafe\u0301.sql")
    discovery = discover([tmp_path], settings)
    assert [file.path for file in discovery.files] == ["caf\u00e9.sql"]
    ((path, message),) = discovery.problems
    assert path == "caf\u00e9.sql"
    assert "a second file of this name" in message


def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path, settings: Settings) -> None:
    """Permissions do not stop root, so the folder is one that is too deep for a path."""
    write(tmp_path, "good.sql")
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=folder)
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
    discovery = discover([tmp_path], settings)
    assert [file.path for file in discovery.files] == ["good.sql"]
    ((path, message),) = discovery.problems
    assert message == "the folder cannot be read: File name too long"
    assert not discovery.covers(f"{path}/x.sql")
    shutil.rmtree(tmp_path / ("d" * 200))


# What stops a run before it begins, with the next step.


def test_no_path_is_an_error(settings: Settings) -> None:
    with pytest.raises(SourceError, match="No path"):
        discover([], settings)


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "orders.sql")
    with pytest.raises(SourceError, match=r"order\.sql does not exist") as error:
        discover([tmp_path / "order.sql"], settings)
    assert "Did you mean orders.sql?" in error.value.hint


def test_a_glob_that_matches_nothing_is_an_error(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "notes.md", ".git/x.sql")
    for glob in ("**/*.sql", "gone/*.sql", "*.md/*"):
        with pytest.raises(SourceError, match="matches no SQL file"):
            discover([tmp_path / glob], settings)


def test_a_dangling_link_given_by_itself_is_an_error(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "x.sql").symlink_to("gone.sql")
    with pytest.raises(SourceError, match=r"symbolic link to .*gone\.sql, which does not exist"):
        discover([tmp_path / "x.sql"], settings)


def test_a_device_is_an_error(settings: Settings) -> None:
    with pytest.raises(SourceError, match="not a file but a device"):
        discover(["/dev/null"], settings)


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path_is_an_error(settings: Settings, path: str) -> None:
    with pytest.raises(SourceError, match="is no path"):
        discover([path], settings)


# A file's identity is its path relative to the root, whatever way led there.


def test_an_identity_is_relative_to_the_root_and_not_to_the_current_folder(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a/b/x.sql")
    monkeypatch.chdir(tmp_path / "a")
    assert [file.path for file in discover(["b"], settings).files] == ["a/b/x.sql"]
    assert [file.path for file in discover(["b/../b/x.sql"], settings).files] == ["a/b/x.sql"]


def test_outside_the_root_an_identity_is_the_absolute_path(tmp_path: Path) -> None:
    write(tmp_path, "root/a.sql", "other/b.sql")
    settings = load_settings(root=tmp_path / "root", data_dir=tmp_path / "data")
    assert found(tmp_path, settings, "other", "root") == [f"{tmp_path}/other/b.sql", "a.sql"]


def test_an_identity_is_the_same_through_a_link_to_the_root(tmp_path: Path) -> None:
    write(tmp_path, "real/a.sql")
    (tmp_path / "link").symlink_to("real")
    settings = load_settings(root=tmp_path / "real", data_dir=tmp_path / "data")
    assert found(tmp_path, settings, "link", "real/a.sql") == ["a.sql"]


def test_a_folder_of_twenty_thousand_files_is_listed_once(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in range(100):
        (tmp_path / f"d{folder}").mkdir()
        for number in range(200):
            (tmp_path / f"d{folder}/f{number}.sql").touch()
    listed: list[Path] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: listed.append(folder) or scandir(folder))
    assert len(discover([tmp_path], settings).files) == 20_000
    assert len(listed) == len(set(listed)) == 101
