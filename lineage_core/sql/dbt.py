"""What a file of dbt says of the relation it stands for: its kind, and its name where that is not the file's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineage_core.model.facts import ModelFact
from lineage_core.model.kinds import ObjectKind
from lineage_core.sql.names import fold, join_parts
from lineage_core.sql.templates import JINJA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lineage_core.model.facts import Statement
    from lineage_core.sql.dialects import Dialect

_USED = re.compile(r"(?<![\w.])(?:ref|source|config)\s*\(")
_CONFIG = re.compile(r"\s*config\s*\(")
_SETTING = re.compile(
    r"(?<![\w.])(materialized|alias|schema|dataset|target_schema|database|project|target_database)"
    r"""\s*=\s*["']([^"']+)["'](?=\s*[,)])"""
)
_BLOCK = re.compile(r"\{%[-+]?\s*(macro|test|data_test|materialization|snapshot)\s+(\w+)")

_KINDS = {
    "table": ObjectKind.TABLE,
    "incremental": ObjectKind.TABLE,
    "snapshot": ObjectKind.TABLE,
    "streaming_table": ObjectKind.TABLE,
    "materialized_view": ObjectKind.MATERIALIZED_VIEW,
    "dynamic_table": ObjectKind.MATERIALIZED_VIEW,
}
"""By `materialized`. Anything else, an ephemeral model too, is a view: what reads it reads through it."""


def models_of(text: str, dialect: Dialect, statements: Iterable[Statement]) -> tuple[ModelFact, ...]:
    """The relations that the last queries of a file fill: one of a model, one for each snapshot block.

    None where ref, source and config are not used, where a macro is defined, or where another statement than a query
    stands.

    Args:
        text: with its templates.
        dialect: folds the names.
        statements: those found in the text.
    """
    kinds = [statement.kind for statement in statements]
    if ("{{" not in text and "{%" not in text) or not kinds or set(kinds) != {"select"}:
        return ()
    found, used = [("", dict[str, str]())], False
    for match in JINJA.finditer(text):
        call, block = match["call"], _BLOCK.match(match.group())
        used = used or _USED.search(match.group()) is not None
        if block is not None and block[1] != "snapshot":
            return ()
        if block is not None:
            found.append((block[2], {**found[0][1], "materialized": "snapshot"}))
        elif call is not None and _CONFIG.match(call):
            found[-1][1].update(_SETTING.findall(call))
    models = found[1:] or found
    if not used or len(models) > len(kinds):
        return ()
    return tuple(_model(name, settings, dialect) for name, settings in models)


def _model(called: str, settings: Mapping[str, str], dialect: Dialect) -> ModelFact:
    def part(*names: str) -> str:
        found = next((settings[name] for name in names if name in settings), "")
        return fold(found, quoted=False, dialect=dialect)

    schema = part("target_schema", "schema", "dataset")
    database = part("target_database", "database", "project") if schema else ""
    own = fold(called, quoted=False, dialect=dialect)
    return ModelFact(
        kind=_KINDS.get(settings.get("materialized", ""), ObjectKind.VIEW),
        name=part("alias"),
        called=own,
        within=join_parts((database, schema)),
    )
