"""Seconds from a save to the graph: `lineage up` as a user starts it, files saved at random times, the graph asked.

    .venv/bin/python bench/bench_save_to_graph.py [--saves 30] [--rounds 2] [--files 200] [--ways WAY] [--json FILE]

A tree of views over a few tables is ingested first. Then, in turns, a stack with the window of 5 s and one with
--realtime: each save changes one file, the next comes at a random time after the first is in the graph. The clock runs
from before the write until the File node has the new content's sha256; it is looked up by its id, every 50 ms, so that
who waits takes little of what the stack works with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from neo4j import Driver, GraphDatabase, NotificationMinimumSeverity

from flows.ports import free_port
from lineage_core.model.urn import file_urn

if TYPE_CHECKING:
    from collections.abc import Iterator

LINEAGE = Path(sys.executable).with_name("lineage")
WAYS = {"debounce": [], "realtime": ["--realtime"]}
TARGETS = {"debounce": 10.0, "realtime": 3.0}
"""Seconds at the 95th percentile."""

_LOST_SECONDS = 60.0


def main() -> None:
    """Run the rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saves", type=int, default=30, help="a round and way")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {way: [] for way in options.ways}
    with tempfile.TemporaryDirectory() as scratch:
        tree, variables = make_tree(Path(scratch), options.files), environment(Path(scratch))
        for number in range(options.rounds):
            for way in options.ways:
                with stack(WAYS[way], variables, Path(scratch)) as graph:
                    until_ingested(graph, options.files)
                    seconds[way] += measure(tree, graph, options.saves, random.Random(number))
    show(seconds)
    if options.json:
        options.json.write_text(json.dumps(seconds, indent=2) + "\n")


def make_tree(scratch: Path, files: int) -> Path:
    """Ten tables, and views that read them."""
    tree = scratch / "sql"
    tree.mkdir()
    for number in range(files):
        (tree / f"{number:04d}.sql").write_text(text_of(number, 0))
    return tree


def text_of(number: int, version: int) -> str:
    """A table, or a view over one; another version has another column."""
    if number < 10:
        return f"CREATE TABLE dbo.T{number} (Id int, Amount decimal(9, 2), Version{version} int);\n"
    table = number % 10
    columns = f"Id, Amount * {version + 1} AS Total{version}"
    return f"CREATE VIEW dbo.V{number} AS SELECT {columns} FROM dbo.T{table};\n"


def environment(scratch: Path) -> dict[str, str]:
    """A project and ports of its own."""
    names = ("LINEAGE_PREFECT_PORT", "LINEAGE_METRICS_PORT", "LINEAGE_NEO4J_BOLT_PORT", "LINEAGE_NEO4J_HTTP_PORT")
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEO4J_"))}
    own = {"INGEST_ROOT": str(scratch / "sql"), "INGEST_PROJECT": "bench", "LINEAGE_DATA_DIR": str(scratch / "data")}
    return {**given, **own, **{name: str(free_port()) for name in names}}


@contextmanager
def stack(arguments: list[str], variables: dict[str, str], scratch: Path) -> Iterator[Driver]:
    """`lineage up`, and a way to its graph."""
    with (scratch / "up.log").open("w") as log:
        process = subprocess.Popen([LINEAGE, "up", *arguments], env=variables, stdout=log, stderr=log, cwd=scratch)
    try:
        until(lambda: "Ctrl-C stops everything" in (scratch / "up.log").read_text(), 120.0)
        password = (scratch / "data" / "neo4j" / "password").read_text().strip()
        uri = f"bolt://127.0.0.1:{variables['LINEAGE_NEO4J_BOLT_PORT']}"
        # Without notifications: before the first ingest each query is told of unknown labels.
        off = NotificationMinimumSeverity.OFF
        with GraphDatabase.driver(uri, auth=("neo4j", password), notifications_min_severity=off) as driver:
            yield driver
    finally:
        process.terminate()
        process.wait()


def until_ingested(graph: Driver, files: int) -> None:
    """Return once the whole tree is in the graph, and nothing has been written for some seconds."""
    query = "MATCH (f:File {project_id: 'bench'}) WHERE f.sha256 IS NOT NULL RETURN count(f)"
    until(lambda: graph.execute_query(query).records[0][0] == files, 180.0)
    time.sleep(10)


def measure(tree: Path, graph: Driver, saves: int, chance: random.Random) -> list[float]:
    """Seconds of each save; every tenth is one of a table, which others depend on."""
    files = sorted(tree.iterdir())
    seconds = []
    for _ in range(saves):
        number = chance.randrange(10) if chance.random() < 0.1 else chance.randrange(10, len(files))
        text = text_of(number, time.time_ns())
        digest = hashlib.sha256(text.encode()).hexdigest()
        began = time.monotonic()
        files[number].write_text(text)
        query = "MATCH (f:File {id: $id}) WHERE f.sha256 = $digest RETURN count(f)"
        told = {"id": file_urn("bench", files[number].name), "digest": digest}
        until(lambda: graph.execute_query(query, told).records[0][0], _LOST_SECONDS)  # noqa: B023 - called at once
        seconds.append(time.monotonic() - began)
        time.sleep(chance.uniform(0.5, 4.0))
    return seconds


def until(what: object, seconds: float) -> None:
    """Return once `what` gives something true."""
    deadline = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing in {seconds:.0f} s")
        time.sleep(0.05)


def show(seconds: dict[str, list[float]]) -> None:
    """The table."""
    print(f"{'save to graph':<14} {'saves':>6} {'min':>6} {'p50':>6} {'p95':>6} {'p99':>6} {'max':>6}   target at p95")
    for way, found in seconds.items():
        cuts = statistics.quantiles(found, n=100, method="inclusive")
        row = (min(found), cuts[49], cuts[94], cuts[98], max(found))
        print(f"{way:<14} {len(found):>6} " + " ".join(f"{value:>6.2f}" for value in row) + f"   {TARGETS[way]:.0f} s")


if __name__ == "__main__":
    main()
