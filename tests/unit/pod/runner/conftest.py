"""The fixture of this folder; what it is stands in ``runner_house.py``, a name that no other folder has."""

from __future__ import annotations

from pathlib import Path

import pytest
from runner_house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    codebase = tmp_path / "codebase"
    codebase.mkdir()
    return House(codebase)
