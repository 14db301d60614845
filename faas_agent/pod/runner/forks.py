"""A child process per call, forked from the initialised instance, so that what ``__init__`` loaded is shared.

Enters: calls and interrupts, from the single thread of this process. Leaves: ``exited`` frames; each child speaks for
its call over a connection of its own. This process starts no thread of its own, because a fork copies locks but not
their owners.
"""

from __future__ import annotations

import os
import signal
from typing import Callable, Dict, List

from .binding import Call
from .wire import Frame


class Forks:
    """The living children. ``run`` is the child's whole life and must not return."""

    def __init__(self, run: Callable[[Call], None], report: Callable[[Frame], None]) -> None:
        self._run = run
        self._report = report
        self._calls: Dict[int, Call] = {}
        self._pipes: Dict[int, int] = {}

    def submit(self, call: Call) -> None:
        """Forks. The pipe has no use but to end with the child, and so to wake the one who waits on it."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._live(call, reading)
        os.close(writing)
        self._calls[pid], self._pipes[pid] = call, reading
        call.interrupt = lambda: self._kill(pid)

    def descriptors(self) -> List[int]:
        """Readable when a child may have ended."""
        return list(self._pipes.values())

    def reap(self) -> List[Call]:
        """The calls whose child is gone, each reported."""
        over = []
        for pid in list(self._calls):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                os.close(self._pipes.pop(pid))
                call = self._calls.pop(pid)
                call.over = True
                self._report({"execution": call.execution, "attempt": call.attempt, **_ending(status)})
                over.append(call)
        return over

    def _live(self, call: Call, reading: int) -> None:
        code = 1
        try:
            for descriptor in (reading, *self._pipes.values()):
                os.close(descriptor)
            self._run(call)
            code = 0
        finally:
            os._exit(code)

    def _kill(self, pid: int) -> None:
        if pid in self._calls:  # not reaped yet, so the number is still this child's
            os.kill(pid, signal.SIGKILL)


def _ending(status: int) -> Frame:
    ending = {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"code": os.WEXITSTATUS(status)}
    return {"type": "exited", **ending}
