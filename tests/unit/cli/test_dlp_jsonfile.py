"""A file that several programs share is never half written, never open to others, and loses no change."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faas_agent.cli import jsonfile
from faas_agent.errors import UsageError


def test_a_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "cookie.json"
    jsonfile.update(file, lambda value: value.update(a=1))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {"a": 1}


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "cookie.json"
    file.write_text("{}")
    file.chmod(0o644)
    jsonfile.update(file, lambda value: value.update(token="t"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_changes_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "state.json"

    def add(number: int) -> None:
        jsonfile.update(file, lambda value: value.update({str(number): number}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert jsonfile.read(file) == {str(number): number for number in range(40)}


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "own" / "state.json"
    jsonfile.update(file, lambda value: value.update(a=1))
    before = file.read_bytes()

    with pytest.raises(TypeError):
        jsonfile.update(file, lambda value: value.update(a=object()))

    assert file.read_bytes() == before
    assert {entry.name for entry in file.parent.iterdir()} == {"state.json", "state.json.lock"}


def test_a_lock_file_that_somebody_removed_still_locks(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    jsonfile.update(file, lambda value: value.update(a=1))
    (tmp_path / "state.json.lock").unlink()
    jsonfile.update(file, lambda value: value.update(b=2))
    assert jsonfile.read(file) == {"a": 1, "b": 2}


@pytest.mark.parametrize("text", ["{", "[1]", "nonsense"])
def test_a_file_that_holds_something_else_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cookie.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"cookie\.json"):
        jsonfile.update(file, lambda value: value.update(a=1))
    assert file.read_text() == text


def test_an_absent_and_an_empty_file_are_empty_objects(tmp_path: Path) -> None:
    assert jsonfile.read(tmp_path / "none.json") == {}
    (tmp_path / "empty.json").touch()
    assert jsonfile.read(tmp_path / "empty.json") == {}
