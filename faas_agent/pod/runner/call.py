"""One call, from its frame to its ``done``: inputs in, user code, output or error out.

Enters: a ``Call`` and what was loaded. Leaves: ``started``, ``progress`` and ``done`` frames. Used by the thread
pool, by the event loop and by a forked child, so that all three behave alike. Never raises what user code raised.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Dict, Optional

from . import binding, inputs, outputs, trace
from .capture import Capture
from .failures import CallError
from .kill import Interrupted
from .load import Function, Loaded
from .outbox import Outbox
from .service import Context, Progress, as_sdk_sees_it
from .wire import Frame, encode


class Caller:
    """Calls the functions of one loaded service."""

    def __init__(self, loaded: Loaded, start: Frame, outbox: Outbox, capture: Capture) -> None:
        self._loaded = loaded
        self._limit = int(start.get("output_limit") or 4_000_000)
        self._surroundings = {name: start.get(name) or {} for name in ("service", "package", "project")}
        self._outbox = outbox
        self._capture = capture

    def is_async(self, call: binding.Call) -> bool:
        """Whether the event loop has to run it."""
        function = self._loaded.function(call.function)
        return function is not None and function.is_async

    def run(self, call: binding.Call) -> None:
        """A plain function, in this thread. ``interrupt`` reaches it until the moment it ends."""
        binding.bind(call)
        begun = self._begin(call)
        self._end(call, begun, call.thread.run(lambda: self._outcome(call), lambda: _stopped(call, None)))
        binding.bind(None)

    async def run_async(self, call: binding.Call) -> None:
        """A coroutine function, in this task. Cancelling the task interrupts it."""
        binding.bind(call)
        begun = self._begin(call)
        self._end(call, begun, await self._outcome_async(call))

    def _begin(self, call: binding.Call) -> float:
        """Said before user code runs: it may take the interpreter with it, and then a start must have been counted."""
        at = time.time()
        self._outbox.put_now({"type": "started", "execution": call.execution, "attempt": call.attempt, "at": at})
        return time.monotonic()

    def _end(self, call: binding.Call, begun: float, outcome: Frame) -> None:
        self._capture.finish(call)
        call.over = True
        done = {"type": "done", "execution": call.execution, "attempt": call.attempt}
        self._outbox.put({**done, **outcome, "seconds": round(time.monotonic() - begun, 6)})

    def _outcome(self, call: binding.Call) -> Frame:
        try:
            function, arguments = self._prepared(call)
            return self._returned(call, function, function.target(**arguments))
        except BaseException as error:
            return self._raised(call, error)

    async def _outcome_async(self, call: binding.Call) -> Frame:
        try:
            function, arguments = self._prepared(call)
            return self._returned(call, function, await function.target(**arguments))
        except BaseException as error:
            return self._raised(call, error)

    def _prepared(self, call: binding.Call) -> "tuple[Function, Frame]":
        function = self._loaded.function(call.function)
        if function is None:
            raise CallError("bad-input", f"The service has no function {call.function!r}")
        try:
            inputs.refuse_unknown(call.input, function.inputs, function.parameters)
            injected = self._injected(call, function)
            return function, inputs.arguments(function.inputs, function.parameters, call.input, injected)
        except inputs.InputError as error:
            raise CallError("bad-input", f"Function {function.name!r}: {error}") from None

    def _injected(self, call: binding.Call, function: Function) -> Frame:
        if "progress" not in function.parameters and "context" not in function.parameters:
            return {}
        progress = as_sdk_sees_it(Progress)(LatestProgress(call, self._outbox).update)
        return {"progress": progress, "context": as_sdk_sees_it(Context)(call, self._surroundings, progress)}

    def _returned(self, call: binding.Call, function: Function, value: Any) -> Frame:
        if call.stop.event.is_set():
            return _stopped(call, None)
        return {"outcome": "success", "output": outputs.wire_output(function.outputs, value, self._limit)}

    def _raised(self, call: binding.Call, error: BaseException) -> Frame:
        """An order to stop explains whatever came after it. Only text leaves: a kept exception keeps its frames."""
        if isinstance(error, CallError):
            self._capture.lines.write("ERROR", error.message, call)
            return {"outcome": "error", "reason": error.reason, "message": error.message}
        if isinstance(error, Interrupted) or call.stop.event.is_set():
            return _stopped(call, error)
        self._capture.lines.write_traceback(error, call)
        text, message = trace.text_of(error), trace.sentence_of(error)
        return {"outcome": "error", "reason": "error", "message": message, "traceback": text}


class LatestProgress:
    """Progress of one call. Many updates between two frames become one, with the last word on each field."""

    def __init__(self, call: binding.Call, outbox: Outbox) -> None:
        self._call = call
        self._outbox = outbox
        self._lock = threading.Lock()
        self._unsent: Dict[str, Any] = {}

    def update(self, said: Frame) -> None:
        """Raises ValueError when it is not JSON."""
        try:
            encode({"type": "progress", **said})
        except (TypeError, ValueError) as error:
            raise ValueError(f"progress.update: what is given must be JSON: {error}") from None
        with self._lock:
            first = not self._unsent
            self._unsent.update(said)
        if first and not self._call.over:
            self._outbox.put(self._take)

    def _take(self) -> Optional[Frame]:
        with self._lock:
            said, self._unsent = self._unsent, {}
        ids = {"type": "progress", "execution": self._call.execution, "attempt": self._call.attempt}
        return {**ids, **said} if said else None


def _stopped(call: binding.Call, error: Optional[BaseException]) -> Frame:
    """The call ended after it was told to: that, and not what it returned or raised on its way out, is how it ended."""
    reason, message = call.stop.reason or "terminated", call.stop.message or "Execution received termination signal"
    frame: Frame = {"outcome": "stopped", "reason": reason, "message": message}
    if error is not None and not isinstance(error, (Interrupted, InterruptedError)):
        frame["traceback"] = trace.text_of(error)
    return frame
