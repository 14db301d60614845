"""Projects, their members, and the people who may log in, through the real SDK (ENDPOINTS 3)."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from calls import uploaded
from raw_http import Http
from sdk_version import CURRENT, needs


def fresh(prefix: str = "project") -> str:
    """A name nobody has."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def temporary(dl: ModuleType) -> Iterator[Any]:
    """A project of this test alone."""
    made = dl.projects.create(project_name=fresh())
    yield made
    made.delete(sure=True, really=True)


# -- projects ----------------------------------------------------------------------------------------------------------


def test_a_new_project_is_found_by_name_by_id_and_in_the_list(dl: ModuleType, project: Any) -> None:
    by_name, by_id = dl.projects.get(project_name=project.name), dl.projects.get(project_id=project.id)
    assert by_name.to_json() == by_id.to_json() == project.to_json()
    assert project.id in [one.id for one in dl.projects.list()]


@needs(CURRENT, "lazy stubs")
def test_a_project_has_every_field_the_lazy_stub_looks_for(project: Any) -> None:
    fields = "id name creator createdAt updatedAt role org account contributors isBlocked archived featureConstraints"
    assert set(f"{fields} url systemProject".split()) <= project.to_json().keys()
    assert set(project.org) == {"id", "name"}
    assert project.role == "owner"
    assert [user.email for user in project.contributors] == [project.creator]


@needs(CURRENT, "lazy stubs")
def test_a_stub_fetches_its_project_once(dl: ModuleType, project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    send = dl.client_api.gen_request
    monkeypatch.setattr(dl.client_api, "gen_request", lambda *a, **k: (asked.append(k["path"]), send(*a, **k))[1])
    stub = dl.projects.get(project_id=project.id, fetch=False)
    for field in ("org", "name", "role", "account", "creator", "is_blocked", "archived", "feature_constraints", "url"):
        getattr(stub, field)
    assert asked == [f"/projects/{project.id}"]


def test_a_project_is_born_with_its_binaries_dataset_and_one_bot(temporary: Any) -> None:
    assert temporary.datasets._get_binaries_dataset().name == "Binaries"
    assert temporary.datasets.list() == []
    assert len(temporary.bots.list()) == 1


@pytest.mark.parametrize("name", ["a/b", "x/bots", "ünï cödé", "100% & more?", "a#b", "name", "q+1"])
def test_a_name_may_hold_any_printable_character(dl: ModuleType, name: str) -> None:
    made = dl.projects.create(project_name=fresh(name) if name != "name" else "name")
    try:
        assert dl.projects.get(project_name=made.name).id == made.id
    finally:
        made.delete(sure=True, really=True)


def test_a_name_that_is_taken_is_refused(dl: ModuleType, project: Any) -> None:
    with pytest.raises(dl.exceptions.BadRequest, match=r"^.*Failed to create project"):
        dl.projects.create(project_name=project.name)


def test_a_deleted_name_is_free_at_once_and_its_project_is_gone(dl: ModuleType) -> None:
    name = fresh()
    first = dl.projects.create(project_name=name)
    dataset = first.datasets.create(dataset_name="data")
    first.delete(sure=True, really=True)
    second = dl.projects.create(project_name=name)
    try:
        with pytest.raises(dl.exceptions.NotFound):
            dl.projects.get(project_id=first.id)
        with pytest.raises(dl.exceptions.NotFound):
            dl.datasets.get(dataset_id=dataset.id)
    finally:
        second.delete(sure=True, really=True)


def test_what_is_in_a_project_goes_with_it(dl: ModuleType, admin: Http) -> None:
    made = dl.projects.create(project_name=fresh())
    dataset = made.datasets.create(dataset_name="data")
    recipe, bot = dataset.recipes.list()[0], made.bots.list()[0]
    made.delete(sure=True, really=True)
    assert admin.refused("GET", f"/recipes/{recipe.id}")[0] == 404
    assert admin.refused("GET", f"/ontologies/{recipe.ontology_ids[0]}")[0] == 404
    assert bot.email not in [user["email"] for user in admin("GET", "/users").json()]
    assert admin.refused("GET", f"/projects/{made.id}/members")[0] == 404


def test_what_runs_in_a_project_and_its_bytes_go_with_it(dl: ModuleType, admin: Http, platform: Any) -> None:
    def blobs() -> set[Path]:
        return {path for path in (platform.data_dir / "blobs").rglob("*") if path.is_file()}

    before = blobs()
    made = dl.projects.create(project_name=fresh())
    buffer = io.BytesIO(b"some bytes")
    buffer.name = "a.txt"
    uploaded(made.datasets.create(dataset_name="data"), buffer)
    assert blobs() > before
    module = {"name": "m", "entryPoint": "main.py", "className": "ServiceRunner"}
    module |= {"functions": [{"name": "run", "input": [], "output": []}]}
    package = admin("POST", "/packages", {"name": "p", "projectId": made.id, "modules": [module]}).json()
    wish = {"name": "s", "projectId": made.id, "packageId": package["id"], "runtime": {"numReplicas": 0}}
    service = admin("POST", "/services", wish).json()
    operation = {"type": "function", "serviceId": service["id"], "functionName": "run"}
    spec = {"cron": "0 0 1 1 *", "input": {}, "operation": operation}
    trigger = admin("POST", "/triggers", {"type": "Cron", "name": "t", "projectId": made.id, "spec": spec})
    made.delete(sure=True, really=True)
    assert admin.refused("GET", f"/packages/{package['id']}")[0] == 404
    assert admin.refused("GET", f"/services/{service['id']}")[0] == 404
    assert admin.refused("GET", f"/triggers/{trigger.json()['id']}")[0] == 404
    assert blobs() == before


@needs(CURRENT, "Project._dict")
def test_a_project_takes_another_name_and_nothing_else(dl: ModuleType, temporary: Any) -> None:
    temporary.name, temporary._dict["creator"] = fresh("renamed"), "somebody@else.com"
    temporary.update()
    now = dl.projects.get(project_id=temporary.id)
    assert now.name == temporary.name
    assert now.creator != "somebody@else.com"


def test_a_json_body_makes_a_project_as_the_form_does(admin: Http) -> None:
    made = admin("POST", "/projects", {"name": fresh()})
    assert made.status_code == 200
    assert admin("DELETE", f"/projects/{made.json()['id']}").ok


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {}},
        {"json": []},
        {"json": {"name": 5}},
        {"json": {"name": ""}},
        {"json": {"name": "tab\there"}},
        {"json": {"name": "x" * 256}},
        {"json": {"name": ".."}},
        {"json": {"name": "a/../b"}},
        {"json": {"name": "nul\x00"}},
        {"data": {"other": "x"}},
        {"data": b"{broken"},
        {"data": b"[" * 100_000},
    ],
)
def test_a_bad_name_is_refused(admin: Http, sent: dict[str, Any]) -> None:
    status, message = admin.refused("POST", "/projects", **sent)
    assert status == 400
    assert message.startswith("Failed to create project")


def test_malformed_and_unknown_ids_are_told_apart(admin: Http) -> None:
    assert admin.refused("GET", "/projects/123")[0] == 400
    assert admin.refused("GET", f"/projects/{uuid.uuid4()}")[0] == 404
    assert admin.refused("GET", "/projects/no-such-name/name")[0] == 404
    assert admin.refused("DELETE", f"/projects/{uuid.uuid4()}")[0] == 404


def test_mail_is_refused_with_a_reason(project: Any, admin: Http) -> None:
    assert "no mail" in admin.refused("POST", f"/projects/{project.id}/mail", {})[1]
    assert "no mail" in admin.refused("POST", "/outbox", {})[1]


# -- who may -----------------------------------------------------------------------------------------------------------


def test_an_outsider_sees_nothing_of_a_project(project: Any, admin: Http) -> None:
    _, outsider = admin.person()
    assert outsider("GET", "/projects").json() == []
    assert outsider.refused("GET", f"/projects/{project.id}")[0] == 403
    assert outsider.refused("GET", f"/projects/{project.name}/name")[0] == 404
    for method, path in [("PATCH", ""), ("DELETE", ""), ("GET", "/members"), ("GET", "/bots"), ("POST", "/bots")]:
        body = {"name": "mine"} if method in ("PATCH", "POST") else None
        assert outsider.refused(method, f"/projects/{project.id}{path}", body)[0] == 403


def test_without_a_token_nothing_is_answered(project: Any, admin: Http) -> None:
    nobody = admin.anonymous()
    for path in (
        "/projects",
        f"/projects/{project.id}",
        f"/projects/{project.name}/name",
        "/orgs",
        "/commands",
        "/users",
    ):
        assert nobody.refused("GET", path)[0] == 401
    for path in ("/projects", "/recipes", "/ontologies", "/users", "/drivers", "/settings", "/analytics/query"):
        assert nobody.refused("POST", path, {})[0] == 401


def test_each_member_sees_their_own_role(project: Any, admin: Http) -> None:
    email, somebody = admin.person()
    project.add_member(email=email, role="annotator")
    assert somebody("GET", f"/projects/{project.id}").json()["role"] == "annotator"
    assert [one["id"] for one in somebody("GET", "/projects").json()] == [project.id]
    project.remove_member(email=email)
    assert somebody.refused("GET", f"/projects/{project.id}")[0] == 403


# -- members -----------------------------------------------------------------------------------------------------------


def test_members_are_added_changed_listed_and_removed(dl: ModuleType, temporary: Any) -> None:
    added = temporary.add_member(email="new@example.com", role=dl.MemberRole.DEVELOPER)
    assert (added["email"], added["role"]) == ("new@example.com", "engineer")
    assert temporary.update_member(email="new@example.com", role=dl.MemberRole.ANNOTATION_MANAGER)["role"]
    assert [one.email for one in temporary.list_members(role=dl.MemberRole.ANNOTATION_MANAGER)] == ["new@example.com"]
    assert temporary.remove_member(email="new@example.com")["email"] == "new@example.com"
    assert [one.role for one in temporary.list_members()] == ["owner"]


def test_the_last_owner_stays(dl: ModuleType, temporary: Any) -> None:
    with pytest.raises(dl.exceptions.BadRequest, match="last owner"):
        temporary.remove_member(email=temporary.creator)
    with pytest.raises(dl.exceptions.BadRequest, match="last owner"):
        temporary.update_member(email=temporary.creator, role=dl.MemberRole.ANNOTATOR)
    temporary.add_member(email="second@example.com", role=dl.MemberRole.OWNER)
    temporary.update_member(email=temporary.creator, role=dl.MemberRole.ANNOTATOR)
    temporary.update_member(email=temporary.creator, role=dl.MemberRole.OWNER)


def test_only_owners_change_members(project: Any, admin: Http) -> None:
    email, engineer = admin.person()
    project.add_member(email=email, role="engineer")
    path = f"/projects/{project.id}/members/other@example.com"
    assert engineer("GET", f"/projects/{project.id}/members").ok
    for method in ("POST", "PATCH", "DELETE"):
        assert engineer.refused(method, path, {"role": "owner"})[0] == 403
    assert engineer.refused("DELETE", f"/projects/{project.id}")[0] == 403
    project.remove_member(email=email)


def test_bad_members_are_refused(project: Any, admin: Http) -> None:
    members = f"/projects/{project.id}/members"
    assert admin.refused("POST", f"{members}/a@example.com", {"role": "king"})[0] == 400
    assert admin.refused("POST", f"{members}/nobody", {"role": "owner"})[0] == 400
    assert admin.refused("PATCH", f"{members}/stranger@example.com", {"role": "owner"})[0] == 404
    assert admin.refused("DELETE", f"{members}/stranger@example.com")[0] == 404
    assert admin.refused("POST", f"/projects/{uuid.uuid4()}/members/a@example.com", {"role": "owner"})[0] == 404


# -- people ------------------------------------------------------------------------------------------------------------


def test_an_invited_member_logs_in_once_an_admin_has_set_a_password(platform: Any, project: Any, admin: Http) -> None:
    email = f"{fresh('invited')}@example.com"
    project.add_member(email=email, role="engineer")
    assert admin("POST", "/users", {"email": email, "password": "a first password"}).status_code == 201
    somebody = admin.log_in(email, "a first password")
    assert somebody("GET", f"/projects/{project.id}").json()["role"] == "engineer"
    project.remove_member(email=email)


def test_people_change_their_own_password_and_no_other(admin: Http) -> None:
    email, somebody = admin.person()
    assert somebody.refused("PATCH", f"/users/{email}", {"password": "another password"})[0] == 401
    assert somebody.refused("PATCH", "/users/admin@faas.local", {"password": "another password"})[0] == 403
    assert somebody.refused("POST", "/users", {"email": "x@example.com", "password": "a password"})[0] == 403
    assert admin("PATCH", f"/users/{email}", {"password": "set by an admin"}).ok
    again = {"password": "chosen by me", "currentPassword": "set by an admin"}
    assert admin.log_in(email, "set by an admin")("PATCH", f"/users/{email}", again).ok
    assert admin.log_in(email, "chosen by me")("GET", "/users/me").json()["email"] == email


def test_no_answer_holds_a_password(admin: Http) -> None:
    admin.person()
    assert "password" not in admin("GET", "/users").text


def test_a_deleted_user_is_refused_at_once(admin: Http) -> None:
    email, somebody = admin.person()
    assert somebody("GET", "/projects").ok
    assert admin("DELETE", f"/users/{email}").ok
    assert somebody.refused("GET", "/projects")[0] == 401


def test_a_user_who_alone_owns_a_project_is_not_deleted(admin: Http) -> None:
    email, somebody = admin.person()
    made = somebody("POST", "/projects", {"name": fresh()}).json()
    status, message = admin.refused("DELETE", f"/users/{email}")
    assert status == 400
    assert made["name"] in message
    assert somebody("DELETE", f"/projects/{made['id']}").ok
    assert admin("DELETE", f"/users/{email}").ok


@pytest.mark.parametrize(
    "body", [{}, {"email": "x"}, {"email": "x", "password": "long enough"}, {"email": "a@b", "password": "short"}]
)
def test_bad_users_are_refused(admin: Http, body: dict[str, str]) -> None:
    assert admin.refused("POST", "/users", body)[0] == 400


def test_a_known_user_is_not_made_again(admin: Http) -> None:
    email, _ = admin.person()
    assert admin.refused("POST", "/users", {"email": email, "password": "another password"})[0] == 409
