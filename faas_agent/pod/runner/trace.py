"""Tracebacks as their author wants to read them: the user's frames, none of ours.

Enters: an exception. Leaves: text. Holds on to nothing: a kept traceback keeps every local variable alive.
"""

from __future__ import annotations

import os
import traceback

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
LIMIT = 64 * 1024
"""Characters; of a longer traceback the end is kept, where the error is."""


def text_of(error: BaseException) -> str:
    """The traceback, its causes included, without the runner's own frames."""
    summary = traceback.TracebackException.from_exception(error)
    _trim(summary, set())
    return "".join(summary.format())[-LIMIT:]


def sentence_of(error: BaseException) -> str:
    """``ValueError: no such label``: what went wrong, in one line or as many as its author wrote."""
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def _trim(summary: "traceback.TracebackException", seen: "set[int]") -> None:
    if id(summary) in seen:
        return
    seen.add(id(summary))
    kept = [frame for frame in summary.stack if not _ours(frame.filename)]
    summary.stack = traceback.StackSummary.from_list(kept)
    for other in (summary.__cause__, summary.__context__):
        if other is not None:
            _trim(other, seen)


def _ours(filename: str) -> bool:
    return filename.startswith(_HERE) or filename.startswith("<frozen importlib")
