"""A change too large for one transaction, cut into steps that can each be committed alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineage_core.graph.difference import Difference
from lineage_core.graph.transaction import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lineage_core.model.rows import NodeRow


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
