"""What a write did, by the database's own counters."""

from __future__ import annotations

from pydantic import BaseModel, Field

from lineage_core.model.changes import GraphChanges


class WriteResult(BaseModel):
    """What came of files that were to be written or deleted.

    `files_superseded` were left as they are, since the graph has a later look at them.
    """

    changes: GraphChanges = Field(default_factory=GraphChanges)
    files_written: int = 0
    files_unchanged: int = 0
    files_deleted: int = 0
    files_superseded: int = 0
    dead_letters: int = 0

    def take(self, other: WriteResult) -> None:
        """Add another result to this one."""
        whole = self + other
        for name in type(self).model_fields:
            setattr(self, name, getattr(whole, name))

    def __add__(self, other: WriteResult) -> WriteResult:
        """Two results together."""
        return WriteResult(
            changes=self.changes + other.changes,
            files_written=self.files_written + other.files_written,
            files_unchanged=self.files_unchanged + other.files_unchanged,
            files_deleted=self.files_deleted + other.files_deleted,
            files_superseded=self.files_superseded + other.files_superseded,
            dead_letters=self.dead_letters + other.dead_letters,
        )
