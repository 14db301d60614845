"""Packages through the real SDK: pushed, pushed again, found, pulled and refused (ENDPOINTS 12, 14)."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from calls import function, module, new_name, push, source
from raw_http import Http

CODE = """
class ServiceRunner:
    def run(self, text):
        return text
"""


def raw(name: str, project: Any, **more: Any) -> dict[str, Any]:
    """The body of a new package without code."""
    found = {"name": name, "projectId": project.id, "global": False, "type": None, "slots": None}
    return {**found, "serviceConfig": None, "modules": [], **more}


def a_module(*inputs: dict[str, str], **more: Any) -> dict[str, Any]:
    """One with one function, as a package.json has it."""
    run = {"name": "run", "description": "", "input": list(inputs), "output": []}
    return {"name": "default_module", "entryPoint": "main.py", "initInputs": [], "functions": [run], **more}


# -- push --------------------------------------------------------------------------------------------------------------


def test_a_pushed_package_is_found_by_id_and_by_name(dl: ModuleType, project: Any) -> None:
    package = push(dl, project, CODE, function(dl, "run", text="String"))
    assert package.version == "1.0.0"
    assert package.type == "faas"
    assert package.codebase.type == "item"
    by_id, by_name = project.packages.get(package_id=package.id), project.packages.get(package_name=package.name)
    assert by_id.to_json() == by_name.to_json() == package.to_json()
    assert dl.packages.get(package_id=package.id).name == package.name


def test_pushing_again_adds_a_revision_and_reuses_an_unchanged_zip(dl: ModuleType, project: Any, admin: Http) -> None:
    name, first = new_name("again"), source(CODE)
    run = module(dl, function(dl, "run", text="String"))
    one = project.packages.push(package_name=name, src_path=first, modules=[run])
    two = project.packages.push(package_name=name, src_path=first, modules=[run])
    assert (one.id, two.version) == (two.id, "1.0.1")
    assert one.codebase.item_id == two.codebase.item_id
    three = project.packages.push(package_name=name, src_path=source(CODE + "# more\n"), modules=[run])
    assert three.version == "1.0.2"
    assert three.codebase.item_id != two.codebase.item_id
    revisions = three.revisions
    assert [one["version"] for one in revisions] == ["1.0.2", "1.0.1", "1.0.0"]
    assert [one["codebase"]["itemId"] for one in revisions] == [three.codebase.item_id] + 2 * [two.codebase.item_id]
    assert {one["id"] for one in revisions} == {one.id}
    assert json.dumps(revisions) == json.dumps(admin("GET", f"/packages/{one.id}/revisions").json())
    assert revisions[0] == admin("GET", f"/packages/{one.id}").json()
    versions = [int(Path(item.filename).stem) for item in project.codebases.list_versions(codebase_name=name).all()]
    assert sorted(versions) == [0, 1]


def test_a_version_that_the_client_raised_is_kept(dl: ModuleType, project: Any) -> None:
    name, folder = new_name("raised"), source(CODE)
    run = module(dl, function(dl, "run", text="String"))
    first = project.packages.push(package_name=name, src_path=folder, modules=[run], version="2.0.0")
    assert first.version == "2.0.0"
    second = project.packages.push(package_name=name, src_path=folder, modules=[run], revision_increment="minor")
    assert second.version == "2.1.0"
    assert second.updated_at > first.updated_at


def test_an_update_of_an_old_copy_is_a_revision_too(dl: ModuleType, project: Any) -> None:
    package = push(dl, project, CODE, function(dl, "run", text="String"))
    stale = project.packages.get(package_id=package.id)
    package.metadata = {"by": "one"}
    assert package.update().version == "1.0.1"
    stale.metadata = {"by": "another"}
    assert stale.update().version == "1.0.2"
    assert project.packages.get(package_id=package.id).metadata == {"by": "another"}


def test_a_pulled_package_is_the_code_of_its_revision(dl: ModuleType, project: Any, tmp_path: Path) -> None:
    name, run = new_name("pulled"), module(dl, function(dl, "run", text="String"))
    project.packages.push(package_name=name, src_path=source(CODE), modules=[run])
    package = project.packages.push(package_name=name, src_path=source(CODE + "# second\n"), modules=[run])
    latest = package.pull(local_path=str(tmp_path / "latest"))
    assert (Path(latest) / "main.py").read_text() == CODE + "# second\n"
    first = package.pull(version="1.0.0", local_path=str(tmp_path / "first"))
    assert (Path(first) / "main.py").read_text() == CODE


def test_requirements_come_back_as_they_were_read(dl: ModuleType, project: Any) -> None:
    folder = source(CODE, requirements_txt="attrs>=23\n# not this\ntyping_extensions==4.12.2\nsix\n")
    run = module(dl, function(dl, "run", text="String"))
    package = project.packages.push(package_name=new_name("needs"), src_path=folder, modules=[run])
    found = [(one.name, one.operator, one.version) for one in project.packages.get(package_id=package.id).requirements]
    assert found == [("attrs", ">=", "23"), ("typing_extensions", "==", "4.12.2"), ("six", None, None)]


def test_a_package_json_is_pushed_as_it_is(dl: ModuleType, project: Any) -> None:
    manifest = {"name": new_name("manifest"), "modules": [a_module({"name": "text", "type": "String"})]}
    manifest["modules"][0]["className"] = "ServiceRunner"
    folder = Path(source(CODE))
    (folder / "package.json").write_text(json.dumps(manifest))
    package = project.packages.push(src_path=str(folder))
    assert package.name == manifest["name"]
    got = project.packages.get(package_id=package.id).to_json()["modules"]
    got[0].pop("computeConfig"), got[0]["functions"][0].pop("computeConfig")  # which the SDK puts in
    assert got == manifest["modules"]


# -- what is answered --------------------------------------------------------------------------------------------------


def test_modules_come_back_unchanged_but_for_a_null_compute_config(project: Any, admin: Http) -> None:
    sent = a_module({"name": "text", "type": "String", "description": ""}, {"name": "n", "type": "Integer[]"})
    sent["functions"][0] |= {"displayName": None, "displayIcon": "", "computeConfig": None}
    made = admin("POST", "/packages", raw(new_name("same"), project, modules=[sent | {"computeConfig": None}]))
    assert made.status_code == 201, made.text
    got = admin("GET", f"/packages/{made.json()['id']}").json()
    query = {"resource": "packages", "filter": {"$and": [{"name": got["name"]}, {"projectId": project.id}]}}
    listed = admin("POST", "/query/faas", query).json()
    assert made.json() == got == listed["items"][0]
    assert got["modules"] == [sent]
    assert (got["type"], got["version"], got["slots"]) == ("faas", "1.0.0", [])


def test_a_package_list_is_paged(dl: ModuleType, admin: Http) -> None:
    project = dl.projects.create(project_name=f"pages-{uuid.uuid4().hex[:8]}")
    try:
        names = sorted(new_name("paged") for _ in range(5))
        for name in names:
            assert admin("POST", "/packages", raw(name, project)).ok
        filters = dl.Filters(resource=dl.FiltersResource.PACKAGE)
        filters.page_size = 2
        pages = project.packages.list(filters=filters)
        assert (pages.items_count, pages.total_pages_count, len(pages.items)) == (5, 3, 2)
        assert sorted(package.name for package in pages.all()) == names
    finally:
        project.delete(sure=True, really=True)


def test_a_git_codebase_is_taken_without_being_fetched(dl: ModuleType, project: Any) -> None:
    codebase = dl.GitCodebase(git_url="https://example.com/team/repository.git", git_tag="v1.0.0")
    run = module(dl, function(dl, "run", text="String"))
    package = project.packages.push(package_name=new_name("git"), codebase=codebase, modules=[run])
    got = project.packages.get(package_id=package.id)
    assert (got.codebase.type, got.codebase.git_url, got.codebase.git_tag) == ("git", codebase.git_url, "v1.0.0")


# -- delete ------------------------------------------------------------------------------------------------------------


def test_a_deleted_package_is_gone_and_its_name_is_free(dl: ModuleType, project: Any) -> None:
    package = push(dl, project, CODE, function(dl, "run", text="String"))
    assert project.packages.delete(package_name=package.name)
    with pytest.raises(dl.exceptions.NotFound):
        project.packages.get(package_id=package.id)
    with pytest.raises(dl.exceptions.NotFound):
        project.packages.get(package_name=package.name)
    again = push(dl, project, CODE, function(dl, "run", text="String"), name=package.name)
    assert (again.version, again.id == package.id) == ("1.0.0", False)
    assert len(again.revisions) == 1


# -- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["input", "output"])
def test_two_inputs_of_one_name_are_a_conflict(project: Any, admin: Http, where: str) -> None:
    sent = a_module()
    sent["functions"][0][where] = [{"name": "same", "type": "String"}, {"name": "same", "type": "Json"}]
    name = new_name("twice")
    status, message = admin.refused("POST", "/packages", raw(name, project, modules=[sent]))
    assert status == 409
    assert "'same'" in message
    assert f"modules[0].functions[0].{where}" in message
    assert admin("POST", "/packages", raw(name, project)).ok, "nothing was left of the refused one"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Upper", "Invalid package name:"),
        ("under_score", "Invalid package name:"),
        ("1-digit-first", "Invalid package name:"),
        ("dash-last-", "Invalid package name:"),
        ("a" * 36, "Name must be at most 35 characters"),
    ],
)
def test_a_name_that_breaks_the_rule_is_refused_before_anything_is_uploaded(
    dl: ModuleType, project: Any, name: str, text: str
) -> None:
    with pytest.raises(dl.exceptions.BadRequest) as refused:
        push(dl, project, CODE, function(dl, "run", text="String"), name=name)
    assert text in str(refused.value)
    assert project.codebases.list_versions(codebase_name=name).items_count == 0


def test_a_name_of_35_characters_is_the_longest(dl: ModuleType, project: Any) -> None:
    assert push(dl, project, CODE, function(dl, "run", text="String"), name="a" * 35).name == "a" * 35


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"modules": "main"}, "modules"),
        ({"modules": [1]}, "modules"),
        ({"modules": [{}]}, "modules[0].name"),
        ({"modules": [{"name": "m"}, {"name": "m"}]}, "modules"),
        ({"modules": [a_module({"name": "a", "type": "Text"})]}, "modules[0].functions[0].input[0].type"),
        ({"modules": [a_module({"name": "a", "type": ["String"]})]}, "modules[0].functions[0].input[0].type"),
        ({"modules": [a_module({"type": "String"})]}, "modules[0].functions[0].input[0].name"),
        ({"modules": [a_module(entryPoint="../main.py")]}, "modules[0].entryPoint"),
        ({"modules": [a_module(entryPoint=["main.py"])]}, "modules[0].entryPoint"),
        ({"modules": [a_module(className="not a name")]}, "modules[0].className"),
        ({"modules": [a_module(functions=[{"name": "not a name"}])]}, "modules[0].functions[0].name"),
        ({"modules": [a_module(functions={"name": "run"})]}, "modules[0].functions"),
        ({"requirements": [{"name": "numpy", "extra": 1}]}, "requirements[0]"),
        ({"requirements": [{"name": "numpy", "operator": "=>"}]}, "requirements[0].operator"),
        ({"requirements": [{"name": "numpy", "version": 2}]}, "requirements[0].version"),
        ({"requirements": "numpy"}, "requirements"),
        ({"version": "one"}, "version"),
        ({"version": 7}, "version"),
        ({"slots": "none"}, "slots"),
        ({"serviceConfig": []}, "serviceConfig"),
        ({"metadata": "text"}, "metadata"),
        ({"global": "yes"}, "global"),
        ({"codebase": {"type": "item", "itemId": "1"}}, "codebase.itemId"),
        ({"codebase": {"type": "item", "itemId": "0" * 24}}, "codebase.itemId"),
        ({"codebase": {"type": "elsewhere"}}, "codebase.type"),
        ({"codebase": "main.py"}, "codebase"),
        ({"projectId": "1"}, "projectId"),
        ({"projectId": None}, "projectId"),
        ({"name": None}, "name"),
    ],
)
def test_what_is_wrong_is_named(project: Any, admin: Http, change: dict[str, Any], field: str) -> None:
    name = new_name("wrong")
    status, message = admin.refused("POST", "/packages", raw(name, project) | change)
    assert (status, field in message) == ((409 if "twice" in message else 400), True), message
    assert admin("POST", "/packages", raw(name, project)).ok, "nothing was left of the refused one"


def test_a_refused_update_changes_nothing(project: Any, admin: Http) -> None:
    made = admin("POST", "/packages", raw(new_name("kept"), project)).json()
    path = f"/packages/{made['id']}"
    assert admin.refused("PATCH", path, {"modules": [{}], "metadata": {"a": 1}})[0] == 400
    assert admin.refused("PATCH", path, {"name": "Not A Name"})[0] == 400
    assert admin("GET", path).json() == made
    assert len(admin("GET", f"{path}/revisions").json()) == 1


def test_a_taken_name_is_refused(project: Any, admin: Http) -> None:
    first, second = (admin("POST", "/packages", raw(new_name("taken"), project)).json() for _ in range(2))
    status, message = admin.refused("POST", "/packages", raw(first["name"], project))
    assert (status, first["name"] in message) == (400, True)
    status, message = admin.refused("PATCH", f"/packages/{second['id']}", {"name": first["name"]})
    assert (status, first["name"] in message) == (409, True)


def test_only_an_admin_shares_a_package_with_everybody(dl: ModuleType, project: Any, admin: Http) -> None:
    email, member = admin.person()
    assert admin("POST", f"/projects/{project.id}/members/{email}", {"role": "engineer"}).ok
    assert member.refused("POST", "/packages", raw(new_name("shared"), project, **{"global": True}))[0] == 403
    made = admin("POST", "/packages", raw(new_name("shared"), project, **{"global": True})).json()
    _, stranger = admin.person()
    assert stranger("GET", f"/packages/{made['id']}").json() == made
    assert stranger.refused("PATCH", f"/packages/{made['id']}", {"metadata": {}})[0] == 403
