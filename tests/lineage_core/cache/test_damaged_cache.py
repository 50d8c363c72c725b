"""A damaged database, folder or disk costs the cache at most, and never the run."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cache_entries import change_database, entry, fill, quarantined

from lineage_core.cache.parse_cache import CacheCheck, ParseCache
from lineage_core.errors import CacheError
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def zeroed(database: Path) -> None:
    database.write_bytes(bytes(database.stat().st_size))


def garbage(database: Path) -> None:
    database.write_bytes(b"this is no database, and never was one" * 100)


def cut_in_half(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)


def cut_inside_a_page(database: Path) -> None:
    os.truncate(database, 5_000)


def scribbled_over(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(4_096)
        file.write(os.urandom(database.stat().st_size - 4_096))


def folder_in_its_place(database: Path) -> None:
    database.unlink()
    database.mkdir()


def schema_of_something_else(database: Path) -> None:
    database.unlink()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE Cache (a)")
        connection.execute("CREATE TABLE Settings (b)")


def settings_of_something_else(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO Settings VALUES ('disk_compress_level', 9)")


def rows_of_something_else(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE Cache SET key = CAST(key AS BLOB), value = x'00'")


@pytest.mark.parametrize(
    "damage",
    [
        zeroed,
        garbage,
        cut_in_half,
        cut_inside_a_page,
        scribbled_over,
        folder_in_its_place,
        schema_of_something_else,
        settings_of_something_else,
        rows_of_something_else,
    ],
)
def test_a_damaged_database_is_moved_aside_and_the_run_goes_on(
    settings: Settings, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    entries = fill(settings, 300)
    for extra in ("cache.db-wal", "cache.db-shm"):
        (settings.parse_cache_dir / extra).unlink(missing_ok=True)
    damage(settings.parse_cache_dir / "cache.db")
    with ParseCache(settings) as cache:
        cache.health_check()
        cache.check()
        for item in entries:
            if cache.get(item.key) is None:
                cache.put(item)
        assert all(cache.get(item.key) == item for item in entries)
        assert cache.check() == CacheCheck(checked=300, damaged=0)
    assert "The parse cache was damaged" in caplog.text
    assert "parse_cache.db" in quarantined(settings)


def test_damage_while_it_is_open_costs_a_miss(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    fill(settings, 300)
    with ParseCache(settings) as cache:
        assert cache.get(entry(0).key)
        scribbled_over(settings.parse_cache_dir / "cache.db")
        for number in range(300):
            cache.get(entry(number).key)
        cache.check()
        cache.put(entry(0))
        assert cache.get(entry(0).key) == entry(0)
    assert "The parse cache was damaged" in caplog.text


def test_a_folder_that_is_taken_away_while_it_is_open_costs_no_run(settings: Settings) -> None:
    fill(settings, 3)
    with ParseCache(settings) as cache:
        shutil.rmtree(settings.parse_cache_dir)
        for number in range(100):
            cache.get(entry(number).key)
            cache.put(entry(number))
        cache.check()


def test_a_file_in_place_of_the_folder_is_moved_aside(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.parse_cache_dir.parent.mkdir(parents=True)
    settings.parse_cache_dir.write_text("a file of an earlier version")
    with ParseCache(settings) as cache:
        cache.put(entry())
        assert cache.get(entry().key) == entry()
    assert "The parse cache was damaged" in caplog.text
    assert quarantined(settings) == ["parse_cache.db"]


def test_quarantine_keeps_the_newest_ten(settings: Settings) -> None:
    fill(settings, 15)
    change_database(settings, "UPDATE Cache SET value = x'00'")
    with ParseCache(settings) as cache:
        assert cache.check().damaged == 15
    assert len(quarantined(settings)) == 10


@pytest.mark.parametrize("place", ["file", "proc"])
def test_a_data_folder_that_cannot_be_written_is_an_error_with_a_way_out(tmp_path: Path, place: str) -> None:
    """Permissions do not stop root; a file where a folder should be does, and so does a file system without files."""
    (tmp_path / "file").touch()
    folder = {"file": str(tmp_path / "file"), "proc": "/proc/lineage"}[place]
    with pytest.raises(CacheError, match="The parse cache cannot be used") as error:
        ParseCache(load_settings(data_dir=folder))
    assert "LINEAGE_DATA_DIR" in error.value.hint
    assert "--disable-cache" in error.value.hint


def test_a_full_disk_costs_the_cache_and_not_the_run(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: writing fails in the middle."""
    script = (
        "import resource, sys, logging\n"
        "from lineage_core.cache.parse_cache import Entry, ParseCache, facts_key\n"
        "from lineage_core.model.facts import FileFacts\n"
        "from lineage_core.settings import load_settings\n"
        "logging.basicConfig()\n"
        "with ParseCache(load_settings(data_dir=sys.argv[1])) as cache:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "    for number in range(3000):\n"
        "        key = facts_key(f'{number:064x}', '', '1')\n"
        "        cache.put(Entry(key=key, encoding='utf-8', facts=FileFacts(dialect='ansi')))\n"
        "    print('through')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=100, check=True
    )
    assert run.stdout == "through\n"
    assert "Going on without the parse cache" in run.stderr


def test_it_says_nothing_when_all_is_well(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        fill(settings, 100)
    assert caplog.records == []


def test_processes_that_meet_the_damage_together_share_the_new_database(settings: Settings) -> None:
    fill(settings, 50)
    garbage(settings.parse_cache_dir / "cache.db")
    script = (
        "import sys\n"
        "from lineage_core.cache.parse_cache import Entry, ParseCache, facts_key\n"
        "from lineage_core.model.facts import FileFacts\n"
        "from lineage_core.settings import load_settings\n"
        "with ParseCache(load_settings(data_dir=sys.argv[1])) as cache:\n"
        "    key = facts_key(sys.argv[2], '', '1')\n"
        "    cache.put(Entry(key=key, encoding='utf-8', facts=FileFacts(dialect='ansi')))\n"
    )
    command = [sys.executable, "-c", script, str(settings.data_dir)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    with ParseCache(settings) as cache:
        assert cache.check() == CacheCheck(checked=4, damaged=0)
    assert quarantined(settings) == ["parse_cache.db"]
