"""From which columns the columns of a statement come: joins, CTEs, subqueries, unions, stars and names."""

from __future__ import annotations

import pytest

from lineage_core import analyze

CATALOG = {
    "a": ["id", "x"],
    "b": ["id", "y"],
    "dbo.orders": ["id", "customer_id", "amount"],
    "dbo.customers": ["id", "name"],
}


def moves(sql: str, dialect: str = "postgres", *, known: bool = False) -> set[str]:
    """`source > target` of every column that moves, with the kind where it is no mere copy."""
    found = analyze(sql, dialect=dialect, catalog=CATALOG if known else None)
    assert not found.errors
    return {written(flow) for flow in found.columns}


def decides(sql: str, dialect: str = "postgres", *, known: bool = False) -> set[str]:
    found = analyze(sql, dialect=dialect, catalog=CATALOG if known else None)
    assert not found.errors
    return {f"{flow.source_asset}.{flow.source_column} > {flow.target_column} {flow.kind}" for flow in found.influences}


def written(flow: object) -> str:
    kind = "" if flow.kind == "identity" else f" {flow.kind}"
    target = f"{flow.target_asset}." if flow.target_asset else ""
    return f"{flow.source_asset}.{flow.source_column} > {target}{flow.target_column}{kind}"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT s.a FROM s", {"s.a > a"}),
        ("SELECT a AS b FROM s", {"s.a > b"}),
        ("SELECT a + b AS c FROM s", {"s.a > c transformation", "s.b > c transformation"}),
        ("SELECT sum(a) * 2 AS c FROM s", {"s.a > c aggregation"}),
        ("SELECT count(*) AS n FROM s", {"s.* > n aggregation"}),
        ("SELECT count(*) AS n FROM s JOIN t ON s.i = t.i", {"s.* > n aggregation", "t.* > n aggregation"}),
        ("SELECT CASE WHEN a = 1 THEN b ELSE c END AS d FROM s", {"s.b > d transformation", "s.c > d transformation"}),
        ("SELECT coalesce(a, 0) AS b FROM s", {"s.a > b transformation"}),
        ("SELECT a::text AS b FROM s", {"s.a > b transformation"}),
        ("SELECT row_number() OVER (PARTITION BY a ORDER BY b) AS n FROM s", set()),
        ("SELECT lag(a) OVER (ORDER BY b) AS n FROM s", {"s.a > n transformation"}),
        ("SELECT sum(a) OVER (PARTITION BY b) AS n FROM s", {"s.a > n aggregation"}),
        ("SELECT 1 AS a, 'x' AS b, now() AS c FROM s", set()),
        ("SELECT x.a, y.b FROM s AS x, s AS y", {"s.a > a", "s.b > b"}),
        ("SELECT x.n AS p, y.n AS q FROM emp x JOIN emp y ON x.boss = y.id", {"emp.n > p", "emp.n > q"}),
        ("SELECT sch.s.a FROM sch.s", {"sch.s.a > a"}),
        ("SELECT s.a FROM sch.s", {"sch.s.a > a"}),
        ("SELECT a, b FROM s, t", {"None.a > a", "None.b > b"}),
        ("SELECT d.a FROM (SELECT b AS a FROM s) d", {"s.b > a"}),
        ("SELECT a FROM (SELECT b AS a FROM s) d JOIN t ON true", {"s.b > a"}),
        ("SELECT p FROM (SELECT a, b FROM s) AS d (p, q)", {"s.a > p"}),
        ("SELECT d.a FROM (SELECT * FROM s) d", {"s.a > a"}),
        ("SELECT d.a FROM (SELECT * FROM s JOIN t ON s.i = t.i) d", {"None.a > a"}),
        ("SELECT d.a FROM (SELECT * FROM s UNION ALL SELECT * FROM t) d", {"s.a > a", "t.a > a"}),
        ("SELECT (SELECT max(b) FROM t WHERE t.i = s.i) AS m FROM s", {"t.b > m aggregation"}),
        ("SELECT (SELECT s.a) AS m FROM s", {"s.a > m"}),
        ("SELECT array(SELECT b FROM t) AS m FROM s", {"t.b > m transformation"}),
        ("SELECT a.b.c FROM s", {"s.a > c"}),
    ],
)  # fmt: skip
def test_select(sql: str, expected: set[str]) -> None:
    assert moves(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("WITH c AS (SELECT a FROM s) SELECT a FROM c", {"s.a > a"}),
        ("WITH c (p) AS (SELECT a FROM s) SELECT p FROM c", {"s.a > p"}),
        ("WITH c AS (SELECT a FROM s), d AS (SELECT a + 1 AS b FROM c) SELECT b FROM d", {"s.a > b transformation"}),
        ("WITH s AS (SELECT a FROM sch.s) SELECT a FROM s", {"sch.s.a > a"}),
        ("WITH c AS (SELECT a FROM s) SELECT x.a, y.a AS b FROM c x JOIN c y ON true", {"s.a > a", "s.a > b"}),
        ("WITH v (p, q) AS (VALUES (1, 2), (3, 4)) SELECT p FROM v", set()),
        ("SELECT * FROM (WITH c AS (SELECT a FROM s) SELECT a FROM c) d", {"s.a > a"}),
        ("WITH RECURSIVE c (i, p) AS (SELECT id, boss FROM e UNION ALL SELECT e.id, c.p FROM e JOIN c ON c.i = e.boss) SELECT i, p FROM c",
         {"e.id > i", "e.boss > p"}),
        ("WITH RECURSIVE c (p, q) AS (SELECT a, b FROM s UNION ALL SELECT c.q, t.z FROM c JOIN t ON true) SELECT p FROM c",
         {"s.a > p", "s.b > p", "t.z > p"}),
        ("WITH unused AS (SELECT a FROM s WHERE b = 1) SELECT c FROM t", {"t.c > c"}),
    ],
)  # fmt: skip
def test_ctes(sql: str, expected: set[str]) -> None:
    assert moves(sql) == expected


def test_what_an_unused_cte_filters_decides_nothing() -> None:
    assert decides("WITH unused AS (SELECT a FROM s WHERE b = 1) SELECT c FROM t WHERE d = 2") == {"t.d > * filter"}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a, b FROM s UNION SELECT c, d FROM t", {"s.a > a", "s.b > b", "t.c > a", "t.d > b"}),
        ("SELECT a FROM s UNION ALL (SELECT b FROM t EXCEPT SELECT c FROM u)", {"s.a > a", "t.b > a", "u.c > a"}),
        ("SELECT 1 AS k, a FROM s UNION ALL SELECT k, b FROM t", {"s.a > a", "t.k > k", "t.b > a"}),
        ("SELECT a, b FROM s UNION ALL SELECT * FROM t", {"s.a > a", "s.b > b", "t.* > a", "t.* > b"}),
        ("SELECT p FROM (SELECT a AS p FROM s UNION SELECT b FROM t) u", {"s.a > p", "t.b > p"}),
    ],
)
def test_unions_match_by_position(sql: str, expected: set[str]) -> None:
    assert moves(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM a", {"a.id > id", "a.x > x"}),
        ("SELECT b.* FROM a JOIN b ON a.id = b.id", {"b.id > id", "b.y > y"}),
        ("SELECT * FROM a JOIN b USING (id)", {"a.id > id", "a.x > x", "b.y > y"}),
        ("SELECT id FROM a JOIN b USING (id)", {"a.id > id", "b.id > id"}),
        ("SELECT x, y FROM a JOIN b ON a.id = b.id", {"a.x > x", "b.y > y"}),
        ("SELECT z FROM a JOIN b ON a.id = b.id", {"None.z > z"}),
        ("SELECT x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE y = x)", {"a.x > x"}),
        ("SELECT name FROM orders o JOIN customers c ON c.id = customer_id", {"customers.name > name"}),
        ("SELECT q.y FROM a, LATERAL (SELECT y FROM b WHERE b.id = a.id) q", {"b.y > y"}),
    ],
)
def test_known_columns(sql: str, expected: set[str]) -> None:
    assert moves(sql, known=True) == expected


def test_a_column_of_the_outer_query_is_found_from_within() -> None:
    sql = "SELECT (SELECT max(y) FROM b WHERE b.id = x) AS m FROM a"
    assert decides(sql, known=True) == {"b.id > * filter", "a.x > * filter"}


@pytest.mark.parametrize(
    ("sql", "dialect", "expected"),
    [
        ("SELECT * EXCEPT (x) FROM a", "bigquery", {"a.id > id"}),
        ("SELECT * EXCLUDE (id) RENAME (x AS z) FROM a", "snowflake", {"a.x > z"}),
        ("SELECT t.* EXCLUDE x FROM a t", "duckdb", {"a.id > id"}),
        ("SELECT u FROM s, UNNEST(s.list) AS u", "bigquery", {"s.list > u transformation"}),
        ("SELECT u.v FROM s CROSS JOIN UNNEST(s.list) AS u (v)", "trino", {"s.list > v transformation"}),
        ("SELECT f.value FROM s, LATERAL FLATTEN(input => s.doc) f", "snowflake", {"s.doc > value transformation"}),
        ("SELECT e FROM s LATERAL VIEW explode(s.list) x AS e", "spark", {"s.list > e transformation"}),
        ("SELECT a, a + 1 AS b, b * 2 AS c FROM (SELECT 1 AS z, a FROM s) q", "snowflake",
         {"s.a > a", "s.a > b transformation", "s.a > c transformation"}),
        ('SELECT "A", "b" FROM s', "postgres", {"s.A > A", "s.b > b"}),
        ('SELECT "A", b FROM s', "snowflake", {"s.a > a", "s.b > b"}),
        ("SELECT [A b], B FROM S", "tsql", {"s.a b > a b", "s.b > b"}),
        ("SELECT `a b` FROM `d`.`s`", "mysql", {"d.s.a b > a b"}),
    ],
)  # fmt: skip
def test_constructs_of_a_dialect(sql: str, dialect: str, expected: set[str]) -> None:
    assert moves(sql, dialect, known=True) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM s WHERE b = 1", {"s.b > * filter"}),
        ("SELECT a FROM s JOIN t ON s.i = t.j", {"s.i > * join", "t.j > * join"}),
        ("SELECT sum(a) FROM s GROUP BY b HAVING max(c) > 1", {"s.b > * group_by", "s.c > * filter"}),
        ("SELECT a FROM s ORDER BY b DESC", {"s.b > * sort"}),
        ("SELECT a AS z FROM s ORDER BY z", {"s.a > * sort"}),
        ("SELECT lower(a) AS z, count(*) AS n FROM s GROUP BY z", {"s.a > * group_by"}),
        ("SELECT b, sum(a) FROM s GROUP BY 1 ORDER BY 2", {"s.b > * group_by", "s.a > * sort"}),
        ("SELECT DISTINCT ON (k) v FROM s", {"s.k > * group_by"}),
        ("SELECT CASE WHEN a = 1 THEN b END AS c FROM s", {"s.a > c conditional"}),
        ("SELECT sum(a) FILTER (WHERE b) AS c FROM s", {"s.b > c conditional"}),
        ("SELECT EXISTS (SELECT 1 FROM t WHERE i = 1) AS e FROM s", {"t.i > * filter"}),
        ("SELECT a FROM s WHERE b IN (SELECT c FROM t)", {"s.b > * filter", "t.c > * filter"}),
        ("SELECT rank() OVER (PARTITION BY a ORDER BY b) AS r FROM s", {"s.a > r window", "s.b > r window"}),
        ("SELECT rank() OVER w AS r FROM s WINDOW w AS (PARTITION BY a)", {"s.a > r window"}),
    ],
)
def test_what_decides_which_rows_and_values(sql: str, expected: set[str]) -> None:
    assert decides(sql) == expected


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [("snowflake", {"s.a > * filter"}), ("postgres", {"s.z > * filter"})],
)
def test_having_sees_an_alias_where_the_dialect_lets_it(dialect: str, expected: set[str]) -> None:
    sql = "SELECT sum(a) AS z FROM s GROUP BY b HAVING z > 1"
    assert decides(sql, dialect) - {"s.b > * group_by"} == expected


def test_qualify_sees_an_alias() -> None:
    sql = "SELECT a, row_number() OVER (PARTITION BY b ORDER BY c) AS rn FROM s QUALIFY rn = 1"
    found = decides(sql, "snowflake")
    assert {"s.b > * filter", "s.c > * filter"} <= found
    assert "s.rn > * filter" not in found


def test_a_value_without_from_is_no_column() -> None:
    assert moves("INSERT INTO t (a, b) VALUES (v_name, 1)") == set()
    assert moves("SELECT a") == set()
