"""Batches: at most so many files and bytes, in order, the same every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_core.model.files import SourceFile
from lineage_core.source.batches import batches


def files(*sizes: int) -> list[SourceFile]:
    return [SourceFile(path=f"{number:03}.sql", location="", size=size) for number, size in enumerate(sizes)]


def sizes(found: list[list[SourceFile]]) -> list[list[int]]:
    return [[file.size for file in batch] for batch in found]


def test_fifty_files_by_default() -> None:
    assert [len(batch) for batch in batches(files(*[1] * 120))] == [50, 50, 20]


def test_no_more_bytes_than_the_limit() -> None:
    assert sizes(list(batches(files(4, 4, 4, 2), max_bytes=10))) == [[4, 4], [4, 2]]


def test_a_file_that_is_too_large_stands_alone() -> None:
    assert sizes(list(batches(files(1, 99, 1, 1), max_bytes=10))) == [[1], [99], [1, 1]]


def test_no_files_no_batches() -> None:
    assert list(batches([])) == []


@given(st.lists(st.integers(0, 30)), st.integers(1, 5), st.integers(1, 40))
def test_every_file_is_in_one_batch_in_order_and_within_the_limits(
    given_sizes: list[int], max_files: int, max_bytes: int
) -> None:
    given_files = files(*given_sizes)
    found = list(batches(given_files, max_files, max_bytes))
    assert [file for batch in found for file in batch] == given_files
    assert all(0 < len(batch) <= max_files for batch in found)
    assert all(len(batch) == 1 or sum(file.size for file in batch) <= max_bytes for batch in found)
    assert found == list(batches(given_files, max_files, max_bytes))
