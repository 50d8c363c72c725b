"""`lineage replay` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lineage_core.graph.dead_letters import append, dead_letter, read

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Lineage

    from lineage_core.settings import Settings


def letters(path: Path, project: str) -> None:
    """Two rows of files that the graph does not have."""
    for name in ("a.sql", "b.sql"):
        append(path, [dead_letter("refused", file=name, run_id="r", project=project, row={"name": name})])


@pytest.mark.stack
def test_it_says_what_became_of_the_rows(lineage: Lineage, environment: dict[str, str], settings: Settings) -> None:
    letters(settings.dead_letters, settings.project)
    done = lineage("replay", environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 superseded" in done.stdout
    assert list(read(settings.dead_letters)) == []
    again = lineage("replay", "--json", environment=environment)
    assert json.loads(again.stdout)["written"] == 0


def test_a_file_that_is_not_there_is_wrong_use(lineage: Lineage, environment: dict[str, str]) -> None:
    done = lineage("replay", "--file", "nowhere.jsonl", environment=environment)
    assert done.returncode == 2
    assert "There is no dead letter file nowhere.jsonl" in done.stderr
