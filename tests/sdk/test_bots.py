"""Bots: a project is born with one, and what runs keeps the bot it runs as (ENDPOINTS 9)."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest
from raw_http import Http


def test_a_project_has_one_bot_that_is_listed_and_got(project: Any) -> None:
    (bot,) = project.bots.list()
    assert (bot.id, bot.type, bot.role) == (bot.email, "bot", "engineer")
    assert project.bots.get(bot_id=bot.id).to_json() == bot.to_json()
    assert project.bots.get(bot_email=bot.email).id == project.bots.get(bot_name=bot.name).id == bot.id


def test_after_making_and_deleting_a_bot_one_is_left(project: Any, admin: Http) -> None:
    path = f"/projects/{project.id}/bots"
    made = admin("POST", path, {"name": "helper", "returnCredentials": False}).json()
    assert (made["firstName"], made["projectId"], made["id"]) == ("helper", project.id, made["email"])
    assert admin("GET", f"{path}/{made['id']}").json() == made
    assert len(project.bots.list()) == 2
    assert project.bots.delete(bot_id=made["id"])
    assert len(project.bots.list()) == 1
    assert admin.refused("GET", f"{path}/{made['id']}")[0] == 404


def test_a_bot_with_credentials_logs_in_and_reaches_its_project_only(dl: ModuleType, project: Any, admin: Http) -> None:
    other = dl.projects.create(project_name=f"other-{uuid.uuid4().hex[:8]}")
    made = admin("POST", f"/projects/{project.id}/bots", {"name": "worker", "returnCredentials": True}).json()
    bot = admin.log_in(made["email"], made["password"])
    assert [one["id"] for one in bot("GET", "/projects").json()] == [project.id]
    assert bot.refused("GET", f"/projects/{other.id}")[0] == 403
    assert bot.refused("POST", "/projects", {"name": "mine"})[0] == 403
    assert bot.refused("POST", f"/projects/{project.id}/members/a@example.com", {"role": "owner"})[0] == 403
    assert bot.refused("GET", f"/orgs/{project.org['id']}/integrations")[0] == 403
    assert "password" not in admin("GET", f"/projects/{project.id}/bots/{made['id']}").json()
    project.bots.delete(bot_id=made["email"])
    assert bot.refused("GET", "/projects")[0] == 401
    other.delete(sure=True, really=True)


def test_a_bot_that_runs_an_active_service_is_not_deleted(dl: ModuleType, project: Any, admin: Http) -> None:
    module = {"name": "m", "entryPoint": "main.py", "className": "ServiceRunner", "initInputs": [], "functions": []}
    package = admin(
        "POST", "/packages", {"name": f"p{uuid.uuid4().hex[:8]}", "projectId": project.id, "modules": [module]}
    )
    assert package.ok, package.text
    body = {"name": f"s{uuid.uuid4().hex[:8]}", "projectId": project.id, "packageId": package.json()["id"]}
    more = {
        "packageRevision": package.json()["version"],
        "moduleName": "m",
        "runtime": {"numReplicas": 0},
        "active": True,
    }
    service = admin("POST", "/services", body | more)
    assert service.ok, service.text
    bot = service.json()["botUserName"]
    for path in (f"/projects/{project.id}/bots/{bot}", f"/projects/{project.id}/members/{bot}"):
        status, message = admin.refused("DELETE", path)
        assert status == 400
        assert body["name"] in message
    assert admin("DELETE", f"/services/{service.json()['id']}").ok
    assert admin("DELETE", f"/packages/{package.json()['id']}").ok


def test_a_service_acts_as_the_bot_that_is_named_if_it_is_the_projects(
    dl: ModuleType, project: Any, admin: Http
) -> None:
    module = {"name": "m", "entryPoint": "main.py", "className": "ServiceRunner", "initInputs": [], "functions": []}
    body = {"name": f"p{uuid.uuid4().hex[:8]}", "projectId": project.id, "modules": [module]}
    package = admin("POST", "/packages", body).json()
    helper = admin("POST", f"/projects/{project.id}/bots", {"name": "helper"}).json()["email"]
    body = {"name": package["name"], "projectId": project.id, "packageId": package["id"], "active": False}
    other = dl.projects.create(project_name=f"other-{uuid.uuid4().hex[:8]}")
    for wrong in (other.bots.list()[0].email, "admin@faas.local", "nobody@bot.faas.local", 5, ["a"]):
        status, message = admin.refused("POST", "/services", body | {"botUserName": wrong})
        assert (status, message.partition(":")[0]) == (400, "botUserName")
    service = admin("POST", "/services", body | {"botUserName": helper}).json()
    assert service["botUserName"] == helper
    assert admin("PATCH", f"/services/{service['id']}", service | {"drainTime": 5}).json()["botUserName"] == helper
    assert admin("DELETE", f"/services/{service['id']}").ok
    assert admin("DELETE", f"/packages/{package['id']}").ok
    assert project.bots.delete(bot_id=helper)
    other.delete(sure=True, really=True)


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 5}, {"name": "x" * 300}])
def test_a_bad_bot_is_refused(project: Any, admin: Http, body: Any) -> None:
    assert admin.refused("POST", f"/projects/{project.id}/bots", body)[0] == 400


def test_bots_of_no_project_are_refused(project: Any, admin: Http) -> None:
    assert admin.refused("GET", "/projects/123/bots")[0] == 400
    assert admin.refused("GET", f"/projects/{uuid.uuid4()}/bots")[0] == 404
    assert admin.refused("DELETE", f"/projects/{project.id}/bots/admin@faas.local")[0] == 404
    assert admin.anonymous().refused("GET", f"/projects/{project.id}/bots")[0] == 401
