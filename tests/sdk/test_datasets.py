"""Datasets through the real SDK: made, listed, changed, cloned, merged, exported, deleted (ENDPOINTS 4)."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from calls import uploaded
from sdk_version import CURRENT, needs


def put(dataset: Any, path: str, content: bytes = b"x", **more: Any) -> Any:
    folder, _, name = path.rpartition("/")
    buffer = io.BytesIO(content)
    buffer.name = name
    return uploaded(dataset, buffer, remote_path=folder or "/", **more)


def paths(dataset: Any) -> list[str]:
    return sorted(item.filename for item in dataset.items.list().all())


@pytest.fixture
def name() -> str:
    return f"made-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def made(project: Any, name: str) -> Iterator[str]:
    """The name of a dataset that a test makes; it is deleted afterwards."""
    yield name
    project.datasets.get(dataset_name=name).delete(sure=True, really=True)


# -- make, find, change ------------------------------------------------------------------------------------------------


def test_a_new_dataset_is_in_its_project_with_a_recipe(project: Any, dataset: Any) -> None:
    assert dataset.projects == [project.id]
    assert dataset.items_count == 0
    recipes = dataset.recipes.list()
    assert [recipe.id for recipe in recipes] == dataset.metadata["system"]["recipes"]
    assert recipes[0].title == f"{dataset.name} Default Recipe"


def test_labels_make_a_recipe_of_their_own(project: Any, made: str, dl: ModuleType) -> None:
    dataset = project.datasets.create(dataset_name=made, labels=[dl.Label(tag="cat", color="#010203")])
    again = project.datasets.get(dataset_id=dataset.id)
    assert [label.tag for label in again.labels] == ["cat"]


def test_a_name_is_taken_once_in_a_project(project: Any, dataset: Any, dl: ModuleType) -> None:
    with pytest.raises(dl.exceptions.BadRequest, match="taken"):
        project.datasets.create(dataset_name=dataset.name)


def test_binaries_is_there_once_and_hidden(project: Any, dataset: Any, dl: ModuleType) -> None:
    assert [one.name for one in project.datasets.list()] == [dataset.name]
    filters = dl.Filters(resource=dl.FiltersResource.DATASET, field="name", values="Binaries")
    filters.system_space = True
    assert [one.name for one in project.datasets.list(filters=filters)] == ["Binaries"]


def test_binaries_can_be_neither_deleted_nor_renamed(project: Any, dataset: Any, dl: ModuleType) -> None:
    binaries = project.datasets._get_binaries_dataset()
    with pytest.raises(dl.exceptions.Forbidden):
        binaries.delete(sure=True, really=True)
    binaries.name = "mine"
    with pytest.raises(dl.exceptions.Forbidden):
        binaries.update()


def test_a_dataset_is_found_by_name_and_by_id(project: Any, dataset: Any, dl: ModuleType) -> None:
    assert project.datasets.get(dataset_name=dataset.name).id == dataset.id
    assert dl.datasets.get(dataset_id=dataset.id).name == dataset.name
    with pytest.raises(dl.exceptions.NotFound):
        project.datasets.get(dataset_name="nobody made this")
    with pytest.raises(dl.exceptions.NotFound):
        dl.datasets.get(dataset_id="0" * 24)


def test_a_dataset_is_renamed_and_keeps_what_is_read_only(project: Any, dataset: Any) -> None:
    dataset.name = f"{dataset.name}-new"
    dataset.metadata["user"] = {"k": 1}
    dataset.metadata["system"]["recipes"] = []
    dataset.update()
    again = project.datasets.get(dataset_id=dataset.id)
    assert again.name == dataset.name
    assert again.metadata["user"] == {"k": 1}
    assert len(again.metadata["system"]["recipes"]) == 1


def test_metadata_that_is_taken_out_of_a_dataset_is_gone(project: Any, dataset: Any) -> None:
    dataset.metadata["user"] = {"a": 1, "b": 2}
    dataset.update()
    del dataset.metadata["user"]["a"]
    dataset.update()
    assert project.datasets.get(dataset_id=dataset.id).metadata["user"] == {"b": 2}
    project.datasets.update(dataset, patch={"metadata": {"user": {"c": 3}}})
    assert project.datasets.get(dataset_id=dataset.id).metadata["user"] == {"b": 2, "c": 3}


@needs(CURRENT, "upload(raise_on_error=...)")
def test_a_read_only_dataset_takes_no_items_until_it_is_unlocked(project: Any, dataset: Any, dl: ModuleType) -> None:
    project.datasets.update(dataset, patch={"readonly": True})
    with pytest.raises(dl.exceptions.BadRequest, match="read-only"):
        put(dataset, "/a.txt")
    project.datasets.unlock(dataset)
    assert put(dataset, "/a.txt").name == "a.txt"


def test_a_deleted_dataset_is_gone_with_its_items(project: Any, name: str, dl: ModuleType) -> None:
    dataset = project.datasets.create(dataset_name=name)
    item = put(dataset, "/a.txt")
    assert dataset.delete(sure=True, really=True)
    with pytest.raises(dl.exceptions.NotFound):
        dl.datasets.get(dataset_id=dataset.id)
    with pytest.raises(dl.exceptions.NotFound):
        dl.items.get(item_id=item.id)


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_clone_has_the_items_and_outlives_its_source(project: Any, made: str, dl: ModuleType) -> None:
    source = project.datasets.create(dataset_name=f"{made}-source")
    item = put(source, "/a/b.txt", b"shared bytes", item_metadata={"user": {"k": 1}})
    clone = source.clone(clone_name=made)
    copied = clone.items.get(filepath="/a/b.txt")
    assert (copied.metadata["user"], copied._src_item) == ({"k": 1}, item.id)
    source.delete(sure=True, really=True)
    assert copied.download(save_locally=False).read() == b"shared bytes"


def test_annotations_come_along_only_when_wanted(project: Any, dataset: Any, made: str) -> None:
    item = put(dataset, "/a.txt")
    item.annotations.upload([{"type": "class", "label": "seen", "coordinates": [], "metadata": {}}])
    clone = dataset.clone(clone_name=made)
    copied = clone.items.get(filepath="/a.txt")
    assert [(one.label, one.item_id) for one in copied.annotations.list()] == [("seen", copied.id)]
    bare = item.clone(dst_dataset_id=clone.id, remote_filepath="/b.txt", with_annotations=False, allow_many=True)
    assert (bare.annotated, list(bare.annotations.list())) == (False, [])


def test_a_clone_has_what_the_filter_finds(project: Any, dataset: Any, made: str, dl: ModuleType) -> None:
    for path in ("/in/a.txt", "/in/deep/b.txt", "/out/c.txt"):
        put(dataset, path)
    clone = dataset.clone(clone_name=made, filters=dl.Filters(field="filename", values="/in/*"), with_metadata=False)
    assert paths(clone) == ["/in/a.txt", "/in/deep/b.txt"]


def test_a_clone_into_a_folder_of_another_dataset(project: Any, dataset: Any, made: str) -> None:
    target = project.datasets.create(dataset_name=made)
    put(dataset, "/a.txt")
    dataset.clone(clone_name="", dst_dataset_id=target.id, target_directory="/from/there")
    assert paths(target) == ["/from/there/a.txt"]


def test_an_item_is_cloned_under_another_path(dataset: Any, dl: ModuleType) -> None:
    item = put(dataset, "/a.txt", b"bytes")
    clone = item.clone(remote_filepath="/copies/b.txt", metadata={"user": {"of": "a"}})
    assert (clone.filename, clone.metadata["user"]) == ("/copies/b.txt", {"of": "a"})
    item.delete()
    assert clone.download(save_locally=False).read() == b"bytes"
    with pytest.raises(dl.exceptions.Conflict):
        clone.clone(remote_filepath="/copies/b.txt")


def test_a_merge_has_the_items_of_all(project: Any, dataset: Any, made: str) -> None:
    other = project.datasets.create(dataset_name=f"{made}-other")
    put(dataset, "/a.txt", b"one")
    put(dataset, "/both.txt", b"mine")
    put(other, "/both.txt", b"theirs")
    assert project.datasets.merge(made, [dataset.id, other.id], project.id)
    merged = project.datasets.get(dataset_name=made)
    assert paths(merged) == ["/a.txt", "/both (1).txt", "/both.txt"]
    assert merged.items.get(filepath="/both (1).txt").download(save_locally=False).read() == b"theirs"
    other.delete(sure=True, really=True)


# -- out ---------------------------------------------------------------------------------------------------------------


@needs(CURRENT, "export(local_path=<a folder>)")
def test_an_export_lists_every_item_with_its_metadata(dataset: Any, tmp_path: Path) -> None:
    for number in range(3):
        put(dataset, f"/folder/{number}.txt", item_metadata={"user": {"n": number}})
    file = dataset.export(local_path=str(tmp_path), include_annotations=True)
    entries = json.loads(Path(file).read_text())
    assert {entry["filename"]: entry["metadata"]["user"]["n"] for entry in entries} == {
        f"/folder/{number}.txt": number for number in range(3)
    }
    assert all(entry["annotations"] == [] for entry in entries)


@needs(CURRENT, "export(local_path=<a folder>)")
def test_an_export_brings_the_annotations_that_are_wanted(dataset: Any, tmp_path: Path, dl: ModuleType) -> None:
    labels = ("seen", "unseen")
    item = put(dataset, "/a.txt")
    item.annotations.upload([{"type": "class", "label": one, "coordinates": [], "metadata": {}} for one in labels])
    wanted = dl.Filters(resource=dl.FiltersResource.ANNOTATION, field="label", values="seen")
    file = dataset.export(local_path=str(tmp_path), include_annotations=True, annotation_filters=wanted)
    assert [one["label"] for one in json.loads(Path(file).read_text())[0]["annotations"]] == ["seen"]


@needs(CURRENT, "dl.ExportType")
def test_a_zip_export_has_a_file_for_each_item(dataset: Any, tmp_path: Path, dl: ModuleType) -> None:
    put(dataset, "/folder/a.txt")
    dataset.export(local_path=str(tmp_path), export_type=dl.ExportType.ZIP)
    told = json.loads((tmp_path / "folder/a.json").read_text())
    assert told["filename"] == "/folder/a.txt"


def test_annotations_are_downloaded_beside_their_items(dataset: Any, tmp_path: Path) -> None:
    put(dataset, "/folder/a.txt")
    dataset.download_annotations(local_path=str(tmp_path))
    assert json.loads((tmp_path / "json/folder/a.json").read_text())["filename"] == "/folder/a.txt"


def test_an_export_shows_up_nowhere_among_the_binaries(project: Any, dataset: Any, tmp_path: Path) -> None:
    put(dataset, "/a.txt")
    dataset.export(local_path=str(tmp_path))
    binaries = project.datasets._get_binaries_dataset()
    assert paths(binaries) == []


@needs(CURRENT, "Dataset.split_ml_subsets")
def test_a_split_tags_every_item_once(dataset: Any, dl: ModuleType) -> None:
    for number in range(6):
        put(dataset, f"/{number}.txt")
    assert dataset.split_ml_subsets(percentages={"train": 50, "validation": 25, "test": 25})
    tags = [item.metadata["system"]["tags"] for item in dataset.items.list().all()]
    assert [list(one.values()) for one in tags] == [[True]] * 6
    dataset.assign_subset_to_items("train")
    assert dataset.items.list(filters=dl.Filters(field="metadata.system.tags.train", values=True)).items_count == 6
