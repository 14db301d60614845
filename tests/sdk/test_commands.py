"""Commands through the real SDK: the receipt of a clone, got, listed and waited for (ENDPOINTS 19)."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest
from raw_http import Http

UNKNOWN = "0" * 24


@pytest.fixture
def command(dataset: Any, admin: Http) -> dict[str, Any]:
    """That of a dataset's clone."""
    body = {"name": f"clone-{uuid.uuid4().hex[:8]}", "filter": {}, "cloneDatasetParams": {}}
    answer = admin("POST", f"/datasets/{dataset.id}/clone", body)
    assert answer.ok, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_command_is_got_by_its_id_and_by_its_url(dl: ModuleType, command: dict[str, Any]) -> None:
    for found in (dl.commands.get(command_id=command["id"]), dl.commands.get(url=command["url"])):
        assert (found.id, found.url, found.type) == (command["id"], command["url"], command["type"])
        assert isinstance(found.progress, int)
    assert "api/v1" in command["url"]


def test_waiting_for_a_command_ends_with_success(dl: ModuleType, command: dict[str, Any]) -> None:
    done = dl.commands.wait(command_id=command["id"], url=command["url"])
    assert (done.status, done.progress) == ("success", 100)
    assert done.spec["returnedModelId"]


def test_commands_are_listed_newest_first(dl: ModuleType, command: dict[str, Any]) -> None:
    assert dl.commands.list()[0].id == command["id"]


def test_aborting_what_is_over_changes_nothing(dl: ModuleType, command: dict[str, Any]) -> None:
    assert dl.commands.abort(command_id=command["id"]).status == "success"


def test_outsiders_and_wrong_ids_are_refused(command: dict[str, Any], admin: Http) -> None:
    _, somebody = admin.person()
    assert somebody("GET", "/commands").json() == []
    assert somebody.refused("GET", f"/commands/{command['id']}")[0] == 403
    assert somebody.refused("POST", f"/commands/{command['id']}/abort")[0] == 403
    assert admin.anonymous().refused("GET", f"/commands/{command['id']}")[0] == 401
    assert admin.refused("GET", "/commands/123")[0] == 400
    assert admin.refused("GET", f"/commands/{UNKNOWN}")[0] == 404
