"""Finding the rows that the database refuses: batches of ever fewer rows, tried and rolled back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from lineage_core.graph.difference import Difference
from lineage_core.graph.faults import PERMANENT, is_transient
from lineage_core.graph.transaction import Work, chunks
from lineage_core.model.rows import FileRows, NodeRow, RelRow
from lineage_core.model.schema import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS = (1000, 100, 50, 10, 1)
"""Sizes below the configured one."""

Refused = list[tuple[dict[str, Any], BaseException | str]]
"""(row as a dict, why)."""

R = TypeVar("R", NodeRow, RelRow)

_log = logging.getLogger(__name__)


def isolate(file: FileRows, work: Callable[[], Work], batch: int) -> tuple[FileRows, Refused]:
    """Tell a file's good rows from its bad ones.

    Args:
        file: rows of which at least one is refused.
        work: opens a unit of work; every trial is rolled back, so the file stays as it is in the graph.
        batch: the configured batch size, the ladder's first step.

    Returns:
        The file with its good rows, and the refused ones with the database's reason. A relationship whose end was
        refused is refused with it.
    """
    refused: Refused = []
    bad_nodes = _climb(file.nodes, lambda rows: _try_nodes(work, rows), batch)
    gone = {row.id for row, _ in bad_nodes}
    refused += [(_whole(row), error) for row, error in bad_nodes]
    nodes = [row for row in file.nodes if row.id not in gone]
    orphaned = [row for row in file.rels if row.start in gone or row.end in gone]
    refused += [(_whole(row), "an end of it was refused") for row in orphaned]
    rels = [row for row in file.rels if row.start not in gone and row.end not in gone]
    by_id = {row.id: row for row in nodes}
    bad_rels = _climb(rels, lambda rows: _try_rels(work, rows, by_id), batch)
    lost = {row.key for row, _ in bad_rels}
    refused += [(_whole(row), error) for row, error in bad_rels]
    good = file.model_copy(update={"nodes": nodes, "rels": [row for row in rels if row.key not in lost]})
    return good, refused


def _whole(row: NodeRow | RelRow) -> dict[str, Any]:
    """Everything the row holds, of whatever type: it is a bad one."""
    return row.model_dump(mode="python", warnings=False)


def _climb(rows: Sequence[R], trial: Callable[[list[R]], None], batch: int) -> list[tuple[R, BaseException]]:
    """The rows that fail alone."""
    suspects: list[list[R]] = [list(rows)]
    for size in [batch, *(step for step in STEPS if step < batch)]:
        failing: list[list[R]] = []
        bad: list[tuple[R, BaseException]] = []
        for suspect in suspects:
            for some in chunks(suspect, size):
                error = _error(trial, some)
                if error is not None:
                    failing.append(some)
                    bad.append((some[0], error))
        if not failing:
            return []
        _log.warning("batches of %d: %d refused", size, len(failing))
        if size == 1:
            return bad
        suspects = failing
    return bad


def _error(trial: Callable[[list[R]], None], rows: list[R]) -> BaseException | None:
    try:
        trial(rows)
    except PERMANENT as error:
        if is_transient(error):
            raise
        return error
    return None


def _try_nodes(work: Callable[[], Work], rows: list[NodeRow]) -> None:
    with work() as trial:
        trial.nodes(rows)
        trial.settle()


def _try_rels(work: Callable[[], Work], rows: list[RelRow], nodes: dict[str, NodeRow]) -> None:
    with work() as trial:
        ends = {end for row in rows for end in (row.start, row.end)}
        trial.files({(row.start, row.source_file) for row in rows if row.start_label is Label.FILE})
        trial.nodes([nodes[end] for end in sorted(ends) if end in nodes])
        trial.apply(Difference(create=rows))
        trial.settle()
