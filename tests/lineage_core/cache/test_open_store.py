"""A database that stays open: shared by threads, and begun anew when it proves to be damaged."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.cache.open_store import OpenStore
from lineage_core.errors import CacheError

if TYPE_CHECKING:
    from pathlib import Path

    import diskcache

GARBAGE = [b"", b"\x00" * 8192, b"no database at all " * 500]


def put(store: OpenStore, value: bytes) -> None:
    store.use(lambda found: found.set("a", value))


def got(store: OpenStore) -> Any:
    return store.use(lambda found: found.get("a"))


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    with OpenStore(tmp_path / "store"):
        pass
    assert not (tmp_path / "store").exists()


def test_threads_use_it_together(tmp_path: Path) -> None:
    def count(store: OpenStore) -> None:
        for _ in range(20):
            store.use(lambda found: found.set("n", found.get("n", b"") + b"x"))

    with OpenStore(tmp_path / "store") as store, ThreadPoolExecutor(8) as pool:
        list(pool.map(count, [store] * 8))
        assert store.use(lambda found: found.get("n")) == b"x" * 160


@pytest.mark.parametrize("garbage", GARBAGE)
def test_one_that_was_damaged_before_it_is_opened_is_begun_anew(tmp_path: Path, garbage: bytes) -> None:
    with OpenStore(tmp_path / "store") as store:
        put(store, b"1")
    (tmp_path / "store" / "cache.db").write_bytes(garbage)
    with OpenStore(tmp_path / "store") as store:
        assert got(store) is None
        put(store, b"2")
        assert got(store) == b"2"


def test_one_that_cannot_be_read_while_it_is_open_is_begun_anew_and_the_function_called_again(tmp_path: Path) -> None:
    calls = []

    def fail_once(found: diskcache.Cache) -> object:
        calls.append(found)
        if len(calls) == 1:
            found.close()
            (tmp_path / "store" / "cache.db").write_bytes(b"no database at all")
            raise sqlite3.DatabaseError("file is not a database")
        return found.get("a", "begun anew")

    with OpenStore(tmp_path / "store") as store:
        put(store, b"1")
        assert store.use(fail_once) == "begun anew"
        assert calls[0] is not calls[1]
        put(store, b"2")
        assert got(store) == b"2"


def test_what_a_function_raises_comes_to_who_called_it(tmp_path: Path) -> None:
    with OpenStore(tmp_path / "store") as store:
        with pytest.raises(ZeroDivisionError):
            store.use(lambda _: 1 / 0)
        put(store, b"1")
        assert got(store) == b"1"


def test_a_folder_that_cannot_be_used_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with OpenStore(tmp_path / "file" / "store") as store, pytest.raises(CacheError) as caught:
        put(store, b"1")
    assert "LINEAGE_DATA_DIR" in caught.value.hint
