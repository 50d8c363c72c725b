"""The relations that dbt's files stand for: their names come from the files' paths, which facts do not know."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from lineage_core.model.facts import ObjectFact
from lineage_core.model.kinds import ObjectKind
from lineage_core.sql.dialects import dialect
from lineage_core.sql.names import fold, join_parts, split_normalised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.model.facts import FileFacts, ModelFact, Query, Source, Statement

_THIS = "this"
"""What `{{ this }}` is read as."""

_MODELS = frozenset({"models", "snapshots"})
_ASIDE = frozenset({"analyses", "analysis", "macros", "tests"})
"""Folders of a dbt project whose queries make no relation."""


def with_models(path: str, facts: FileFacts) -> FileFacts:
    """The facts with what dbt makes of the file: an object for each model, filled by its query.

    A model under another name than the file's has a synonym besides, since `ref` says the file's name.
    """
    if not facts.models or _is_aside(path):
        return facts
    stem = fold(PurePosixPath(path).stem, quoted=False, dialect=dialect(facts.dialect))
    objects, first = list(facts.objects), len(facts.statements) - len(facts.models)
    statements = list(facts.statements[:first])
    for model, statement in zip(facts.models, facts.statements[first:], strict=True):
        called = model.called or stem
        item, *synonyms = _objects(model, called, statement)
        statements.append(_filling(statement, item, len(objects)))
        objects += [item, *synonyms]
    return facts.model_copy(update={"objects": tuple(objects), "statements": tuple(statements), "models": ()})


def _is_aside(path: str) -> bool:
    """Whether the outermost folder that dbt knows is one of tests, analyses or macros."""
    known = [part for part in PurePosixPath(path).parts[:-1] if part in _MODELS | _ASIDE]
    return bool(known) and known[0] in _ASIDE


def _objects(model: ModelFact, called: str, statement: Statement) -> Iterator[ObjectFact]:
    """The relation, and the synonym where `ref` calls it otherwise."""
    place: dict[str, Any] = {"line": statement.line, "end_line": statement.end_line, "database": statement.database}
    schema = split_normalised(model.within) if model.within else ()
    name = join_parts((*schema, model.name or called))
    yield ObjectFact(kind=model.kind, name=name, display=model.name or called, **place)
    if model.name and model.name != called:
        own = join_parts((*schema, called))
        yield ObjectFact(kind=ObjectKind.SYNONYM, name=own, display=called, target=name, **place)


def _filling(statement: Statement, item: ObjectFact, owner: int) -> Statement:
    """The query as the statement that makes the relation."""
    rows = {flow.query for flow in statement.flows if not flow.target}
    flows = tuple(flow.model_copy(update={"target": item.name}) for flow in statement.flows if flow.query in rows)
    return statement.model_copy(
        update={
            "kind": item.kind.value,
            "owner": owner,
            "writes": (item.name,),
            "reads": tuple(item.name if name == _THIS else name for name in statement.reads),
            "queries": tuple(_own(query, item.name) for query in statement.queries),
            "flows": flows,
        }
    )


def _own(query: Query, name: str) -> Query:
    """The query with the relation itself for `this`."""
    if not any(source.table == _THIS for source in query.sources):
        return query
    return query.model_copy(update={"sources": tuple(_source(source, name) for source in query.sources)})


def _source(source: Source, name: str) -> Source:
    if source.table != _THIS:
        return source
    return source.model_copy(update={"table": name, "alias": source.alias or _THIS})
