"""Lists of items through the real SDK: filters, pages, and changes of all that is found (ENDPOINTS 5, 8)."""

from __future__ import annotations

import io
from types import ModuleType
from typing import Any

import pytest
from calls import uploaded


@pytest.fixture
def filled(dataset: Any) -> Any:
    """Seven numbered files in two folders, a hidden one, an image."""
    for number in range(7):
        put(dataset, f"{number}.txt", "/even" if number % 2 == 0 else "/odd", {"user": {"n": number}})
    put(dataset, ".secret.txt", "/even", {})
    put(dataset, "deep.png", "/even/deeper.dir", {})
    return dataset


def put(dataset: Any, name: str, folder: str, metadata: dict[str, Any]) -> Any:
    buffer = io.BytesIO(name.encode())
    buffer.name = name
    return uploaded(dataset, buffer, remote_path=folder, item_metadata=metadata)


def paths(pages: Any) -> list[str]:
    return sorted(item.filename for item in pages.all())


def by(dl: ModuleType, field: str, values: Any, operator: Any = None) -> Any:
    return dl.Filters(field=field, values=values, operator=operator)


def test_a_list_has_the_files_that_are_not_hidden(filled: Any) -> None:
    pages = filled.items.list()
    assert pages.items_count == 8
    assert "/even/.secret.txt" not in paths(pages)


def test_a_hidden_item_is_found_when_asked_for(filled: Any, dl: ModuleType) -> None:
    filters = dl.Filters(use_defaults=False, field="hidden", values=True)
    assert paths(filled.items.list(filters=filters)) == ["/even/.secret.txt"]
    assert filled.items.get(filepath="/even/.secret.txt").hidden is True


@pytest.mark.parametrize("page_size", [1, 3, 8, 1000])
def test_every_item_is_met_once_however_large_a_page_is(filled: Any, page_size: int) -> None:
    pages = filled.items.list(page_size=page_size)
    met = [item.id for page in pages for item in page]
    assert len(met) == len(set(met)) == 8


def test_pages_by_number_come_in_the_order_that_was_asked_for(filled: Any, dl: ModuleType) -> None:
    filters = dl.Filters(field="dir", values="/odd")
    filters.sort_by(field="filename", value=dl.FiltersOrderByDirection.DESCENDING)
    pages = filled.items.list(filters=filters, page_size=2)
    assert pages.total_pages_count == 2
    assert [item.name for page in pages for item in page] == ["5.txt", "3.txt", "1.txt"]


def test_items_are_found_by_folder_name_and_metadata(filled: Any, dl: ModuleType) -> None:
    ops = dl.FiltersOperations
    found = {
        "folder": paths(filled.items.list(filters=by(dl, "dir", "/odd/"))),
        "below": paths(filled.items.list(filters=by(dl, "filename", "/even/deeper.dir/*"))),
        "ending": paths(filled.items.list(filters=by(dl, "filename", "*.png"))),
        "media type": paths(filled.items.list(filters=by(dl, "metadata.system.mimetype", "image*"))),
        "order": paths(filled.items.list(filters=by(dl, "metadata.user.n", 5, ops.GREATER_THAN))),
        "any of": paths(filled.items.list(filters=by(dl, "metadata.user.n", [0, 1], ops.IN))),
        "missing": paths(filled.items.list(filters=by(dl, "metadata.user.n", False, ops.EXISTS))),
    }
    image = ["/even/deeper.dir/deep.png"]
    assert found == {
        "folder": ["/odd/1.txt", "/odd/3.txt", "/odd/5.txt"],
        "below": image,
        "ending": image,
        "media type": image,
        "order": ["/even/6.txt"],
        "any of": ["/even/0.txt", "/odd/1.txt"],
        "missing": image,
    }


def test_folders_are_items_of_their_own_type(filled: Any, dl: ModuleType) -> None:
    folders = filled.items.list(filters=by(dl, "type", "dir"))
    assert paths(folders) == ["/even", "/even/deeper.dir", "/odd"]


def test_an_item_is_found_by_its_path(filled: Any, dl: ModuleType) -> None:
    assert filled.items.get(filepath="/odd/3.txt").metadata["user"] == {"n": 3}
    with pytest.raises(dl.exceptions.NotFound):
        filled.items.get(filepath="/odd/4.txt")


def test_items_are_found_by_their_annotations_and_the_other_way_round(filled: Any, dl: ModuleType) -> None:
    item = filled.items.get(filepath="/odd/3.txt")
    item.annotations.upload([{"type": "class", "label": "seen", "coordinates": [], "metadata": {}}])
    filters = dl.Filters()
    filters.add_join(field="label", values="seen")
    assert paths(filled.items.list(filters=filters)) == ["/odd/3.txt"]
    filters = dl.Filters(resource=dl.FiltersResource.ANNOTATION)
    filters.add_join(field="dir", values="/even")
    assert filled.annotations.list(filters=filters).items_count == 0
    filters = dl.Filters(resource=dl.FiltersResource.ANNOTATION)
    filters.add_join(field="dir", values="/odd")
    assert [one.label for one in filled.annotations.list(filters=filters).all()] == ["seen"]


def test_annotated_items_are_counted_and_no_longer_when_the_annotations_go(filled: Any, dl: ModuleType) -> None:
    item = filled.items.get(filepath="/odd/3.txt")
    item.annotations.upload([{"type": "class", "label": "seen", "coordinates": [], "metadata": {}}])
    assert paths(filled.items.list(filters=by(dl, "annotated", True))) == ["/odd/3.txt"]
    every = dl.Filters(resource=dl.FiltersResource.ANNOTATION)
    assert filled.annotations.delete(filters=every)
    assert filled.items.list(filters=by(dl, "annotated", True)).items_count == 0


def test_metadata_of_all_that_is_found_is_updated(filled: Any, dl: ModuleType) -> None:
    filled.items.update(filters=by(dl, "dir", "/odd"), update_values={"seen": True})
    seen = filled.items.list(filters=by(dl, "metadata.user.seen", True))
    assert paths(seen) == ["/odd/1.txt", "/odd/3.txt", "/odd/5.txt"]
    assert {item.metadata["user"]["n"] for item in seen.all()} == {1, 3, 5}


def test_system_metadata_of_many_is_updated_only_when_asked_to(filled: Any, dl: ModuleType) -> None:
    odd = by(dl, "dir", "/odd")
    filled.items.update(filters=odd, system_update_values={"tag": 1}, update_values={"x": 1}, system_metadata=False)
    assert filled.items.list(filters=by(dl, "metadata.system.tag", 1)).items_count == 0
    filled.items.update(filters=odd, system_update_values={"tag": 1}, system_metadata=True)
    assert filled.items.list(filters=by(dl, "metadata.system.tag", 1)).items_count == 3


def test_all_that_is_found_is_deleted_and_nothing_else(filled: Any, dl: ModuleType) -> None:
    assert filled.items.delete(filters=by(dl, "dir", "/even"))
    assert paths(filled.items.list()) == ["/even/deeper.dir/deep.png", "/odd/1.txt", "/odd/3.txt", "/odd/5.txt"]


def test_items_of_another_dataset_are_never_found(filled: Any, project: Any) -> None:
    other = project.datasets.create(dataset_name=f"{filled.name}-other")
    put(other, "0.txt", "/even", {})
    assert other.items.list().items_count == 1
    assert filled.items.list().items_count == 8
    other.delete(sure=True, really=True)


def test_the_directory_tree_has_every_folder(filled: Any) -> None:
    assert set(filled.directory_tree.dir_names) == {"/", "/even", "/even/deeper.dir", "/odd"}


def test_a_dataset_counts_its_files(filled: Any, project: Any) -> None:
    assert project.datasets.get(dataset_id=filled.id).items_count == 8
