"""Files out of the graph, with all they said and the nodes that nobody needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.graph import cypher
from lineage_core.graph.difference import Difference
from lineage_core.graph.faults import SupersededError
from lineage_core.graph.file_nodes import cut_off, ingesting, mark_of, superseded
from lineage_core.graph.parts import LARGE_FACTOR, commit_steps, steps
from lineage_core.graph.write_result import WriteResult
from lineage_core.model.urn import file_urn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neo4j import Session

    from lineage_core.graph.target import Known, Target
    from lineage_core.graph.transaction import Work


def delete_group(target: Target, session: Session, paths: Sequence[str], observed_at: str) -> WriteResult:
    """Delete files in one transaction; one of more rows than that may hold in several.

    Args:
        target: the project.
        session: on its database.
        paths: of the files; one that the graph does not have costs a look.
        observed_at: when they were seen to be gone, ISO 8601 UTC; a file with a later look at it stays. Empty: now.
    """
    known = target.known(session, paths)
    with target.work(session) as work:
        late = superseded(dict.fromkeys(known, observed_at), work.lock_files(target.ids(known)))
        going = {path: props for path, props in known.items() if path not in late}
        gone = Difference(delete=work.read_rels(list(going)))
        if not going or (target.batching and len(gone.delete) <= LARGE_FACTOR * target.batch):
            work.apply(gone)
            _delete_files(target, work, gone, going)
            changes = work.commit()
            return WriteResult(changes=changes, files_deleted=len(paths) - len(late), files_superseded=len(late))
    if len(paths) > 1:
        return sum((delete_group(target, session, [path], observed_at) for path in paths), WriteResult())
    return _delete_in_parts(target, session, paths[0], observed_at)


def _delete_in_parts(target: Target, session: Session, path: str, observed_at: str) -> WriteResult:
    """One file, marked as not ingested first, so that the next run does the rest if this one is cut off."""
    done = WriteResult()
    known = target.known(session, [path])
    with target.work(session) as work:
        late = superseded(dict.fromkeys(known, observed_at), work.lock_files(target.ids(known)))
        if late or not known:
            return WriteResult(files_deleted=1 - len(late), files_superseded=len(late))
        looked = {"observed_at": observed_at} if observed_at else {}
        row = ingesting({**known[path], **looked, "run_id": target.run_id})
        work.run(cypher.WRITE_FILE, [row])
        gone = Difference(delete=work.read_rels([path]))
        done.changes += work.commit()
    mark = mark_of(row)
    try:
        commit_steps(target, session, steps((), gone, target.batch), mark, done)
        with target.work(session) as work:
            work.hold(mark)
            _delete_files(target, work, Difference(), known)
            done.changes += work.commit()
    except SupersededError:
        target.give_way(session, path)
        done.files_superseded = 1
    else:
        done.files_deleted = 1
    return done


def _delete_files(target: Target, work: Work, gone: Difference, files: Known) -> None:
    work.run(cypher.DELETE_FILES, sorted(file_urn(target.project, path) for path in files))
    work.delete_orphans(gone.touched)
    if cut_off(files.values()):
        work.delete_lonely()
