"""Bulk ingest, plain path against optimised: whole `lineage ingest` runs, interleaved, each into a project of its own.

    .venv/bin/python bench/bench_bulk.py [FOLDER] [--files 200] [--rounds 3] [--json FILE]

The plain path parses every file, one after the other, and writes one row a transaction. What a run costs besides
(Prefect's server, the interpreter) is left out: the times are those of the run's report.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LINEAGE = Path(sys.executable).with_name("lineage")
WAYS = {
    "plain": ["--disable-cache", "--disable-batching"],
    "optimised": ["--enable-batching", "--disable-cache"],
}


def main() -> None:
    """Run the rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default="examples")
    parser.add_argument("--files", type=int, default=200, help="the first so many SQL files of the folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tree = _sample(Path(options.folder), Path(scratch) / "tree", options.files)
        environment = _environment(Path(scratch))
        subprocess.run([LINEAGE, "db", "start"], env=environment, check=True, capture_output=True)
        try:
            rounds = [_round(tree, number, environment) for number in range(options.rounds)]
        finally:
            subprocess.run([LINEAGE, "db", "stop"], env=environment, check=True, capture_output=True)
    _print(rounds)
    if options.json:
        options.json.write_text(json.dumps(rounds, indent=2) + "\n")


def _sample(folder: Path, target: Path, count: int) -> Path:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".sql")
    step = max(1, len(found) // count)
    for path in found[::step][:count]:
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return target


def _environment(scratch: Path) -> dict[str, str]:
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(str(probe.getsockname()[1]))
    own = {
        "LINEAGE_DATA_DIR": str(scratch / "data"),
        "LINEAGE_NEO4J_BOLT_PORT": ports[0],
        "LINEAGE_NEO4J_HTTP_PORT": ports[1],
    }
    return {name: value for name, value in os.environ.items() if name != "NEO4J_URI"} | own


def _round(tree: Path, number: int, environment: dict[str, str]) -> dict[str, dict[str, float]]:
    found = {}
    for way, flags in WAYS.items():
        command = [LINEAGE, "ingest", str(tree), "--project", f"{way}-{number}", "--json", *flags]
        answer = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        report = json.loads(answer.stdout)
        changes = report["changes"]
        rows = changes["nodes_created"] + changes["relationships_created"]
        found[way] = {"seconds": report["total_seconds"], "rows": rows, **report["seconds"]}
    return found


def _print(rounds: list[dict[str, dict[str, float]]]) -> None:
    print(f"{'':<10} {'min s':>8} {'median s':>9} {'max s':>8} {'rows':>9}")
    for way in WAYS:
        times = [found[way]["seconds"] for found in rounds]
        spread = f"{min(times):>8.1f} {statistics.median(times):>9.1f} {max(times):>8.1f}"
        print(f"{way:<10} {spread} {rounds[0][way]['rows']:>9.0f}")
    ratios = [found["plain"]["seconds"] / found["optimised"]["seconds"] for found in rounds]
    print("plain / optimised, by round:", ", ".join(f"{ratio:.1f}" for ratio in ratios))


if __name__ == "__main__":
    main()
