"""Dead letters: everything a row held comes back, and damage costs a line."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from lineage_core.graph.dead_letters import append, dead_letter, read, rewrite

if TYPE_CHECKING:
    from pathlib import Path

ROW = {"start": "urn:li:x:p:a", "bytes": b"\x00\xff", "text": "\ud800", "nested": [1, {"b": 2**80}], "none": None}


def letter(number: int = 0):  # noqa: ANN201 - a DeadLetter
    return dead_letter(ValueError("refused"), file=f"{number}.sql", run_id="r", project="p", row=ROW)


def _append_many(path: Path, first: int) -> int:
    return sum(append(path, [letter(first + number)]) for number in range(50))


def test_a_letter_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "data" / "failed.jsonl"
    assert append(path, [letter()]) == 1
    (found,) = read(path)
    assert (found.error, found.message, found.kind, found.row) == ("ValueError", "refused", "relationship", ROW)


def test_a_number_that_json_has_no_form_for_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    append(path, [dead_letter("bad", file="a", run_id="r", project="p", row={"value": math.nan})])
    assert math.isnan(next(read(path)).row["value"])


def test_a_damaged_line_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    append(path, [letter(1), letter(2)])
    first, second = path.read_text().splitlines()
    path.write_text(f'{first}\n{{"cut off\n[1]\n{second}\n')
    assert [found.file for found in read(path)] == ["1.sql", "2.sql"]
    assert list(read(tmp_path / "missing.jsonl")) == []


def test_two_processes_append_without_mixing_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(_append_many, [path, path], [0, 50])) == [50, 50]
    assert {found.file for found in read(path)} == {f"{number}.sql" for number in range(100)}


def test_a_line_that_was_cut_off_does_not_take_the_next_letter_with_it(tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    path.write_bytes(b'{"cut of')
    append(path, [letter(1)])
    assert [found.file for found in read(path)] == ["1.sql"]
    assert path.read_bytes().startswith(b'{"cut of\n')


def test_rewriting_drops_and_changes_letters_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    append(path, [letter(number) for number in range(3)])
    zero, one, two = path.read_bytes().splitlines()
    path.write_bytes(b"\xff not ours\n" + b"\n".join([zero, one, two]))
    path.chmod(0o640)
    decisions = {"0.sql": lambda found: found, "1.sql": lambda _: None, "2.sql": lambda found: found.again("no")}
    rewrite(path, lambda found: decisions[found.file](found))
    lines = path.read_bytes().splitlines()
    assert lines[:2] == [b"\xff not ours", zero]
    (_, changed) = read(path)
    assert (changed.error, changed.message, changed.tries, changed.row) == ("ValidationError", "no", 1, ROW)
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["failed.jsonl", "failed.lock"]


def test_a_rewrite_that_changes_nothing_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    rewrite(path, lambda found: found)
    assert not path.exists()
    append(path, [letter()])
    before = path.stat()
    rewrite(path, lambda found: found)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_letters_that_are_added_during_a_rewrite_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    append(path, [letter(1000)])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        adding = pool.submit(_append_many, path, 0)
        while not adding.done():
            rewrite(path, lambda found: None if found.file == "1000.sql" else found.again("still no"))
        assert adding.result() == 50
    assert sorted(found.file for found in read(path)) == sorted(f"{number}.sql" for number in range(50))
