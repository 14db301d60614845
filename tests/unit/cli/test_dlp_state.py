"""Checkouts live in the folder one stands in, in the SDK's format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from faas_agent.cli import state

PROJECT = {"id": "p1", "name": "demo", "org": {"id": "o1", "name": "own"}}


def test_a_checkout_is_stored_whole_and_beside_the_others(here: Path) -> None:
    state.check_out("project", PROJECT)
    state.check_out("package", {"name": "tool"})
    assert json.loads((here / ".dataloop" / "state.json").read_text()) == {
        "project": PROJECT,
        "package": {"name": "tool"},
    }
    assert state.checked_out("project") == PROJECT
    assert state.checked_out("dataset") is None


def test_another_folder_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.check_out("project", PROJECT)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert state.everything() == {}


def test_what_is_not_an_entity_is_not_shown(here: Path) -> None:
    (here / ".dataloop").mkdir()
    (here / ".dataloop" / "state.json").write_text('{"project": null, "development": {"port": 1}}')
    assert state.everything() == {}


def test_making_the_file_keeps_what_is_in_it() -> None:
    state.check_out("project", PROJECT)
    state.create()
    assert state.checked_out("project") == PROJECT
