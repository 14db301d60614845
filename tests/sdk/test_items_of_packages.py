"""Codebases and artifacts through the real SDK: items of the hidden Binaries dataset (ENDPOINTS 12, 13)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    (folder / "sub").mkdir(parents=True)
    (folder / "main.py").write_text("print(1)\n")
    (folder / "sub" / "more.py").write_text("print(2)\n")
    return folder


def test_a_packed_codebase_is_unpacked_as_it_was(project: Any, code: Path, tmp_path: Path) -> None:
    codebase = project.codebases.pack(directory=str(code), name="unpacked", description="first")
    out = project.codebases.unpack(codebase_id=codebase.item_id, local_path=str(tmp_path / "out"))
    found = {str(path.relative_to(out)): path.read_text() for path in Path(out).rglob("*.py")}
    assert found == {"main.py": "print(1)\n", "sub/more.py": "print(2)\n"}


def test_the_same_code_is_the_same_version_and_other_code_the_next(project: Any, code: Path) -> None:
    first = project.codebases.pack(directory=str(code), name="counted")
    assert project.codebases.pack(directory=str(code), name="counted").item_id == first.item_id
    (code / "main.py").write_text("print(10)\n")
    second = project.codebases.pack(directory=str(code), name="counted")
    assert [one.item.filename for one in (first, second)] == ["/codebases/counted/0.zip", "/codebases/counted/1.zip"]
    assert project.codebases.get(codebase_name="counted", version="latest").item_id == second.item_id
    assert project.codebases.get(codebase_name="counted", version=0).item_id == first.item_id


def test_codebases_are_listed_by_their_folders(project: Any, code: Path) -> None:
    project.codebases.pack(directory=str(code), name="listed")
    assert "listed" in {one.name for one in project.codebases.list().all()}


def test_an_artifact_is_uploaded_listed_downloaded_and_deleted(project: Any, dl: ModuleType, tmp_path: Path) -> None:
    sent = tmp_path / "weights.bin"
    sent.write_bytes(b"\x00\x01" * 500)
    project.artifacts.upload(filepath=str(sent), package_name="of-tests")
    listed = project.artifacts.list(package_name="of-tests")
    assert [(one.name, one.type) for one in listed] == [("weights.bin", "file")]
    got = project.artifacts.download(
        artifact_name="weights.bin", package_name="of-tests", local_path=str(tmp_path / "down")
    )
    assert Path(got).read_bytes() == sent.read_bytes()
    assert project.artifacts.delete(package_name="of-tests")
    assert project.artifacts.list(package_name="of-tests") == []


def test_artifacts_of_an_execution_are_their_own(project: Any, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("done")
    project.artifacts.upload(filepath=str(tmp_path / "log.txt"), execution_id="5" * 24)
    assert [one.name for one in project.artifacts.list(execution_id="5" * 24)] == ["log.txt"]
    assert project.artifacts.list(execution_id="6" * 24) == []
