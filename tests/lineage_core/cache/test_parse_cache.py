"""The parse cache: facts come back by content, limits hold, and damage costs what was damaged."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from lineage_core.cache.entry import pack
from lineage_core.cache.parse_cache import CacheCheck, Entry, ParseCache, facts_key
from lineage_core.cache.quarantine import quarantine_dir
from lineage_core.errors import CacheError
from lineage_core.model.facts import FileFacts, ObjectFact, ObjectKind, Statement
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

FACTS = FileFacts(
    dialect="tsql",
    objects=(ObjectFact(kind=ObjectKind.VIEW, name="dbo.v", definition="ü" * 100),),
    statements=(Statement(kind="view", reads=("dbo.t",), owner=0),),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data")


def entry(number: int = 0, facts: FileFacts = FACTS) -> Entry:
    return Entry(key=facts_key(f"{number:064x}", "tsql", "1"), encoding="utf-16", facts=facts)


def large_entry(number: int) -> Entry:
    """One that does not fit into the database's row and gets a file of its own."""
    text = os.urandom(40_000).hex()
    return entry(
        number, FACTS.model_copy(update={"objects": (FACTS.objects[0].model_copy(update={"definition": text}),)})
    )


def fill(settings: Settings, count: int) -> list[Entry]:
    entries = [entry(number) for number in range(count)]
    with ParseCache(settings) as cache:
        for item in entries:
            cache.put(item)
    return entries


def change_database(settings: Settings, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(settings.parse_cache_dir / "cache.db")) as connection, connection:
        connection.execute(statement, values)


def quarantined(settings: Settings) -> list[str]:
    return sorted(
        file.name for folder in quarantine_dir(settings.parse_cache_dir).glob("*") for file in folder.iterdir()
    )


def test_an_entry_comes_back_in_this_process_and_the_next(settings: Settings) -> None:
    for item in (entry(), large_entry(1)):
        with ParseCache(settings) as cache:
            assert cache.get(item.key) is None
            cache.put(item)
            assert cache.get(item.key) == item
        with ParseCache(settings) as cache:
            assert cache.get(item.key) == item


def test_the_key_is_the_content_the_dialect_and_both_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [
        facts_key("ab", "tsql", "1"),
        facts_key("cd", "tsql", "1"),
        facts_key("ab", "", "1"),
        facts_key("ab", "tsql", "2"),
    ]
    monkeypatch.setattr("lineage_core.cache.entry.SCHEMA_VERSION", 99)
    keys.append(facts_key("ab", "tsql", "1"))
    assert len(set(keys)) == 5


def test_only_the_owner_may_look_into_the_folder(settings: Settings) -> None:
    settings.parse_cache_dir.mkdir(parents=True, mode=0o755)
    ParseCache(settings).close()
    assert settings.parse_cache_dir.stat().st_mode & 0o777 == 0o700


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, cache_entries=3)
    with ParseCache(settings) as cache:
        for number in range(3):
            cache.put(entry(number))
        assert cache.get(entry(0).key)
        cache.put(entry(3))
    with ParseCache(settings) as cache:
        assert [bool(cache.get(entry(number).key)) for number in range(4)] == [True, False, True, True]


def test_the_limit_holds_while_a_run_writes(tmp_path: Path) -> None:
    with ParseCache(load_settings(data_dir=tmp_path, cache_entries=10)) as cache:
        for number in range(200):
            cache.put(entry(number))
            assert cache.stats().entries < 10 + 64


def test_entries_that_are_too_old_are_gone(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, cache_days=1)
    fill(settings, 2)
    change_database(settings, "UPDATE Cache SET expire_time = ? WHERE key = ?", time.time() - 1, entry(0).key)
    with ParseCache(settings) as cache:
        assert cache.get(entry(0).key) is None
        assert cache.get(entry(1).key)
    with ParseCache(settings) as cache:
        assert cache.stats().entries == 1


def test_stats(settings: Settings) -> None:
    fill(settings, 3)
    with ParseCache(settings) as cache:
        cache.get(entry(0).key)
        cache.get(entry(9).key)
        stats = cache.stats()
    assert (stats.entries, stats.hits, stats.misses) == (3, 1, 1)
    assert stats.bytes > 0
    assert stats.oldest is not None
    assert abs(stats.oldest.timestamp() - time.time()) < 60


def test_clear_leaves_nothing(settings: Settings) -> None:
    fill(settings, 150)
    with ParseCache(settings) as cache:
        cache.put(large_entry(200))
        assert cache.clear() == 151
        stats = cache.stats()
    assert (stats.entries, stats.hits, stats.misses, stats.oldest) == (0, 0, 0, None)
    assert list(settings.parse_cache_dir.glob("**/*.val")) == []


def test_processes_write_at_the_same_time(settings: Settings) -> None:
    script = (
        "import sys\n"
        "from lineage_core.cache.parse_cache import Entry, ParseCache, facts_key\n"
        "from lineage_core.model.facts import FileFacts\n"
        "from lineage_core.settings import load_settings\n"
        "first = int(sys.argv[2])\n"
        "with ParseCache(load_settings(data_dir=sys.argv[1])) as cache:\n"
        "    for number in range(first, first + 200):\n"
        "        key = facts_key(f'{number:064x}', '', '1')\n"
        "        cache.put(Entry(key=key, encoding='utf-8', facts=FileFacts(dialect='ansi')))\n"
    )
    command = [sys.executable, "-c", script, str(settings.data_dir)]
    writers = [subprocess.Popen([*command, str(first)]) for first in (0, 100, 200)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    with ParseCache(settings) as cache:
        assert cache.stats().entries == 400
        assert cache.check() == CacheCheck(checked=400, damaged=0)


# Damage: an entry, a file, the database.


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage",
        b"",
        zlib.compress(b"{}"),
        zlib.compress(b'{"key": "another", "encoding": "utf-8", "facts": {"dialect": "tsql"}}'),
        pack(entry())[:-5],
    ],
    ids=["no zlib", "empty", "no entry", "another key", "cut off"],
)
def test_a_damaged_entry_is_moved_aside_and_asked_for_again(
    settings: Settings, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    fill(settings, 3)
    change_database(settings, "UPDATE Cache SET value = ? WHERE key = ?", garbage, entry(1).key)
    with ParseCache(settings) as cache:
        assert cache.get(entry(1).key) is None
        assert cache.get(entry(0).key) == entry(0)
        assert cache.stats().entries == 2
        cache.put(entry(1))
        assert cache.get(entry(1).key) == entry(1)
    assert "was damaged" in caplog.text
    assert quarantined(settings) == ([f"{entry(1).key}.bin"] if garbage else [])


class Bomb:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        """Unpickling opens the file for writing."""
        return open, (self.mark, "w")


@pytest.mark.parametrize("mode", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("raw", [0, 1])
def test_pickles_are_never_loaded(settings: Settings, tmp_path: Path, mode: int, raw: int) -> None:
    fill(settings, 1)
    mark = tmp_path / "exploded"
    bomb = pickle.dumps(Bomb(str(mark)))
    (settings.parse_cache_dir / "bomb.val").write_bytes(bomb)
    for filename, value in (("bomb.val", None), (None, bomb)):
        change_database(
            settings, "UPDATE Cache SET mode = ?, filename = ?, value = ?, raw = ?", mode, filename, value, raw
        )
        with ParseCache(settings) as cache:
            assert cache.get(entry(0).key) is None
            cache.health_check()
            cache.check()
    change_database(settings, "DELETE FROM Cache")
    change_database(
        settings, "INSERT INTO Cache (key, raw, mode, value, access_time) VALUES (?, 0, 4, ?, 0)", bomb, bomb
    )
    with ParseCache(settings) as cache:
        cache.health_check()
        cache.check()
        cache.clear()
    assert not mark.exists()


def test_a_row_that_names_a_foreign_file_neither_reads_nor_deletes_it(settings: Settings, tmp_path: Path) -> None:
    fill(settings, 1)
    precious = tmp_path / "precious.val"
    precious.write_bytes(pack(entry(0)))
    change_database(settings, "UPDATE Cache SET mode = 2, filename = ?, value = NULL", "../../../precious.val")
    with ParseCache(settings) as cache:
        assert cache.get(entry(0).key) is None
        assert cache.stats().entries == 0
    assert precious.exists()


def test_a_key_that_names_a_place_stays_in_quarantine(settings: Settings) -> None:
    fill(settings, 1)
    change_database(settings, "UPDATE Cache SET key = ?, value = x'00'", "../../../../escaped")
    with ParseCache(settings) as cache:
        assert cache.check() == CacheCheck(checked=1, damaged=1)
    assert quarantined(settings) == [".._.._.._.._escaped.bin"]


def test_a_missing_file_of_an_entry_is_a_miss(settings: Settings) -> None:
    item = large_entry(1)
    with ParseCache(settings) as cache:
        cache.put(item)
        (file,) = settings.parse_cache_dir.glob("**/*.val")
        file.unlink()
        assert cache.get(item.key) is None
        cache.put(item)
        assert cache.get(item.key) == item


def test_the_health_check_looks_at_ten_and_at_all_if_one_is_damaged(settings: Settings) -> None:
    fill(settings, 30)
    with ParseCache(settings) as cache:
        assert cache.health_check() == CacheCheck(checked=10, damaged=0)
    change_database(settings, "UPDATE Cache SET value = x'00'")
    with ParseCache(settings) as cache:
        found = cache.health_check()
        assert found.checked == found.damaged == 30
        assert cache.stats().entries == 0


def test_looking_at_entries_is_not_using_them(settings: Settings) -> None:
    fill(settings, 3)
    with ParseCache(settings) as cache:
        cache.check()
        assert (cache.stats().hits, cache.stats().misses) == (0, 0)


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
    settings: Settings, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    entries = fill(settings, 300)
    for extra in ("cache.db-wal", "cache.db-shm"):
        (settings.parse_cache_dir / extra).unlink(missing_ok=True)
    damage(settings.parse_cache_dir / "cache.db")  # type: ignore[operator]
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
