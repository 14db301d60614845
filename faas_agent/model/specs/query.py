"""The envelope around a filter (ENDPOINTS 8): page, order, join, and what to do with what is found. Pure.

Called by the handlers of every ``.../query``; read by ``ports/store/documents.py``. Whether the caller may see what he
asks for is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from faas_agent.errors import BadRequest
from faas_agent.model.specs.conditions import EVERYTHING, Filter, Path
from faas_agent.model.specs.parsing import MAX_DEPTH, field_path, parse_filter
from faas_agent.model.specs.values import json_value, show

T = TypeVar("T")
Sort = tuple[tuple[Path, bool], ...]
"""Paths in order of weight; True: descending."""

MAX_OFFSET = 2**53
"""The largest number of entities that can be skipped: what JSON numbers hold without loss."""
MAX_SORTS = 10
_DIRECTIONS = {"ascending": False, "descending": True}
_UNSUPPORTED = ("intersect", "except", "limit")


@dataclass(frozen=True, slots=True)
class Context:
    """The projects and datasets the caller looks at. None: no restriction; the API narrows the scope with it."""

    projects: tuple[str, ...] | None = None
    datasets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """Only entities for which ``resource`` has one that meets ``filter`` and whose ``local`` is their ``foreign``."""

    resource: str
    local: Path
    foreign: Path
    filter: Filter


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked, checked. ``update`` and ``references`` are as sent: their handlers know what they may hold."""

    filter: Filter = EVERYTHING
    page: int = 0
    page_size: int = 1000
    sort: Sort = ()
    join: Join | None = None
    context: Context = Context()
    system_space: bool = False
    resource: str | None = None
    references: Mapping[str, object] | None = None
    update: Mapping[str, object] | None = None
    delete: bool = False


def parse_query(body: object, max_page_size: int = 1000) -> Query:
    """The body of a query. A page larger than the largest is cut to it. Raises BadRequest."""
    if not isinstance(body, Mapping):
        raise BadRequest(f"a query must be an object, not {show(body)}")
    for key in _UNSUPPORTED:
        if body.get(key) is not None:
            raise BadRequest(f"{key} is not supported in a query: put its conditions into the filter")
    page = _whole(body, "page", 0, 0)
    page_size = min(_whole(body, "pageSize", max_page_size, 0), max_page_size)
    if page * page_size > MAX_OFFSET:
        raise BadRequest(f"page {page} is beyond anything that can be stored")
    return Query(
        filter=parse_filter(body.get("filter")),
        page=page,
        page_size=page_size,
        sort=_sort(_field(body, "sort", dict)),
        join=_join(_field(body, "join", dict)),
        context=_context(_field(body, "context", dict) or {}),
        system_space=_field(body, "systemSpace", bool) or False,
        resource=_field(body, "resource", str),
        references=_field(body, "references", dict),
        update=_field(body, "update", dict),
        delete=_field(body, "delete", bool) or False,
    )


def _field(body: Mapping[str, object], key: str, kind: type[T]) -> T | None:
    value = body.get(key)
    if value is not None and not isinstance(value, kind):
        words = {dict: "an object", bool: "true or false", str: "a text", list: "a list"}[kind]
        raise BadRequest(f"{key} must be {words}, not {show(value)}")
    return json_value(key, value)


def _whole(body: Mapping[str, object], key: str, default: int, least: int) -> int:
    value = body.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or value < least:
        raise BadRequest(f"{key} must be a whole number, {least} or more, not {show(value)}")
    return int(min(value, MAX_OFFSET + 1))


def _sort(raw: dict[str, object] | None) -> Sort:
    found = tuple(_sorts(raw or {}, (), 0))
    if len(found) > MAX_SORTS:
        raise BadRequest(f"sort takes at most {MAX_SORTS} fields")
    return found


def _sorts(raw: dict[str, object], above: Path, depth: int) -> Iterator[tuple[Path, bool]]:
    """A field may also be an object of the fields below it."""
    for name, direction in raw.items():
        path = above + field_path(name)
        if isinstance(direction, dict) and depth < MAX_DEPTH:
            yield from _sorts(direction, path, depth + 1)
        elif isinstance(direction, str) and direction in _DIRECTIONS:
            yield path, _DIRECTIONS[direction]
        else:
            raise BadRequest(f"sort of {'.'.join(path)} must be ascending or descending, not {show(direction)}")


def _join(raw: dict[str, object] | None) -> Join | None:
    if not raw:
        return None
    on = _field(raw, "on", dict) or {}
    words = [_field(on, key, str) for key in ("resource", "local", "forigen")]
    if None in words:
        raise BadRequest("join.on needs resource, local and forigen (spelt like this)")
    resource, local, foreign = cast(list[str], words)
    join = Join(resource, field_path(local), field_path(foreign), parse_filter(raw.get("filter")))
    return None if join.filter == EVERYTHING else join  # the SDK leaves it empty when its last condition is taken out


def _context(raw: dict[str, object]) -> Context:
    return Context(projects=_ids(raw, "projects"), datasets=_ids(raw, "datasets"))


def _ids(raw: dict[str, object], key: str) -> tuple[str, ...] | None:
    ids = _field(raw, key, list)
    if ids is not None and not all(isinstance(one, str) for one in ids):
        raise BadRequest(f"context.{key} must be a list of ids")
    return None if ids is None else tuple(ids)
