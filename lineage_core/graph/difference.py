"""What has to change in the graph for one file: its rows against what it said before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lineage_core.model.files import FileStatus
from lineage_core.model.schema import Label

if TYPE_CHECKING:
    from lineage_core.model.rows import FileRows, RelRow

Said = Mapping[str, Any]
"""A relationship in the graph: key, type, start, end, start_label, end_label, props."""


@dataclass(slots=True)
class Difference:
    """Relationships to create, to change ({key: element id, props: null to remove}) and to delete (as they are)."""

    create: list[RelRow] = field(default_factory=list)
    update: list[dict[str, Any]] = field(default_factory=list)
    delete: list[Said] = field(default_factory=list)

    @property
    def touched(self) -> set[tuple[Label, str]]:
        """The ends of deleted relationships: nodes that may have become orphans."""
        return {(Label(rel[f"{end}_label"]), rel[end]) for rel in self.delete for end in ("start", "end")}

    def add(self, other: Difference) -> None:
        """Take in another file's difference."""
        self.create += other.create
        self.update += other.update
        self.delete += other.delete


def compare(file: FileRows, said: Iterable[Said]) -> Difference:
    """The difference for one file.

    A relationship is the same if type, both ends and file are; the rest of its properties are updated in place, and an
    unchanged one keeps the run that wrote it first. What a failed file said, and what vanished from a partly understood
    one, is not deleted but marked stale.
    """
    found = Difference()
    wanted = {row.key: row for row in file.rels} if file.status is not FileStatus.FAILED else {}
    for rel in said:
        key = (rel["type"], rel["start"], rel["end"])
        row = wanted.pop(key, None)
        if row is not None:
            _compare_props(found, rel, row)
        elif file.status is FileStatus.OK:
            found.delete.append(rel)
        elif not rel["props"].get("stale"):
            found.update.append({"key": rel["key"], "props": {"stale": True}})
    found.create = list(wanted.values())
    return found


def addition(rows: Iterable[RelRow], said: Iterable[Said]) -> Difference:
    """What it takes to have these relationships as well: those that are there are brought up to date, none goes.

    Args:
        rows: of any files.
        said: what those files have said so far.
    """
    found = Difference()
    wanted = {(*row.key, row.source_file): row for row in rows}
    for rel in said:
        row = wanted.pop((rel["type"], rel["start"], rel["end"], rel["props"]["source_file"]), None)
        if row is not None:
            _compare_props(found, rel, row)
    found.create = list(wanted.values())
    return found


def _compare_props(found: Difference, rel: Said, row: RelRow) -> None:
    wanted = own_props(row)
    current = rel["props"]
    changed = {name: value for name, value in wanted.items() if current.get(name) != value}
    changed |= {name: None for name in current if name not in wanted and name not in _RUN_PROPS}
    if changed:
        found.update.append({"key": rel["key"], "props": changed})


_RUN_PROPS = frozenset({"source_file", "source", "status", "project_id", "run_id"})


def own_props(row: RelRow) -> dict[str, Any]:
    """The properties of a relationship that its row decides."""
    return {"line": row.line, "confidence": row.confidence, **row.props}
