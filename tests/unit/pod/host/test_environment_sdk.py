"""The SDK is in an environment when the code meets it, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from faas_agent.pod.host.sdk_need import needs_sdk


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
    assert needs_sdk(tmp_path, [], [])


@pytest.mark.parametrize(
    "source", ["", "'import dtlpy'", "import dtlpy_tools", "from . import dtlpy", "print 'x'", "# dtlpy"]
)
def test_code_that_only_mentions_it_does_not(tmp_path: Path, source: str) -> None:
    (tmp_path / "main.py").write_text(source)
    assert not needs_sdk(tmp_path, [], [])


@pytest.mark.parametrize("kind", ["Item", "Item[]", "Dataset", "Model"])
def test_an_input_that_is_an_entity_needs_it(tmp_path: Path, kind: str) -> None:
    assert needs_sdk(tmp_path, [{"name": "run", "input": [{"name": "x", "type": kind}]}], [])
    assert needs_sdk(tmp_path, [], [{"name": "x", "type": kind}])


@pytest.mark.parametrize("functions", [[], [{"name": "run"}], [{"input": None}], [{"input": [{"type": "Json[]"}]}]])
def test_plain_inputs_do_not(tmp_path: Path, functions: list[dict[str, object]]) -> None:
    assert not needs_sdk(tmp_path, functions, [{"name": "x", "type": "String"}])
