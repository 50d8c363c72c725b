"""A writer into the test's own project, and rows to write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lineage_core.graph.writer import Writer
from lineage_core.model.files import FileStatus
from lineage_core.model.rows import FileRows, NodeRow, RelRow
from lineage_core.model.schema import Label, RelType
from lineage_core.model.urn import file_urn, urn

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.graph.connection import Database

MakeWriter = Callable[..., Writer]


class Rows:
    """Rows of one project."""

    def __init__(self, project: str) -> None:
        self.project = project

    def asset(self, name: str, *, owned: bool = True, sublabel: str = "", **props: Any) -> NodeRow:
        """A table."""
        identity = urn("data_asset", self.project, ("dbo", name))
        return NodeRow(label=Label.DATA_ASSET, id=identity, name=name, owned=owned, sublabel=sublabel, props=props)

    def column(self, table: str, name: str, **props: Any) -> NodeRow:
        """A column."""
        return NodeRow(label=Label.COLUMN, id=urn("column", self.project, ("dbo", table, name)), name=name, props=props)

    def contains(self, path: str, table: str, name: str, line: int = 1) -> RelRow:
        """A table's column."""
        return RelRow(
            type=RelType.CONTAINS,
            start_label=Label.DATA_ASSET,
            start=urn("data_asset", self.project, ("dbo", table)),
            end_label=Label.COLUMN,
            end=urn("column", self.project, ("dbo", table, name)),
            source_file=path,
            line=line,
        )

    def defines(self, path: str, table: str) -> RelRow:
        """A file's table."""
        return RelRow(
            type=RelType.DEFINES,
            start_label=Label.FILE,
            start=file_urn(self.project, path),
            end_label=Label.DATA_ASSET,
            end=urn("data_asset", self.project, ("dbo", table)),
            source_file=path,
        )

    def derives(self, path: str, target: str, source: str) -> RelRow:
        """A table made from another."""
        ends = [urn("data_asset", self.project, ("dbo", name)) for name in (target, source)]
        label = Label.DATA_ASSET
        return RelRow(
            type=RelType.DERIVES, start_label=label, start=ends[0], end_label=label, end=ends[1], source_file=path
        )

    def file(self, path: str, nodes: list[NodeRow], rels: list[RelRow], status: FileStatus = FileStatus.OK) -> FileRows:
        """A file with its digest."""
        said = repr((path, status, nodes, rels)).encode()
        props = {"path": path, "sha256": hashlib.sha256(said).hexdigest(), "status": status.value}
        digest = hashlib.sha256(b"rows" + said).hexdigest()
        return FileRows(path=path, status=status, file=props, nodes=nodes, rels=rels, digest=digest)

    def table(self, path: str, name: str, *columns: str, status: FileStatus = FileStatus.OK) -> FileRows:
        """A file that defines one table."""
        nodes = [self.asset(name, sublabel="Table", external_ref=False), *(self.column(name, own) for own in columns)]
        rels = [self.defines(path, name), *(self.contains(path, name, own) for own in columns)]
        return self.file(path, nodes, rels, status)


@pytest.fixture
def rows(project: str) -> Rows:
    """Rows of the test's project."""
    return Rows(project)


@pytest.fixture
def make_writer(driver: Driver, database: Database, project: str, tmp_path: Path) -> MakeWriter:
    """Writers of the test's project; `run_id` and the writer's own options can be given."""

    def make(run_id: str = "run-1", **options: Any) -> Writer:
        letters = options.pop("dead_letter_file", tmp_path / "failed.jsonl")
        return Writer(driver, database.name, project=project, run_id=run_id, dead_letter_file=letters, **options)

    return make


@pytest.fixture
def query(driver: Driver, database: Database, project: str) -> Callable[[str], list[Any]]:
    """Run Cypher that may use $project; the rows as lists of values."""

    def run(text: str) -> list[Any]:
        records, _, _ = driver.execute_query(text, project=project, database_=database.name)
        return [record.values()[0] if len(record) == 1 else tuple(record.values()) for record in records]

    return run
