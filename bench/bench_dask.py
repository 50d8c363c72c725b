"""Parsing on a Dask cluster against this machine's processes: what sending and bringing back costs.

    .venv/bin/python bench/bench_dask.py [FOLDER] [--files 200] [--workers 2] [--rounds 3] [--json FILE]

A cluster of as many workers, on this machine as well, so that a ratio above 1 is overhead alone. Rounds are
interleaved; the first is not counted. The parse cache is off.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import LocalCluster

from lineage_core.ingest.open_pool import open_pool
from lineage_core.ingest.parse_stage import failed_parse
from lineage_core.ingest.parse_work import ParseWork
from lineage_core.model.files import SourceFile
from lineage_core.settings import load_settings
from lineage_core.source.batches import batches
from lineage_core.source.hashing import hash_file

if TYPE_CHECKING:
    from lineage_core.ingest.executor import Pool
    from lineage_core.model.files import FileVersion
    from lineage_core.settings import Settings


def main() -> None:
    """Run the rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", help="without one, files are generated")
    parser.add_argument("--files", type=int, default=200, help="so many of the folder's, or generated")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.folder) if options.folder else generate(Path(scratch) / "sql", options.files)
        versions = versions_of(folder, options.files)
        with LocalCluster(options.workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:  # type: ignore[no-untyped-call]
            found = measure(versions, options, str(cluster.scheduler_address), Path(scratch))
    show(found, versions)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def generate(folder: Path, count: int) -> Path:
    """Views with joins and expressions, 2 KB each."""
    folder.mkdir()
    columns = ",\n  ".join(f"CASE WHEN o.C{n} > {n} THEN o.C{n} * p.Rate ELSE 0 END AS Sum{n}" for n in range(30))
    for number in range(count):
        text = f"CREATE VIEW dbo.V{number} AS\nSELECT {columns}\nFROM dbo.Orders o JOIN dbo.Prices p ON p.Id = o.Id"
        (folder / f"{number:05d}.sql").write_text(text)
    return folder


def versions_of(folder: Path, count: int) -> list[FileVersion]:
    """Evenly taken from the folder's files."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".sql")
    taken = files[:: max(1, len(files) // count)][:count]
    return [hash_file(SourceFile(path=str(path), location=str(path.absolute()))) for path in taken]


def measure(
    versions: list[FileVersion], options: argparse.Namespace, address: str, scratch: Path
) -> dict[str, list[float]]:
    """Seconds of each side and round; `open` is the time until a pool can be used."""
    found: dict[str, list[float]] = {}
    for number in range(options.rounds + 1):
        for way in ("local", "dask"):
            settings = load_settings(
                executor=way,
                dask_scheduler_address=address,
                workers=options.workers,
                enable_cache=False,
                data_dir=scratch / f"{way}-{number}",
            )
            begun = time.perf_counter()
            with open_pool(settings) as pool:
                opened = time.perf_counter()
                parse(pool, versions[: 2 * options.workers], settings)  # the local pool's processes start with work
                ready = time.perf_counter()
                parse(pool, versions, settings)
                if number:
                    found.setdefault(f"{way} open", []).append(opened - begun)
                    found.setdefault(way, []).append(time.perf_counter() - ready)
    return found


def parse(pool: Pool, versions: list[FileVersion], settings: Settings) -> None:
    """Parse files in batches, as a run does."""
    groups = list(batches(versions))
    pending = [
        pool.submit_batch(ParseWork.of(settings, settings.runs_dir / "run", number), group, failed_parse)
        for number, group in enumerate(groups)
    ]
    assert sum(len(batch.result()) for batch in pending) == len(versions)


def show(found: dict[str, list[float]], versions: list[FileVersion]) -> None:
    """The table."""
    size = sum(version.size for version in versions)
    print(f"{len(versions)} files, {size / 1000:,.0f} KB")
    print(f"{'round':<7} {'local':>8} {'dask':>8} {'ratio':>6}   {'connect':>8}")
    for number, (local, dask, opened) in enumerate(
        zip(found["local"], found["dask"], found["dask open"], strict=True), 1
    ):
        print(f"{number:<7} {local:>7.2f}s {dask:>7.2f}s {dask / local:>6.2f}   {opened:>7.2f}s")
    ratios = [dask / local for local, dask in zip(found["local"], found["dask"], strict=True)]
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
