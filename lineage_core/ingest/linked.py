"""Link as tasks and the pool's processes call it: batches, each with a digest that tells its rows from other ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from lineage_core.errors import LineageError
from lineage_core.ingest.link_stage import ROWS, Batch, LinkSummary, link_batch, spooled_answers
from lineage_core.ingest.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lineage_core.link.answers import Answers
    from lineage_core.settings import Settings


class Linked(BaseModel):
    """A linked batch. `digest` is of its rows as spooled, hex: equal digest, equal rows."""

    model_config = ConfigDict(frozen=True)

    summary: LinkSummary
    digest: str


def link_batches(
    batches: Sequence[Batch], settings: Settings, run_dir: Path, answers: Answers | None = None
) -> list[Linked]:
    """Link batches and spool their rows.

    Args:
        batches: as parsed.
        settings: of the run.
        run_dir: its folder.
        answers: of its catalog; without them the catalog has to be in the spool.
    """
    spool, answers = Spool(run_dir), answers or spooled_answers(run_dir)
    return [
        Linked(summary=link_batch(batch, settings, run_dir, answers), digest=spool.digest(ROWS, batch.number))
        for batch in batches
    ]


def lost_batch(batch: Batch, reason: str) -> Linked:
    """What comes of a batch whose process died with it twice: nothing.

    Raises:
        LineageError: always, naming the batch's files.
    """
    paths = [version.path for version in batch.versions]
    raise LineageError(
        f"{paths[0]} to {paths[-1]} could not be linked: {reason}.",
        hint="Their rows in the graph are as before; run again.",
    )
