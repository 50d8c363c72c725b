"""What a write changed in the graph."""

from __future__ import annotations

from pydantic import BaseModel


class GraphChanges(BaseModel):
    """What the run wrote. An update sets other properties on a node or relationship that was there."""

    nodes_created: int = 0
    nodes_updated: int = 0
    nodes_deleted: int = 0
    relationships_created: int = 0
    relationships_updated: int = 0
    relationships_deleted: int = 0

    @property
    def total(self) -> int:
        """Changes altogether: 0 means that nothing was written."""
        return sum(self.model_dump().values())

    def __add__(self, other: GraphChanges) -> GraphChanges:
        """The changes of two batches together."""
        mine, others = self.model_dump(), other.model_dump()
        return GraphChanges(**{name: count + others[name] for name, count in mine.items()})
