"""Annotations through the real SDK: batches, diffs, deletes, and the counters that follow (ENDPOINTS 6)."""

from __future__ import annotations

import io
from types import ModuleType
from typing import Any

import pytest
from calls import uploaded
from raw_http import Http

UNKNOWN = "0" * 24


@pytest.fixture
def item(dataset: Any) -> Any:
    """A picture, as far as annotations care."""
    buffer = io.BytesIO(b"not really a picture")
    buffer.name = "picture.jpg"
    return uploaded(dataset, buffer)


def box(label: str = "dog", left: float = 1) -> dict[str, Any]:
    """A box as the wire has it."""
    corners = [{"x": left, "y": 2, "z": 0}, {"x": left + 5, "y": 9, "z": 0}]
    return {"type": "box", "label": label, "coordinates": corners, "metadata": {"system": {}, "user": {"n": left}}}


def test_every_kind_of_annotation_comes_back_as_it_was_sent(dl: ModuleType, item: Any) -> None:
    builder = item.annotations.builder()
    kinds = [
        dl.Box(left=10, top=20, right=30, bottom=40, label="box"),
        dl.Box(left=10, top=20, right=30, bottom=40, label="turned", angle=30),
        dl.Point(x=5, y=6, label="point"),
        dl.Polygon(geo=[[1, 2], [30, 4], [5, 60]], label="polygon"),
        dl.Polyline(geo=[[1, 2], [30, 4]], label="polyline"),
        dl.Classification(label="class"),
        dl.Ellipse(x=5, y=6, rx=2, ry=3, angle=0, label="ellipse"),
    ]
    for kind in kinds:
        builder.add(annotation_definition=kind)
    made = item.annotations.upload(builder)
    assert {one.label for one in made} == {kind.label for kind in kinds}
    listed = {one.label: one for one in item.annotations.list()}
    assert listed.keys() == {kind.label for kind in kinds}
    for kind in kinds:
        assert listed[kind.label].coordinates == kind.to_coordinates(None)


def test_a_large_upload_is_batched_and_complete(item: Any) -> None:
    made = item.annotations.upload([box(left=n) for n in range(250)])
    assert sorted(one.metadata["user"]["n"] for one in made) == list(range(250))
    assert len(item.annotations.list()) == 250


def test_a_batch_answers_in_the_order_it_was_sent(item: Any, admin: Http) -> None:
    made = admin("POST", f"/items/{item.id}/annotations", [box(left=n) for n in range(50)]).json()
    assert [one["metadata"]["user"]["n"] for one in made] == list(range(50))
    assert admin("POST", f"/items/{item.id}/annotations", box()).json()[0]["label"] == "dog"
    assert len(admin("GET", f"/items/{item.id}/annotations").json()) == 51


def test_an_annotation_has_every_field_the_client_indexes(item: Any, admin: Http) -> None:
    made = item.annotations.upload([box()])[0]
    got = admin("GET", f"/annotations/{made.id}").json()
    must = "id creator createdAt updatedBy updatedAt type label itemId datasetId coordinates metadata attributes"
    assert set(must.split()) <= got.keys()
    assert (got["itemId"], got["datasetId"], got["creator"]) == (item.id, item.dataset.id, got["updatedBy"])


def test_counters_follow_every_change(dl: ModuleType, dataset: Any, item: Any) -> None:
    def counted() -> tuple[int, bool, int]:
        now = dl.items.get(item_id=item.id)
        return now.annotations_count, now.annotated, dl.datasets.get(dataset_id=dataset.id).annotated

    assert counted() == (0, False, 0)
    made = item.annotations.upload([box(), box(), box()])
    assert counted() == (3, True, 1)
    made[0].delete()
    assert counted() == (2, True, 1)
    item.annotations.delete(filters=dl.Filters(resource=dl.FiltersResource.ANNOTATION))
    assert counted() == (0, False, 0)


def test_a_list_of_annotations_is_deleted_by_ids(item: Any) -> None:
    made = item.annotations.upload([box(left=n) for n in range(3)])
    item.annotations.delete(annotation_id=[made[0].id, made[1].id])
    assert [one.id for one in item.annotations.list()] == [made[2].id]


def test_an_update_changes_what_was_changed(dl: ModuleType, item: Any) -> None:
    made = item.annotations.upload([box()])[0]
    annotation = item.annotations.get(annotation_id=made.id)
    annotation.label = "cat"
    annotation.left = 3
    annotation.metadata["user"] = {"more": [1, 2]}
    annotation.update()
    now = item.annotations.get(annotation_id=made.id)
    assert (now.label, now.left, now.right) == ("cat", 3, 6)
    assert now.metadata["user"] == {"more": [1, 2]}
    assert now.updated_at > now.created_at


def test_system_metadata_changes_with_the_flag_only(item: Any, admin: Http) -> None:
    made = item.annotations.upload([box()])[0]
    patch = {"metadata": {"system": {"status": "issue"}}, "id": UNKNOWN, "creator": "x@example.com", "itemId": UNKNOWN}
    path = f"/annotations/{made.id}"
    plain = admin("PUT", path, patch).json()
    assert "status" not in plain["metadata"]["system"]
    assert (plain["id"], plain["itemId"], plain["creator"]) == (made.id, item.id, made.creator)
    assert admin("PUT", f"{path}?system=true", patch).json()["metadata"]["system"]["status"] == "issue"
    cleared = admin("PUT", f"{path}?system=true", {"metadata": {"system": {"status": None}}}).json()
    assert "status" not in cleared["metadata"]["system"]


def test_filters_find_annotations_and_their_items(dl: ModuleType, dataset: Any, item: Any) -> None:
    item.annotations.upload([box("dog"), box("cat")])
    filters = dl.Filters(resource=dl.FiltersResource.ANNOTATION, field="label", values="cat")
    assert [one.label for one in dataset.annotations.list(filters=filters).items] == ["cat"]
    joined = dl.Filters()
    joined.add_join(field="label", values="dog")
    assert [one.id for one in dataset.items.list(filters=joined).items] == [item.id]


def test_a_deleted_annotation_is_gone(dl: ModuleType, item: Any) -> None:
    made = item.annotations.upload([box()])[0]
    assert made.delete()
    with pytest.raises(dl.exceptions.NotFound):
        item.annotations.get(annotation_id=made.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "x"},
        {"type": "box"},
        box() | {"label": ""},
        box() | {"label": 5},
        box() | {"type": None},
        box() | {"coordinates": []},
        box() | {"coordinates": {"x": 1, "y": 2}},
        box() | {"coordinates": [{"x": "1", "y": 2}, {"x": 1, "y": 2}]},
        box() | {"type": "point"},
        box() | {"type": "segment", "coordinates": [[{"x": 1}]]},
        box() | {"type": "class"},
        box() | {"metadata": []},
        box() | {"metadata": {"system": 5}},
        "text",
        5,
        None,
    ],
)
def test_a_bad_annotation_is_refused_with_its_whole_batch(item: Any, admin: Http, wrong: Any) -> None:
    assert admin.refused("POST", f"/items/{item.id}/annotations", [box(), wrong])[0] == 400
    assert admin("GET", f"/items/{item.id}/annotations").json() == []


def test_ids_that_are_malformed_unknown_or_of_a_folder_are_refused(dataset: Any, item: Any, admin: Http) -> None:
    assert admin.refused("POST", "/items/123/annotations", [box()])[0] == 400
    assert admin.refused("POST", f"/items/{UNKNOWN}/annotations", [box()])[0] == 404
    assert admin.refused("GET", "/annotations/123")[0] == 400
    for method in ("GET", "PUT", "DELETE"):
        assert admin.refused(method, f"/annotations/{UNKNOWN}", {"label": "x"})[0] == 404
    folder = dataset.items.make_dir(directory="/folder")
    assert admin.refused("POST", f"/items/{folder.id}/annotations", [box()])[0] == 400
    made = item.annotations.upload([box()])[0]
    assert admin.refused("PUT", f"/annotations/{made.id}", {"label": None})[0] == 400


def test_outsiders_get_nothing_and_annotators_annotate(project: Any, item: Any, admin: Http) -> None:
    email, somebody = admin.person()
    made = item.annotations.upload([box()])[0]
    for method, path in [
        ("GET", f"/annotations/{made.id}"),
        ("PUT", f"/annotations/{made.id}"),
        ("DELETE", f"/annotations/{made.id}"),
        ("POST", f"/items/{item.id}/annotations"),
    ]:
        body = [box()] if method == "POST" else {"label": "x"}
        assert somebody.refused(method, path, body)[0] == 403
        assert admin.anonymous().refused(method, path, body)[0] == 401
    project.add_member(email=email, role="annotator")
    assert somebody("POST", f"/items/{item.id}/annotations", [box()]).ok
    assert somebody("PUT", f"/annotations/{made.id}", {"label": "seen"}).json()["updatedBy"] == email
    project.remove_member(email=email)


def test_nothing_is_annotated_in_a_dataset_that_is_locked(dataset: Any, item: Any, admin: Http) -> None:
    assert admin("PATCH", f"/datasets/{dataset.id}", {"readonly": True}).ok
    assert admin.refused("POST", f"/items/{item.id}/annotations", [box()])[0] == 403
    assert admin("PATCH", f"/datasets/{dataset.id}", {"readonly": False}).ok
