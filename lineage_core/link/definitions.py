"""What a file gives to the catalog: the part of its facts that other files can ask for, small enough to be kept with
its File node.
"""

from __future__ import annotations

import base64
import binascii
import zlib

from pydantic import ValidationError

from lineage_core.link.build import RELATIONS
from lineage_core.link.routines import bodies
from lineage_core.model.facts import FileFacts, Statement

_LEVEL = 6


def definitions_of(facts: FileFacts) -> FileFacts:
    """The facts without the statements that define nothing. A catalog built of these is the one built of all facts."""
    handing = {id(statement) for body in bodies(facts).values() for statement in body}
    kept = tuple(item for item in facts.statements if facts.models or id(item) in handing or _defines(item, facts))
    return facts.model_copy(update={"statements": kept, "errors": ()})


def _defines(statement: Statement, facts: FileFacts) -> bool:
    """Whether the columns of a view, or the table behind a trigger's function, follow from the statement."""
    owner = facts.objects[statement.owner] if statement.owner is not None else None
    if statement.kind == "trigger":
        return owner is not None and bool(owner.on and statement.calls)
    return statement.kind in RELATIONS and (owner is None or owner.kind in RELATIONS)


def pack(definitions: FileFacts) -> str:
    """As text: JSON, compressed, in base64. Empty if the file defines nothing."""
    if not (definitions.objects or definitions.statements or definitions.changes):
        return ""
    content = definitions.model_dump_json(exclude_defaults=True).encode()
    return base64.b64encode(zlib.compress(content, _LEVEL)).decode("ascii")


def unpack(text: str) -> FileFacts | None:
    """The reverse of `pack`; None for an empty text.

    Raises:
        ValueError: the text is damaged, or of another version.
    """
    if not text:
        return None
    try:
        return FileFacts.model_validate_json(zlib.decompress(base64.b64decode(text, validate=True)))
    except (binascii.Error, zlib.error, ValidationError) as error:
        raise ValueError(f"not the definitions of a file: {error}") from error
