"""Postgres, statement by statement: what each reads, writes, calls and moves."""

from __future__ import annotations

import pytest

from lineage_core import analyze


def moves(sql: str, dialect: str = "postgres") -> set[str]:
    """`source > target` of every column that moves end to end, with the kind where it is no mere copy."""
    found = analyze(sql, dialect=dialect)
    assert not found.errors
    return {
        f"{flow.source_asset}.{flow.source_column} > {flow.target_asset}.{flow.target_column}"
        + ("" if flow.kind == "identity" else f" {flow.kind}")
        for flow in found.columns
    }


def touched(sql: str, dialect: str = "postgres") -> tuple[set[str], set[str]]:
    """What a script reads and writes."""
    found = analyze(sql, dialect=dialect)
    assert not found.errors
    return set(found.reads), set(found.writes)


@pytest.mark.parametrize(
    ("sql", "reads", "writes"),
    [
        ("INSERT INTO t (i) SELECT a FROM s ON CONFLICT (i) DO UPDATE SET x = EXCLUDED.x WHERE t.x <> excluded.x", {"s"}, {"t"}),
        ("INSERT INTO t VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING i", set(), {"t"}),
        ("INSERT INTO t DEFAULT VALUES", set(), {"t"}),
        ("INSERT INTO t OVERRIDING SYSTEM VALUE SELECT a FROM s", {"s"}, {"t"}),
        ("UPDATE t SET a = s.b FROM s JOIN r ON r.i = s.i WHERE s.i = t.i RETURNING t.*", {"s", "r"}, {"t"}),
        ("UPDATE ONLY sch.t AS x SET a = 1 WHERE x.b IN (SELECT b FROM s)", {"s"}, {"sch.t"}),
        ("DELETE FROM t USING s, r WHERE s.i = t.i AND r.i = s.i", {"s", "r"}, {"t"}),
        ("DELETE FROM t AS x USING t AS y WHERE x.i = y.j", {"t"}, {"t"}),
        ("WITH m AS (DELETE FROM a WHERE z = 1 RETURNING *) INSERT INTO b SELECT * FROM m", {"a"}, {"a", "b"}),
        ("WITH i AS (INSERT INTO a (v) SELECT w FROM s RETURNING v) SELECT v FROM i", {"s", "a"}, {"a"}),
        ("WITH u AS (UPDATE a SET v = 1) DELETE FROM b", set(), {"a", "b"}),
        ("SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.i = a.i) x LEFT JOIN LATERAL unnest(a.l) AS e ON true", {"a", "b"}, set()),
        ("SELECT DISTINCT ON (k) v FROM t ORDER BY k, ts DESC", {"t"}, set()),
        ("SELECT * FROM generate_series(1, 10) g (i), sch.f(1) h", set(), set()),
        ("CREATE TABLE n AS SELECT a FROM s WITH NO DATA", {"s"}, {"n"}),
        ("CREATE TABLE n AS TABLE s", {"s"}, {"n"}),
        ("CREATE TABLE n (LIKE s INCLUDING ALL)", {"s"}, {"n"}),
        ("CREATE TEMP TABLE n ON COMMIT DROP AS SELECT a FROM s; INSERT INTO o SELECT a FROM n", {"s"}, {"o"}),
        ("CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT a FROM s WITH DATA; REFRESH MATERIALIZED VIEW v", {"s"}, {"v"}),
        ("SELECT a INTO n FROM s; SELECT a INTO TEMP m FROM s", {"s"}, {"n"}),
        ("TABLE s", {"s"}, set()),
        ("COPY t (a, b) FROM '/x/y.csv' CSV; COPY (SELECT a FROM u) TO STDOUT; COPY v TO '/z'", {"path:/x/y.csv", "u", "v"}, {"t", "path:/z"}),
        ("COPY t FROM stdin;\n1\tx\n\\.\nSELECT 1 FROM s;", {"s"}, {"t"}),
        ("TRUNCATE a, ONLY b CASCADE", set(), {"a", "b"}),
        ("MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT VALUES (s.i)", {"s"}, {"t"}),
        ("DO $$ BEGIN INSERT INTO a SELECT b FROM c; END $$", {"c"}, {"a"}),
        ("EXPLAIN SELECT 1; SET search_path = x; GRANT SELECT ON t TO r; LOCK TABLE t", set(), set()),
        ("SELECT extract(year FROM d), trim(both 'x' FROM n), d IS DISTINCT FROM e FROM s", {"s"}, set()),
        ("SELECT * FROM ONLY s; SELECT * FROM s TABLESAMPLE system (1)", {"s"}, set()),
        ("VALUES (1), (2)", set(), set()),
        ("CREATE VIEW v AS SELECT a FROM s WITH LOCAL CHECK OPTION", {"s"}, {"v"}),
    ],
)  # fmt: skip
def test_reads_and_writes(sql: str, reads: set[str], writes: set[str]) -> None:
    assert touched(sql) == (reads, writes)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO t (i, x) SELECT a, b FROM s ON CONFLICT (i) DO UPDATE SET x = EXCLUDED.x", {"s.a > t.i", "s.b > t.x"}),
        ("INSERT INTO t (i, x) SELECT a, b FROM s ON CONFLICT (i) DO UPDATE SET n = t.n + 1, y = excluded.x || 'z'",
         {"s.a > t.i", "s.b > t.x", "t.n > t.n transformation", "s.b > t.y transformation"}),
        ("INSERT INTO app.t AS k (i) SELECT a FROM s ON CONFLICT (i) DO UPDATE SET n = k.n", {"s.a > app.t.i", "app.t.n > app.t.n"}),
        ("INSERT INTO t (i) VALUES (1) ON CONFLICT (i) DO UPDATE SET m = (SELECT max(q) FROM z WHERE z.i = excluded.i)",
         {"z.q > t.m aggregation"}),
        ("UPDATE t SET a = s.b, c = t.c + s.d FROM s WHERE s.i = t.i", {"s.b > t.a", "t.c > t.c transformation", "s.d > t.c transformation"}),
        ("UPDATE t SET (a, b) = (SELECT x, y FROM s WHERE s.i = t.i)", {"s.x > t.a", "s.y > t.b"}),
        ("UPDATE t SET (a, b) = (c, d)", {"t.c > t.a", "t.d > t.b"}),
        ("UPDATE t SET a = DEFAULT", set()),
        ("WITH m AS (DELETE FROM a WHERE z = 1 RETURNING i, v AS w) INSERT INTO b (p, q) SELECT i, w FROM m", {"a.i > b.p", "a.v > b.q"}),
        ("WITH m AS (UPDATE a SET v = s.x FROM s WHERE s.i = a.i RETURNING a.v, s.y) INSERT INTO b (p, q) SELECT v, y FROM m",
         {"s.x > a.v", "a.v > b.p", "s.y > b.q"}),
        ("WITH src AS (SELECT w FROM s), i AS (INSERT INTO a (v) SELECT w FROM src RETURNING v) INSERT INTO b (p) SELECT v FROM i",
         {"s.w > a.v", "a.v > b.p"}),
        ("MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT (i) VALUES (s.i)",
         {"s.a > t.a", "s.i > t.i"}),
        ("INSERT INTO t (a) SELECT x.m FROM o, LATERAL (SELECT max(l.q) AS m FROM l WHERE l.o = o.i) x", {"l.q > t.a aggregation"}),
        ("INSERT INTO t (a) SELECT g.v FROM o CROSS JOIN LATERAL unnest(o.list) AS g (v)", {"o.list > t.a transformation"}),
        ("INSERT INTO t (a) SELECT DISTINCT ON (k) v FROM s", {"s.v > t.a"}),
        ("INSERT INTO t (a, b) SELECT j ->> 'k', (r).f FROM s", {"s.j > t.a transformation", "s.r > t.b transformation"}),
        ("INSERT INTO t (a) SELECT array_agg(x ORDER BY y) FROM s", {"s.x > t.a aggregation"}),
        ("INSERT INTO t (a) SELECT CASE WHEN x THEN y ELSE z END FROM s", {"s.y > t.a transformation", "s.z > t.a transformation"}),
        ("CREATE VIEW v (p) AS SELECT a FROM s", {"s.a > v.p"}),
        ("CREATE TABLE n (p, q) AS SELECT a, b FROM s", {"s.a > n.p", "s.b > n.q"}),
        ("CREATE TABLE t (a int, b int, c int); INSERT INTO t SELECT x, y FROM s", {"s.x > t.a", "s.y > t.b"}),
        ("INSERT INTO t SELECT nextval('q'), a FROM s", {"s.a > t.a"}),
    ],
)  # fmt: skip
def test_columns(sql: str, expected: set[str]) -> None:
    assert moves(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO t (i, x) SELECT a, b FROM s ON DUPLICATE KEY UPDATE x = VALUES(x), n = n + 1",
         {"s.a > t.i", "s.b > t.x", "t.n > t.n transformation"}),
        ("INSERT INTO t (i, x) VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE x = new.x + t.x", {"t.x > t.x transformation"}),
        ("UPDATE t JOIN s ON s.i = t.i SET t.a = s.b", {"s.b > t.a"}),
        ("REPLACE INTO t (a) SELECT b FROM s", {"s.b > t.a"}),
    ],
)  # fmt: skip
def test_mysql_columns(sql: str, expected: set[str]) -> None:
    assert moves(sql, "mysql") == expected


def test_conditions_of_joins_decide_in_update_and_delete_too() -> None:
    for sql in ("UPDATE t JOIN s ON s.i = t.j SET t.a = 1", "DELETE t FROM t JOIN s ON s.i = t.j"):
        found = analyze(sql, dialect="mysql")
        assert {(flow.source_asset, flow.source_column, flow.kind) for flow in found.influences} == {
            ("s", "i", "join"),
            ("t", "j", "join"),
        }


def function(body: str, head: str = "f(p_id int, p_name text)") -> str:
    return f"CREATE FUNCTION {head} RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$;"


@pytest.mark.parametrize(
    ("body", "reads", "writes"),
    [
        ("BEGIN SELECT count(*) INTO v FROM x WHERE i = p_id; END", {"x"}, set()),
        ("BEGIN SELECT a, b INTO STRICT r FROM y; END", {"y"}, set()),
        ("BEGIN PERFORM app.g(p_id) FROM z; END", {"z"}, set()),
        ("DECLARE n int; BEGIN n := (SELECT max(q) FROM w); IF EXISTS (SELECT 1 FROM c) THEN DELETE FROM d; END IF; END", {"w", "c"}, {"d"}),
        ("DECLARE r record; BEGIN FOR r IN SELECT k FROM a LOOP INSERT INTO b VALUES (r.k); END LOOP; END", {"a"}, {"b"}),
        ("BEGIN RETURN QUERY SELECT o.i, sum(o.a) FROM o GROUP BY o.i; END", {"o"}, set()),
        ("BEGIN EXECUTE 'INSERT INTO a SELECT i FROM b' USING p_id; END", {"b"}, {"a"}),
        ("DECLARE q text := 'DELETE FROM z'; BEGIN EXECUTE q; q := 'TRUNCATE ' || 'y'; EXECUTE q; q := q || p_name; EXECUTE q; END", set(), {"z", "y"}),
        ("BEGIN EXECUTE 'SELECT max(a) FROM m' INTO v; EXECUTE format('TRUNCATE %I', p_name); END", {"m"}, set()),
        ("BEGIN CREATE TEMP TABLE t AS SELECT a FROM s; INSERT INTO o SELECT a FROM t; END", {"s"}, {"o"}),
    ],
)  # fmt: skip
def test_function_bodies(body: str, reads: set[str], writes: set[str]) -> None:
    assert touched(function(body)) == (reads, writes)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("DECLARE n int; BEGIN INSERT INTO t (a, b, c) SELECT n, x, p_name || x FROM s; END", {"s.x > t.b", "s.x > t.c transformation"}),
        ("DECLARE r record; BEGIN FOR r IN SELECT k FROM s LOOP UPDATE t SET a = r.k, b = t.c; END LOOP; END", {"s.k > None.k", "t.c > t.b"}),
        ("DECLARE s record; BEGIN INSERT INTO t (a) SELECT s.x FROM sch.s; END", {"sch.s.x > t.a"}),
        ("BEGIN INSERT INTO t (a) SELECT p_id.x FROM s; END", set()),
        ("BEGIN INSERT INTO l (i, v) VALUES (OLD.i, NEW.v); UPDATE u SET a = u.b + NEW.a WHERE u.i = NEW.i; RETURN NEW; END",
         {"sch.k.i > l.i", "sch.k.v > l.v", "u.b > u.a transformation", "sch.k.a > u.a transformation"}),
        ("BEGIN INSERT INTO l (i) SELECT n.i FROM new n; RETURN NEW; END", {"sch.k.i > l.i"}),
    ],
)  # fmt: skip
def test_columns_in_function_bodies(body: str, expected: set[str]) -> None:
    trigger = "CREATE TRIGGER tr AFTER UPDATE ON sch.k FOR EACH ROW EXECUTE FUNCTION f();"
    assert moves(function(body) + trigger) == expected


def test_a_trigger_function_without_its_trigger_has_no_origin_for_new() -> None:
    found = analyze(function("BEGIN INSERT INTO l (i) VALUES (NEW.i); RETURN NEW; END"), dialect="postgres")
    assert [(flow.source_asset, flow.source_column) for flow in found.columns] == [(None, "i")]


def test_a_trigger_calls_its_function_and_defines_itself() -> None:
    found = analyze("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE PROCEDURE sch.f();", dialect="postgres")
    assert [(item.kind, item.name) for item in found.defines] == [("trigger", "tr")]
    assert (found.calls, found.reads, found.writes) == (("sch.f",), (), ())


def test_parameters_of_a_function_are_columns_outside_of_it() -> None:
    sql = "".join([function("BEGIN DELETE FROM t WHERE a = p_id; END"), "SELECT p_id FROM t;"])
    found = analyze(sql, dialect="postgres")
    assert [(flow.source_column, flow.kind) for flow in (*found.columns, *found.influences)] == [
        ("p_id", "identity"),
        ("a", "filter"),
    ]


def test_a_sql_function_selects_columns_named_like_its_result() -> None:
    sql = "CREATE FUNCTION f() RETURNS TABLE (i int, n text) LANGUAGE sql AS $$ SELECT i, n FROM s $$;"
    assert moves(sql) == {"s.i > None.i", "s.n > None.n"}
