"""Annotations: what is checked, what a diff changes, and what it cannot (ENDPOINTS 6)."""

from __future__ import annotations

from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs import annotation as specs

POINT = {"x": 1, "y": 2.5, "z": 0}
GOOD: dict[str, Any] = {
    "box": [POINT, POINT, 30.0],
    "point": POINT,
    "segment": [[POINT, POINT]],
    "polyline": [[POINT]],
    "class": [],
    "ellipse": {"center": POINT, "rx": 1, "ry": 2},
    "binary": "data:image/png;base64,",
    "something-new": 7,
}


@pytest.mark.parametrize("kind", GOOD)
def test_every_type_is_stored_as_sent(kind: str) -> None:
    sent = {"type": kind, "label": "x", "coordinates": GOOD[kind], "metadata": {"user": 1}}
    assert specs.new_annotation(sent) == sent | {"attributes": [], "metadata": {"user": 1, "system": {}}}


def test_what_is_ours_is_not_taken_from_the_caller() -> None:
    made = specs.new_annotation({"type": "class", "label": "x", "id": "mine", "creator": "me", "nonsense": 1})
    assert made.keys() == {"type", "label", "coordinates", "attributes", "metadata"}


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("box", POINT),
        ("box", [POINT]),
        ("box", [POINT, {"x": True, "y": 1}]),
        ("point", [POINT]),
        ("point", {"x": 1}),
        ("segment", []),
        ("segment", [5]),
        ("polyline", [[{"x": None, "y": 1}]]),
        ("class", [POINT]),
        ("box", None),
    ],
)
def test_coordinates_a_client_would_trip_over_are_refused(kind: str, coordinates: object) -> None:
    with pytest.raises(BadRequest, match=r"^coordinates"):
        specs.new_annotation({"type": kind, "label": "x", "coordinates": coordinates})


def test_a_diff_merges_objects_and_null_removes() -> None:
    before = specs.new_annotation({"type": "point", "label": "x", "coordinates": POINT, "metadata": {"a": 1, "b": 2}})
    after = specs.changed(before, {"coordinates": {"x": 9}, "metadata": {"a": None}, "id": "other"}, system=False)
    assert after["coordinates"] == POINT | {"x": 9}
    assert after["metadata"] == {"b": 2, "system": {}}
    assert "id" not in after


def test_system_metadata_is_changed_with_leave_only_but_for_video_frames() -> None:
    before = specs.new_annotation({"type": "class", "label": "x"})
    diff = {"metadata": {"system": {"status": "issue", "snapshots_": [1]}}}
    assert specs.changed(before, diff, system=False)["metadata"]["system"] == {"snapshots_": [1]}
    assert specs.changed(before, diff, system=True)["metadata"]["system"] == {"status": "issue", "snapshots_": [1]}


def test_a_diff_that_leaves_it_wrong_is_refused() -> None:
    before = specs.new_annotation({"type": "class", "label": "x"})
    for diff in ({"label": None}, {"type": "box"}, {"metadata": 5}, {"metadata": {"system": []}}):
        with pytest.raises(BadRequest):
            specs.changed(before, diff, system=True)


def test_the_hash_is_of_what_is_said() -> None:
    one = specs.new_annotation({"type": "class", "label": "x"})
    assert specs.content_hash(one) == specs.content_hash(one | {"id": "2"})
    assert specs.content_hash(one) != specs.content_hash(one | {"label": "y"})
