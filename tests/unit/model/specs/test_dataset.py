from __future__ import annotations

from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs.dataset import Counts, check_dataset_name, new_dataset, on_the_wire, patched


def dataset() -> dict[str, Any]:
    made = new_dataset("1" * 24, "project", "name", "me@here", "now", "driver")
    return made | {"metadata": {"system": {"recipes": ["r"]}, "user": {"a": 1, "b": 2}}}


def test_a_whole_dataset_removes_what_it_lacks_and_a_part_does_not() -> None:
    sent = {"metadata": {"user": {"b": 3}}}
    assert patched(dataset(), sent, system=False)["metadata"]["user"] == {"a": 1, "b": 3}
    assert patched(dataset(), sent | {"id": "1" * 24}, system=False)["metadata"]["user"] == {"b": 3}


def test_recipes_are_switched_only_with_system() -> None:
    sent = {"metadata": {"system": {"recipes": ["s"]}}}
    assert patched(dataset(), sent, system=False)["metadata"]["system"] == {"recipes": ["r"]}
    assert patched(dataset(), sent, system=True)["metadata"]["system"] == {"recipes": ["s"]}


def test_what_is_read_only_or_unknown_is_dropped() -> None:
    sent = {"id": "2", "creator": "x", "itemsCount": 9, "projects": [], "system": True, "driver": "d", "nonsense": 1}
    assert patched(dataset(), sent, system=True) == dataset()


@pytest.mark.parametrize(
    "patch",
    [
        {"name": 5},
        {"name": ""},
        {"readonly": "yes"},
        {"metadata": []},
        {"metadata": {"system": 1}},
        {"metadata": {"system": {"recipes": "r"}}},
        {"expirationOptions": {"itemMaxDays": True}},
        {"expirationOptions": []},
    ],
)
def test_a_patch_of_the_wrong_type_is_refused(patch: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        patched(dataset(), patch, system=True)


@pytest.mark.parametrize("name", [None, 5, "", "  ", "a\nb", "\ud800", "n" * 256])
def test_a_name_has_to_be_printable(name: object) -> None:
    with pytest.raises(BadRequest, match="name"):
        check_dataset_name(name)


def test_counts_and_urls_are_added_on_the_way_out() -> None:
    sent = on_the_wire(dataset(), Counts(3, 2, 5), "http://gate/api/v1")
    assert (sent["itemsCount"], sent["annotated"], sent["annotationsCount"]) == (3, 2, 5)
    assert sent["url"] == f"http://gate/api/v1/datasets/{'1' * 24}"
