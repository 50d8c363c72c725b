"""The T-SQL of the generated corpus, as SSMS scripts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.corpus_objects import Relation, joined

if TYPE_CHECKING:
    import random

NAME = "tsql"
UTF16 = True
"""Some files are in it."""

_TYPES = {
    "key": "[int] IDENTITY(1,1) NOT NULL",
    "money": "[decimal](19, 4) NULL",
    "number": "[int] NOT NULL",
    "time": "[datetime2](3) NULL",
    "text": "[nvarchar](200) NULL",
    "flag": "[bit] NOT NULL",
}


def table(item: Relation, parent: Relation | None, chance: random.Random) -> str:
    """CREATE TABLE with its key, an index, a foreign key and defaults."""
    lines = [f"\t[{name}] {_TYPES[kind]}," for name, kind in item.columns]
    if parent:
        lines.append("\t[ParentId] [int] NULL,")
    options = "PAD_INDEX = OFF, STATISTICS_NORECOMPUTE = OFF, IGNORE_DUP_KEY = OFF, ALLOW_ROW_LOCKS = ON"
    text = [
        *_header("Table", item.schema, item.name, chance),
        f"CREATE TABLE {_name(item)}(",
        *lines,
        f" CONSTRAINT [PK_{item.name}] PRIMARY KEY CLUSTERED \n(\n\t[Id] ASC\n)WITH ({options}) ON [PRIMARY]",
        ") ON [PRIMARY]\nGO",
    ]
    if chance.random() < 0.6:
        column = chance.choice(item.columns[1:])[0]
        text.append(f"CREATE NONCLUSTERED INDEX [IX_{item.name}_{column}] ON {_name(item)}\n(\n\t[{column}] ASC\n)\nGO")
    if parent:
        text.append(
            f"ALTER TABLE {_name(item)}  WITH CHECK ADD  CONSTRAINT [FK_{item.name}_{parent.name}] "
            f"FOREIGN KEY([ParentId])\nREFERENCES {_name(parent)} ([Id])\nGO"
        )
    flags = [name for name, kind in item.columns if kind == "flag"]
    text += [f"ALTER TABLE {_name(item)} ADD  DEFAULT ((1)) FOR [{name}]\nGO" for name in flags]
    return _lines(text)


def view(schema: str, name: str, sources: list[Relation], *, star: bool, chance: random.Random) -> tuple[Relation, str]:
    """A view that joins two relations; or, with `star`, takes all of the first."""
    first, second = sources[:2]
    if star:
        found, query = first.columns, f"SELECT *\nFROM {_name(first)}\nWHERE [{first.key}] > {chance.randint(0, 9)}"
    else:
        items = joined([first, second], chance, "[{}]")
        found = tuple((column, kind) for _, column, kind in items)
        query = f"SELECT {_items(items)}\n{_from(first, second, chance)}"
    text = [
        *_header("View", schema, name, chance),
        _remark(chance),
        f"CREATE VIEW [{schema}].[{name}]\nAS",
        query,
        "GO",
    ]
    return Relation(NAME, schema, name, found), _lines(text)


def function(schema: str, name: str, source: Relation, chance: random.Random) -> str:
    """A scalar function over one table."""
    money = source.named("money")
    return _lines(
        [
            *_header("UserDefinedFunction", schema, name, chance),
            f"CREATE FUNCTION [{schema}].[{name}] (@Id int, @Factor decimal(9, 2) = 1.0)",
            "RETURNS decimal(19, 4)\nAS\nBEGIN",
            "\tDECLARE @Result decimal(19, 4)",
            f"\tSELECT @Result = SUM(s.[{money}] * @Factor)\n\tFROM {_name(source)} s\n\tWHERE s.[{source.key}] = @Id",
            "\tRETURN ISNULL(@Result, 0)\nEND\nGO",
        ]
    )


def procedure(schema: str, name: str, relations: list[Relation], routines: list[str], chance: random.Random) -> str:
    """Some stages one after the other; often calls another procedure."""
    stages = [line for number in range(chance.randint(2, 7)) for line in _stage(number, relations, chance)]
    call = [f"\tEXEC [{schema}].[{chance.choice(routines)}] @From = @From, @To = @To"] if routines else []
    return _lines(
        [
            *_header("StoredProcedure", schema, name, chance),
            _remark(chance),
            f"CREATE PROCEDURE [{schema}].[{name}]\n\t@From datetime,\n\t@To datetime = NULL\nAS\nBEGIN",
            "\tSET NOCOUNT ON;\n",
            *stages,
            *call,
            "END\nGO",
        ]
    )


def _stage(number: int, relations: list[Relation], chance: random.Random) -> list[str]:
    """Rows into a temp table, changed there, then the best ones into the last relation."""
    *sources, target = relations
    first, second, third = chance.sample(sources, 3)
    work, items = f"#work{number}", joined([first, second], chance, "[{}]")
    named = [column for _, column, _ in items]
    amount = next((column for _, column, kind in items if kind in {"money", "number"}), named[0])
    columns = [column for column, _ in target.columns[1:6]]
    return [
        f"\tSELECT {_items(items)}\n\tINTO {work}\n\t{_from(first, second, chance)}\n",
        f"\tUPDATE w\n\tSET w.[{amount}] = w.[{amount}] * t.[{third.named('number')}]",
        f"\tFROM {work} w\n\tINNER JOIN {_name(third)} t ON t.[{third.key}] = w.[{named[0]}]\n",
        f"\tIF @To IS NOT NULL\n\tBEGIN\n\t\tDELETE FROM {work} WHERE [{amount}] IS NULL\n\tEND\n",
        "\t;WITH ranked AS (",
        f"\t\tSELECT w.*, ROW_NUMBER() OVER (PARTITION BY w.[{named[0]}] ORDER BY w.[{amount}] DESC) AS rn",
        f"\t\tFROM {work} w\n\t)",
        f"\tINSERT INTO {_name(target)} ({', '.join(f'[{column}]' for column in columns)})",
        f"\tSELECT {', '.join(f'r.[{named[i % len(named)]}]' for i in range(len(columns)))}",
        f"\tFROM ranked r\n\tWHERE r.rn = 1\n\n\tDROP TABLE {work}\n",
    ]


def script(schema: str, tables: list[Relation], routines: list[str], chance: random.Random) -> str:
    """Static rows, a MERGE and calls."""
    source, target = tables[0], tables[1]
    values = ",\n\t".join(f"(N'{chance.randint(1, 10**6)}')" for _ in range(chance.randint(5, 30)))
    pair = f"[{target.columns[1][0]}] = s.[{source.columns[1][0]}]"
    calls = [f"EXEC [{schema}].[{name}] @From = '20240101'\nGO" for name in routines]
    return _lines(
        [
            "SET NOCOUNT ON\nGO",
            f"INSERT INTO {_name(tables[2])} ([{tables[2].columns[1][0]}]) VALUES\n\t{values}\nGO",
            f"MERGE {_name(target)} AS t\nUSING {_name(source)} AS s ON t.[Id] = s.[Id]",
            f"WHEN MATCHED THEN UPDATE SET {pair}",
            f"WHEN NOT MATCHED THEN INSERT ([{target.columns[1][0]}]) VALUES (s.[{source.columns[1][0]}]);\nGO",
            *calls,
        ]
    )


def _name(item: Relation) -> str:
    return f"[{item.schema}].[{item.name}]"


def _items(items: list[tuple[str, str, str]]) -> str:
    return ",\n\t\t".join(f"{expression} AS [{column}]" for expression, column, _ in items)


def _from(first: Relation, second: Relation, chance: random.Random) -> str:
    join = chance.choice(["INNER JOIN", "LEFT JOIN", "LEFT OUTER JOIN"])
    return (
        f"FROM {_name(first)} a WITH (NOLOCK)\n\t{join} {_name(second)} b ON b.[{second.key}] = a.[{first.key}]"
        f"\n\tWHERE a.[{first.key}] > {chance.randint(0, 999)}"
    )


def _header(kind: str, schema: str, name: str, chance: random.Random) -> list[str]:
    when = (
        f"{chance.randint(1, 12)}/{chance.randint(1, 28)}/20{chance.randint(10, 24)} {chance.randint(1, 11)}:07:31 AM"
    )
    title = f"/****** Object:  {kind} [{schema}].[{name}]    Script Date: {when} ******/"
    return ["USE [Warehouse]\nGO", title, "SET ANSI_NULLS ON\nGO\nSET QUOTED_IDENTIFIER ON\nGO"]


def _remark(chance: random.Random) -> str:
    number = chance.randint(100, 9999)
    return f'-- =====\n-- Ticket {number}: it\'s "agreed" with finance; see also /* old */ {number + 1}\n-- ====='


def _lines(parts: list[str]) -> str:
    return "\n".join(parts).replace("\n", "\r\n") + "\r\n"
