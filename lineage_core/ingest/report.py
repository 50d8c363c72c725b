"""The report of an ingest run: what came of its files, what changed in the graph, what failed, how long it took."""

from __future__ import annotations

from pydantic import BaseModel, Field

from lineage_core.model.changes import GraphChanges


class FileCounts(BaseModel):
    """Every file of the run once, and those that are gone.

    `unchanged` are those whose content the graph has already. `relinked` are other files that were linked again, since
    what they use was changed by those.
    """

    ok: int = 0
    partial: int = 0
    failed: int = 0
    relinked: int = 0
    unchanged: int = 0
    deleted: int = 0


class FileProblem(BaseModel):
    """Something about one file that a person should know. `line` is 1-based; 0 is the file as a whole."""

    path: str
    line: int = 0
    message: str

    def __str__(self) -> str:
        """In the form that editors and terminals make clickable."""
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class GraphContent(BaseModel):
    """What the project has in the graph after the run: label -> nodes, type -> relationships."""

    labels: dict[str, int] = Field(default_factory=dict)
    types: dict[str, int] = Field(default_factory=dict)


class Report(BaseModel):
    """The outcome of one ingest run."""

    run_id: str
    project: str
    files: FileCounts = Field(default_factory=FileCounts)
    changes: GraphChanges = Field(default_factory=GraphChanges)
    cache_hits: int = 0
    cache_misses: int = 0
    dead_letters: int = 0
    """Rows that the database refused, kept in the dead letter file."""
    failures: list[str] = Field(default_factory=list)
    """What failed as a whole: batches, with their files, and deletions that were not done."""
    failed_files: list[FileProblem] = Field(default_factory=list)
    problems: list[FileProblem] = Field(default_factory=list)
    """Statements that were not understood, by file and line; the rest of their files is in the graph."""
    statuses: dict[str, str] = Field(default_factory=dict)
    """Path -> ok, partial, failed, relinked or deleted, for each file that the run had to do with."""
    dialects: dict[str, int] = Field(default_factory=dict)
    """Dialect -> files read in it, whether it was named, or found from path or content."""
    notes: list[str] = Field(default_factory=list)
    """What went as it should and is worth knowing, as why gone files were kept."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """Stage -> seconds. Link and write overlap."""
    total_seconds: float = 0.0
    peak_memory: int = 0
    """Bytes of this process and its workers together, at most."""
    content: GraphContent = Field(default_factory=GraphContent)

    @property
    def failed(self) -> bool:
        """Whether something is not in the graph that should be. A partial file alone is no failure: it is named."""
        return bool(self.failures or self.failed_files or self.dead_letters)

    @property
    def outcome(self) -> str:
        """One line: the worst that happened, or what was done."""
        if self.failed:
            failed = [*self.failures, *map(str, self.failed_files), *self._dead()]
            more = [f"and {len(failed) - MAX_NAMED} more"] if len(failed) > MAX_NAMED else []
            return "; ".join(failed[:MAX_NAMED] + more)
        if not self.changes.total:
            return "nothing changed, nothing was written"
        return f"{self.changes.total} changes in the graph"

    def _dead(self) -> list[str]:
        return [f"{self.dead_letters} rows in the dead letter file"] if self.dead_letters else []


MAX_NAMED = 5
"""Failures named in one line; the report has all."""
