"""Dead letters: everything a row held comes back, and damage costs a line."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from lineage_core.graph.dead_letters import append, dead_letter, read

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
