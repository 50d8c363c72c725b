"""Files of the graph as a run reads them: all of a project's, many to a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineage_core.graph.file_marks import FileMark, file_marks
from lineage_core.graph.reads import FileState, FileTies, file_states, file_ties, file_writes

if TYPE_CHECKING:
    from neo4j import Driver

    from lineage_core.graph.connection import Database


@pytest.mark.parametrize("count", [0, 1, 500, 501, 1_001])
def test_every_file_of_the_project_is_read_once_and_no_other(
    driver: Driver, database: Database, project: str, count: int
) -> None:
    driver.execute_query(
        "UNWIND $names AS name CREATE (f:File {id: $project + name, project_id: $project, path: name, size: 7})",
        names=[f"f{number}.sql" for number in range(count)],
        project=project,
        database_=database.name,
    )
    driver.execute_query(  # a file that others name and that was not ingested has no path yet
        "CREATE (:File {id: $project + 'no path', project_id: $project})", project=project, database_=database.name
    )
    where = driver, database.name, project
    paths = {f"f{number}.sql" for number in range(count)}
    assert file_states(*where) == {path: FileState(path=path, size=7) for path in paths}
    assert file_writes(*where) == dict.fromkeys(paths, ("", ""))
    assert file_marks(*where) == dict.fromkeys(paths, FileMark("", 7, 0))
    ties = list(file_ties(*where))
    assert sorted(ties) == sorted(FileTies(path, "", ()) for path in paths)
