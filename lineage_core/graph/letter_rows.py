"""A dead letter as a row again, and what has become of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from lineage_core.graph.dead_letters import DeadLetter
from lineage_core.graph.file_nodes import INGESTING
from lineage_core.model.rows import NodeRow, RelRow
from lineage_core.model.schema import Label, RelType

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENUMS = {"label": Label, "start_label": Label, "end_label": Label, "type": RelType}
"""Fields that are text in a letter."""


class Fate(StrEnum):
    """What became of a letter. Superseded: its file was ingested anew, or is gone. Waiting: it is not ingested yet.

    A letter for another database is waiting as well.
    """

    WRITTEN = "written"
    KEPT = "kept"
    SUPERSEDED = "superseded"
    WAITING = "waiting"


class Verdict(BaseModel):
    """A letter as it was read, and what became of it. `then` is the letter to keep, if it has to be kept."""

    letter: DeadLetter
    fate: Fate
    then: DeadLetter | None = None


def refused(letter: DeadLetter, error: BaseException | str) -> Verdict:
    """A row that cannot be written now either."""
    return Verdict(letter=letter, fate=Fate.KEPT, then=letter.again(error))


def settled(letter: DeadLetter, file: Mapping[str, Any] | None) -> Verdict | None:
    """What the File node says of a letter; None: the row is to be written.

    A row belongs to what one run read of its file. It is written only as long as the graph holds just that, so that it
    is among the rows that the node's `rows_digest` stands for, and the next run compares it like any other.

    Args:
        letter: the row.
        file: properties of its File node (status, run_id, rows_digest, ingested_at); None: there is no such node.
    """
    if file is None:
        return Verdict(letter=letter, fate=Fate.SUPERSEDED)
    if file.get("status") == INGESTING:
        return Verdict(letter=letter, fate=Fate.WAITING, then=letter)
    if file.get("run_id") == letter.run_id and letter.digest in {"", file.get("rows_digest")}:
        return None
    if (file.get("ingested_at") or "") > letter.timestamp:
        return Verdict(letter=letter, fate=Fate.SUPERSEDED)
    return Verdict(letter=letter, fate=Fate.WAITING, then=letter)


def row_of(letter: DeadLetter) -> NodeRow | RelRow:
    """The row.

    Raises:
        ValueError: it breaks the schema, or would not be stored as it is.
    """
    values = {name: _ENUMS[name](value) if name in _ENUMS else value for name, value in letter.row.items()}
    return RelRow.model_validate(values) if letter.kind == "relationship" else NodeRow.model_validate(values)
