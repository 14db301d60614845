"""A live platform by raw HTTP: its admin, and projects with one of everything in them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from raw_http import Http

if TYPE_CHECKING:
    from tests.e2e.conftest import Platform

Ids = dict[str, str]
_NUMBERS = itertools.count()


def new_name(kind: str = "thing") -> str:
    """One that nobody has on this platform."""
    return f"{kind}-{next(_NUMBERS)}"


@pytest.fixture(scope="session")
def admin(platform: Platform) -> Http:
    return Http(platform.url, None).log_in(platform.email, platform.password)


@pytest.fixture(scope="session")
def furnish(admin: Http) -> Furnish:
    return Furnish(admin)


class Furnish:
    """Makes a project with one of everything. Returns the ids, by the names that the paths of the API have for them."""

    def __init__(self, admin: Http) -> None:
        self._admin = admin

    def __call__(self) -> Ids:
        project = self._made("/projects", {"name": new_name("project")})
        ids = {"project_id": project["id"], "name": project["name"], "org_id": project["org"]["id"]}
        return ids | self._data(project["id"]) | self._functions(project["id"]) | self._others(ids)

    def _data(self, project: str) -> Ids:
        dataset = self._made("/datasets", {"name": new_name("dataset"), "projects": [project]})
        path, recipe = f"/datasets/{dataset['id']}/items", dataset["metadata"]["system"]["recipes"][0]
        form = {"type": "file", "path": "/folder/a.png"}
        item = self._made(path, files={"file": ("a.png", b"\x89PNG\r\n\x1a\n")}, data=form)
        [annotation] = self._made(f"/items/{item['id']}/annotations", [{"type": "class", "label": "x"}])
        return {
            "dataset_id": dataset["id"],
            "item_id": item["id"],
            "folder_id": self._made(path, data={"type": "dir", "path": "/other"})["id"],
            "annotation_id": annotation["id"],
            "task_id": "t",
            "recipe_id": recipe,
            "ontology_id": self._admin("GET", f"/recipes/{recipe}").json()["ontologyIds"][0],
            "command_id": self._made(f"/datasets/{dataset['id']}/sync", {})["id"],
        }

    def _functions(self, project: str) -> Ids:
        function = {"name": "run", "input": [{"name": "text", "type": "String"}], "output": []}
        module = {"name": "default_module", "entryPoint": "main.py", "className": "ServiceRunner"}
        modules = [module | {"functions": [function]}]
        package = self._made("/packages", {"name": new_name("package"), "projectId": project, "modules": modules})
        told = {"name": new_name("service"), "projectId": project, "packageId": package["id"]}
        service = self._made("/services", told | {"runtime": {"numReplicas": 0}})
        operation = {"type": "function", "serviceId": service["id"], "functionName": "run"}
        spec = {"cron": "0 0 1 1 *", "operation": operation, "input": {"text": "x"}}
        named = {"name": new_name("trigger"), "projectId": project, "type": "Cron", "spec": spec}
        return {
            "package_id": package["id"],
            "service_id": service["id"],
            "trigger_id": self._made("/triggers", named)["id"],
            "execution_id": self._made(f"/executions/{service['id']}", {"input": {"text": "x"}})["id"],
        }

    def _others(self, ids: Ids) -> Ids:
        project, email = ids["project_id"], f"{new_name('colleague')}@example.com"
        self._made(f"/projects/{project}/members/{email}", {"role": "annotator"})
        secret = {"type": "key_value", "name": new_name("secret"), "options": {"key": "k", "value": "v"}}
        scope = {"type": "project", "id": project, "role": "annotator"}
        setting = {"name": new_name("setting"), "scope": scope, "valueType": "string", "value": "x"}
        driver = {"name": new_name("driver"), "type": "s3", "metadata": {"system": {"projectId": project}}}
        return {
            "email": email,
            "bot_id": self._made(f"/projects/{project}/bots", {"name": "spare"})["id"],
            "integration_id": self._made(f"/orgs/{ids['org_id']}/integrations", secret)["id"],
            "setting_id": self._made("/settings", setting)["id"],
            "driver_id": self._made("/drivers", driver)["id"],
            "app_id": "app",
            "kind": "packages",
        }

    def _made(self, path: str, body: Any = None, **more: Any) -> Any:
        answer = self._admin("POST", path, body, **more)
        assert answer.ok, (path, answer.text)
        return answer.json()
