"""print, logging and tracebacks of user code as log lines of the execution that wrote them.

Enters: text written to ``sys.stdout`` and ``sys.stderr``, records of the root logger. Leaves: lines in the outbox,
bound to the current call. The file descriptors 1 and 2 stay as they are, for programs that user code starts. Holds no
lock, so an interrupted writer blocks nobody.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import time
from typing import Any, Dict, Iterable, List, Optional, Tuple

from . import binding, trace
from .outbox import Outbox

LINE_LIMIT = 32 * 1024
"""Characters; a longer line is stored in pieces."""


class Lines:
    """Log lines of whatever runs now."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def write(self, level: str, text: str, call: Optional[binding.Call]) -> None:
        """One line, or the pieces of a long one."""
        for start in range(0, len(text) or 1, LINE_LIMIT):
            line: Dict[str, Any] = {"level": level, "message": text[start : start + LINE_LIMIT], "at": time.time()}
            if call is not None:
                line.update(execution=call.execution, attempt=call.attempt, function=call.function)
            self._outbox.put_line(line)

    def write_traceback(self, error: BaseException, call: Optional[binding.Call]) -> None:
        """The traceback of a failed function, one line of the log for each of its own."""
        for text in trace.text_of(error).splitlines():
            self.write("ERROR", text, call)


class Stream(io.TextIOBase):
    """Stands in for ``sys.stdout`` or ``sys.stderr``."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, lines: Lines, level: str, descriptor: int) -> None:
        self._lines = lines
        self._level = level
        self._descriptor = descriptor
        self._started: Dict[Tuple[Any, ...], str] = {}
        self.buffer = _Bytes(self)

    def write(self, text: str) -> int:
        """Whole lines leave at once; the start of a line waits for its end."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        call = binding.current()
        key = _writer(call)
        whole = self._started.pop(key, "") + text
        *complete, rest = whole.split("\n")
        for line in complete:
            self._lines.write(self._level, _after_return(line), call)
        if len(rest) > LINE_LIMIT:
            self._lines.write(self._level, _after_return(rest), call)
        elif rest:
            self._started[key] = rest
        return len(text)

    def flush(self) -> None:
        """Sends a started line too, except a progress bar, which is still rewriting it."""
        call = binding.current()
        rest = self._started.get(_writer(call), "")
        if rest and "\r" not in rest:
            self._started.pop(_writer(call), None)
            self._lines.write(self._level, rest, call)

    def finish(self, call: Optional[binding.Call]) -> None:
        """The call is over: what its threads started to write will get no end."""
        for key in [key for key in list(self._started) if key[:-1] == _writer(call)[:-1]]:
            rest = self._started.pop(key, "")
            if rest:
                self._lines.write(self._level, _after_return(rest), call)

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class _Bytes(io.RawIOBase):
    """``sys.stdout.buffer``."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True


class LogHandler(logging.Handler):
    """The root logger's. Has no lock: an outbox needs none."""

    def __init__(self, lines: Lines, streams: Iterable[Stream]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines
        self._streams = list(streams)

    def handle(self, record: logging.LogRecord) -> bool:
        if self.filter(record) and not self._written_by_another(record):
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:
            text = f"{record.msg!r} with arguments {record.args!r} (a log call whose arguments do not fit its message)"
        for line in text.splitlines() or [""]:
            self._lines.write(record.levelname, line, binding.current())

    def _written_by_another(self, record: logging.LogRecord) -> bool:
        """A logger with a stream handler of its own, as the SDK has, would show each record twice."""
        logger: Optional[logging.Logger] = logging.getLogger(record.name)
        while logger is not None and logger is not logging.root and logger.propagate:
            if any(self._shows(handler, record) for handler in logger.handlers):
                return True
            logger = logger.parent
        return False

    def _shows(self, handler: logging.Handler, record: logging.LogRecord) -> bool:
        stream = getattr(handler, "stream", None)
        return record.levelno >= handler.level and any(stream is ours for ours in self._streams)


class Capture:
    """What this process writes, from ``install`` to its end."""

    def __init__(self, outbox: Outbox) -> None:
        self.lines = Lines(outbox)
        self._streams: List[Stream] = [Stream(self.lines, "INFO", 1), Stream(self.lines, "WARNING", 2)]

    def install(self) -> None:
        """Before user code is imported."""
        sys.stdout, sys.stderr = self._streams
        logging.root.addHandler(LogHandler(self.lines, self._streams))
        logging.root.setLevel(logging.INFO)

    def finish(self, call: Optional[binding.Call]) -> None:
        """Before ``done``, and before the process ends."""
        for stream in self._streams:
            stream.finish(call)


def _writer(call: Optional[binding.Call]) -> Tuple[Any, ...]:
    """Whose half lines belong together: a thread's, within a call."""
    return (*(call.key if call is not None else ("", 0)), threading.get_ident() or os.getpid())


def _after_return(text: str) -> str:
    """A line as a terminal would show it: what was written over with a carriage return is gone."""
    text = text.rstrip("\r")
    return text[text.rfind("\r") + 1 :]
