"""What a run covers: a file of the graph that it covers and did not find was deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from source_trees import write

from lineage_core.source.discover import discover

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.settings import Settings


def test_the_root_covers_every_relative_path(tmp_path: Path, settings: Settings) -> None:
    discovery = discover([tmp_path], settings)
    assert discovery.covers("a/gone.sql")
    assert not discovery.covers("/elsewhere/x.sql")


def test_a_folder_covers_what_is_below_it(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a/x.sql", "ab/x.sql")
    discovery = discover([tmp_path / "a"], settings)
    assert discovery.covers("a/b/gone.sql")
    assert not discovery.covers("ab/gone.sql")


def test_a_file_covers_itself(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a.sql")
    discovery = discover([tmp_path / "a.sql"], settings)
    assert discovery.covers("a.sql")
    assert not discovery.covers("b.sql")


def test_a_glob_covers_what_it_would_have_matched(tmp_path: Path, settings: Settings) -> None:
    write(tmp_path, "a/x.sql")
    discovery = discover([tmp_path / "a/**/*.sql"], settings)
    assert discovery.covers("a/b/gone.sql")
    assert not discovery.covers("b/gone.sql")
    assert not discovery.covers("a/gone.txt")


def test_what_could_not_be_looked_at_is_not_covered(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "x.sql").symlink_to("gone.sql")
    assert not discover([tmp_path], settings).covers("x.sql")
