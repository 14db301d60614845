"""Ending one call, and only that call: its stop order, and the exception that interrupts its thread.

Enters: ``stop`` and ``interrupt`` frames of one execution and attempt. Leaves: ``InterruptedError`` at the call's next
checkpoint, ``Interrupted`` in its thread. An order never outlives its call and never names a thread that has moved on.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Callable, Optional, TypeVar

Result = TypeVar("Result")


class Interrupted(BaseException):
    """Raised inside user code by a hard stop. Not an Exception, so that ``except Exception`` does not swallow it."""


class StopOrder:
    """Whether this call was told to stop, and why. The first order stands."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.reason = ""
        self.message = ""

    def give(self, reason: str, message: str) -> None:
        """Called by the thread that reads the socket."""
        if not self.event.is_set():
            self.reason, self.message = reason, message
            self.event.set()

    def check(self) -> None:
        """A checkpoint: raises InterruptedError once the order was given."""
        if self.event.is_set():
            raise InterruptedError(self.message)


class ThreadInterrupt:
    """An exception for the thread that runs one call, at most once, and never after the call has left that thread.

    ``run`` holds the thread only while the work runs. An exception that was set but not yet delivered when the work
    ends is taken back under the same lock, or caught here: it cannot reach the next call on the same thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: Optional[int] = None
        self._sent = False

    def run(self, work: Callable[[], Result], interrupted: Callable[[], Result]) -> Result:
        """The result of ``work``, or of ``interrupted`` when the exception came through it."""
        result: Optional[Callable[[], Result]] = None
        begun = over = False
        while not over:  # a loop, so that no instruction between the end of the work and the release is unguarded
            try:
                if not begun:
                    begun = True
                    self._hold()
                    value = work()
                    result = _constant(value)
                self._release()
                over = True
            except Interrupted:
                if result is None:
                    result = interrupted
        return result() if result is not None else interrupted()

    def interrupt(self) -> bool:
        """Whether the thread was still there to be interrupted. Safe from any thread, at any time."""
        with self._lock:
            if self._thread is None or self._sent:
                return False
            self._sent = True
            _set_exception(self._thread, Interrupted)
            return True

    def _hold(self) -> None:
        with self._lock:
            self._thread = threading.get_ident()

    def _release(self) -> None:
        with self._lock:
            self._thread = None
        if self._sent:
            _set_exception(threading.get_ident(), None)


def _constant(value: Result) -> Callable[[], Result]:
    return lambda: value


def _set_exception(thread: int, kind: Optional[type]) -> None:
    """None takes back an exception that was not delivered yet."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind) if kind else None)
