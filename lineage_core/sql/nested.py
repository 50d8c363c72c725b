"""Facts of dynamic SQL, as facts of the file that it stands in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lineage_core.sql.extract.statement import without_outputs

if TYPE_CHECKING:
    from lineage_core.model.facts import FileFacts, Problem


def moved(facts: FileFacts, lines: int, owner: int | None, shift: int) -> FileFacts:
    """The facts as they are further down in a file.

    Args:
        facts: of the dynamic SQL by itself.
        lines: how many lines further down it starts.
        owner: the routine around it, for the statements that have none of their own.
        shift: how many objects the file has before.
    """
    return facts.model_copy(
        update={
            "objects": tuple(
                replace(item, line=item.line + lines, end_line=item.end_line + lines) for item in facts.objects
            ),
            "changes": tuple(change.model_copy(update={"line": change.line + lines}) for change in facts.changes),
            "errors": _problems(facts.errors, lines),
            "statements": tuple(
                item.model_copy(
                    update={
                        "line": item.line + lines,
                        "end_line": item.end_line + lines,
                        "owner": owner if item.owner is None else item.owner + shift,
                        "errors": _problems(item.errors, lines),
                    }
                )
                for item in facts.statements
            ),
        }
    )


def without_problems(facts: FileFacts) -> FileFacts:
    """What can be said of SQL that may not be quite what runs: no error of it is the file's."""
    statements = tuple(statement.model_copy(update={"errors": ()}) for statement in facts.statements)
    return facts.model_copy(update={"statements": statements, "errors": ()})


def without_rows(facts: FileFacts) -> FileFacts:
    """The same where the queries' rows fill variables."""
    statements = tuple(without_outputs(item) if item.kind == "select" else item for item in facts.statements)
    return facts.model_copy(update={"statements": statements})


def returned_rows(facts: FileFacts) -> FileFacts:
    """The same where a function returns the queries' rows."""
    statements = tuple(item.model_copy(update={"returned": item.kind == "select"}) for item in facts.statements)
    return facts.model_copy(update={"statements": statements})


def _problems(problems: tuple[Problem, ...], lines: int) -> tuple[Problem, ...]:
    return tuple(problem.model_copy(update={"line": problem.line + lines}) for problem in problems)
