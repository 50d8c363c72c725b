"""File nodes: what makes one count as ingested, how one looks while it is not, and which look at it wins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lineage_core.model.rows import BESIDE_THE_ROWS
from lineage_core.model.urn import file_urn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lineage_core.model.rows import FileRows

INGESTING = "ingesting"
"""Status of a File whose rows are not all there yet, or not all gone."""

_PROOF = frozenset({"sha256", "rows_digest"})
"""What says that a file is ingested: stored with its last rows, never before."""

NOT_INGESTED = {"status": INGESTING, **dict.fromkeys(sorted(_PROOF))}
"""Properties to set on a File that has to be written anew; null removes one."""


def ingested(file: FileRows, project: str, run_id: str) -> dict[str, Any]:
    """The row {id, props} of a file whose rows are all in the graph."""
    identity = file_urn(project, file.path)
    written = {"rows_digest": file.digest, "ingested_at": datetime.now(UTC).isoformat(), "run_id": run_id}
    name = file.path.rpartition("/")[2]
    return {"id": identity, "props": {"id": identity, "name": name, "project_id": project, **file.file, **written}}


def ingesting(props: Mapping[str, Any]) -> dict[str, Any]:
    """The row {id, props} of a file that is not ingested, should anything stop us before its last row."""
    kept = {name: value for name, value in props.items() if name not in _PROOF}
    return {"id": props["id"], "props": {**kept, "status": INGESTING}}


def mark_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What tells a File node marked by `ingesting` from one that another run has written since.

    Args:
        row: as `ingesting` made it.
    """
    props = row["props"]
    return {
        "id": row["id"],
        "status": props["status"],
        "run_id": props["run_id"],
        "observed_at": props.get("observed_at", ""),
    }


def cut_off(files: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a write of one of the files (properties of File nodes) has been cut off before."""
    return any(props.get("status") == INGESTING for props in files)


def superseded(observed: Mapping[str, str], there: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Files of which the graph has a later look: of two runs that overlap the newest observed content wins.

    Args:
        observed: path -> when this run looked at it, ISO 8601 UTC; empty: it is not known, and counts as now.
        there: path -> properties of its File node. A look in the future was made by a wrong clock, and does not count.
    """
    now = datetime.now(UTC).isoformat()
    return {
        path for path, seen in observed.items() if seen and seen < (there.get(path, {}).get("observed_at") or "") <= now
    }


def news(files: Iterable[FileRows], known: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What changed beside the rows of files whose rows are as before; rows {path, props, sha256} to touch."""
    for file in files:
        before = known[file.path]
        props = {
            name: file.file[name]
            for name in BESIDE_THE_ROWS
            if file.file.get(name, before.get(name)) != before.get(name)
        }
        if props:
            yield {"path": file.path, "props": props, "sha256": file.file.get("sha256")}
