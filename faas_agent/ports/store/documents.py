"""Tables of documents: a JSON object under an id, with some of its values copied into columns that have indexes.

Enters: entities as the wire has them, and parsed queries. Leaves: the same entities, in pages. A column follows its
document on every write, so it may be asked instead of the document. Used inside a transaction of the store; knows no
owners: ``within`` is the caller's scope, and the API never leaves it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    and_,
    exists,
    func,
    select,
    true,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine

from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import And, Compare, Filter, Or, Path, Query, field_path
from faas_agent.model.specs.matching import kind
from faas_agent.model.specs.values import json_value, show
from faas_agent.ports.store.dql import compile_filter, order_by
from faas_agent.ports.store.types import JSONS, TEXT

Document: TypeAlias = dict[str, Any]
Condition: TypeAlias = ColumnElement[bool]
Within: TypeAlias = Mapping[str, Collection[str]]
"""Column name -> the values the caller may see. An empty collection: nothing."""

_WORDS: dict[type, str] = {str: "a text", bool: "true or false", int: "a number", float: "a number"}
_CHUNK = 500


class Taken(Exception):
    """An id, or a value that has to be unique in this table, is in use. The caller says it in its own words."""


@dataclass(frozen=True, slots=True)
class Column:
    """A value of the document as a column. A digit in ``path`` is a place in an array: ``projects.0``."""

    path: str
    type: type[TypeEngine[Any]] | TypeEngine[Any] = Text
    index: bool = False
    unique: bool = False


class DocumentTable:
    """A table and what its columns mean. ``fields``: the keys an entity may have; a filter on others is refused."""

    def __init__(
        self,
        metadata: MetaData,
        name: str,
        columns: Mapping[str, Column],
        fields: frozenset[str] | None = None,
        unique: Sequence[tuple[str, ...]] = (),
    ) -> None:
        self.name = name
        self.columns = dict(columns)
        self.fields = fields
        self.table = Table(
            name,
            metadata,
            SqlColumn("id", _sql_type(Text), primary_key=True),
            *(SqlColumn(key, _sql_type(one.type), index=one.index, unique=one.unique) for key, one in columns.items()),
            SqlColumn("doc", JSONS, nullable=False),
            *(Index(f"{name}_{'_'.join(keys)}", *keys, unique=True) for keys in unique),
        )
        self.paths: dict[str, ColumnElement[Any]] = {
            "id": self.table.c.id,
            **{one.path: self.table.c[key] for key, one in columns.items()},
        }

    def row(self, doc: Mapping[str, object]) -> dict[str, object]:
        """The columns and the document, checked. Raises BadRequest naming what cannot be stored."""
        for key, value in doc.items():
            json_value(json_value("a field name", key), value)
        if not isinstance(doc.get("id"), str):
            raise BadRequest(f"id must be a text, not {show(doc.get('id'))}")
        return {"id": doc["id"], "doc": dict(doc), **{key: _extract(doc, one) for key, one in self.columns.items()}}

    def check(self, f: Filter) -> None:
        """Raise BadRequest for a filter on a field that these entities do not have."""
        match f:
            case And(parts) | Or(parts):
                for part in parts:
                    self.check(part)
            case Compare(path, _, _) if not self.knows(path):
                raise BadRequest(f"{self.name} have no field {show(path[0])} to filter on")

    def knows(self, path: Path) -> bool:
        """Whether an entity of this table may have such a path."""
        return self.fields is None or path[0] in self.fields or path == ("id",)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of what was found, and how many there are in all."""

    items: list[Document]
    total: int
    page: int
    page_size: int

    def to_wire(self) -> dict[str, object]:
        """The four fields of every paged answer."""
        pages = -(-self.total // self.page_size) if self.page_size else 0  # a page of nothing only counts
        return {
            "items": self.items,
            "hasNextPage": self.page + 1 < pages,
            "totalItemsCount": self.total,
            "totalPagesCount": pages,
        }


class Documents:
    """The documents of one table in one transaction. ``joins``: resource on the wire -> a table to join it to."""

    def __init__(
        self, connection: Connection, table: DocumentTable, joins: Mapping[str, DocumentTable] | None = None
    ) -> None:
        self._connection = connection
        self._documents = table
        self._table = table.table
        self._joins = joins or {}

    def insert(self, doc: Document) -> None:
        """Add it. Raises Taken, after which the transaction may go on."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(self._table).values(self._documents.row(doc)).on_conflict_do_nothing()
        if self._connection.scalar(statement.returning(self._table.c.id)) is None:
            raise Taken(self._documents.name)

    def get(self, id: str, lock: bool = False) -> Document | None:  # noqa: A002  # the wire's word
        """The document. ``lock``: nobody else may change it until the transaction ends."""
        statement = select(self._table.c.doc).where(self._table.c.id == id)
        return self._connection.scalar(statement.with_for_update() if lock else statement)

    def put(self, doc: Document) -> bool:
        """Replace the document with the same id. False: there is none. Raises Taken: roll the transaction back."""
        row = self._documents.row(doc)
        try:
            result = self._connection.execute(self._table.update().where(self._table.c.id == row["id"]).values(row))
        except IntegrityError:
            raise Taken(self._documents.name) from None
        return result.rowcount > 0

    def delete(self, id: str) -> bool:  # noqa: A002
        """Whether there was one."""
        return self.delete_many(self._table.c.id == id) > 0

    def delete_many(self, where: Condition) -> int:
        """How many there were. ``where``: a condition on ``table.c``."""
        return self._connection.execute(self._table.delete().where(where)).rowcount

    def first(self, *order: str, **columns: object) -> Document | None:
        """The first document with these values in its columns."""
        return next(iter(self.find(*order, limit=1, **columns)), None)

    def find(self, *order: str, limit: int | None = None, **columns: object) -> list[Document]:
        """All documents with these values. ``order``: column names, ``-name`` descending; then by id."""
        statement = select(self._table.c.doc).where(self._having(columns))
        statement = statement.order_by(*map(self._sort_key, order), self._table.c.id)
        return list(self._connection.scalars(statement.limit(limit)))

    def _sort_key(self, name: str) -> ColumnElement[Any]:
        """The missing before all others, on every database."""
        column = self._table.c[name.removeprefix("-")]
        return column.desc().nulls_last() if name[0] == "-" else column.asc().nulls_first()

    def count(self, **columns: object) -> int:
        """How many have these values."""
        statement = select(func.count()).select_from(self._table).where(self._having(columns))
        return self._connection.scalar(statement) or 0

    def _having(self, columns: Mapping[str, object]) -> Condition:
        return and_(true(), *(self._table.c[name] == value for name, value in columns.items()))

    def query(self, query: Query, within: Within, default_sort: Sequence[str] = ()) -> Page:
        """One page. ``default_sort``: paths, ``-path`` descending, for a query that names no order of its own."""
        found = self._found(query, within)
        ordered = self._ordered(select(self._table.c.doc).where(found), query, default_sort)
        skipped = query.page * query.page_size
        items = list(self._connection.scalars(ordered.limit(query.page_size).offset(skipped)))
        if len(items) < query.page_size and (items or not skipped):
            return Page(items, skipped + len(items), query.page, query.page_size)
        total = self._connection.scalar(select(func.count()).select_from(self._table).where(found)) or 0
        return Page(items, total, query.page, query.page_size)

    def ids(self, query: Query, within: Within) -> list[str]:
        """The ids of all that the query finds, whatever its page."""
        statement = select(self._table.c.id).where(self._found(query, within))
        return list(self._connection.scalars(self._ordered(statement, query, ())))

    def iterate(self, query: Query, within: Within, chunk: int = _CHUNK) -> Iterator[Document]:
        """All that the query finds, by id, whatever its page. They may be changed or deleted on the way."""
        statement = select(self._table.c.doc).where(self._found(query, within)).order_by(self._table.c.id).limit(chunk)
        last = ""
        while docs := list(self._connection.scalars(statement.where(self._table.c.id > last))):
            yield from docs
            last = docs[-1]["id"]

    def _found(self, query: Query, within: Within) -> Condition:
        scope = [self._table.c[name].in_(list(values)) for name, values in within.items()]
        return and_(true(), *scope, self._compiled(self._documents, query.filter), self._joined(query))

    def _compiled(self, documents: DocumentTable, f: Filter) -> Condition:
        documents.check(f)
        return compile_filter(f, documents.paths, documents.table.c.doc, self._connection.dialect.name)

    def _joined(self, query: Query) -> Condition:
        """EXISTS over the other table. One side is an id, so that nothing can be asked about what is not related."""
        if query.join is None:
            return true()
        join, other = query.join, self._joins.get(query.join.resource)
        mine = self._documents.paths.get(".".join(join.foreign))
        theirs = None if other is None else other.paths.get(".".join(join.local))
        if other is None or mine is None or theirs is None or ("id",) not in {join.local, join.foreign}:
            raise BadRequest(f"{self._documents.name} cannot be joined to {show(join.resource)} on these fields")
        related = and_(mine == theirs, self._compiled(other, join.filter))
        return exists().where(related).correlate(self._table)

    def _ordered(self, statement: Select[Any], query: Query, default_sort: Sequence[str]) -> Select[Any]:
        default = tuple((field_path(name.removeprefix("-")), name[0] == "-") for name in default_sort)
        known = tuple((path, down) for path, down in query.sort if self._documents.knows(path)) or default
        keys = order_by(known, self._documents.paths, self._table.c.doc, self._connection.dialect.name)
        return statement.order_by(*keys, self._table.c.id)


def _sql_type(declared: type[TypeEngine[Any]] | TypeEngine[Any]) -> TypeEngine[Any]:
    """Texts in the order of their code points, so that an index serves a comparison as ``matches`` makes it."""
    sql_type = declared() if isinstance(declared, type) else declared
    if isinstance(sql_type, String):
        return TEXT
    return BigInteger() if isinstance(sql_type, Integer) else sql_type


def _extract(doc: object, column: Column) -> object:
    for step in column.path.split("."):
        if isinstance(doc, list) and step.isdigit():
            doc = doc[int(step)] if int(step) < len(doc) else None
        else:
            doc = doc.get(step) if isinstance(doc, dict) else None
    wanted = _sql_type(column.type).python_type
    if doc is not None and kind(doc) is not (float if wanted is int else wanted):
        raise BadRequest(f"{column.path} must be {_WORDS[wanted]}, not {show(doc)}")
    if wanted is int and isinstance(doc, int | float) and (doc != doc // 1 or not -(2**63) <= doc < 2**63):
        raise BadRequest(f"{column.path} must be a whole number of 64 bits, not {show(doc)}")
    return doc if doc is None or wanted not in {int, float} else wanted(doc)
