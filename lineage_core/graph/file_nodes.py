"""File nodes: what makes one count as ingested, and how one looks while its rows are not all there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lineage_core.model.urn import file_urn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lineage_core.model.rows import FileRows

INGESTING = "ingesting"
"""Status of a File whose rows are not all there yet, or not all gone."""

_PROOF = frozenset({"sha256", "rows_digest"})
"""What says that a file is ingested: stored with its last rows, never before."""


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


def cut_off(files: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a write of one of the files (properties of File nodes) has been cut off before."""
    return any(props.get("status") == INGESTING for props in files)
