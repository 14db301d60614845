"""Recipes, ontologies, labels and attributes through the real SDK, as datasets use them (ENDPOINTS 7)."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest
from raw_http import Http
from sdk_version import CURRENT, needs

UNKNOWN = "0" * 24


def test_a_new_dataset_has_a_recipe_with_an_ontology(dataset: Any) -> None:
    recipe = dataset.recipes.list()[0]
    assert recipe.title == f"{dataset.name} Default Recipe"
    assert [one.id for one in recipe.ontologies.list()] == recipe.ontology_ids
    assert dataset.labels == []


def test_labels_are_added_nested_changed_and_deleted(dl: ModuleType, dataset: Any) -> None:
    dataset.add_labels(label_list=["dog", {"tag": "cat", "color": "#0a0b0c", "children": [{"label_name": "lynx"}]}])
    dataset.add_label(label_name="dog.puppy", color=(1, 2, 3), attributes=["young"])
    found = dl.datasets.get(dataset_id=dataset.id).labels_flat_dict
    assert found.keys() == {"dog", "dog.puppy", "cat", "cat.lynx"}
    assert found["cat"].color == "#0a0b0c"
    assert (found["dog.puppy"].rgb, found["dog.puppy"].attributes) == ((1, 2, 3), ["young"])
    dataset.update_label(label_name="cat", color="#ffffff")
    assert dl.datasets.get(dataset_id=dataset.id).labels_flat_dict["cat"].color == "#ffffff"
    dl.datasets.get(dataset_id=dataset.id).delete_labels(label_names=["dog"])
    assert dl.datasets.get(dataset_id=dataset.id).labels_flat_dict.keys() == {"cat", "cat.lynx"}


def test_a_label_without_a_color_gets_one_a_client_can_draw(dl: ModuleType, dataset: Any) -> None:
    dataset.add_labels(label_list=["plain"])
    red, green, blue = dl.datasets.get(dataset_id=dataset.id).labels[0].rgb
    assert max(red, green, blue) < 256


def test_updating_a_label_that_is_not_there_says_so(dl: ModuleType, dataset: Any) -> None:
    with pytest.raises(dl.exceptions.BadRequest, match="does not exist"):
        dataset.update_label(label_name="nothing", color="#ffffff")


def test_a_dataset_is_made_with_labels_or_with_a_recipe(dl: ModuleType, project: Any, dataset: Any) -> None:
    made = project.datasets.create(dataset_name="labelled", labels=[dl.Label(tag="dog", color="#010203")])
    assert [label.tag for label in dl.datasets.get(dataset_id=made.id).labels] == ["dog"]
    same = project.datasets.create(dataset_name="same", recipe_id=dataset.recipes.list()[0].id)
    assert same.metadata["system"]["recipes"] == dataset.metadata["system"]["recipes"]
    for one in (made, same):
        one.delete(sure=True, really=True)


def test_attributes_are_put_and_taken_away(dataset: Any) -> None:
    ontology = dataset.ontologies.get(ontology_id=dataset.ontology_ids[0])
    assert ontology.update_attributes(title="Size", key="1", attribute_type="checkbox", values=["s", "l"])
    ontology.update_attributes(title="Speed", key="2", attribute_type="range", attribute_range=range_of())
    got = dataset.ontologies.get(ontology_id=ontology.id)
    assert [one["key"] for one in got.attributes] == ["1", "2"]
    assert got.attributes[0] | {"type": "options", "multi": True, "values": ["s", "l"]} == got.attributes[0]
    ontology.update(system_metadata=True)
    assert ontology.delete_attributes(keys=["1"])
    assert [one["key"] for one in dataset.ontologies.get(ontology_id=ontology.id).attributes] == ["2"]


def range_of() -> Any:
    """One to ten."""
    import dtlpy

    return dtlpy.AttributesRange(1, 10, 1)


def test_an_ontology_is_copied_from_its_own_json(project: Any, dataset: Any) -> None:
    dataset.add_labels(label_list=["dog", "cat"])
    source = dataset.ontologies.get(ontology_id=dataset.ontology_ids[0])
    source.update_attributes(title="Size", key="1", attribute_type="radio_button", values=["s", "l"])
    known = dataset.ontologies.get(ontology_id=source.id).to_json()
    target = project.ontologies.create(labels={}, title="copy", project_ids=[project.id])
    target.copy_from(ontology_json={**known, "roots": known["roots"]})
    got = project.ontologies.get(ontology_id=target.id)
    assert sorted(label.tag for label in got.labels) == ["cat", "dog"]
    assert got.attributes[0]["key"] == "1"


def test_recipes_are_made_listed_changed_cloned_and_deleted(dl: ModuleType, project: Any, dataset: Any) -> None:
    made = dataset.recipes.create(recipe_name="mine", labels=[dl.Label(tag="dog", color="#010203")])
    assert dl.datasets.get(dataset_id=dataset.id).metadata["system"]["recipes"] == [made.id]
    assert made.id in [one.id for one in project.recipes.list().all()]
    made.title, made.creator = "yours", "somebody@else.com"
    changed = made.update()
    assert (changed.title, changed.creator != "somebody@else.com") == ("yours", True)
    deep, shallow = made.clone(), made.clone(shallow=True)
    assert shallow.ontology_ids == made.ontology_ids != deep.ontology_ids
    assert [label.tag for label in deep.ontologies.list()[0].labels] == ["dog"]
    with pytest.raises(dl.exceptions.BadRequest, match="give that another one"):
        made.delete()
    assert made.delete(force=True)
    assert dl.datasets.get(dataset_id=dataset.id).metadata["system"]["recipes"] == []
    with pytest.raises(dl.exceptions.NotFound):
        project.recipes.get(recipe_id=made.id)


@needs(CURRENT, "recipe of an ontology got by itself")
def test_the_recipe_of_an_ontology_is_found(project: Any, dataset: Any) -> None:
    recipe = dataset.recipes.list()[0]
    assert project.ontologies.get(ontology_id=recipe.ontology_ids[0]).recipe.id == recipe.id


def test_lists_are_paged_also_with_a_doubled_ampersand(project: Any, admin: Http) -> None:
    for n in range(3):
        project.ontologies.create(labels={}, title=f"o{n}", project_ids=[project.id])
    seen = project.ontologies.list(project_ids=[project.id])
    assert {"o0", "o1", "o2"} <= {one.title for one in seen}
    page = admin("GET", f"/ontologies?projects={project.id}&&pageOffset=0&pageSize=2").json()
    assert (len(page["items"]), page["totalItemsCount"]) == (2, len(seen))
    one = admin("GET", f"/ontologies?ids={seen[0].id}").json()
    assert [ontology["id"] for ontology in one["items"]] == [seen[0].id]
    assert admin.refused("GET", "/recipes?pageSize=0")[0] == 400


def test_a_deleted_ontology_leaves_its_recipes(dataset: Any) -> None:
    recipe = dataset.recipes.list()[0]
    assert recipe.ontologies.list()[0].delete()
    assert dataset.recipes.get(recipe_id=recipe.id).ontology_ids == []


@pytest.mark.parametrize(
    "roots",
    [
        5,
        [5],
        [{"value": {}}],
        [{"value": {"tag": ""}}],
        [{"value": {"tag": 5}}],
        [{"value": {"tag": "x", "color": "rgb(__import__('os'))"}}],
        [{"value": {"tag": "x", "color": "red"}}],
        [{"value": {"tag": "x", "attributes": [5]}}],
        [{"value": {"tag": "x"}, "children": 5}],
    ],
)
def test_bad_labels_are_refused(project: Any, admin: Http, roots: Any) -> None:
    assert admin.refused("POST", "/ontologies", {"roots": roots, "projectIds": [project.id]})[0] == 400


def test_bad_recipes_and_ontologies_are_refused(project: Any, dataset: Any, admin: Http) -> None:
    ontology = dataset.ontology_ids[0]
    for path in ("/recipes", "/ontologies"):
        for projects in (None, [], "x", [5], ["not-an-id"]):
            assert admin.refused("POST", path, {"projectIds": projects})[0] == 400
        assert admin.refused("POST", path, {"projectIds": [str(uuid.uuid4())]})[0] == 404
        assert admin.refused("GET", f"{path}/123")[0] == 400
        assert admin.refused("GET", f"{path}/{UNKNOWN}")[0] == 404
        assert admin.refused("DELETE", f"{path}/{UNKNOWN}")[0] == 404
    recipe = {"projectIds": [project.id], "ontologyIds": [UNKNOWN]}
    assert admin.refused("POST", "/recipes", recipe)[0] == 404
    assert admin.refused("POST", "/recipes", recipe | {"ontologyIds": [ontology], "title": 5})[0] == 400
    for body in (
        {},
        {"labelsNode": 5},
        {"labelsNode": [{"tag": "a..b"}]},
        {"labelsNode": [{"tag": "a", "color": "x"}]},
    ):
        assert admin.refused("PATCH", f"/ontologies/{ontology}/labels", body)[0] == 400
    for body in ({}, {"items": 5}, {"items": [{}]}, {"items": [{"title": "t", "key": "k", "type": "odd"}]}):
        assert admin.refused("PATCH", f"/ontologies/{ontology}/attributes", body)[0] == 400
    assert admin.refused("PUT", f"/ontologies/{ontology}", {"metadata": 5})[0] == 400
    assert admin.refused("PATCH", f"/recipes/{dataset.recipes.list()[0].id}", {"metadata": {"system": 5}})[0] == 400


def test_outsiders_and_annotators_change_nothing(project: Any, dataset: Any, admin: Http) -> None:
    email, somebody = admin.person()
    recipe = dataset.recipes.list()[0]
    paths = [f"/recipes/{recipe.id}", f"/ontologies/{recipe.ontology_ids[0]}"]
    for path in paths:
        assert somebody.refused("GET", path)[0] == 403
        assert admin.anonymous().refused("GET", path)[0] == 401
    assert somebody("GET", f"/recipes?projects={project.id}").json()["items"] == []
    assert somebody.refused("POST", "/recipes", {"projectIds": [project.id]})[0] == 403
    project.add_member(email=email, role="annotator")
    for path in paths:
        assert somebody("GET", path).ok
        assert somebody.refused("DELETE", path)[0] == 403
    project.remove_member(email=email)
