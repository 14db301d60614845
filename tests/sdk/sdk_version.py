"""Which SDK drives these tests. They run with the current one, and a quick part of them with 1.99.12, which is in wide
use still: what only the current one has is marked by ``needs``, where it is used.
"""

from __future__ import annotations

from importlib.metadata import version

import pytest

SDK = tuple(int(part) for part in version("dtlpy").split(".")[:2])
CURRENT = (1, 126)


def needs(wanted: tuple[int, int], what: str) -> pytest.MarkDecorator:
    """Skips a test of something that older SDKs do not have."""
    return pytest.mark.skipif(wanted > SDK, reason=f"dtlpy {version('dtlpy')} has no {what}")
