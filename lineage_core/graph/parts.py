"""How much goes into one transaction: small files together, a change too large for one in steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lineage_core.graph.difference import Difference
from lineage_core.graph.transaction import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from neo4j import Session

    from lineage_core.graph.target import Target
    from lineage_core.graph.write_result import WriteResult
    from lineage_core.model.rows import FileRows, NodeRow

GROUP_FILES = 50
"""Files of one transaction, as many as a task has: with fewer its statements, one a label and type, have few rows each.
"""

LARGE_FACTOR = 10
"""A file of more than this many batches is written in several transactions, with its sha256 last."""


def groups(files: Iterable[FileRows], target: Target) -> Iterator[list[FileRows]]:
    """Whole files, up to 50 or about two batches of rows; a large file alone, and without batching each."""
    group: list[FileRows] = []
    rows = 0
    for file in files:
        if group and (len(group) == GROUP_FILES or rows + len(file) > 2 * target.batch or not target.batching):
            yield group
            group, rows = [], 0
        group.append(file)
        rows += len(file)
    if group:
        yield group


@dataclass(slots=True)
class Step:
    """What one transaction does: write nodes, apply a difference, delete the nodes that this made orphans."""

    nodes: list[NodeRow] = field(default_factory=list)
    difference: Difference = field(default_factory=Difference)


def steps(nodes: Iterable[NodeRow], difference: Difference, size: int) -> Iterator[Step]:
    """Steps of at most `size` relationships or nodes.

    A crash between two of them leaves no node that nothing needs, which no later difference would find: a node comes
    with its first new relationship, and orphans go with the last one they lose. Deletions are last, so that a node
    that is needed anew is not deleted and made again.
    """
    waiting = {row.id: row for row in nodes}
    for created in chunks(difference.create, size):
        ends = dict.fromkeys(end for row in created for end in (row.start, row.end))
        yield Step([waiting.pop(end) for end in ends if end in waiting], Difference(create=created))
    for rest in chunks(list(waiting.values()), size):
        yield Step(rest)
    for updated in chunks(difference.update, size):
        yield Step(difference=Difference(update=updated))
    for deleted in chunks(difference.delete, size):
        yield Step(difference=Difference(delete=deleted))


def commit_steps(
    target: Target, session: Session, parts: Iterable[Step], mark: Mapping[str, Any], done: WriteResult
) -> None:
    """Commit step by step, as long as the file is this run's.

    Args:
        target: the project.
        session: on its database.
        parts: of one file.
        mark: of its File node, `lineage_core.graph.file_nodes.mark_of`.
        done: gets what each step changed.

    Raises:
        SupersededError: another run has written a later look at the file; the steps before stay, and that run saw them.
    """
    for step in parts:
        with target.work(session) as work:
            work.hold(mark)
            work.nodes(step.nodes)
            work.apply(step.difference)
            work.delete_orphans(step.difference.touched)
            done.changes += work.commit()
