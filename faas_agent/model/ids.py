"""Ids as the SDK expects them (ENDPOINTS 0): 24 hex digits that only grow, and UUIDs.

The 24 digits are a Mongo ObjectId: seconds, five bytes of this process, a counter. Within a process each is greater
than the one before, so that ``{"id": {"$gt": last}}`` pages through everything once.
"""

from __future__ import annotations

import re
import threading
import uuid

_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ObjectIds:
    """Makes growing 24-digit ids; safe to call from any thread."""

    def __init__(self, process: bytes) -> None:
        """``process``: five random bytes, one value for the life of the process."""
        if len(process) != 5:
            raise ValueError("an ObjectId has five bytes for the process")
        self._process = process.hex()
        self._lock = threading.Lock()
        self._seconds = 0
        self._count = 0

    def new(self, now: float) -> str:
        """The next id. ``now``: seconds since the epoch; a clock that steps back does not make an id step back."""
        with self._lock:
            self._count += 1
            self._seconds = max(self._seconds, int(now))
            if self._count >= 1 << 24:
                self._seconds, self._count = self._seconds + 1, 0
            return f"{self._seconds:08x}{self._process}{self._count:06x}"


def is_object_id(text: str) -> bool:
    """Whether the text has the form of an item's, dataset's, service's or execution's id."""
    return _OBJECT_ID.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether the text has the form of a project's, package's or trigger's id."""
    return _UUID.fullmatch(text) is not None


def new_uuid() -> str:
    """A random id for projects, packages and triggers."""
    return str(uuid.uuid4())
