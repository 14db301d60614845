"""The data management chapters of the SDK's manual, as scripts: what they do is what the manual says they do."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from calls import uploaded
from raw_http import Http


def put(dataset: Any, path: str, content: bytes = b"x", **more: Any) -> Any:
    """An item at that path."""
    folder, _, name = path.rpartition("/")
    more = {"remote_path": folder or "/", "remote_name": name} | more
    return uploaded(dataset, io.BytesIO(content), **more)


def picture(dataset: Any, path: str) -> Any:
    """A PNG of 40 x 30."""
    _, png = cv2.imencode(".png", np.zeros((30, 40, 3), np.uint8))
    return put(dataset, path, png.tobytes())


def box(dl: ModuleType, label: str) -> Any:
    return dl.Annotation.new(annotation_definition=dl.Box(top=2, left=3, bottom=10, right=12, label=label))


def names(dataset: Any, filters: Any = None) -> list[str]:
    pages = dataset.items.list(filters=filters)
    found = sorted(item.name for item in pages.all())
    assert pages.items_count == len(found)
    return found


# -- filters -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(project: Any) -> Any:
    dataset = project.datasets.create(dataset_name="filled")
    put(dataset, "/small.txt")
    put(dataset, "/large.txt", b"x" * 2000)
    put(dataset, "/listed.txt", item_metadata={"system": {"refs": [{"type": "task", "id": "t"}]}, "user": {"tags": []}})
    return dataset


def test_a_size_may_be_written_as_a_text(dl: ModuleType, filled: Any) -> None:
    filters = dl.Filters(field="metadata.system.size", values="1", operator="gt")
    filters.add(field="metadata.system.size", values="5242880", operator="lt")
    filters.sort_by(field="filename", value=dl.FILTERS_ORDERBY_DIRECTION_ASCENDING)
    assert names(filled, filters) == ["large.txt"]


def test_unassigned_items_are_those_with_no_reference(dl: ModuleType, filled: Any) -> None:
    unassigned = dl.Filters(field="metadata.system.refs", values=[])
    assert names(filled, unassigned) == ["large.txt", "small.txt"]


def test_a_condition_taken_out_of_a_filter_asks_for_nothing(dl: ModuleType, filled: Any) -> None:
    filters = dl.Filters()
    filters.add(field="to-delete-field", values="value")
    filters.pop(field="to-delete-field")
    filters.add_join(field="to-delete-annotation-field", values="value")
    filters.pop_join(field="to-delete-annotation-field")
    assert names(filled, filters) == names(filled)


# -- annotations -------------------------------------------------------------------------------------------------------


def test_annotations_are_downloaded_as_json_mask_and_instance(dl: ModuleType, project: Any, tmp_path: Path) -> None:
    labels = [dl.Label(tag=tag, color=(number, 100, 200)) for number, tag in enumerate(("box", "mask"))]
    dataset = project.datasets.create(dataset_name="drawn", labels=labels)
    item = picture(dataset, "/in/annotated.png")
    picture(dataset, "/plain.png")
    mask = np.zeros((30, 40), np.uint8)
    mask[20:25, 30:35] = 1
    builder = item.annotations.builder()
    builder.add(annotation_definition=dl.Box(top=2, left=3, bottom=10, right=12, label="box"))
    builder.add(annotation_definition=dl.Segmentation(geo=mask, label="mask"))
    builder.upload()
    options = [dl.VIEW_ANNOTATION_OPTIONS_MASK, dl.VIEW_ANNOTATION_OPTIONS_JSON, dl.ViewAnnotationOptions.INSTANCE]
    dataset.items.download(local_path=str(tmp_path), annotation_options=options)
    files = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert files == {
        *("items/in/annotated.png", "items/plain.png"),
        *("json/in/annotated.json", "json/plain.json"),
        *("mask/in/annotated.png", "instance/in/annotated.png"),
    }
    drawn = cv2.imread(str(tmp_path / "instance/in/annotated.png"), cv2.IMREAD_UNCHANGED)
    assert set(np.unique(drawn)) == {0, *dataset.instance_map.values()}


@pytest.mark.parametrize(
    ("version", "expected"), [("V2", ["a.png.json", "a.txt.json"]), ("V1", ["a.json", "a.txt.json"])]
)
def test_exported_names_keep_endings_when_asked_or_needed(
    dl: ModuleType, dataset: Any, tmp_path: Path, version: str, expected: list[str]
) -> None:
    for path in ("/a.png", "/a.txt"):
        put(dataset, path)
    more = {"export_version": dl.ExportVersion(version), "annotation_options": dl.ViewAnnotationOptions.JSON}
    dataset.items.download(local_path=str(tmp_path), **more)
    files = sorted((tmp_path / "json").iterdir())
    assert [file.name for file in files] == expected
    assert [json.loads(file.read_text())["filename"] for file in files] == ["/a.png", "/a.txt"]


def test_no_annotation_is_above_itself(dl: ModuleType, dataset: Any) -> None:
    item = put(dataset, "/a.png")
    parent = item.annotations.upload(box(dl, "parent"))[0]
    child = item.annotations.upload(box(dl, "child"))[0]
    child.parent_id = parent.id
    child.update(system_metadata=True)
    assert item.annotations.get(annotation_id=child.id).parent_id == parent.id
    for above in (child.id, parent.id):
        told = item.annotations.get(annotation_id=parent.id)
        told.parent_id = above
        with pytest.raises(IndexError):  # what the SDK makes of a refusal
            told.update(system_metadata=True)
        assert item.annotations.get(annotation_id=parent.id).parent_id is None


# -- what an answer leads to -------------------------------------------------------------------------------------------


def test_a_thumbnail_is_there_for_pictures(dataset: Any, admin: Http) -> None:
    shown, text = picture(dataset, "/a.png"), put(dataset, "/a.txt")
    answer = admin("GET", f"/items/{shown.id}/thumbnail")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == shown.download(save_locally=False).read()
    assert admin.refused("GET", f"/items/{text.id}/thumbnail")[0] == 404


def test_what_is_not_here_says_so(dl: ModuleType, dataset: Any) -> None:
    with pytest.raises(dl.exceptions.NotFound, match="not a call that this platform knows"):
        dataset.tasks.create(task_name="task", assignee_ids=["somebody@example.com"])
