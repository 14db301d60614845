"""What goes into the zip of a package, and what never does."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from faas_agent.cli import codebase
from faas_agent.errors import UsageError


def _write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def _packed(folder: Path, tmp_path: Path) -> list[str]:
    codebase.pack(folder, tmp_path / "code.zip")
    with zipfile.ZipFile(tmp_path / "code.zip") as archive:
        return archive.namelist()


def test_the_entries_are_below_the_folder_not_including_it(here: Path, tmp_path: Path) -> None:
    _write(here, "main.py", "lib/deep/tool.py")
    assert _packed(here, tmp_path) == ["lib/deep/tool.py", "main.py"]


def test_the_tools_own_folders_are_left_out(here: Path, tmp_path: Path) -> None:
    _write(here, "main.py", ".git/HEAD", ".dataloop/state.json", "__pycache__/main.pyc", "lib/__pycache__/x.pyc")
    assert _packed(here, tmp_path) == ["main.py"]


def test_gitignore_is_respected_with_its_exceptions(here: Path, tmp_path: Path) -> None:
    _write(here, "main.py", "data/big.bin", "notes.txt", "keep.txt", "lib/a.log", "build/x", "lib/build/y")
    (here / ".gitignore").write_text("data/\n*.txt\n!keep.txt\n*.log\n/build\n# comment\n")
    assert _packed(here, tmp_path) == [".gitignore", "keep.txt", "lib/build/y", "main.py"]


def test_the_same_files_make_the_same_zip(here: Path, tmp_path: Path) -> None:
    _write(here, "main.py", "lib/a.py")
    codebase.pack(here, tmp_path / "one.zip")
    os.utime(here / "main.py", (1, 1))
    codebase.pack(here, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    (here / "main.py").write_text("changed")
    codebase.pack(here, tmp_path / "three.zip")
    assert (tmp_path / "one.zip").read_bytes() != (tmp_path / "three.zip").read_bytes()


def test_a_link_that_leads_out_is_not_followed(here: Path, tmp_path: Path) -> None:
    _write(here, "main.py")
    _write(tmp_path, "secret")
    (here / "link").symlink_to(tmp_path / "secret")
    (here / "folder").symlink_to(tmp_path)
    (here / "inside").symlink_to(here / "main.py")
    assert _packed(here, tmp_path) == ["inside", "main.py"]


def test_an_executable_file_stays_one(here: Path, tmp_path: Path) -> None:
    _write(here, "tool.sh")
    (here / "tool.sh").chmod(0o755)
    codebase.pack(here, tmp_path / "code.zip")
    with zipfile.ZipFile(tmp_path / "code.zip") as archive:
        assert archive.getinfo("tool.sh").external_attr >> 16 & 0o777 == 0o755


def test_an_empty_folder_is_refused(here: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no code"):
        codebase.pack(here, tmp_path / "code.zip")


def test_data_by_mistake_is_refused_by_name(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codebase, "LIMIT_BYTES", 10)
    _write(here, "main.py", "model-weights.bin")
    with pytest.raises(UsageError, match=r"\.gitignore \(model-weights\.bin\)"):
        codebase.pack(here, tmp_path / "code.zip")
