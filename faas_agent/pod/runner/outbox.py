"""Everything that leaves the runner, in the order in which it was put.

Enters: frames and log lines from any thread. Leaves: bytes on the socket. Until ``start`` the caller's thread sends;
after it one sender thread does, so that an interrupted thread can never leave half a frame behind. Log lines that wait
together leave together; a thread that writes faster than the host reads waits here, and holds no lock while it does.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Union

from .wire import Frame, encode

Line = Dict[str, Any]
Later = Callable[[], Optional[Frame]]
"""A frame that is made when its turn comes, or None when there is nothing left to say."""

WAITING_LIMIT = 4 * 1024 * 1024
"""Bytes of lines that may wait before their writers do."""
GROUP_LIMIT = 512
"""Lines in one frame."""


class Outbox:
    """One per process; a forked child gives it a connection of its own with ``reconnect``."""

    def __init__(self, connection: socket.socket) -> None:
        self.reconnect(connection)

    def reconnect(self, connection: socket.socket) -> None:
        """Begins anew on another socket, without a sender thread: no lock or thread survives a fork usefully."""
        self._socket = connection
        self._sending = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._queue: "queue.SimpleQueue[Union[Frame, Later, threading.Event]]" = queue.SimpleQueue()
        self._sender: Optional[threading.Thread] = None

    def start(self) -> None:
        """From now on a thread of its own sends."""
        self._sender = threading.Thread(target=self._send_for_ever, name="runner-outbox", daemon=True)
        self._sender.start()

    def put(self, frame: "Union[Frame, Later]") -> None:
        """A frame that must not be lost."""
        if self._sender is None:
            self._send_now([frame])
        else:
            self._queue.put(frame)

    def put_now(self, frame: Frame) -> None:
        """With the host when this returns, before anything that waits. Never from where an interrupt may arrive."""
        self._send_now([frame])

    def put_line(self, line: Line) -> None:
        """A log line. Waits while too many wait."""
        if self._sender is None:
            self._send_now([{"type": "logs", "lines": [line]}])
            return
        while self._waiting > WAITING_LIMIT:
            time.sleep(0.002)
        self._count(len(line["message"]))
        self._queue.put({"type": "line", "line": line})

    def flush(self, seconds: float = 5.0) -> None:
        """Returns when what was put before is with the host, or after that time."""
        if self._sender is not None:
            passed = threading.Event()
            self._queue.put(passed)
            passed.wait(seconds)

    def _count(self, size: int) -> None:
        with self._counting:
            self._waiting += size

    def _send_for_ever(self) -> None:
        while True:
            group = [self._queue.get()]
            while len(group) < GROUP_LIMIT and not self._queue.empty():
                group.append(self._queue.get())
            self._send_now([entry for entry in group if not isinstance(entry, threading.Event)])
            for entry in group:
                if isinstance(entry, threading.Event):
                    entry.set()

    def _send_now(self, entries: "List[Union[Frame, Later]]") -> None:
        data = b"".join(encode(frame) for frame in self._grouped(entries))
        try:
            with self._sending:
                self._socket.sendall(data)
        except OSError:
            os._exit(1)  # the host is gone: nobody is left to work for

    def _grouped(self, entries: "List[Union[Frame, Later]]") -> List[Frame]:
        frames: List[Frame] = []
        lines: List[Line] = []
        for entry in entries:
            frame = entry() if callable(entry) else entry
            if frame is None:
                continue
            if frame["type"] == "line":
                self._count(-len(frame["line"]["message"]))
                if not lines:
                    lines = []
                    frames.append({"type": "logs", "lines": lines})
                lines.append(frame["line"])
            else:
                lines = []
                frames.append(frame)
        return frames
