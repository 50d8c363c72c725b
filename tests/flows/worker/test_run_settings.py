"""Prefect's settings that a runner reads before its forks: those that a new process would read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prefect.logging.configuration import setup_logging

from flows.warm.run_settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    yield {**own, "PREFECT_HOME": str(tmp_path / "home"), "PREFECT_LOGGING_LEVEL": "ERROR"}
    setup_logging()  # as this process had it


def test_they_are_read_once_for_all_runs_of_a_worker(tmp_path: Path, environment: dict[str, str]) -> None:
    found = RunSettings()
    folders = tmp_path / "of one run", tmp_path / "of another"
    for folder in folders:
        folder.mkdir()
    first = found.read({**environment, "PREFECT__FLOW_RUN_ID": "1"}, str(folders[0]))
    assert first.home == tmp_path / "home"
    assert first.logging.level == "ERROR"
    assert found.read({**environment, "PREFECT__FLOW_RUN_ID": "2"}, str(folders[1])) is first


def test_a_variable_that_is_another_one_counts(tmp_path: Path, environment: dict[str, str]) -> None:
    found = RunSettings()
    found.read(environment, str(tmp_path))
    assert found.read({**environment, "PREFECT_LOGGING_LEVEL": "WARNING"}, str(tmp_path)).logging.level == "WARNING"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("prefect.toml", "[logging]\nlevel = 'CRITICAL'\n"),
        ("pyproject.toml", "[tool.prefect.logging]\nlevel = 'CRITICAL'\n"),
        (".env", "PREFECT_LOGGING_LEVEL=CRITICAL\n"),
        ("home/profiles.toml", "active = 'own'\n[profiles.own]\nPREFECT_LOGGING_LEVEL = 'CRITICAL'\n"),
    ],
)
def test_a_file_that_was_written_meanwhile_counts(
    tmp_path: Path, environment: dict[str, str], file: str, content: str
) -> None:
    del environment["PREFECT_LOGGING_LEVEL"]
    found = RunSettings()
    assert found.read(environment, str(tmp_path)).logging.level == "INFO"
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(content)
    assert found.read(environment, str(tmp_path)).logging.level == "CRITICAL"


def test_the_process_that_reads_them_stays_as_it_is(tmp_path: Path, environment: dict[str, str]) -> None:
    before = dict(os.environ), Path.cwd()
    found = RunSettings()
    with pytest.raises(ValueError, match="validation error"):
        found.read({**environment, "PREFECT_LOGGING_LEVEL": "LOUD"}, str(tmp_path))
    with pytest.raises(FileNotFoundError):
        found.read(environment, str(tmp_path / "gone"))
    assert (dict(os.environ), Path.cwd()) == before
