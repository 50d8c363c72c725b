"""What a file gives to the catalog: the part of its facts that other files can ask for, small enough to be kept with
its File node, and to be held for every file of a project while the catalog is made.

Queries and bodies stay JSON text until somebody resolves them: as objects they take ten times the memory, and most
bodies hand nothing on.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from lineage_core.link.models import with_models
from lineage_core.link.routines import Outline, bodies
from lineage_core.model.facts import Fact, FileFacts, Flow, ObjectFact, Query, Statement, TableChange
from lineage_core.model.kinds import RELATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEVEL = 6
_STATEMENTS = TypeAdapter(tuple[Statement, ...])


class ViewQuery(Fact):
    """What a view's column names follow from. What only says where values come from is left out."""

    flow: Flow
    queries: tuple[Query, ...]


class View(Fact):
    """A view, or a table made from a query: its name as written, the database chosen by USE, a ViewQuery as JSON."""

    name: str
    database: str = ""
    content: str

    def query(self) -> ViewQuery:
        """The query."""
        return ViewQuery.model_validate_json(self.content)


class Body(Fact):
    """A routine's statements that may hand something on, as JSON. `owner`: index of the routine in the objects."""

    owner: int
    outline: Outline
    content: str


class TriggerCalls(Fact):
    """The functions that a trigger executes. `trigger`: its index in the objects; `database`: the one of USE."""

    trigger: int
    functions: tuple[str, ...]
    database: str = ""


class Definitions(Fact):
    """Everything one file gives to the catalog. `objects` without those that are temporary."""

    dialect: str
    objects: tuple[ObjectFact, ...] = ()
    changes: tuple[TableChange, ...] = ()
    views: tuple[View, ...] = ()
    bodies: tuple[Body, ...] = ()
    triggers: tuple[TriggerCalls, ...] = ()


def definitions_of(path: str, facts: FileFacts) -> Definitions:
    """What the file `path` defines, dbt's models included."""
    facts = with_models(path, facts)
    kept = [index for index, item in enumerate(facts.objects) if not item.temporary]
    place = {index: new for new, index in enumerate(kept)}
    return Definitions(
        dialect=facts.dialect,
        objects=tuple(facts.objects[index] for index in kept),
        changes=facts.changes,
        views=tuple(view for statement in facts.statements for view in _views(facts, statement)),
        bodies=tuple(
            Body(
                owner=place[owner],
                outline=outline,
                content=_STATEMENTS.dump_json(tuple(statements), exclude_defaults=True).decode(),
            )
            for owner, statements in bodies(facts).items()
            if (outline := Outline.of(facts.objects[owner], statements)).may_hand_on and owner in place
        ),
        triggers=tuple(
            TriggerCalls(trigger=place[statement.owner], functions=statement.calls, database=statement.database)
            for statement in facts.statements
            if statement.kind == "trigger" and statement.calls and statement.owner in place
            if facts.objects[statement.owner].on
        ),
    )


def statements_of(content: str | bytes) -> tuple[Statement, ...]:
    """The statements of a body's content, in order."""
    return _STATEMENTS.validate_json(content)


def _views(facts: FileFacts, statement: Statement) -> Iterator[View]:
    owner = facts.objects[statement.owner] if statement.owner is not None else None
    if statement.kind not in RELATIONS or (owner is not None and owner.kind not in RELATIONS):
        return
    for flow in statement.flows:
        if flow.target not in statement.temporary:
            content = ViewQuery(flow=flow, queries=statement.queries)
            left_out: Any = {"queries": {"__all__": _without_values(statement.queries)}}
            text = content.model_dump_json(exclude_defaults=True, exclude=left_out)
            yield View(name=flow.target, database=statement.database, content=text)


def _without_values(queries: tuple[Query, ...]) -> dict[str, Any]:
    """What of queries decides no column's name. A function's arguments do: a star over it is a column if they flow."""
    functions = any(source.refs for query in queries for source in query.sources)
    return {"influences": True, "outputs": {"__all__": {"expression": True, **({} if functions else {"refs": True})}}}


def pack(definitions: Definitions) -> str:
    """As text: JSON, compressed, in base64. Empty if the file defines nothing."""
    if definitions == Definitions(dialect=definitions.dialect):
        return ""
    content = definitions.model_dump_json(exclude_defaults=True).encode()
    return base64.b64encode(zlib.compress(content, _LEVEL)).decode("ascii")


def unpack(text: str) -> Definitions | None:
    """The reverse of `pack`; None for an empty text.

    Raises:
        ValueError: the text is damaged, or of another version.
    """
    if not text:
        return None
    try:
        return Definitions.model_validate_json(zlib.decompress(base64.b64decode(text, validate=True)))
    except (binascii.Error, zlib.error, ValidationError) as error:
        raise ValueError(f"not the definitions of a file: {error}") from error
