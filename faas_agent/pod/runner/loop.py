"""The event loop thread for ``async def`` functions. asyncio is imported, and the thread started, for the first one.

Enters: calls, from the thread that reads the socket. Leaves: nothing; each call reports for itself. ``interrupt``
cancels the call's task, which reaches it at its next ``await``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Callable, Coroutine, Optional, Set

from .binding import Call

if TYPE_CHECKING:
    import asyncio


class LoopThread:
    """One per process."""

    def __init__(self, work: Callable[[Call], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._loop: "Optional[asyncio.AbstractEventLoop]" = None
        self._tasks: "Set[asyncio.Task[None]]" = set()

    def submit(self, call: Call) -> None:
        """Called from one thread only."""
        import asyncio

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="functions-async", daemon=True).start()
        self._loop.call_soon_threadsafe(self._begin, call)

    def _begin(self, call: Call) -> None:
        assert self._loop is not None  # noqa: S101 - only the loop itself calls this
        task = self._loop.create_task(self._work(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        call.interrupt = lambda: self._loop.call_soon_threadsafe(task.cancel) if self._loop else None
