"""What a file gives to the catalog is all that the catalog needs of it, and comes back from its text."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sql_statements import POSTGRES, TSQL, texts

from lineage_core.link.definitions import Definitions, definitions_of, pack, statements_of, unpack
from lineage_core.link.resolve import UNKNOWN, Handed, OutColumn, Resolver, target_columns
from lineage_core.link.routines import Outline, bodies
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.link.definitions import ViewQuery

EXAMPLES = int(os.environ.get("EXAMPLES", "100"))

KNOWN = {"t": ("id", "amount"), "orders": ("id", "amount", "city"), "dbo.orders": ("id", "city")}

VIEWS = [
    "CREATE VIEW v AS SELECT x.*, y.id AS other FROM t AS x JOIN u AS y USING (id)",
    "CREATE VIEW v AS SELECT f.* FROM (SELECT a AS x FROM t) AS d, LATERAL unknown_function(d.x) AS f",
    "CREATE VIEW v AS SELECT * FROM unnest(ARRAY(SELECT amount FROM t))",
    "CREATE VIEW v AS SELECT * FROM generate_series(1, 3)",
    "CREATE VIEW v AS SELECT (SELECT max(id) FROM t) AS biggest, count(*) FROM t WHERE id > 1 GROUP BY amount",
    "CREATE VIEW v (a, b) AS SELECT id, amount FROM t UNION ALL SELECT * FROM t",
    "CREATE VIEW v AS WITH RECURSIVE q AS (SELECT id FROM t UNION ALL SELECT q.id + 1 FROM q) SELECT * FROM q, t",
    "CREATE VIEW v AS SELECT * FROM returns_rows(1)",
    "CREATE TABLE v AS SELECT t.*, upper(name) AS name FROM t",
]


def columns_of(name: str) -> Sequence[str] | None:
    return KNOWN.get(name)


def handed(name: str) -> Handed | None:
    return Handed((OutColumn("got", ()),), ()) if name == "returns_rows" else None


def names(flow: ViewQuery) -> list[str]:
    resolver = Resolver(flow.queries, columns_of, handed=handed)
    return target_columns(flow.flow, resolver.query(flow.flow.query), UNKNOWN.filled_of)


def assert_same_names(text: str, dialect: str) -> int:
    facts = parse_text(text, dialect)
    kept = definitions_of("v.sql", facts).views
    whole = [
        view.query().model_copy(update={"queries": statement.queries})
        for statement in facts.statements
        if statement.kind in {"view", "table", "materialized_view"}
        for view, flow in zip(kept, statement.flows, strict=False)
        if view.name == flow.target
    ]
    assert [names(view) for view in whole] == [names(view.query()) for view in kept[: len(whole)]]
    return len(whole)


@pytest.mark.parametrize("text", VIEWS)
def test_a_view_keeps_what_decides_its_columns_names(text: str) -> None:
    assert assert_same_names(text, "postgres") == 1


@settings(max_examples=EXAMPLES)
@given(texts(POSTGRES))
def test_any_view_keeps_what_decides_its_columns_names(statements: list[str]) -> None:
    for text in statements:
        assert_same_names(text, "postgres")


@settings(max_examples=EXAMPLES)
@given(st.sampled_from(["tsql", "postgres"]), st.data())
def test_definitions_come_back_from_their_text_with_the_bodies_statements(name: str, data: st.DataObject) -> None:
    statements = data.draw(texts({"tsql": TSQL, "postgres": POSTGRES}[name]))
    facts = parse_text("\nGO\n".join(statements) if name == "tsql" else "\n".join(statements), name)
    definitions = definitions_of("f.sql", facts)
    packed = pack(definitions)
    assert (unpack(packed) or Definitions(dialect=name)) == definitions
    kept = [
        (facts.objects[owner].name, tuple(body))
        for owner, body in bodies(facts).items()
        if Outline.of(facts.objects[owner], body).may_hand_on
    ]
    found = [(definitions.objects[body.owner].name, statements_of(body.content)) for body in definitions.bodies]
    assert found == kept


def test_a_view_keeps_nothing_that_only_says_where_values_come_from() -> None:
    text = "CREATE VIEW v AS SELECT upper(name) AS shown FROM t WHERE secret = 1"
    (view,) = definitions_of("v.sql", parse_text(text, "postgres")).views
    assert "shown" in view.content
    assert "secret" not in view.content
    assert "upper" not in view.content.lower()


def test_temporary_objects_are_not_kept_and_the_others_keep_their_bodies() -> None:
    text = "CREATE TABLE #w (id int)\nGO\nCREATE PROCEDURE p AS SELECT id FROM t\nGO\nCREATE VIEW v AS SELECT 1 AS one"
    found = definitions_of("f.sql", parse_text(text, "tsql"))
    assert [item.name for item in found.objects] == ["p", "v"]
    (body,) = found.bodies
    assert found.objects[body.owner].name == "p"
    assert body.outline.returns


@pytest.mark.parametrize(
    ("body", "outline"),
    [
        ("SELECT id FROM t", Outline(returns=True)),
        ("INSERT INTO #w SELECT id FROM t", Outline(uses=("#w",))),
        ("CREATE TABLE #w (id int); INSERT INTO #w SELECT id FROM t; EXEC q", Outline(creates=("#w",), calls=("q",))),
        ("SELECT id INTO #w FROM #x", Outline(uses=("#x",), creates=("#w",))),
    ],
)
def test_an_outline_tells_what_a_body_may_hand_on(body: str, outline: Outline) -> None:
    (found,) = definitions_of("f.sql", parse_text(f"CREATE PROCEDURE p AS {body}", "tsql")).bodies
    assert found.outline == outline


def test_a_body_that_uses_temp_tables_of_its_own_alone_is_not_kept() -> None:
    text = "CREATE PROCEDURE p AS SELECT id INTO #w FROM t; INSERT INTO s SELECT id FROM #w"
    assert definitions_of("f.sql", parse_text(text, "tsql")).bodies == ()


def test_nothing_defined_is_no_text() -> None:
    assert pack(definitions_of("f.sql", parse_text("SELECT 1", "tsql"))) == ""
    assert unpack("") is None


@pytest.mark.parametrize("damage", ["not base64!", "bm90IHpsaWI=", "eJyrVkrJTMxJTVayUkosVqoFAC5cBa4="])
def test_a_damaged_text_is_said_to_be_one(damage: str) -> None:
    with pytest.raises(ValueError, match="not the definitions of a file"):
        unpack(damage)
