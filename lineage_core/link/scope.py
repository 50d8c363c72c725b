"""Name lookup inside one query: which source a column belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineage_core.link.relation import STAR, Origin, OutColumn, Relation, distinct
from lineage_core.model.kinds import FlowKind
from lineage_core.sql.names import join_parts, split_normalised

if TYPE_CHECKING:
    from lineage_core.model.facts import Output, Source


@dataclass(slots=True)
class Scope:
    """The sources of one query, the query around it (for correlated subqueries), and the aliases named so far.

    `lateral`: an alias may be used further on, where no source is known to have a column of that name. `compared`: bare
    names, each with the one that it is equal to.
    """

    parent: Scope | None = None
    sources: list[tuple[Source, Relation]] = field(default_factory=list)
    aliases: dict[str, tuple[Origin, ...]] = field(default_factory=dict)
    lateral: bool = False
    compared: dict[str, str] = field(default_factory=dict)

    def find(self, qualifier: str, name: str) -> tuple[Origin, ...]:
        """The origins of a column; an origin without asset where it could be several's or nobody's."""
        if name == STAR:
            return self._rows(qualifier)
        found = self.qualified(qualifier, name) if qualifier else self.unqualified(name)
        if found is not None:
            return found
        if not self.has_sources:  # VALUES (v): without FROM it can only be a variable or parameter
            return ()
        return self._field(qualifier) if qualifier else (Origin(None, name),)

    def aliased(self, name: str, kind: FlowKind) -> tuple[Origin, ...] | None:
        """What a bare name in ORDER BY or GROUP BY means if it means an alias of the select list; else None.

        ORDER BY takes the alias first, GROUP BY a column of that name if one is known.
        """
        if kind is FlowKind.SORT or (
            kind is FlowKind.GROUP_BY and not any(relation.knows(name) for _, relation in self.sources)
        ):
            return self.aliases.get(name)
        return None

    @property
    def has_sources(self) -> bool:
        """Whether this query or one around it reads from anything."""
        return bool(self.sources) or (self.parent is not None and self.parent.has_sources)

    def star(self, output: Output) -> list[OutColumn]:
        """The columns that `*` or `t.*` stands for; a column joined by USING comes once."""
        columns: list[OutColumn] = []
        merged: dict[str, int] = {}
        matching = self._matching(output.qualifier) if output.qualifier else self.visible
        for source, relation in matching:
            unlisted = (OutColumn(STAR, relation.anything),) if len(matching) == 1 and relation.anything else ()
            for column in relation.columns or unlisted:
                if column.name in output.excluded or not _chosen(column.name, output):
                    continue
                origins = tuple(origin.through(output.kind) for origin in column.origins)
                if column.name in merged and (source.natural or column.name in source.using):
                    both = columns[merged[column.name]]
                    if source.outer:
                        columns[merged[column.name]] = both._replace(origins=distinct((*both.origins, *origins)))
                    continue
                merged.setdefault(column.name, len(columns))
                columns.append(OutColumn(output.renamed.get(column.name, column.name), origins))
        if output.qualifier and not matching:  # every field of a struct column
            columns.append(OutColumn(STAR, self._field(output.qualifier)))
        return columns

    @property
    def visible(self) -> list[tuple[Source, Relation]]:
        """The sources whose columns an unqualified name may mean: not those joined by SEMI or ANTI."""
        return [item for item in self.sources if not item[0].semi]

    def lists(self, name: str) -> bool:
        """Whether a source here or in a query around this one is known to have the column."""
        here = any(relation.knows(name) for _, relation in self.sources)
        return here or (self.parent is not None and self.parent.lists(name))

    def calls(self, qualifier: str) -> bool:
        """Whether a source here is called so."""
        return bool(self._matching(qualifier))

    def _rows(self, qualifier: str) -> tuple[Origin, ...]:
        matching = self._matching(qualifier) if qualifier else self.sources
        return distinct(Origin(base, STAR) for _, relation in matching for base in relation.bases)

    def _matching(self, qualifier: str) -> list[tuple[Source, Relation]]:
        exact = [item for item in self.sources if qualifier in (item[0].alias, item[0].table)]
        if exact:
            return exact
        return [item for item in self.sources if not item[0].alias and same_table(item[0].table, qualifier)]

    def qualified(self, qualifier: str, name: str) -> tuple[Origin, ...] | None:
        """The origins of `qualifier.name`, here or in a query around this one; None if no source is called so."""
        matching = self._matching(qualifier)
        if matching:
            source, relation = matching[0]
            found = relation.lookup(name)
            return found if found is not None else _unlisted(source, relation, name)
        return self.parent.qualified(qualifier, name) if self.parent else None

    def unqualified(self, name: str) -> tuple[Origin, ...] | None:
        """The origins of a bare name, here or in a query around this one; None if nobody can have it."""
        known = [(source, relation) for source, relation in self.visible if relation.knows(name)]
        if known:
            shared = any(name in source.using for source, _ in known[1:])
            taken = known if shared or len(known) > 1 else known[:1]
            return distinct(origin for _, relation in taken for origin in relation.lookup(name) or ())
        if self.parent is not None and self._is_outer(name):
            return self.parent.unqualified(name)
        if using := [item for item in self.visible if name in item[0].using]:
            return self._both_sides(using[0], name)
        if any(source.alias == name and source.table not in {"", name} for source, _ in self.visible):
            return self._rows(name)  # to_json(t): the row as a whole
        return self._guess(name)

    def _is_outer(self, name: str) -> bool:
        """Whether a name that no source here is known to have is the outer query's: it is compared with another bare
        name, and only this one is known there.
        """
        other = self.compared.get(name)
        outer = self.parent
        return other is not None and outer is not None and outer.lists(name) and not outer.lists(other)

    def _both_sides(self, item: tuple[Source, Relation], name: str) -> tuple[Origin, ...]:
        """A column joined by USING, of tables whose columns are not known: it is in both."""
        sides = [*self.sources[: self.sources.index(item)][-1:], item]
        return distinct(origin for _, relation in sides for origin in relation.lookup(name) or ())

    def _guess(self, name: str) -> tuple[Origin, ...] | None:
        """No source lists the column: one whose columns are unknown may have it, else an alias, else the outer
        query.
        """
        if self.lateral and name in self.aliases:
            return self.aliases[name]
        candidates = [relation for _, relation in self.visible if relation.open]
        unknown = any(_says_nothing(source, relation) for source, relation in self.visible)
        if len(candidates) == 1 and not unknown:
            return candidates[0].lookup(name)
        if candidates:
            several = distinct(origin for relation in candidates for origin in relation.lookup(name) or ())
            return several if len(several) == 1 and not unknown else (Origin(None, name),)
        if name in self.aliases:
            return self.aliases[name]
        if unknown:
            return ()
        functions = [relation for _, relation in self.sources if relation.anything]
        if self.parent is not None and (not functions or self.parent.lists(name)):
            found = self.parent.unqualified(name)
            if found is not None:
                return found
        if functions:
            return functions[0].anything
        if len(self.sources) == 1:
            return _unlisted(*self.sources[0], name)
        return None

    def _field(self, qualifier: str) -> tuple[Origin, ...]:
        """`a.b` and `t.a.b` where no source is called so: a field of a struct column a."""
        parts = split_normalised(qualifier)
        for length in range(len(parts) - 1, 0, -1):
            found = self.qualified(join_parts(parts[:length]), parts[length])
            if found is not None:
                break
        else:
            found = self.unqualified(parts[0])
        return found if found is not None else (Origin(None, qualifier),)


def same_table(name: str, qualifier: str) -> bool:
    """Whether a qualifier may mean the table: the same name, or its last parts."""
    return name == qualifier or name.endswith(f".{qualifier}") or qualifier.endswith(f".{name}")


def _chosen(name: str, star: Output) -> bool:
    """Whether a star takes the column, as far as patterns decide."""
    return not star.matching or name == STAR or re.search(star.matching, name, re.IGNORECASE) is not None


def _says_nothing(source: Source, relation: Relation) -> bool:
    """Whether any name may be the source's column: a user's function that is not known, without arguments that flow."""
    return bool(source.function) and not relation.columns and not relation.anything


def _unlisted(source: Source, relation: Relation, name: str) -> tuple[Origin, ...]:
    """A column that a known table does not list: believed for tables (the definition may be old), cut otherwise."""
    return (Origin(source.table, name),) if source.table and relation.bases == (source.table,) else ()
