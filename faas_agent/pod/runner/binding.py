"""For which call does this code run? A context variable knows, in threads and coroutines alike.

Enters: a ``Call``, bound by whoever runs it. Leaves: ``current()``, asked by ``kill_event``, print and logging. A call
that is over binds nothing any more, however long a thread that it started lives on.
"""

from __future__ import annotations

import contextvars
import threading
from typing import Any, Callable, Optional

from .kill import StopOrder, ThreadInterrupt
from .wire import Frame


class Call:
    """One attempt of one execution, from its ``call`` frame to its ``done``."""

    def __init__(self, frame: Frame) -> None:
        self.execution = str(frame["execution"])
        self.attempt = int(frame.get("attempt", 1))
        self.function = str(frame["function"])
        self.input: Frame = frame.get("input") or {}
        self.deadline: Optional[float] = frame.get("deadline")
        self.info: Frame = frame.get("info") or {}
        self.stop = StopOrder()
        self.thread = ThreadInterrupt()
        self.interrupt: Callable[[], Any] = self.thread.interrupt
        self.over = False

    @property
    def key(self) -> "tuple[str, int]":
        return self.execution, self.attempt


_CALL: "contextvars.ContextVar[Optional[Call]]" = contextvars.ContextVar("call", default=None)


def current() -> Optional[Call]:
    """The call that this code runs for, or None: in ``__init__``, in a thread of its own, after the call is over."""
    call = _CALL.get()
    return None if call is None or call.over else call


def bind(call: Optional[Call]) -> None:
    """From here on this thread, or this task, runs for that call."""
    _CALL.set(call)


def checkpoint() -> None:
    """What every ``kill_event()`` is: raises InterruptedError when the current call was told to stop."""
    call = current()
    if call is not None:
        call.stop.check()


def inherit_in_threads() -> None:
    """Threads that user code starts run for the call that started them; so does each piece of work of an executor."""
    start = threading.Thread.start

    def start_bound(thread: threading.Thread) -> None:
        call = current()
        if call is not None:
            _bind_thread(thread, call)
        start(thread)

    threading.Thread.start = start_bound  # type: ignore[method-assign,assignment]  # where every thread begins


def _bind_thread(thread: threading.Thread, call: Call) -> None:
    run = thread.run

    def run_bound() -> None:
        del thread.run  # the class's own again, and no cycle through this closure
        bind(call)
        run()

    thread.run = run_bound  # type: ignore[method-assign]  # only this thread's
    target = getattr(thread, "_target", None)
    if getattr(target, "__module__", "") == "concurrent.futures.thread":
        _bind_executors()


def _bind_executors() -> None:
    """An executor outlives the call that made it, so its work is bound piece by piece."""
    from concurrent.futures import ThreadPoolExecutor

    submit = ThreadPoolExecutor.submit
    if submit.__module__ == __name__:
        return

    def submit_bound(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        call = current()

        def work() -> Any:
            bind(call)
            return fn(*args, **kwargs)

        return submit(self, work)

    ThreadPoolExecutor.submit = submit_bound  # type: ignore[method-assign,assignment]  # same call, bound work
