"""One page of a list that is asked for with GET (ENDPOINTS 0): ``pageOffset`` and ``pageSize`` in the query."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from faas_agent.ports.store.documents import Page

PageOffset = Annotated[int, Query(alias="pageOffset", ge=0, le=2**31)]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=1000)]


def page_of(found: list[dict[str, Any]], offset: int, size: int) -> dict[str, object]:
    """The page with that number, as on the wire."""
    return Page(found[offset * size : (offset + 1) * size], len(found), offset, size).to_wire()


def names_in(text: str | None) -> list[str] | None:
    """``a,b`` as a list; nothing sent is no restriction."""
    return None if text is None else [name for name in text.split(",") if name]
