"""Renew lineage_core/graph/server/jars.lock: resolve the embedded Neo4j's coordinates by jgo, note each jar's SHA-256.

Run by a maintainer when Neo4j's version changes: `.venv/bin/python scripts/lock_jars.py` (about two minutes).
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import jgo

from lineage_core.graph.server.jars import NEO4J_VERSION

COORDINATES = (
    f"org.neo4j:neo4j:{NEO4J_VERSION}",
    f"org.neo4j.app:neo4j-server:{NEO4J_VERSION}",
    "org.neo4j.client:neo4j-browser:5.24.0",  # the page at /browser; its versions are not the server's
)

LOCK = Path(__file__).parent.parent / "lineage_core" / "graph" / "server" / "jars.lock"


def main() -> None:
    """Write the lock."""
    environment = jgo.build("+".join(COORDINATES))
    entries = tomllib.loads(environment.lock_path.read_text())["dependencies"]
    files = {path.name: path for path in environment.all_jars}
    lines = []
    for entry in entries:
        classifier = entry.get("classifier") or ""
        name = "-".join(filter(None, [entry["artifactId"], entry["version"], classifier])) + ".jar"
        coordinates = ":".join(filter(None, [entry["groupId"], entry["artifactId"], entry["version"], classifier]))
        path = files.pop(name)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{coordinates} {path.stat().st_size} {digest}")
    if files:
        raise SystemExit(f"jars without coordinates: {sorted(files)}")
    head = f"# {' '.join(COORDINATES)}\n# group:artifact:version[:classifier] bytes sha256\n"
    LOCK.write_text(head + "\n".join(sorted(lines)) + "\n")
    print(f"{LOCK}: {len(lines)} jars")


if __name__ == "__main__":
    main()
