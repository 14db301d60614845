"""Threads for plain functions: at most ``concurrency``, started when they are first needed.

Enters: calls, from the thread that reads the socket. Leaves: nothing; each call reports for itself. Threads are
daemons: one that is stuck for good does not keep the process from ending.
"""

from __future__ import annotations

import queue
import threading
from typing import Callable, Generic, TypeVar

Job = TypeVar("Job")


class Pool(Generic[Job]):
    """``work`` must not raise."""

    def __init__(self, size: int, work: Callable[[Job], None]) -> None:
        self._size = size
        self._work = work
        self._jobs: "queue.SimpleQueue[Job]" = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads = 0

    def submit(self, job: Job) -> None:
        """Called from one thread only."""
        if not self._idle.acquire(blocking=False) and self._threads < self._size:
            self._threads += 1
            threading.Thread(target=self._serve, name=f"function-{self._threads}", daemon=True).start()
        self._jobs.put(job)

    def _serve(self) -> None:
        while True:
            self._work(self._jobs.get())
            self._idle.release()
