"""Rows are checked all in one go, and told apart only where one of them is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_core.model.rows import NODE_ROWS, REL_ROWS, validated
from lineage_core.model.schema import Label, RelType

URN = "urn:li:column:p:dbo.t."


def node(name: str = "x", **changed: Any) -> dict[str, Any]:
    return {"label": Label.COLUMN, "id": URN + name, "name": name, "props": {}, **changed}


def rel(**changed: Any) -> dict[str, Any]:
    ends = {"start_label": Label.COLUMN, "start": URN + "x", "end_label": Label.TRANSFORMATION}
    return {"type": RelType.INPUT_TO, **ends, "end": "urn:li:transformation:p:1", "source_file": "a.sql", **changed}


def test_good_rows_pass_in_order() -> None:
    rows, bad = validated(NODE_ROWS, [node(name) for name in "zab"])
    assert ([row.name for row in rows], bad) == (["z", "a", "b"], [])


def test_a_bad_row_is_told_with_its_reason_and_the_others_pass() -> None:
    wrong = node("b", props={"position": 2**70})
    rows, bad = validated(NODE_ROWS, [node("a"), wrong, node("c")])
    assert [row.name for row in rows] == ["a", "c"]
    assert bad == [(wrong, "Value error, position must fit into 64 bit")]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"line": 2**63}, "less than"),
        ({"line": -(2**63) - 1}, "greater than"),
        ({"confidence": float("nan")}, "finite"),
        ({"confidence": float("inf")}, "finite"),
        ({"source_file": "a\x00.sql"}, "source_file must not contain a NUL character"),
        ({"source_file": "\ud800.sql"}, "surrogates not allowed"),
        ({"end_label": Label.DATA_ASSET}, "INPUT_TO cannot go from Column to DataAsset"),
        ({"end": "urn:li:" + "x" * 9_000}, "longer than"),
        ({"props": {"colour": "red"}}, "no property 'colour'"),
        ({"props": {"kind": "a\x00"}}, "kind must not contain a NUL character"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_what_neo4j_would_refuse_or_store_as_something_else_is_refused(changed: dict[str, Any], why: str) -> None:
    wrong = rel(**changed)
    good, ((value, message),) = validated(REL_ROWS, [wrong, rel()])
    assert (len(good), value is wrong) == (1, True)
    assert why in message
