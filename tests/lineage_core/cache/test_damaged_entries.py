"""A damaged entry costs what was damaged, and nothing in the cache is trusted."""

from __future__ import annotations

import pickle
import zlib
from typing import TYPE_CHECKING

import pytest
from cache_entries import change_database, entry, fill, large_entry, quarantined

from lineage_core.cache.entry import pack
from lineage_core.cache.parse_cache import CacheCheck, ParseCache

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.settings import Settings


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
