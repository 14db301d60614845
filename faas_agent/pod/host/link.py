"""Frames over asyncio streams: the host's end of one connection with a runner or its child.

Enters: a stream pair. Leaves: frames in, frames out. Knows no frame type; what they mean is ``runner.py``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from faas_agent.pod.runner.wire import HEADER_BYTES, Frame, decode, encode, length_of


class Link:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, frame: Frame) -> None:
        """A frame to a connection that is gone is dropped: the end of its process tells the rest."""
        if not self._writer.is_closing():
            self._writer.write(encode(frame))

    async def frames(self) -> AsyncIterator[Frame]:
        """Until the other side closes. Raises WireError when it speaks something else."""
        try:
            while True:
                header = await self._reader.readexactly(HEADER_BYTES)
                yield decode(await self._reader.readexactly(length_of(header)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    def close(self) -> None:
        """At once, whatever was not sent yet; ``frames`` ends."""
        self._writer.transport.abort()
