"""The stack that docs/operations.md is recorded from, and the document's recorded blocks."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flows.ports import free_port, is_free
from lineage_core.graph.connection import locate, open_driver
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENT = CHECKOUT / "docs" / "operations.md"
IMAGES = CHECKOUT / "docs" / "images"
LINEAGE = [sys.executable, "-c", "from flows.cli import main; main()"]
PORTS = {"PREFECT": 4200, "METRICS": 9464, "NEO4J_BOLT": 7687, "NEO4J_HTTP": 7474}
SECONDS = 180.0
STAGING = 130
"""Small files beside the examples, so that a run has several batches."""


class Site:
    """The stack that is recorded, below one folder: code, warehouse (the SQL files), data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = folder / "code"
        self.warehouse = folder / "warehouse"
        ports = {name: port if is_free(port) else free_port() for name, port in PORTS.items()}
        self.settings: Settings = load_settings(
            data_dir=folder / "data",
            root=self.warehouse,
            project="warehouse",
            prefect_api_url="",
            neo4j_uri="",
            prefect_port=ports["PREFECT"],
            metrics_port=ports["METRICS"],
            neo4j_bolt_port=ports["NEO4J_BOLT"],
            neo4j_http_port=ports["NEO4J_HTTP"],
        )
        self.url = f"http://127.0.0.1:{ports['PREFECT']}"
        given = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEO4J_"))}
        self.environment = {
            **given,
            **{f"LINEAGE_{name}_PORT": str(port) for name, port in ports.items()},
            "INGEST_PROJECT": "warehouse",
            "INGEST_ROOT": str(self.warehouse),
            "LINEAGE_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(self.code),
            "COLUMNS": "150",
        }

    def make(self) -> None:
        """The code that the worker runs, and the files."""
        for package in ("flows", "tasks", "lineage_core"):
            shutil.copytree(CHECKOUT / package, self.code / package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(CHECKOUT / "prefect.yaml", self.code)
        shutil.copytree(CHECKOUT / "examples", self.warehouse)
        (self.warehouse / "staging").mkdir()
        for number in range(STAGING):
            file = self.warehouse / "staging" / f"staging.Load{number:03d}.sql"
            file.write_text(f"CREATE TABLE staging.Load{number:03d} (LoadId int, LoadedAt datetime2);\n")

    @contextmanager
    def up(self) -> Iterator[None]:
        """`lineage up` for the time of a block."""
        output = self.folder / "up.txt"
        with output.open("w") as out:
            process = subprocess.Popen([*LINEAGE, "up"], env=self.environment, cwd=self.code, stdout=out, stderr=out)
        try:
            until(lambda: "Logs are in" in output.read_text() or process.poll() is not None)
            if process.poll() is not None:
                raise SystemExit(output.read_text())
            keep("up", "lineage up", output.read_text())
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)

    def lineage(self, *arguments: str) -> str:
        """What a command says, on both outputs, in the order that a terminal shows."""
        done = subprocess.run(
            [*LINEAGE, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.stdout

    def record(self, name: str, *arguments: str) -> None:
        """Put a command and what it says into the document."""
        keep(name, " ".join(["lineage", *arguments]), self.lineage(*arguments))

    def query(self, *queries: str) -> None:
        """Cypher, as an administrator of the database would run it."""
        database = locate(self.settings)
        with open_driver(database) as driver:
            for query in queries:
                driver.execute_query(query, database_=database.name)


def keep(name: str, command: str, output: str) -> None:
    """Put a command and its output into the block below its mark in the document."""
    text = DOCUMENT.read_text()
    lines = "\n".join(line.rstrip() for line in output.strip().splitlines())
    block = f"<!-- recorded: {name} -->\n```\n$ {command}\n{lines}\n```"
    mark = re.compile(rf"<!-- recorded: {name} -->\n```\n(?:(?!```).)*```", re.DOTALL)
    if not mark.search(text):
        print(f"docs/operations.md has no block for {name}:\n{block}", file=sys.stderr)
    DOCUMENT.write_text(mark.sub(lambda _: block, text))


def until(what: Callable[[], bool]) -> None:
    """Return once it holds.

    Raises:
        SystemExit: it does not.
    """
    deadline = time.monotonic() + SECONDS
    while not what():
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not come within {SECONDS:.0f} s.")
        time.sleep(0.1)
