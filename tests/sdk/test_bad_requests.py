"""Bad input by hand, over the whole function side: always a 4xx that says what is wrong, never half a change."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jwt
import pytest
import requests
from calls import call, deploy, function, new_name, push
from raw_http import Http

CODE = """
class ServiceRunner:
    def run(self, text):
        return text
"""
UNKNOWN = {"uuid": "00000000-0000-4000-8000-000000000000", "object": "0" * 24}
JUNK: tuple[Any, ...] = (None, True, -1, 1e308, "text", "", [], [None], {}, {"$gt": 1}, {"a": {"b": [1]}}, "x" * 5000)


@dataclass(frozen=True)
class World:
    """One of everything, in a project that a stranger is no member of."""

    project: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
def world(dl: ModuleType, project: Any) -> Iterator[World]:
    """A package, a service without a replica, a trigger and an execution that waits."""
    package = push(dl, project, CODE, function(dl, "run", text="String"))
    service = deploy(dl, package, runtime={"numReplicas": 0})
    trigger = service.triggers.create(name=new_name("trigger"), function_name="run", inputs={"text": "x"}, active=False)
    execution = call(service, text="x")
    ids = {"packages": package.id, "services": service.id, "triggers": trigger.id, "executions": execution.id}
    yield World(project.id, ids)


def calls_on(ids: dict[str, str]) -> list[tuple[str, str, Any]]:
    """Every call that names an entity."""
    found: list[tuple[str, str, Any]] = []
    for kind, one in ids.items():
        found += [("GET", f"/{kind}/{one}", None), ("PATCH", f"/{kind}/{one}", {})]
        found += [("DELETE", f"/{kind}/{one}", None)] if kind != "executions" else []
    package, service, execution = (ids[kind] for kind in ("packages", "services", "executions"))
    found += [("GET", f"/packages/{package}/revisions", None), ("GET", f"/services/{service}/revisions", None)]
    found += [("GET", f"/services/{service}/status", None)]
    found += [("POST", f"/services/{service}/{verb}", {}) for verb in ("stop", "resume", "restart", "notify")]
    found += [
        ("POST", f"/executions/{execution}/{verb}", {}) for verb in ("progress", "terminate", "rerun", "attempts")
    ]
    found += [("POST", f"/executions/{service}", {"input": {"text": "x"}})]
    found += [("POST", f"/triggers/{ids['triggers']}/clone", {}), ("POST", "/services/logs", {"serviceId": service})]
    return found


# -- ids ---------------------------------------------------------------------------------------------------------------


def test_a_stranger_is_forbidden_everything(world: World, admin: Http) -> None:
    _, stranger = admin.person()
    before = {kind: admin("GET", f"/{kind}/{one}").json() for kind, one in world.ids.items()}
    for method, path, body in calls_on(world.ids):
        assert stranger.refused(method, path, body)[0] == 403, (method, path)
    assert {kind: admin("GET", f"/{kind}/{one}").json() for kind, one in world.ids.items()} == before


def test_an_annotator_may_look_and_call_but_change_nothing(world: World, admin: Http) -> None:
    email, annotator = admin.person()
    assert admin("POST", f"/projects/{world.project}/members/{email}", {"role": "annotator"}).ok
    looks = [one for one in calls_on(world.ids) if one[0] == "GET" or one[1] == "/services/logs"]
    for method, path, body in calls_on(world.ids):
        answer = annotator(method, path, body)
        may = (method, path, body) in looks or path == f"/executions/{world.ids['services']}"
        assert answer.status_code in ((200, 201) if may else (403,)), (method, path, answer.text)


@pytest.mark.parametrize(("form", "status"), [("unknown", 404), ("malformed", 400)])
def test_unknown_and_malformed_ids_are_told_apart(world: World, admin: Http, form: str, status: int) -> None:
    kinds = {"packages": "uuid", "services": "object", "triggers": "uuid", "executions": "object"}
    ids = {kind: UNKNOWN[shape] if form == "unknown" else "not-an-id" for kind, shape in kinds.items()}
    for method, path, body in calls_on(ids):
        assert admin.refused(method, path, body)[0] == status, (method, path)


@pytest.mark.parametrize("path", ["/packages", "/services", "/triggers"])
def test_a_project_that_is_not_the_callers_is_refused(world: World, admin: Http, path: str) -> None:
    _, stranger = admin.person()
    body = {"name": new_name("alien"), "projectId": world.project, "packageId": world.ids["packages"]}
    body["spec"] = {"operation": {"type": "function", "serviceId": world.ids["services"]}, "input": {"text": "x"}}
    assert stranger.refused("POST", path, body)[0] == 403
    assert admin.refused("POST", path, body | {"projectId": UNKNOWN["uuid"]})[0] == 404
    assert admin.refused("POST", path, body | {"projectId": "1"})[0] == 400


def test_lists_show_a_stranger_nothing(world: World, admin: Http) -> None:
    _, stranger = admin.person()
    for resource in world.ids:
        asked = {"resource": resource, "filter": {"$and": [{"projectId": world.project}]}}
        assert admin("POST", "/query/faas", asked).json()["totalItemsCount"] == 1 or resource == "executions"
        assert stranger("POST", "/query/faas", asked).json()["items"] == []


def test_a_trigger_reaches_no_service_of_another_project(dl: ModuleType, world: World, admin: Http) -> None:
    other = dl.projects.create(project_name=new_name("other-project"))
    operation = {"type": "function", "serviceId": world.ids["services"], "functionName": "run"}
    spec = {"operation": operation, "input": {"text": "x"}}
    body = {"name": new_name("reach"), "projectId": other.id, "spec": spec}
    assert "another project" in admin.refused("POST", "/triggers", body)[1]
    path = f"/triggers/{world.ids['triggers']}/clone"
    assert "another project" in admin.refused("POST", path, {"projectId": other.id})[1]
    other.delete(sure=True, really=True)


# -- who ---------------------------------------------------------------------------------------------------------------


def forged(token: str) -> Iterator[str]:
    """Tokens that look right."""
    claims = jwt.decode(token, options={"verify_signature": False})
    head, body, signature = token.split(".")
    nothing = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    yield jwt.encode(claims, "another key that is long enough for it", "HS256")
    yield jwt.encode(claims | {"exp": int(time.time()) - 10}, "another key that is long enough for it", "HS256")
    yield f"{nothing}.{body}."
    yield f"{head}.{body}.{signature[::-1]}"
    yield token + "x"
    yield "abc"
    yield ""


def test_a_forged_token_is_unauthorized(world: World, admin: Http, token: str) -> None:
    for wrong in forged(token):
        assert Http(admin.url, wrong).refused("GET", f"/services/{world.ids['services']}")[0] == 401
    assert admin.anonymous().refused("POST", "/query/faas", {"resource": "services"})[0] == 401


def test_a_refresh_token_opens_nothing_but_the_login(platform: Any, admin: Http) -> None:
    body = {"username": platform.email, "password": platform.password, "type": "user_credentials"}
    refresh = requests.post(f"{platform.url}/token?default", json=body, timeout=30).json()["refresh_token"]
    assert Http(admin.url, refresh).refused("GET", "/projects")[0] == 401


@pytest.mark.parametrize(
    "change", [{"password": "wrong"}, {"username": "nobody@example.com"}, {"password": None}, {"username": {}}]
)
def test_wrong_credentials_are_refused_without_saying_which(platform: Any, change: dict[str, Any]) -> None:
    body = {"username": platform.email, "password": platform.password, "type": "user_credentials"} | change
    answer = requests.post(f"{platform.url}/token?default", json=body, timeout=30)
    assert answer.status_code in (400, 401)
    assert "id_token" not in answer.json()
    assert platform.password not in answer.text


# -- bodies ------------------------------------------------------------------------------------------------------------

ROUTES = [
    ("POST", "/packages"),
    ("POST", "/services"),
    ("POST", "/triggers"),
    ("POST", "/query/faas"),
    ("POST", "/services/logs"),
    ("POST", "/executions/rerun"),
    ("POST", "/executions/resource/query"),
    ("POST", "/executions/{services}"),
    ("POST", "/executions/{executions}/progress"),
    ("POST", "/services/{services}/notify"),
    ("POST", "/triggers/{triggers}/clone"),
    ("PATCH", "/packages/{packages}"),
    ("PATCH", "/services/{services}"),
    ("PATCH", "/triggers/{triggers}"),
    ("PATCH", "/executions/{executions}"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"1",
        b"\xff\xfe",
        b'{"name": NaN}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
    ids=["empty", "broken", "list", "null", "text", "number", "bytes", "nan", "surrogate", "nul", "deep-list", "deep"],
)
def test_a_body_that_is_no_object_of_json_is_refused(
    world: World, admin: Http, method: str, path: str, sent: bytes
) -> None:
    answer = admin(method, path.format(**world.ids), data=sent)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["message"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/packages"), ("PATCH", "/services/{services}")])
def test_a_huge_body_is_refused(world: World, admin: Http, method: str, path: str) -> None:
    sent = json.dumps({"metadata": {"x": "y" * 17 * 1024**2}}).encode()
    assert admin(method, path.format(**world.ids), data=sent).status_code == 413
    chunked = admin(
        method, path.format(**world.ids), data=iter([sent[i : i + 2**20] for i in range(0, len(sent), 2**20)])
    )
    assert chunked.status_code in (400, 413)


FIELDS = {
    "/packages": ["name", "projectId", "modules", "codebase", "slots", "requirements", "metadata", "version", "type"],
    "/services": [
        "name",
        "projectId",
        "packageId",
        "packageRevision",
        "runtime",
        "initParams",
        "versions",
        "moduleName",
        "active",
        "maxAttempts",
        "onReset",
        "drainTime",
        "executionTimeout",
        "secrets",
        "integrations",
        "metadata",
    ],
    "/triggers": ["name", "projectId", "type", "active", "spec", "scope"],
    "/query/faas": ["resource", "filter", "page", "pageSize", "sort", "join", "context", "systemSpace", "references"],
    "/executions/{services}": ["input", "functionName", "projectId", "batch", "syncReplyTo"],
    "/executions/{executions}/progress": ["status", "percentComplete", "message", "output"],
    "/executions/rerun": ["query"],
    "/executions/resource/query": ["filter", "resourceId", "page", "pageSize"],
    "/services/logs": ["start", "end", "size", "text", "executionId", "functionName", "checkpoint", "system"],
}


def good(path: str, world: World) -> dict[str, Any]:
    """A body that would be taken."""
    operation = {"type": "function", "serviceId": world.ids["services"], "functionName": "run"}
    bodies: dict[str, dict[str, Any]] = {
        "/packages": {"name": new_name("fuzz"), "projectId": world.project},
        "/services": {"name": new_name("fuzz"), "projectId": world.project, "packageId": world.ids["packages"]}
        | {"active": False},
        "/triggers": {"name": new_name("fuzz"), "projectId": world.project}
        | {"spec": {"operation": operation, "input": {"text": "x"}}},
        "/query/faas": {"resource": "executions", "filter": {}},
        "/executions/{services}": {"input": {"text": "x"}},
        "/executions/rerun": {"query": {"id": UNKNOWN["object"]}},
        "/executions/resource/query": {"resourceId": UNKNOWN["object"]},
        "/services/logs": {"serviceId": world.ids["services"]},
    }
    return bodies.get(path, {})


@pytest.mark.parametrize(("path", "field"), [(path, field) for path, fields in FIELDS.items() for field in fields])
def test_no_value_of_any_field_breaks_the_server(world: World, admin: Http, path: str, field: str) -> None:
    for value in JUNK:
        if (path, field, value) == ("/executions/rerun", "query", {}):
            continue  # everything there is: a wish like any other
        answer = admin("POST", path.format(**world.ids), good(path, world) | {field: value})
        assert answer.status_code < 500, (field, value, answer.text)
        if not answer.ok:
            assert answer.json()["message"], value


@pytest.mark.parametrize("kind", ["packages", "services", "triggers"])
def test_no_value_of_any_field_of_an_update_breaks_the_server(world: World, admin: Http, kind: str) -> None:
    path = f"/{kind}/{world.ids[kind]}"
    whole = admin("GET", path).json()
    for field, value in itertools.product(whole, JUNK):
        answer = admin("PATCH", path, {field: value})
        assert answer.status_code < 500, (field, value, answer.text)
        if answer.ok:
            assert admin("PATCH", path, {field: whole[field]}).ok, (field, value)
    now = admin("GET", path).json()
    moved = {"version", "updatedAt", "updatedBy"}
    assert {key: now[key] for key in whole if key not in moved} == {
        key: whole[key] for key in whole if key not in moved
    }


# -- queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", ["packages", "services", "triggers", "executions"])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"filter": {"name": {"$near": 1}}}, "$near"),
        ({"filter": {"$where": "1"}}, "$where"),
        ({"filter": {"$or": []}}, "$or"),
        ({"filter": {"$and": {}}}, "$and"),
        ({"filter": [1]}, "filter"),
        ({"filter": {"createdAt": {"$gt": "soon"}}}, "createdAt"),
        ({"filter": {"name": {"$in": "a"}}}, "$in"),
        ({"filter": {"a..b": 1}}, "a..b"),
        ({"page": -1}, "page"),
        ({"page": "first"}, "page"),
        ({"pageSize": -5}, "pageSize"),
        ({"sort": {"name": "up"}}, "sort"),
        ({"context": {"projects": "all"}}, "projects"),
    ],
)
def test_a_wrong_query_is_refused_by_name(admin: Http, resource: str, change: dict[str, Any], field: str) -> None:
    status, message = admin.refused("POST", "/query/faas", {"resource": resource, **change})
    assert (status, field in message) == (400, True), message


@pytest.mark.parametrize("resource", [None, "planets", 1, ["services"], {"$in": ["services"]}, "items"])
def test_a_resource_of_another_kind_is_refused(admin: Http, resource: Any) -> None:
    status, message = admin.refused("POST", "/query/faas", {"resource": resource})
    assert (status, "resource" in message) == (400, True)


@pytest.mark.parametrize("resource", ["packages", "services", "triggers", "executions"])
def test_an_unknown_field_finds_nothing(admin: Http, resource: str) -> None:
    asked = {"resource": resource, "filter": {"no.such.field": 1}, "sort": {"no.such.field": "ascending"}}
    answer = admin("POST", "/query/faas", asked)
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_a_rerun_of_many_needs_a_filter(admin: Http) -> None:
    for body in ({}, {"query": None}, {"query": "all"}, {"query": {"$foo": 1}}):
        assert admin.refused("POST", "/executions/rerun", body)[0] == 400


def test_a_batch_needs_an_object(world: World, admin: Http) -> None:
    path = f"/executions/{world.ids['services']}"
    for batch in (1, "all", [], {"args": 1}, {"query": {"filter": {"$foo": 1}}}, {"query": "x"}):
        assert admin.refused("POST", path, {"batch": batch, "functionName": "run"})[0] == 400
