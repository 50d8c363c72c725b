"""Incremental equals bulk: whatever is done to a tree, the graph that incremental runs keep is a bulk run's."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

import hypothesis
import pytest
from flow_runs import FlowRuns
from hypothesis import HealthCheck, seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from plain_runs import STAGES, PlainRuns, before, differences
from sql_statements import BROKEN, COLUMNS, OBJECTS, POSTGRES, ROUTINES, TSQL, statements, texts
from sql_trees import ENCODINGS, SqlFile, SqlTree

from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j import Driver

    from lineage_core.graph.snapshot import Snapshot

SEQUENCES = int(os.environ.get("SEQUENCES", "35"))
STEPS = int(os.environ.get("SEQUENCE_STEPS", "8"))
SEEDS = [int(number) for number in os.environ.get("SEQUENCE_SEEDS", "1 2").split()]
"""The same sequences every time, so many for each seed. To look for more: SEQUENCES=500 SEQUENCE_SEEDS="7 8 9"."""

FOLDERS = ("", "a/", "crm/", "pg/")
PATHS = tuple(f"{folder}{name}.sql" for folder in FOLDERS for name in ("m", "q"))

paths = st.sampled_from(PATHS)
words = st.sampled_from([OBJECTS, COLUMNS, ROUTINES]).flatmap(lambda group: st.permutations(group).map(lambda p: p[:2]))


def templates(path: str) -> tuple[str, ...]:
    """What files of a folder are made of."""
    return POSTGRES if path.startswith("pg/") else TSQL


class Edits(RuleBasedStateMachine):
    """Edits, and runs over what changed in any grouping and order; when everything was told, the graphs are compared."""

    runs: ClassVar[PlainRuns]
    bulk_graphs: ClassVar[dict[frozenset[tuple[str, bytes]], Snapshot]]

    def __init__(self) -> None:
        super().__init__()
        self._failed = False
        self._stack = ExitStack()
        self._project = self._stack.enter_context(self.runs.empty_project())
        self.tree = SqlTree(Path(self._stack.enter_context(TemporaryDirectory(prefix="tree-"))).resolve())

    @initialize(data=st.data(), names=st.lists(paths, min_size=2, max_size=6, unique=True), in_bulk=st.booleans())
    def begin(self, data: st.DataObject, names: list[str], in_bulk: bool) -> None:  # noqa: FBT001 - drawn
        """A tree of some files, ingested in bulk or file by file."""
        for path in names:
            self.tree.write(path, SqlFile(tuple(data.draw(texts(templates(path)), path))))
        if in_bulk:
            self.runs.bulk(self._project, self.tree.root)
            self.tree.untold.clear()
        self._run(data)

    @rule(data=st.data(), path=paths)
    def write(self, data: st.DataObject, path: str) -> None:
        """A file is created, or saved with another content."""
        self.tree.write(path, SqlFile(tuple(data.draw(texts(templates(path))))))
        self._run_perhaps(data)

    @precondition(lambda self: self.tree.files)
    @rule(data=st.data(), exchange=words)
    def reword(self, data: st.DataObject, exchange: list[str]) -> None:
        """A name is replaced by another in a statement: a column or table is renamed there."""
        path = self._some_file(data)
        found = list(self.tree.files[path].statements)
        number = data.draw(st.integers(0, len(found) - 1), "statement")
        found[number] = found[number].replace(*exchange)
        self.tree.change(path, statements=tuple(found))
        self._run_perhaps(data)

    @precondition(lambda self: self.tree.files)
    @rule(data=st.data(), at=st.integers(0, 3), broken=st.booleans())
    def add(self, data: st.DataObject, at: int, broken: bool) -> None:  # noqa: FBT001 - drawn
        """A statement is added, which may be none that anybody understands."""
        path = self._some_file(data)
        found = list(self.tree.files[path].statements)
        found.insert(at, data.draw(statements(BROKEN if broken else templates(path))))
        self.tree.change(path, statements=tuple(found))
        self._run_perhaps(data)

    @precondition(lambda self: self.tree.files)
    @rule(data=st.data(), to=paths)
    def move_statement(self, data: st.DataObject, to: str) -> None:
        """A statement is copied to another file, and its own file loses it sooner or later or never."""
        path = self._some_file(data)
        *rest, moved = self.tree.files[path].statements
        there = self.tree.files.get(to, SqlFile(()))
        self.tree.write(to, SqlFile((*there.statements, moved), there.encoding))
        self._run_perhaps(data)
        if rest and to != path and data.draw(st.booleans(), "lose"):
            self.tree.change(path, statements=tuple(rest))
            self._run_perhaps(data)

    @precondition(lambda self: self.tree.files)
    @rule(data=st.data())
    def mend(self, data: st.DataObject) -> None:
        """What is broken in a file goes; a dump becomes SQL again."""
        path = self._some_file(data)
        whole = tuple(
            text for text in self.tree.files[path].statements if "FROM WHERE" not in text and " ) " not in text
        )
        self.tree.change(path, statements=whole or ("SELECT 1 AS one",), dump=False)
        self._run_perhaps(data)

    @precondition(lambda self: self.tree.files)
    @rule(data=st.data(), change=st.sampled_from([*({"encoding": name} for name in ENCODINGS), {"dump": True}]))
    def rewrite(self, data: st.DataObject, change: dict[str, object]) -> None:
        """A file is saved in another encoding, or overwritten by something that is no SQL."""
        self.tree.change(self._some_file(data), **change)
        self._run_perhaps(data)

    @precondition(lambda self: self.tree.files)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A file is deleted."""
        self.tree.delete(self._some_file(data))
        self._run_perhaps(data)

    @precondition(lambda self: self.tree.files)
    @rule(data=st.data(), to=paths)
    def rename(self, data: st.DataObject, to: str) -> None:
        """A file is renamed, perhaps over another one, or into a folder of another dialect or database."""
        path = self._some_file(data)
        if path != to:
            self.tree.rename(path, to)
            self._run_perhaps(data)

    @rule(data=st.data(), folders=st.permutations([folder[:-1] for folder in FOLDERS if folder]))
    def rename_folder(self, data: st.DataObject, folders: list[str]) -> None:
        """A folder is renamed, or moved into one that is there."""
        self.tree.rename_folder(*folders[:2])
        self._run_perhaps(data)

    @precondition(lambda self: len(self.tree.files) > 1)
    @rule(data=st.data())
    def swap(self, data: st.DataObject) -> None:
        """Two files exchange their contents."""
        self.tree.swap(*data.draw(st.permutations(sorted(self.tree.files)), "files")[:2])
        self._run_perhaps(data)

    @rule(data=st.data(), stage=st.sampled_from(STAGES), path=paths, in_bulk=st.booleans())
    def overlap(self, data: st.DataObject, stage: str, path: str, in_bulk: bool) -> None:  # noqa: FBT001 - drawn
        """While a run is at some stage, a file is saved or deleted, and a run over that file comes and goes."""
        some = data.draw(st.permutations(sorted(self.tree.files)), "told")[:2]
        told = list(self.tree.untold) or [str(self.tree.root / name) for name in some]
        saved = data.draw(st.none() | texts(templates(path)), "saved")

        def meanwhile() -> None:
            if saved is not None:
                self.tree.write(path, SqlFile(tuple(saved)))
            elif path in self.tree.files:
                self.tree.delete(path)
            self._pass([str(self.tree.root / path)])

        with before(stage, meanwhile):
            self._pass(told, in_bulk=in_bulk or self.runs.incremental_takes_turns)
        self._compare_if_told()

    def teardown(self) -> None:
        """What was not told yet is told now; then everything goes."""
        with self._stack:
            if not self._failed:
                if self.tree.untold:
                    self._pass(list(self.tree.untold))
                self._compare()

    def _some_file(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.tree.files)), "file")

    def _run_perhaps(self, data: st.DataObject) -> None:
        if data.draw(st.integers(0, 3), "run") > 0:
            self._run(data)

    def _run(self, data: st.DataObject) -> None:
        """Runs over all or some of what changed, in some order."""
        waiting = data.draw(st.permutations(list(self.tree.untold)), "order")
        while waiting:
            count = data.draw(st.integers(1, len(waiting)), "told together")
            self._pass(waiting[:count])
            waiting = waiting[count:]
            if waiting and data.draw(st.integers(0, 4), "stop") == 0:
                return
        self._compare()

    def _pass(self, told: list[str], *, in_bulk: bool = False) -> None:
        where = (self._project, self.tree.root)
        report = self.runs.bulk(*where) if in_bulk else self.runs.incremental(*where, told)
        self._failed = bool(report.failures)
        assert not report.failures, f"{report.failures}\n\n{self.tree}"
        self.tree.told(told)

    def _compare_if_told(self) -> None:
        if not self.tree.untold:
            self._compare()

    def _compare(self) -> None:
        content = self.tree.content
        if content not in self.bulk_graphs:
            self.bulk_graphs[content] = self.runs.bulk_graph(self.tree.root)
        found = differences(self.runs.graph(self._project), self.bulk_graphs[content])
        if found:
            self._failed = True
            raise AssertionError(f"the graph is not that of a bulk run of this tree:\n\n{self.tree}\n\n{found}")


@pytest.fixture
def some_settings(settings: Settings) -> Settings:
    """Settings under which the folder `pg` is Postgres and the folder `crm` is of the database crm."""
    options = {"workers": 1, "writers": 1, "dialects": {"pg/": "postgres"}, "databases": {"crm/": "crm"}}
    return settings.model_copy(update=options)


@pytest.fixture
def plain_runs(driver: Driver, some_settings: Settings) -> Iterator[PlainRuns]:
    """Runs as plain functions."""
    with closing(PlainRuns(driver, some_settings)) as made:
        yield made


@pytest.fixture
def flow_runs(
    driver: Driver, some_settings: Settings, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[FlowRuns]:
    """Runs as flow runs on a Prefect server."""
    from flows.prefect_session import prefect_session

    for name in ("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED"):
        monkeypatch.setenv(name, environment.get(name, ""))  # the session sets them; they are put back afterwards
    for name in ("dialects", "databases"):
        monkeypatch.setenv(f"INGEST_{name.upper()}", json.dumps(getattr(some_settings, name)))
    with prefect_session(load_settings()), closing(FlowRuns(driver, some_settings)) as made:
        from tasks.results import register

        register()
        yield made


def run_sequences(runs: PlainRuns, number: int, sequences: int, steps: int) -> None:
    """Sequences of edits and runs, the same ones for the same number."""
    run_state_machine_as_test(
        seed(number)(type("Edits", (Edits,), {"runs": runs, "bulk_graphs": {}})),
        settings=hypothesis.settings(
            max_examples=sequences,
            stateful_step_count=steps,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(100 + 20 * SEQUENCES)
@pytest.mark.parametrize("number", SEEDS)
def test_after_any_edits_the_graph_is_that_of_a_bulk_run(plain_runs: PlainRuns, number: int) -> None:
    run_sequences(plain_runs, number, SEQUENCES, STEPS)


@pytest.mark.timeout(600)
def test_after_any_edits_the_graph_is_that_of_a_bulk_run_on_prefect(flow_runs: FlowRuns) -> None:
    run_sequences(flow_runs, 3, 3, 5)
