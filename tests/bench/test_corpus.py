"""The generated corpus: reproducible, alike at every size, and SQL that is understood."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bench.corpus import BLOCK, corpus
from bench.trees import change, changed, make_tree, sql_files
from lineage_core import analyze
from lineage_core.source.decode import decode

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_seed_gives_the_same_files() -> None:
    assert list(corpus(50, 7)) == list(corpus(50, 7))
    assert list(corpus(50, 7)) != list(corpus(50, 8))


def test_a_larger_corpus_begins_with_the_smaller_one() -> None:
    assert list(corpus(130))[:50] == list(corpus(50))


def test_every_block_has_the_same_mix() -> None:
    kinds = [path.rsplit(".", 2)[1] for path, _ in corpus(BLOCK * 6)]
    mixes = {tuple(sorted(Counter(kinds[start : start + BLOCK]).items())) for start in range(0, len(kinds), BLOCK)}
    assert len(mixes) == 1


def test_no_two_files_are_equal() -> None:
    found = dict(corpus(400))
    assert len(found) == len(set(found.values())) == 400


def test_every_statement_is_understood_in_its_dialect() -> None:
    for path, content in corpus(BLOCK * 4):
        found = analyze(decode(content).text)
        assert found.dialect == path.partition("/")[0], path
        assert not found.errors, path
        assert not any(statement.degraded for statement in found.statements), path


def test_some_files_are_in_utf_16() -> None:
    encodings = Counter(decode(content).encoding.startswith("utf-16") for _, content in corpus(BLOCK * 4))
    assert encodings[True] > 5
    assert encodings[False] > 20


def test_a_sample_is_taken_evenly_from_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.sql").write_text(f"SELECT {number}")
    tree = make_tree(tmp_path / "tree", folder, 5, seed=1)
    assert [path.name for path in sql_files(tree)] == ["0.sql", "2.sql", "4.sql", "6.sql", "8.sql"]


@pytest.mark.parametrize("text", ["CREATE TABLE [dbo].[T](\n\t[Id] [int]\n)", "CREATE VIEW v AS SELECT a FROM t;"])
def test_a_change_says_something_else_each_time(text: str) -> None:
    versions = {changed(text, number) for number in range(3)}
    assert len(versions | {text}) == 4
    assert not analyze(changed(text, 1), "tsql").errors


def test_a_share_of_a_tree_is_changed(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", None, 200, seed=1)
    before = {path: path.read_bytes() for path in sql_files(tree)}
    assert change(tree, 0.01, 5) == 2
    assert sum(path.read_bytes() != content for path, content in before.items()) == 2


def test_a_changed_table_has_another_column() -> None:
    assert changed("CREATE TABLE t (a int)", 4) == "CREATE TABLE t (\n    Added4 int,a int)"
