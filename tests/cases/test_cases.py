"""The specification of what is found in SQL: every case of the `.yaml` files beside this, in each of its dialects.

A case says `sql` and, for the whole script, `reads`, `writes` and `columns`; what it leaves out is expected to be empty.
`influences`, `calls`, `defines`, `errors` and `degraded` are compared where a case has them; `details` are the columns,
keys, indexes and descriptions that the script defines, as `case_details.py` writes them. `catalog` gives the columns
of known tables. Flows are written `source.column -> target.column`, with ` (kind)` where it is not identity; `?` stands
for a source that cannot be known, and a bare query's output has no target: `t.a -> a`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from case_details import details
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from lineage_core import analyze
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lineage_core.lineage import ColumnLineage

HERE = Path(__file__).parent


class Case(BaseModel):
    """One line of the specification."""

    model_config = ConfigDict(extra="forbid")

    about: str
    dialects: list[str]
    sql: str
    catalog: dict[str, list[str]] = {}
    reads: list[str] = []
    writes: list[str] = []
    columns: list[str] = []
    influences: list[str] | None = None
    calls: list[str] | None = None
    defines: list[str] | None = None
    details: list[str] | None = None
    errors: int = 0
    degraded: bool = False


def _cases() -> Iterator[Any]:
    for file in sorted(HERE.glob("*.yaml")):
        for number, item in enumerate(YAML(typ="safe").load(file)):
            case = Case.model_validate(item)
            for dialect in case.dialects:
                yield pytest.param(case, dialect, id=f"{file.stem}-{number + 1}-{dialect}: {case.about}")


@pytest.mark.parametrize(("case", "dialect"), list(_cases()))
def test_case(case: Case, dialect: str) -> None:
    found = analyze(case.sql, dialect=dialect, catalog=case.catalog)
    assert set(found.reads) == set(case.reads)
    assert set(found.writes) == set(case.writes)
    assert set(_flows(found.columns)) == set(case.columns)
    if case.influences is not None:
        assert set(_flows(found.influences)) == set(case.influences)
    if case.calls is not None:
        assert set(found.calls) == set(case.calls)
    if case.defines is not None:
        assert {f"{item.kind} {item.name}" for item in found.defines} == set(case.defines)
    if case.details is not None:
        assert details(parse_text(case.sql, dialect)) == set(case.details)
    assert len(found.errors) == case.errors, found.errors
    assert any(statement.degraded for statement in found.statements) is case.degraded


def _flows(items: Iterable[ColumnLineage]) -> Iterator[str]:
    for item in items:
        source = f"{item.source_asset if item.source_asset is not None else '?'}.{item.source_column}"
        target = f"{item.target_asset}.{item.target_column}" if item.target_asset is not None else item.target_column
        kind = "" if item.kind == "identity" else f" ({item.kind})"
        yield f"{source} -> {target}{kind}"
