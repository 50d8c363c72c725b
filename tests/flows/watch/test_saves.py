"""What editors, shells and git do to files, and what a run is then asked to look at."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Watch


def test_create_edit_and_delete(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        (tree / "a.sql").write_text("SELECT 1")
        assert watching.run() == {"a.sql"}
        (tree / "a.sql").write_text("SELECT 2")
        assert watching.run() == {"a.sql"}
        (tree / "a.sql").unlink()
        assert watching.run() == {"a.sql"}


def test_many_saves_within_a_window_are_one_run(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        for number in range(10):
            for name in ("a.sql", "b.sql"):
                (tree / name).write_text(f"SELECT {number}")
        assert watching.run() == {"a.sql", "b.sql"}
        assert watching.trigger.batches.empty()


def test_an_atomic_save_writes_aside_and_renames_over(watch: Watch, tree: Path) -> None:
    (tree / "a.sql").write_text("SELECT 1")
    with watch() as watching:
        assert watching.run() == {"a.sql"}
        for aside in ("a.sql.tmp", ".a.sql.XyZ", "sedAbC", "a.sql___jb_tmp___"):
            (tree / aside).write_text(f"SELECT '{aside}'")
            (tree / aside).replace(tree / "a.sql")
            assert watching.run() == {"a.sql"}


def test_vim_saves_by_way_of_a_probe_a_backup_and_a_swap_file(watch: Watch, tree: Path) -> None:
    (tree / "a.sql").write_text("SELECT 1")
    with watch() as watching:
        watching.run()
        (tree / ".a.sql.swp").write_bytes(b"b0VIM")
        (tree / "4913").touch()
        (tree / "4913").unlink()
        (tree / "a.sql").rename(tree / "a.sql~")
        (tree / "a.sql").write_text("SELECT 2")
        (tree / "a.sql~").unlink()
        (tree / ".a.sql.swp").unlink()
        assert watching.run() == {"a.sql"}


def test_suffixes_count_in_any_case(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        (tree / "A.SQL").write_text("SELECT 1")
        (tree / "b.Sql").write_text("SELECT 1")
        assert watching.run() == {"A.SQL", "b.Sql"}


def test_what_discovery_leaves_out_is_no_change(watch: Watch, tree: Path) -> None:
    (tree / ".lineageignore").write_text("build/\n*.gen.sql\n")
    (tree / "deep" / "er").mkdir(parents=True)
    (tree / "deep" / ".lineageignore").write_text("er/no.sql\n")
    data = tree / "data"
    with watch(data_dir=data) as watching:
        for name in (
            *("a.txt", "x.sql~", ".#x.sql", "#x.sql#", "~AutoRecover.x.sql", ".hidden.sql", "x.gen.sql", "x.sql.bak"),
            *(".git/x.sql", "CVS/x.sql", "build/x.sql", "deep/er/no.sql", "data/neo4j/x.sql", "data/runs/1/x.sql"),
        ):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text("SELECT 1")
        (tree / "deep" / "er" / "yes.sql").write_text("SELECT 1")
        assert watching.runs_until("deep/er/yes.sql") == {"deep/er/yes.sql"}


def test_an_ignore_file_that_changes_has_its_folder_looked_at(watch: Watch, tree: Path) -> None:
    (tree / "etl").mkdir()
    (tree / "etl" / "a.sql").write_text("SELECT 1")
    with watch() as watching:
        watching.run()
        (tree / "etl" / ".lineageignore").write_text("a.sql\n")
        assert watching.run() == {"etl"}
        (tree / "etl" / "a.sql").write_text("SELECT 2")  # is ignored now
        (tree / ".lineageignore").write_text("none\n")
        assert watching.run() == {"."}


def test_renames_of_files(watch: Watch, tree: Path) -> None:
    (tree / "a.sql").write_text("SELECT 1")
    with watch() as watching:
        watching.run()
        (tree / "a.sql").rename(tree / "b.sql")
        assert watching.run() == {"a.sql", "b.sql"}
        (tree / "b.sql").rename(tree / "b.sql.bak")
        assert watching.run() == {"b.sql"}
        (tree / "b.sql.bak").rename(tree / "c.sql")
        assert watching.run() == {"c.sql"}


def test_a_folder_that_is_renamed_is_gone_under_its_old_name_and_new_under_the_other(watch: Watch, tree: Path) -> None:
    (tree / "old" / "deep").mkdir(parents=True)
    for name in ("old/a.sql", "old/deep/b.sql"):
        (tree / name).write_text("SELECT 1")
    with watch() as watching:
        assert watching.run() == {"old/a.sql", "old/deep/b.sql"}
        (tree / "old").rename(tree / "new")
        assert watching.run() == {"old", "new/a.sql", "new/deep/b.sql"}
        (tree / "new" / "deep" / "b.sql").write_text("SELECT 2")
        assert watching.run() == {"new/deep/b.sql"}, "the kernel watches it under its new name"


def test_folders_that_come_and_go_whole(watch: Watch, tree: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.sql").write_text("SELECT 1")
    (outside / "notes.txt").write_text("")
    with watch() as watching:
        outside.rename(tree / "in")
        assert watching.run() == {"in/a.sql"}
        (tree / "in").rename(outside)
        assert watching.run() == {"in"}
        shutil.copytree(outside, tree / "in")
        assert watching.run() == {"in/a.sql"}
        shutil.rmtree(tree / "in")
        assert watching.run() == {"in", "in/a.sql"}


def test_a_folder_without_sql_is_no_change(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        (tree / "docs").mkdir()
        (tree / "docs" / "a.md").touch()
        (tree / "docs").rename(tree / "papers")
        shutil.rmtree(tree / "papers")
        (tree / "a.sql").write_text("SELECT 1")
        assert watching.run() == {"a.sql"}


def test_a_folder_in_the_place_of_another_is_looked_at_as_a_whole(watch: Watch, tree: Path, tmp_path: Path) -> None:
    for name in ("etl/a.sql", "etl/b.sql"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("SELECT 1")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.sql").write_text("SELECT 2")
    with watch() as watching:
        watching.run()
        (tree / "etl").rename(tmp_path / "away")
        (tmp_path / "other").rename(tree / "etl")
        assert watching.run() == {"etl", "etl/a.sql"}, "b.sql went without a word"


def test_files_in_new_nested_folders_are_found_however_fast_they_come(watch: Watch, tree: Path) -> None:
    script = "for i in $(seq 40); do mkdir -p n$i/m/o && echo 1 > n$i/m/o/a.sql && echo 1 > n$i/b.sql; done"
    with watch(watch_max_files=1000, watch_debounce_seconds=3.0, watch_max_wait_seconds=60.0) as watching:
        subprocess.run(["/bin/sh", "-c", script], cwd=tree, check=True)
        assert watching.run() == {name for i in range(1, 41) for name in (f"n{i}/m/o/a.sql", f"n{i}/b.sql")}


def test_a_file_deleted_before_it_is_read_is_handed_on_and_hurts_nobody(watch: Watch, tree: Path) -> None:
    with watch() as watching:
        for _ in range(20):
            (tree / "a.sql").touch()
            (tree / "a.sql").unlink()
        assert watching.run() == {"a.sql"}
        (tree / "b.sql").touch()
        assert watching.run() == {"b.sql"}


def test_a_file_still_being_written_waits_but_not_for_ever(
    watch: Watch, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.watch.inbox.LOOK_SECONDS", 2.0)  # a writer may be held up by other tests
    ended = threading.Event()

    def write() -> None:
        with (tree / "slow.sql").open("w") as stream:
            while not ended.is_set():
                stream.write("SELECT 1;\n")
                stream.flush()
                time.sleep(0.02)

    with watch(watch_max_files=2, watch_debounce_seconds=30.0, watch_max_wait_seconds=1.0) as watching:
        writer = threading.Thread(target=write)
        writer.start()
        (tree / "quick.sql").write_text("SELECT 1")
        assert watching.run() == {"quick.sql"}, "two files close the window, and one is not done"
        assert watching.run() == {"slow.sql"}, "it was waited for as long as a window lasts"
        ended.set()
        writer.join()


def test_a_steady_stream_of_saves_is_cut_by_the_maximum_wait(watch: Watch, tree: Path) -> None:
    with watch(watch_debounce_seconds=30.0, watch_max_wait_seconds=1.0) as watching:
        began = time.monotonic()
        for number in range(60):
            (tree / f"{number % 10}.sql").write_text(f"SELECT {number}")
            time.sleep(0.05)
            if not watching.trigger.batches.empty():
                break
        assert watching.run(), "but for what is written to at that moment"
        assert 1.0 <= time.monotonic() - began < 30.0, "by it, not by quiet"


def test_fifty_files_do_not_wait(watch: Watch, tree: Path) -> None:
    with watch(watch_debounce_seconds=60.0, watch_max_wait_seconds=60.0) as watching:
        for number in range(50):
            (tree / f"{number}.sql").write_text("SELECT 1")
        assert len(watching.run()) == 50


def test_more_than_a_thousand_paths_are_the_root(watch: Watch, tree: Path) -> None:
    with watch(watch_max_files=5000, watch_debounce_seconds=3.0, watch_max_wait_seconds=60.0) as watching:
        for number in range(1001):
            (tree / f"{number}.sql").touch()
        assert watching.run() == {"."}


def test_realtime_hands_on_each_change_at_once(watch: Watch, tree: Path) -> None:
    with watch(watch_debounce_seconds=0.0) as watching:
        waits = []
        for name in ("a.sql", "b.sql", "c.sql"):
            began = time.monotonic()
            (tree / name).write_text("SELECT 1")
            assert watching.run() == {name}
            waits.append(time.monotonic() - began)
        assert min(waits) < 1.5, "less than any window; a busy machine may hold up one or two"


def test_a_name_that_is_not_utf8_is_told_by_its_folder(watch: Watch, tree: Path) -> None:
    (tree / "etl").mkdir()
    with watch() as watching:
        with open(os.path.join(os.fsencode(tree), b"etl/\xff.sql"), "w") as stream:  # noqa: PTH118, PTH123
            stream.write("SELECT 1")
        assert watching.run() == {"etl"}
        watching.until("state.last_error and 'decode' in state.last_error.message")
        (tree / "a.sql").touch()
        assert "a.sql" in watching.runs_until("a.sql"), "the watch is made anew"


@pytest.mark.parametrize("debounce", [0.4, 0.0])
def test_polling_sees_the_same_without_the_kernel(watch: Watch, tree: Path, debounce: float) -> None:
    (tree / "old").mkdir()
    (tree / "old" / "a.sql").write_text("SELECT 1")
    with watch(watch_force_polling=True, watch_poll_seconds=0.1, watch_debounce_seconds=debounce) as watching:
        watching.run()
        (tree / "n" / "m").mkdir(parents=True)
        (tree / "n" / "m" / "b.SQL").write_text("SELECT 1")
        assert watching.runs_until("n/m/b.SQL") == {"n/m/b.SQL"}
        (tree / "old").rename(tree / "new")
        assert watching.runs_until("new/a.sql") >= {"new/a.sql"}
