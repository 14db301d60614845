"""What a process writes to its own stdout and stderr, cut into lines.

Enters: a pipe. Leaves: groups of lines with the time of their arrival. Programs that user code starts write here; so
does an interpreter that dies.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

CHUNK_BYTES = 64 * 1024
"""Also the longest line: a longer one comes in pieces."""


async def lines_of(pipe: asyncio.StreamReader) -> AsyncIterator[tuple[list[str], float]]:
    """Until the pipe ends; a last line without an end is a line too."""
    started = b""
    while chunk := await pipe.read(CHUNK_BYTES):
        *whole, started = (started + chunk).split(b"\n")
        if len(started) > CHUNK_BYTES:
            whole, started = [*whole, started], b""
        if whole:
            yield [line.decode("utf-8", "replace") for line in whole], time.time()
    if started:
        yield [started.decode("utf-8", "replace")], time.time()
