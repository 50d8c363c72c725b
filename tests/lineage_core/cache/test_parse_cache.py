"""The parse cache: facts come back by content, and limits hold."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from cache_entries import change_database, entry, fill, large_entry

from lineage_core.cache.parse_cache import CacheCheck, ParseCache, facts_key
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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
