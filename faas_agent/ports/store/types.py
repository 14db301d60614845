"""The types of columns, the same in meaning on every database. Used by ``tables.py`` and ``documents.py``."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""In the order of code points, so that an index serves a comparison as ``matches`` makes it."""
JSONS = JSON().with_variant(JSONB(), "postgresql")
"""Any JSON value. PostgreSQL does not keep the order of keys."""
SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""Numbers that a table gives out itself; SQLite counts by itself under this name only."""
