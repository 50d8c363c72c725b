"""What growing projects cost: CPU, memory, disk and transactions of a first ingest, and of one changed file.

    .venv/bin/python bench/bench_scaling.py [--files 1000 3000 10000] [--seed 1] [--work FOLDER] [--json FILE]

Each size has a folder of its own with an embedded Neo4j, started before anything is measured and stopped before its
store is. Of disk, `store` is the graph and its indexes, `logs` Neo4j's transaction logs, which it drops by itself.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.arguments import positive
from bench.measured import cpu_of, measured
from bench.services import LINEAGE, of_report, own_environment
from bench.trees import change, make_tree
from flows.metrics.kept import read
from flows.ports import free_port
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.ingest.report import Report
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.comparison import Measures

_TRANSACTIONS = '["lineage_database_transaction_seconds_count", {"outcome": "committed"}]'


def main() -> None:
    """Measure each size and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=positive, nargs="+", default=[1_000, 3_000, 10_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="where trees and stores are made; default: a folder that is deleted")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = (options.work or Path(scratch)).absolute()
        found = {files: project_of(files, options.seed, work) for files in options.files}
    show(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def project_of(files: int, seed: int, work: Path) -> Measures:
    """What one project costs: its first ingest, then one changed file, then what is on the disk."""
    data = work / f"data-{files}"
    shutil.rmtree(data, ignore_errors=True)
    tree = Path(shutil.copytree(make_tree(work / "trees" / f"seed{seed}-{files}", None, files, seed), data / "tree"))
    ports = {"LINEAGE_NEO4J_BOLT_PORT": str(free_port()), "LINEAGE_NEO4J_HTTP_PORT": str(free_port())}
    environment = {**own_environment(data), **ports, "INGEST_ROOT": str(tree)}
    measured([LINEAGE, "db", "start"], environment, data)
    try:
        server = EmbeddedServer(load_settings(data_dir=data))
        neo4j = psutil.Process(server.status().pid)
        first = ingest(tree, environment, neo4j)
        change(tree, 0.0, 1)
        again = ingest(tree, environment, neo4j)
        transactions = sum(kept.totals.get(_TRANSACTIONS, 0) for kept in map(read, metrics_of(data)) if kept)
    finally:
        measured([LINEAGE, "db", "stop"], environment, data)
    one_file = {f"one_file_{name}": again[name] for name in ("seconds", "cpu", "neo4j_cpu")}
    return {**first, **one_file, "transactions": transactions, **disk(data)}


def ingest(tree: Path, environment: Mapping[str, str], neo4j: psutil.Process) -> Measures:
    """What `lineage ingest` of the tree took."""
    before = cpu_of(neo4j)
    answer = measured([LINEAGE, "ingest", tree, "--json"], environment, tree.parent)
    report = Report.model_validate_json(answer.output)
    return {**of_report(report), "cpu": answer.cpu, "neo4j_cpu": cpu_of(neo4j) - before}


def metrics_of(data: Path) -> Iterable[Path]:
    """What the project's processes have counted."""
    return (data / "metrics").glob("*.json")


def disk(data: Path) -> Measures:
    """Bytes of the graph, of Neo4j's logs, of the parse cache, and of what Prefect keeps."""
    neo4j = data / "neo4j" / "data"
    cache = data / ".cache"
    return {
        "store_bytes": size(neo4j / "databases"),
        "logs_bytes": size(neo4j / "transactions"),
        "cache_bytes": size(cache / "parse_cache.db"),
        "results_bytes": size(cache / "results.db"),
        "prefect_bytes": size(data / "prefect"),
    }


def size(folder: Path) -> int:
    """Bytes that the files below a folder take on the disk."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def show(found: Mapping[int, Measures]) -> None:
    """A line a measure, a column a size."""
    print(f"{'':<22}" + "".join(f"{files:>14,}" for files in found))
    for name in next(iter(found.values())):
        scale, unit = (2**-20, "MiB") if name.endswith("bytes") or name == "memory" else (1, "")
        print(f"{name:<22}" + "".join(f"{one[name] * scale:>11,.1f}{unit:>3}" for one in found.values()))


if __name__ == "__main__":
    main()
