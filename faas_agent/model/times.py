"""Time as the wire writes it (ENDPOINTS 0): ISO-8601, milliseconds, ``Z``. Inside, time is seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime


def to_wire(seconds: float) -> str:
    """``1.5`` -> ``1970-01-01T00:00:01.500Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(seconds * 1000) % 1000:03d}Z"


def from_wire(text: str) -> float:
    """Seconds of an ISO-8601 text; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
