"""The SDK is in an environment when the code meets it, and only then; so are the modules that all count on."""

from __future__ import annotations

from pathlib import Path

import pytest

from faas_agent.pod.host.environment import request_for
from faas_agent.pod.host.imports import COMMON, common, imported, needs_sdk


@pytest.mark.parametrize(
    "source",
    [
        "import dtlpy as dl",
        "import os, dtlpy.entities",
        "from dtlpy import entities",
        "def f():\n    from dtlpy.entities import Item\n",
        "try:\n    import dtlpy\nexcept ImportError: pass",
        "import dtlpy\nprint 'python 2'\n",
        "import dtlpy\n\0",
    ],
)
def test_code_that_imports_it_needs_it(tmp_path: Path, source: str) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "part.py").write_text(source)
    assert needs_sdk(imported(tmp_path), [], [])


@pytest.mark.parametrize(
    "source", ["", "'import dtlpy'", "import dtlpy_tools", "from . import dtlpy", "print 'x'", "# dtlpy"]
)
def test_code_that_only_mentions_it_does_not(tmp_path: Path, source: str) -> None:
    (tmp_path / "main.py").write_text(source)
    assert not needs_sdk(imported(tmp_path), [], [])


@pytest.mark.parametrize("kind", ["Item", "Item[]", "Dataset", "Model"])
def test_an_input_that_is_an_entity_needs_it(tmp_path: Path, kind: str) -> None:
    assert needs_sdk(imported(tmp_path), [{"name": "run", "input": [{"name": "x", "type": kind}]}], [])
    assert needs_sdk(imported(tmp_path), [], [{"name": "x", "type": kind}])


@pytest.mark.parametrize("functions", [[], [{"name": "run"}], [{"input": None}], [{"input": [{"type": "Json[]"}]}]])
def test_plain_inputs_do_not(tmp_path: Path, functions: list[dict[str, object]]) -> None:
    assert not needs_sdk(imported(tmp_path), functions, [{"name": "x", "type": "String"}])


def test_code_gets_the_common_modules_that_it_imports_and_does_not_bring_along(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "def f():\n    import cv2, json\n    from numpy import linalg\n    import requests"
    )
    (tmp_path / "requests").mkdir()
    assert common(tmp_path, imported(tmp_path)) == (COMMON["cv2"], COMMON["numpy"])


@pytest.mark.parametrize("lines", ["six", "-c constraints.txt"])
def test_code_that_names_requirements_gets_those_alone(tmp_path: Path, lines: str) -> None:
    (tmp_path / "main.py").write_text("import numpy")
    (tmp_path / "constraints.txt").write_text("six<2")
    none = request_for(tmp_path, functions=[], sdk_version="1")
    assert none.requirements.requirements == ("numpy",)
    (tmp_path / "requirements.txt").write_text(lines)
    assert "numpy" not in request_for(tmp_path, functions=[], sdk_version="1").requirements.names()
