"""Comparisons of whole runs of `lineage ingest`: cold, warm, one-percent, prefect, growth, sweep."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from bench.comparison import Curve, Plan, Target, in_turn
from bench.measured import CommandFailedError
from bench.services import of_report
from bench.trees import change
from lineage_core.graph.snapshot import snapshot
from lineage_core.ingest.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.comparison import Measures, Round
    from bench.session import Session

PLAIN = ("--disable-cache", "--disable-batching")
CHANGED_SHARE = 0.01

_DEADLOCKS = 10
"""Plain runs that may be measured again because two of their writers met; only Prefect's tasks are tried again."""


def cold(session: Session) -> Plan:
    """An ingest into an empty graph, against the plain path with one parser and one row a transaction."""
    flags = {"plain": PLAIN, "optimised": ()}
    settings = {"plain": {"INGEST_WORKERS": 1}, "optimised": {}}
    tree, servers = session.tree(), session.services

    def one_round(number: int) -> Round:
        graphs = {}

        def measure(way: str) -> Measures:
            with session.empty_project() as (project, data):
                found = servers.ingest(tree, project, data, *flags[way], settings=settings[way])
                graphs[way] = snapshot(servers.driver, servers.database.name, project)
            return found

        found = in_turn(("plain", "optimised"), number, measure)
        found["optimised"]["same_graph"] = float(graphs["plain"] == graphs["optimised"])
        return found

    return Plan(
        one_round,
        (
            Target("plain / optimised", "plain", "optimised", at_least=5, goal=20),
            Target("plain / optimised, writing", "plain", "optimised", measure="write_seconds"),
            Target("plain / optimised, CPU", "plain", "optimised", measure="cpu"),
            Target("the same graph in the end (1: yes)", "optimised", measure="same_graph", at_least=1),
        ),
    )


def warm(session: Session) -> Plan:
    """A second ingest of the same tree, against the first."""
    tree, servers = session.tree(), session.services

    def one_round(_number: int) -> Round:
        with session.empty_project() as (project, data):
            return {way: servers.ingest(tree, project, data) for way in ("cold", "warm")}

    return Plan(
        one_round,
        (
            Target("cold / warm", "cold", "warm", at_least=50),
            Target("files parsed by the warm run", "warm", measure="parsed", at_most=0),
            Target("changes written by the warm run", "warm", measure="changes", at_most=0),
        ),
    )


def one_percent(session: Session) -> Plan:
    """An ingest after 1 % of the files were changed, tables among them, against the first one."""
    original, servers = session.tree(), session.services

    def one_round(number: int) -> Round:
        with session.empty_project() as (project, data), session.scratch() as scratch:
            tree = shutil.copytree(original, scratch / "tree")
            found = {"cold": servers.ingest(tree, project, data)}
            files = change(tree, CHANGED_SHARE, number)
            found["changed"] = {**servers.ingest(tree, project, data), "files": float(files)}
            return found

    return Plan(one_round, (Target("1 % changed / cold", "changed", "cold", at_most=0.05),))


def prefect(session: Session) -> Plan:
    """The flow, against the same pipeline called as plain functions with the same workers."""
    tree, servers = session.tree(), session.services

    again = 0

    def measure(way: str) -> Measures:
        nonlocal again
        with session.empty_project() as (project, data):
            if way == "flow":
                return servers.ingest(tree, project, data)
            try:
                return plain_functions(session, tree, project, data)
            except CommandFailedError as error:
                if "DeadlockDetected" not in error.said or again == _DEADLOCKS:
                    raise
        again += 1
        return measure(way)

    return Plan(
        lambda number: in_turn(("flow", "functions"), number, measure),
        (
            Target("functions / flow", "functions", "flow", at_least=0.9),
            Target("functions / flow, whole command", "functions", "flow", measure="wall"),
            Target("functions / flow, CPU", "functions", "flow", measure="cpu"),
        ),
        notes=lambda: [f"Prefect's share is 1 less the ratio. Plain runs done again after a deadlock: {again}."],
    )


def plain_functions(session: Session, tree: Path, project: str, data: Path) -> Measures:
    """What `bench.plain_run` took."""
    servers = session.services
    command = [sys.executable, "-m", "bench.plain_run", tree]
    output, measures = servers.run(command, servers.environment(data, project, tree))
    return {**of_report(Report.model_validate_json(output)), **measures}


def growth(session: Session) -> Plan:
    """Cold ingests of ever larger generated trees with the same statistics."""
    options, servers = session.options, session.services
    sizes = [options.files * factor for factor in (1, 2, 4)] if options.quick else [1_000, 3_000, 10_000]
    sizes += [30_000] if options.long else []
    trees = {str(size): session.tree(size, generated=True) for size in sizes}

    def measure(way: str) -> Measures:
        with session.empty_project() as (project, data):
            found = servers.ingest(trees[way], project, data)
        return {**found, "per_file": found["seconds"] / int(way)}

    points = tuple((float(size), str(size)) for size in sizes)
    smallest = str(sizes[0])
    larger = [str(size) for size in sizes[1:]]
    return Plan(
        lambda number: in_turn(tuple(trees), number, measure),
        (
            *(Target(f"time a file, {way} / {smallest}", way, smallest, "per_file", at_most=1.3) for way in larger),
            *(Target(f"peak memory, {way} / {smallest}", way, smallest, "memory", at_most=1.3) for way in larger),
        ),
        (
            Curve("Time a file", "files of the tree", "milliseconds a file", "per_file", points, 1000),
            Curve("Peak memory", "files of the tree", "MiB", "memory", points, 2**-20),
            Curve("CPU", "files of the tree", "CPU seconds", "cpu", points),
        ),
    )


_SWEEPS: Mapping[str, tuple[str, str, tuple[int, ...], tuple[int, ...]]] = {
    "batch": ("INGEST_BATCH_SIZE", "rows of one statement", (50, 200, 1_000, 5_000), (50, 1_000)),
    "writers": ("INGEST_WRITERS", "sessions that write", (1, 2, 3, 4), (1, 2)),
    "workers": ("INGEST_WORKERS", "parser processes", (1, 2, 3, 4), (1, 2)),
}
"""Name -> setting, what it counts, its values, those of --quick."""


def sweep(session: Session) -> Plan:
    """Cold ingests with one setting changed at a time."""
    tree, servers, quick = session.tree(), session.services, session.options.quick
    ways: dict[str, dict[str, object]] = {}
    curves = []
    for name, (setting, label, values, few) in _SWEEPS.items():
        points = tuple((float(value), f"{name} {value}") for value in (few if quick else values))
        ways |= {way: {setting: int(value)} for value, way in points}
        curves.append(Curve(setting, label, "seconds in the flow", "seconds", points))

    def measure(way: str) -> Measures:
        with session.empty_project() as (project, data):
            return servers.ingest(tree, project, data, settings=ways[way])

    return Plan(lambda number: in_turn(tuple(ways), number, measure), curves=tuple(curves))
