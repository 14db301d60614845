from __future__ import annotations

import json
from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs.item import Origin, facts, moved, new_item, on_the_wire, patched, with_bytes
from faas_agent.model.specs.place import place

ORIGIN = Origin("d" * 24, "project", "me@here", "2026-01-01T00:00:00.000Z")


def item(**metadata: Any) -> dict[str, Any]:
    blank = new_item("1" * 24, ORIGIN, place("/a/b.txt"), "file")
    return with_bytes(blank, facts("b.txt", 4, b"text"), metadata)


def test_facts_of_the_bytes_win_over_what_is_said_of_them() -> None:
    made = item(user={"k": 1}, system={"size": 99, "mimetype": "image/png", "width": 7, "shebang": {}, "mine": 1})
    assert made["metadata"] == {
        "user": {"k": 1},
        "system": {"size": 4, "mimetype": "text/plain", "originalname": "b.txt", "encoding": "7bit", "mine": 1},
    }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"shebang": "dataloop", "metadata": {"dltype": "link"}}, {"dltype": "link"}),
        ({"shebang": "other", "metadata": {"dltype": "link"}}, None),
        ({"shebang": "dataloop", "metadata": 5}, None),
        ({"shebang": "dataloop", "metadata": {"n": float("nan")}}, None),
        ({"shebang": "dataloop", "metadata": {"n": "\ud800"}}, None),
    ],
)
def test_a_file_may_say_that_it_is_a_link(content: dict[str, Any], expected: object) -> None:
    sent = json.dumps(content).encode()
    assert facts("a_link.json", len(sent), sent).get("shebang") == expected


@pytest.mark.parametrize("content", [b'{"shebang"', b'{"shebang":' + b"[" * 30_000, b'["shebang"]', b"\xff"])
def test_a_file_that_only_looks_like_one_is_a_file(content: bytes) -> None:
    assert "shebang" not in facts("a.json", len(content), content)


def test_a_patch_changes_what_may_be_changed() -> None:
    old = item(user={"a": 1, "b": 2})
    new = patched(old, {"metadata": {"user": {"a": None}, "system": {"x": 1}}, "id": "2", "spec": 1}, system=False)
    assert new["metadata"]["user"] == {"b": 2}
    assert new == old | {"metadata": new["metadata"]}
    assert new["metadata"]["system"] == old["metadata"]["system"]


def test_a_patch_of_the_system_metadata_never_says_another_size() -> None:
    asked: list[Any] = [None, {"size": 9, "mimetype": None}, {"size": None, "x": 1}]
    for system in asked:
        new = patched(item(), {"metadata": {"system": system}}, system=True)["metadata"]["system"]
        assert (new["size"], new["mimetype"]) == (4, "text/plain")
    assert new["x"] == 1


def test_all_metadata_can_be_removed_but_the_facts() -> None:
    new = patched(item(user={"a": 1}), {"metadata": None}, system=False)
    assert new["metadata"].keys() == {"system"}


@pytest.mark.parametrize("patch", [{"metadata": 5}, {"metadata": {"system": []}}, {"description": 5}])
def test_a_patch_of_the_wrong_type_is_refused(patch: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        patched(item(), patch, system=True)


def test_a_description_is_there_or_not_at_all() -> None:
    described = patched(item(), {"description": "words"}, system=False)
    assert described["description"] == "words"
    for nothing in ("", None):
        assert "description" not in patched(described, {"description": nothing}, system=False)


def test_a_moved_item_keeps_its_type() -> None:
    new = moved(item(), place("/.c/d.png"))
    assert (new["dir"], new["name"], new["hidden"]) == ("/.c", "d.png", True)
    assert new["metadata"] == item()["metadata"]


def test_a_file_has_a_stream_and_a_folder_has_none() -> None:
    sent = on_the_wire(item(), "http://gate/api/v1")
    assert sent["stream"] == f"http://gate/api/v1/items/{'1' * 24}/stream"
    folder = on_the_wire(new_item("2" * 24, ORIGIN, place("/a"), "dir"), "http://gate/api/v1")
    assert "stream" not in folder
