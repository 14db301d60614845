"""Filters and queries (DQL, ENDPOINTS 8): the one place to import them from.

``parse_filter`` and ``parse_query`` take what a caller sent and raise BadRequest; ``matches`` says whether an entity
meets a filter. The SQL for the same filter is made in ``ports/store/dql.py``.
"""

from __future__ import annotations

from faas_agent.model.specs.conditions import EVERYTHING, And, Compare, Filter, Glob, Op, Or, Path
from faas_agent.model.specs.matching import matches
from faas_agent.model.specs.parsing import field_path, parse_filter
from faas_agent.model.specs.query import Context, Join, Query, parse_query

__all__ = [
    "EVERYTHING",
    "And",
    "Compare",
    "Context",
    "Filter",
    "Glob",
    "Join",
    "Op",
    "Or",
    "Path",
    "Query",
    "field_path",
    "matches",
    "parse_filter",
    "parse_query",
]
