"""Versions of packages and services: numbers with dots that only grow (ENDPOINTS 14, 15). Pure.

Enters: the version there is and what a caller sent. Leaves: the next one. Raises BadRequest naming ``version``.
"""

from __future__ import annotations

import re

from faas_agent.errors import BadRequest
from faas_agent.model.specs.values import show

FIRST = "1.0.0"
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,3}")


def first_version(sent: object) -> str:
    """The version of something new: what the caller wants, or ``1.0.0``."""
    return FIRST if sent is None else _checked(sent)


def next_version(current: str, sent: object = None) -> str:
    """The version an update gets: its last number + 1, unless the caller raised it already.

    A caller that sends an older one back has an entity that was fetched before somebody else's update; that is no
    mistake, and no wish either.
    """
    if sent is not None and numbers(_checked(sent)) > numbers(current):
        return str(sent)
    *head, last = numbers(current)
    return ".".join(map(str, [*head, last + 1]))


def numbers(version: str) -> tuple[int, ...]:
    """What versions are ordered by: ``1.0.10`` comes after ``1.0.9``."""
    return tuple(map(int, version.split(".")))


def named_version(wanted: object) -> str | None:
    """The package revision that a service names: a version, None for the latest. The SDK's old ``2`` is ``1.0.2``."""
    if wanted in (None, "", "latest"):
        return None
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        return f"1.0.{wanted}"
    if not isinstance(wanted, str):
        raise BadRequest(f"packageRevision: a version such as 1.0.2 or 'latest' is needed, not {show(wanted)}")
    return wanted


def _checked(sent: object) -> str:
    if not isinstance(sent, str) or not _VERSION.fullmatch(sent):
        raise BadRequest(f"version: numbers with dots are needed, such as 1.0.2, not {show(sent)}")
    return sent
