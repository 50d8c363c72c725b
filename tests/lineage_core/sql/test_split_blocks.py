"""Splitting scripts with semicolons: routine bodies in PL/pgSQL, MySQL, Oracle and BigQuery, and what stands between."""

from __future__ import annotations

import pytest

from lineage_core.sql.delimiters import blank_delimiters
from lineage_core.sql.dialects import dialect
from lineage_core.sql.split import Slice, split

CONTROL = {"control"}


def pieces(text: str, name: str = "postgres") -> list[str]:
    """`kind: code` of every slice that is no mere control flow."""
    text = blank_delimiters(text, dialect(name))
    return [shown(text, item) for item in split(text, dialect(name)) if item.kind not in CONTROL]


def shown(text: str, item: Slice) -> str:
    return f"{item.kind}: {' '.join(text[item.first : item.last].rstrip().removesuffix(';').split())}"


def body(text: str, name: str = "postgres") -> list[str]:
    """The same of what belongs to the text's first routine."""
    text = blank_delimiters(text, dialect(name))
    found = split(text, dialect(name))
    return [shown(text, item) for item in found if item.owner == 0 and item.kind not in CONTROL]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("INSERT INTO a SELECT 1;", ["insert: INSERT INTO a SELECT 1"]),
        ("IF x THEN INSERT INTO a SELECT 1; ELSIF y THEN DELETE FROM b; ELSE UPDATE c SET d = 1; END IF;",
         ["insert: INSERT INTO a SELECT 1", "delete: DELETE FROM b", "update: UPDATE c SET d = 1"]),
        ("IF EXISTS (SELECT 1 FROM a) THEN RETURN; END IF;", ["condition: IF EXISTS (SELECT 1 FROM a) THEN"]),
        ("CASE v WHEN 1 THEN INSERT INTO a VALUES (2); WHEN 3 THEN DELETE FROM b; ELSE NULL; END CASE;",
         ["insert: INSERT INTO a VALUES (2)", "delete: DELETE FROM b"]),
        ("INSERT INTO a SELECT CASE WHEN b THEN 1 END FROM c;", ["insert: INSERT INTO a SELECT CASE WHEN b THEN 1 END FROM c"]),
        ("FOR i IN 1..9 LOOP INSERT INTO a VALUES (i); END LOOP;", ["insert: INSERT INTO a VALUES (i)"]),
        ("FOR r IN SELECT b FROM a WHERE c LOOP DELETE FROM d; END LOOP;", ["select: SELECT b FROM a WHERE c", "delete: DELETE FROM d"]),
        ("FOR r IN (SELECT b FROM a) LOOP NULL; END LOOP;", ["select: (SELECT b FROM a)"]),
        ("FOR r IN SELECT b FROM x.loop LOOP NULL; END LOOP;", ["select: SELECT b FROM x.loop"]),
        ("FOR r IN EXECUTE 'SELECT 1' LOOP NULL; END LOOP;", ["exec: EXECUTE 'SELECT 1'"]),
        ("FOREACH e IN ARRAY a LOOP UPDATE b SET c = e; END LOOP;", ["update: UPDATE b SET c = e"]),
        ("WHILE EXISTS (SELECT 1 FROM a) LOOP DELETE FROM a; END LOOP;", ["condition: WHILE EXISTS (SELECT 1 FROM a) LOOP", "delete: DELETE FROM a"]),
        ("<<again>> LOOP INSERT INTO a SELECT 1; EXIT again WHEN b > 1; END LOOP again;", ["insert: INSERT INTO a SELECT 1"]),
        ("<<l>> FOR r IN SELECT b FROM a LOOP NULL; END LOOP l;", ["select: SELECT b FROM a"]),
        ("BEGIN UPDATE a SET b = 1; EXCEPTION WHEN unique_violation OR others THEN INSERT INTO c VALUES (1); END;",
         ["update: UPDATE a SET b = 1", "insert: INSERT INTO c VALUES (1)"]),
        ("RETURN QUERY SELECT a FROM b;", ["select: SELECT a FROM b"]),
        ("RETURN QUERY EXECUTE 'SELECT 1' USING a;", ["exec: EXECUTE 'SELECT 1' USING a"]),
        ("RETURN QUERY WITH k AS (SELECT 1) SELECT * FROM k;", ["select: WITH k AS (SELECT 1) SELECT * FROM k"]),
        ("RETURN (SELECT max(a) FROM b);", ["select: (SELECT max(a) FROM b)"]),
        ("RETURN NEXT r; RETURN; RETURN 1 + 2;", []),
        ("OPEN c; FETCH c INTO v; MOVE c; CLOSE c; OPEN d FOR SELECT a FROM b;", ["select: SELECT a FROM b"]),
        ("v := 1; v = 2; r.a := (SELECT b FROM c);", ["condition: r.a := (SELECT b FROM c)"]),
        ("PERFORM f(a) FROM b;", ["perform: PERFORM f(a) FROM b"]),
        ("CALL p(1); COMMIT; GET DIAGNOSTICS v = ROW_COUNT; RAISE NOTICE 'a % b', v;", ["exec: CALL p(1)"]),
        ("SELECT a INTO v FROM b; SELECT c FROM d INTO STRICT v;", ["select: SELECT a INTO v FROM b", "select: SELECT c FROM d INTO STRICT v"]),
        ("CREATE TEMP TABLE t AS SELECT 1; DROP TABLE t;", ["create_table: CREATE TEMP TABLE t AS SELECT 1", "drop: DROP TABLE t"]),
    ],
)  # fmt: skip
def test_plpgsql_statements(statements: str, expected: list[str]) -> None:
    text = f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $fn$\nDECLARE v int;\nBEGIN\n{statements}\nEND;\n$fn$; SELECT 2;"
    assert body(text) == expected
    assert pieces(text)[-1] == "select: SELECT 2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE FUNCTION f() RETURNS int AS 'SELECT a FROM t; INSERT INTO u VALUES (1)' LANGUAGE sql;",
         ["select: SELECT a FROM t", "insert: INSERT INTO u VALUES (1)"]),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE SQL AS $$SELECT a FROM t$$;", ["select: SELECT a FROM t"]),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC INSERT INTO t SELECT CASE WHEN a THEN 1 END; SELECT 2; END;",
         ["insert: INSERT INTO t SELECT CASE WHEN a THEN 1 END", "select: SELECT 2"]),
        ("CREATE FUNCTION f() RETURNS int SET search_path = x RETURN (SELECT max(a) FROM t);", ["select: (SELECT max(a) FROM t)"]),
        ("CREATE FUNCTION f() RETURNS int AS $$ import x; return 1 $$ LANGUAGE plpython3u;", []),
        ("CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE 'plpgsql';", ["select: SELECT 1"]),
        ("CREATE FUNCTION f() RETURNS int AS 'lib', 'sym' LANGUAGE c;", []),
        ("CREATE FUNCTION f() RETURNS SETOF language AS $$ SELECT * FROM language $$ LANGUAGE sql;", ["select: SELECT * FROM language"]),
        ("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ DECLARE c CURSOR FOR SELECT a FROM t; v int := (SELECT 1); BEGIN NULL; END $$;",
         ["select: SELECT a FROM t", "condition: v int := (SELECT 1)"]),
        ("CREATE TRIGGER t AFTER INSERT OR UPDATE OF v ON x FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION f();", []),
    ],
)  # fmt: skip
def test_postgres_bodies(text: str, expected: list[str]) -> None:
    assert body(text) == expected
    assert pieces(text + " BEGIN; TRUNCATE after; COMMIT;")[-1] == "truncate: TRUNCATE after"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DO $$ BEGIN TRUNCATE x; END $$; SELECT 1;", ["truncate: TRUNCATE x", "select: SELECT 1"]),
        ("DO LANGUAGE plpgsql $$ BEGIN DELETE FROM x; END $$", ["delete: DELETE FROM x"]),
        ("BEGIN; UPDATE t SET a = 1; END; SELECT 1", ["update: UPDATE t SET a = 1", "select: SELECT 1"]),
        ("BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE; DELETE FROM t; COMMIT;", ["delete: DELETE FROM t"]),
        ("COPY t (a) FROM stdin;\n1\t'x\n2\t;\n\\.\nSELECT 1;", ["copy: COPY t (a) FROM stdin", "select: SELECT 1"]),
        ("\\connect db\nSELECT 1;\n\\i other.sql\nSELECT 2;", ["select: SELECT 1", "select: SELECT 2"]),
        (";;SELECT 1;;", ["select: SELECT 1"]),
        ("SELECT ';' , $$;$$, \";\" /* ; */ -- ;\n; SELECT 2", ["select: SELECT ';' , $$;$$, \";\" /* ; */ -- ;", "select: SELECT 2"]),
        ("CREATE FUNCTION a() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql; CREATE FUNCTION b() RETURNS int AS $$ SELECT 2 $$ LANGUAGE sql;",
         ["create_function: CREATE FUNCTION a() RETURNS int AS $$", "select: SELECT 1",
          "create_function: CREATE FUNCTION b() RETURNS int AS $$", "select: SELECT 2"]),
    ],
)  # fmt: skip
def test_postgres_scripts(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


MYSQL = """DELIMITER //
CREATE PROCEDURE p(IN a INT)
BEGIN
  DECLARE c CURSOR FOR SELECT a FROM t;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  l: LOOP FETCH c INTO x; IF done THEN LEAVE l; END IF; INSERT INTO u VALUES (x); END LOOP l;
  REPEAT DELETE FROM v; UNTIL a > 5 END REPEAT;
  WHILE a < 3 DO UPDATE w SET b = 1; END WHILE;
  CASE a WHEN 1 THEN DELETE FROM z; ELSE BEGIN END; END CASE;
END //
DELIMITER ;
SELECT 1;
"""


def test_mysql_block_under_another_delimiter() -> None:
    assert pieces(MYSQL, "mysql") == [
        "create_procedure: CREATE PROCEDURE p(IN a INT)",
        "select: SELECT a FROM t",
        "insert: INSERT INTO u VALUES (x)",
        "delete: DELETE FROM v",
        "update: UPDATE w SET b = 1",
        "delete: DELETE FROM z",
        "select: SELECT 1",
    ]
    assert len(body(MYSQL, "mysql")) == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DELIMITER $$\nCREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN (SELECT max(b) FROM t)$$\nDELIMITER ;",
         ["select: (SELECT max(b) FROM t)"]),
        ("CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (NEW.id);", ["insert: INSERT INTO log VALUES (NEW.id)"]),
        ("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;", []),
        ("CREATE PROCEDURE p() READS SQL DATA SELECT a FROM t;", ["select: SELECT a FROM t"]),
    ],
)  # fmt: skip
def test_mysql_bodies(text: str, expected: list[str]) -> None:
    assert body(text, "mysql") == expected


def test_a_delimiter_keeps_offsets_and_lines() -> None:
    blanked = blank_delimiters(MYSQL, dialect("mysql"))
    assert len(blanked) == len(MYSQL)
    assert [i for i, c in enumerate(blanked) if c == "\n"] == [i for i, c in enumerate(MYSQL) if c == "\n"]
    assert "END ;" in blanked
    assert blank_delimiters(MYSQL, dialect("postgres")) == MYSQL


ORACLE = """CREATE OR REPLACE PROCEDURE p (a IN NUMBER DEFAULT 1) IS
  v NUMBER; CURSOR c IS SELECT a FROM t;
  TYPE tt IS TABLE OF t%ROWTYPE;
BEGIN
  FOR r IN (SELECT a FROM y) LOOP UPDATE z SET a = r.a; END LOOP;
  SELECT max(a) INTO v FROM w;
  EXECUTE IMMEDIATE 'TRUNCATE TABLE q';
EXCEPTION WHEN NO_DATA_FOUND THEN INSERT INTO e VALUES (1);
END p;
/
SELECT 1 FROM dual;"""


def test_oracle_declarations_belong_to_the_body() -> None:
    assert body(ORACLE, "oracle") == [
        "select: SELECT a FROM t",
        "select: (SELECT a FROM y)",
        "update: UPDATE z SET a = r.a",
        "select: SELECT max(a) INTO v FROM w",
        "exec: EXECUTE IMMEDIATE 'TRUNCATE TABLE q'",
        "insert: INSERT INTO e VALUES (1)",
    ]
    assert pieces(ORACLE, "oracle")[-1] == "select: SELECT 1 FROM dual"


def test_an_oracle_trigger_with_declarations() -> None:
    text = "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW DECLARE a NUMBER; b NUMBER; BEGIN INSERT INTO l VALUES (1); END;\n/\nSELECT 1 FROM d"
    assert body(text, "oracle") == ["insert: INSERT INTO l VALUES (1)"]
    assert pieces(text, "oracle")[-1] == "select: SELECT 1 FROM d"


BIGQUERY = """CREATE OR REPLACE PROCEDURE ds.p(a INT64) BEGIN
  DECLARE x INT64 DEFAULT 0;
  BEGIN TRANSACTION;
  WHILE x < 3 DO SET x = x + 1; END WHILE;
  FOR r IN (SELECT a FROM d.u) DO INSERT INTO d.v VALUES (r.a); END FOR;
  COMMIT TRANSACTION;
  EXCEPTION WHEN ERROR THEN SELECT @@error.message;
END;
CREATE TEMP FUNCTION g(x INT64) AS (x + 1);
BEGIN SELECT 2; END;
SELECT 3;"""


def test_bigquery_scripting() -> None:
    assert body(BIGQUERY, "bigquery") == [
        "select: (SELECT a FROM d.u)",
        "insert: INSERT INTO d.v VALUES (r.a)",
        "select: SELECT @@error.message",
    ]
    assert pieces(BIGQUERY, "bigquery")[-3:] == [
        "create_function: CREATE TEMP FUNCTION g(x INT64) AS (x + 1)",
        "select: SELECT 2",
        "select: SELECT 3",
    ]


def test_snowflake_bodies_in_another_language_are_left_alone() -> None:
    text = "CREATE PROCEDURE q() RETURNS VARCHAR LANGUAGE JAVASCRIPT AS $$ var x = 1; insert(x); $$; SELECT 1;"
    assert body(text, "snowflake") == []
    assert pieces(text, "snowflake")[-1] == "select: SELECT 1"
