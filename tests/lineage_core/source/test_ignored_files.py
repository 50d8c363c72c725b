"""`.lineageignore`, in gitignore syntax, in any folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from source_trees import found, write

from lineage_core.source.discover import discover

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.settings import Settings


def test_an_ignore_file_names_files_and_folders(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a.sql", "old_a.sql", "build/x.sql", "sub/build/y.sql", "sub/old_b.sql")
    (tmp_path / ".lineageignore").write_text("# generated\nold_*\nbuild/\n")
    assert found(tmp_path, settings) == ["a.sql"]


def test_an_anchored_pattern_holds_for_the_ignore_files_own_folder(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "x.sql", "sub/x.sql")
    (tmp_path / ".lineageignore").write_text("/x.sql\n")
    assert found(tmp_path, settings) == ["sub/x.sql"]


def test_a_deeper_ignore_file_decides_before_a_higher_one(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "old_a.sql", "sub/old_a.sql", "sub/old_b.sql")
    (tmp_path / ".lineageignore").write_text("old_*\n")
    (tmp_path / "sub/.lineageignore").write_text("!old_b.sql\n")
    assert found(tmp_path, settings) == ["sub/old_b.sql"]


def test_an_ignore_file_holds_for_a_folder_of_the_project_that_is_given_by_itself(
    tmp_path: Path, settings: Settings
) -> None:
    write(tmp_path, "sub/a.sql", "sub/old_a.sql")
    (tmp_path / ".lineageignore").write_text("old_*\n")
    assert found(tmp_path, settings, "sub") == ["sub/a.sql"]


def test_an_ignore_file_does_not_hold_against_the_folder_that_is_given(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "build/a.sql")
    (tmp_path / ".lineageignore").write_text("build/\n")
    assert found(tmp_path, settings, "build") == ["build/a.sql"]


def test_an_ignore_file_that_cannot_be_read_is_a_problem(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a.sql")
    (tmp_path / ".lineageignore").mkdir()
    discovery = discover([tmp_path], settings)
    assert [file.path for file in discovery.files] == ["a.sql"]
    assert discovery.problems == [(".lineageignore", "cannot be read: Is a directory")]


def test_a_line_of_an_ignore_file_that_is_no_pattern_is_a_problem_and_the_others_hold(
    tmp_path: Path, settings: Settings
) -> None:
    write(tmp_path, "a.sql", "b.sql")
    (tmp_path / ".lineageignore").write_text("!\nb.sql\n")
    discovery = discover([tmp_path], settings)
    assert [file.path for file in discovery.files] == ["a.sql"]
    ((path, message),) = discovery.problems
    assert path == ".lineageignore"
    assert message.startswith("line 1 is no gitignore pattern")
