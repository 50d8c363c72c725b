"""The Postgres SQL of the generated corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.corpus_objects import Relation, joined

if TYPE_CHECKING:
    import random

NAME = "postgres"
UTF16 = False

_TYPES = {
    "key": "bigserial PRIMARY KEY",
    "money": "numeric(19, 4)",
    "number": "integer NOT NULL DEFAULT 0",
    "time": "timestamp with time zone",
    "text": "character varying(200)",
    "flag": "boolean NOT NULL DEFAULT true",
}


def table(item: Relation, parent: Relation | None, chance: random.Random) -> str:
    """CREATE TABLE with its key, an index, a foreign key and comments."""
    lines = [f"    {name} {_TYPES[kind]}" for name, kind in item.columns]
    if parent:
        lines.append(f"    parent_id bigint REFERENCES {_name(parent)} (id) ON DELETE CASCADE")
    column = chance.choice(item.columns[1:])[0]
    parts = [
        f"--\n-- Name: {item.name}; Type: TABLE; Schema: {item.schema}; Owner: app\n--",
        f"CREATE TABLE IF NOT EXISTS {_name(item)} (\n" + ",\n".join(lines) + "\n);",
        f"COMMENT ON TABLE {_name(item)} IS 'What''s known of {item.name}; changed nightly';",
    ]
    if chance.random() < 0.6:
        parts.append(f"CREATE INDEX ix_{item.name}_{column} ON {_name(item)} USING btree ({column});")
    return _lines(parts)


def view(schema: str, name: str, sources: list[Relation], *, star: bool, chance: random.Random) -> tuple[Relation, str]:
    """A view that joins two relations; or, with `star`, takes all of the first."""
    first, second = sources[:2]
    if star:
        found, query = (
            first.columns,
            f"SELECT *\n  FROM {_name(first)}\n WHERE {first.key} > {chance.randint(0, 9)}::bigint",
        )
    else:
        items = joined([first, second], chance)
        found = tuple((column, kind) for _, column, kind in items)
        query = f"SELECT {_items(items)}\n{_from(first, second, chance)}"
    head = f"--\n-- Name: {name}; Type: VIEW; Schema: {schema}; Owner: app\n--\n"
    text = [f"{head}CREATE OR REPLACE VIEW {schema}.{name} AS\n{query};", f"ALTER VIEW {schema}.{name} OWNER TO app;"]
    return Relation(NAME, schema, name, found), _lines(["SET client_min_messages = warning;", *text])


def function(schema: str, name: str, source: Relation, chance: random.Random) -> str:
    """A SQL function over one table."""
    money = source.named("money")
    return _lines(
        [
            f"CREATE OR REPLACE FUNCTION {schema}.{name}(wanted bigint, factor numeric DEFAULT {chance.randint(1, 9)})",
            "RETURNS numeric LANGUAGE sql STABLE AS $$",
            f"    SELECT COALESCE(SUM(s.{money} * factor), 0)\n      FROM {_name(source)} s",
            f"     WHERE s.{source.key} = wanted;",
            "$$;",
        ]
    )


def procedure(schema: str, name: str, relations: list[Relation], routines: list[str], chance: random.Random) -> str:
    """PL/pgSQL: some stages one after the other; often calls another function."""
    stages = [line for number in range(chance.randint(2, 7)) for line in _stage(number, relations, chance)]
    call = f"    PERFORM {schema}.{chance.choice(routines)}(since, until);\n" if routines else ""
    return _lines(
        [
            f"CREATE OR REPLACE FUNCTION {schema}.{name}(since timestamptz, until timestamptz) RETURNS void AS $body$",
            "DECLARE\n    affected integer;\nBEGIN",
            *stages,
            f"    GET DIAGNOSTICS affected = ROW_COUNT;\n{call}END;\n$body$ LANGUAGE plpgsql;",
        ]
    )


def _stage(number: int, relations: list[Relation], chance: random.Random) -> list[str]:
    """Rows into a temporary table, changed there, then inserted into the last relation."""
    *sources, target = relations
    first, second, third = chance.sample(sources, 3)
    work, items = f"work{number}", joined([first, second], chance)
    named = [column for _, column, _ in items]
    amount = next((column for _, column, kind in items if kind in {"money", "number"}), named[0])
    columns = [column for column, _ in target.columns[1:6]]
    return [
        f"    CREATE TEMP TABLE {work} ON COMMIT DROP AS",
        f"    SELECT {_items(items)}\n{_from(first, second, chance)};\n",
        f"    UPDATE {work} w SET {amount} = w.{amount} * t.{third.named('number')}",
        f"      FROM {_name(third)} t WHERE t.{third.key} = w.{named[0]};\n",
        f"    IF since IS NOT NULL THEN\n        DELETE FROM {work} WHERE {amount} IS NULL;\n    END IF;\n",
        f"    INSERT INTO {_name(target)} ({', '.join(columns)})",
        f"    SELECT {', '.join(f'w.{named[i % len(named)]}' for i in range(len(columns)))}\n      FROM {work} w;\n",
    ]


def script(schema: str, tables: list[Relation], routines: list[str], chance: random.Random) -> str:
    """Static rows, an upsert and calls."""
    source, target = tables[0], tables[1]
    values = ",\n    ".join(f"({chance.randint(1, 10**6)})" for _ in range(chance.randint(5, 30)))
    read, written = source.columns[1][0], target.columns[1][0]
    return _lines(
        [
            f"INSERT INTO {_name(tables[2])} ({tables[2].columns[1][0]}) VALUES\n    {values};",
            f"INSERT INTO {_name(target)} (id, {written})\nSELECT s.id, s.{read} FROM {_name(source)} s",
            f"ON CONFLICT (id) DO UPDATE SET {written} = EXCLUDED.{written};",
            *(f"SELECT {schema}.{name}(now() - interval '1 day', now());" for name in routines),
        ]
    )


def _name(item: Relation) -> str:
    return f"{item.schema}.{item.name}"


def _items(items: list[tuple[str, str, str]]) -> str:
    return ",\n       ".join(f"{expression} AS {column}" for expression, column, _ in items)


def _from(first: Relation, second: Relation, chance: random.Random) -> str:
    join = chance.choice(["JOIN", "LEFT JOIN"])
    return (
        f"  FROM {_name(first)} a\n  {join} {_name(second)} b ON b.{second.key} = a.{first.key}"
        f"\n WHERE a.{first.key} > {chance.randint(0, 999)}::bigint"
    )


def _lines(parts: list[str]) -> str:
    return "\n".join(parts) + "\n"
