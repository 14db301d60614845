"""Who may call what: every call of the API times everybody, in one table. A call that is not in it fails the test.

People of a project, its bot, an outsider and nobody. The platform's admin may do everything and is not in the table.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from raw_http import Http
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

if TYPE_CHECKING:
    from tests.e2e.api.conftest import Furnish, Ids

NOBODY, OUTSIDER, BOT = "nobody", "outsider", "bot"
ROLES = ("annotator", "annotationManager", "engineer", "owner")
EVERYBODY = (NOBODY, OUTSIDER, BOT, *ROLES)

pytestmark = pytest.mark.xdist_group("roles")
ANYONE = set(EVERYBODY)
IDENTIFIED = ANYONE - {NOBODY}
PERSON = IDENTIFIED - {BOT}
MEMBER = IDENTIFIED - {OUTSIDER}
ENGINEER = {"engineer", "owner", BOT}
OWNER = {"owner"}
NONE: set[str] = set()
"""An admin of the platform, or an agent."""


@dataclass(frozen=True)
class Call:
    """``sent``: body, or the arguments of a form. ``answer``: of who may, when it is no success."""

    who: set[str]
    sent: Any = None
    answer: int | None = None
    hidden: int = 403
    """What those are told who may not."""


def project(**more: Any) -> Callable[[Ids], Any]:
    return lambda ids: {"name": f"n-{uuid.uuid4().hex[:12]}", "projectId": ids["project_id"], **more}


def a_service(ids: Ids) -> Any:
    return project(packageId=ids["package_id"], runtime={"numReplicas": 0})(ids)


def a_trigger(ids: Ids) -> Any:
    operation = {"type": "function", "serviceId": ids["service_id"], "functionName": "run"}
    return project(type="Cron", spec={"cron": "0 0 1 1 *", "operation": operation, "input": {"text": "x"}})(ids)


def a_setting(ids: Ids) -> Any:
    scope = {"type": "project", "id": ids["project_id"], "role": "annotator"}
    return {"name": f"n-{uuid.uuid4().hex[:12]}", "scope": scope, "valueType": "string", "value": "x"}


def a_driver(ids: Ids) -> Any:
    return project(type="s3", metadata={"system": {"projectId": ids["project_id"]}})(ids)


def a_file(ids: Ids) -> Any:
    return {"files": {"file": ("a.txt", b"x")}, "data": {"type": "file", "path": f"/{uuid.uuid4().hex}.txt"}}


LABEL = {"labelsNode": [{"tag": "cat"}]}
ATTRIBUTES = {"items": [], "upsert": True}
SPLIT = {"MLSplitList": {"train": 100, "validation": 0, "test": 0}, "itemsQuery": {}}
UPDATE = {"query": {}, "updateQuery": {"update": {"metadata": {"user": {"x": 1}}}}}
KEY = {"type": "key_value", "name": "secret", "options": {"key": "k", "value": "v"}}

TABLE: dict[str, Call] = {
    "GET /healthz": Call(ANYONE),
    "GET /readyz": Call(ANYONE),
    "GET /metrics": Call(ANYONE),
    "POST /token": Call(ANYONE, {}, 400),
    # what is the caller's own, or everybody's
    "GET /users/me": Call(IDENTIFIED),
    "POST /apiKeys": Call(PERSON, {}),
    "POST /apikeys": Call(PERSON, {}),
    "GET /commands": Call(IDENTIFIED),
    "GET /projects": Call(IDENTIFIED),
    "POST /projects": Call(PERSON, lambda ids: {"name": f"p-{uuid.uuid4().hex[:12]}"}),
    "GET /datasets": Call(IDENTIFIED),
    "POST /datasets/query": Call(IDENTIFIED, {}),
    "GET /recipes": Call(IDENTIFIED),
    "GET /ontologies": Call(IDENTIFIED),
    "POST /query/faas": Call(IDENTIFIED, {"resource": "services"}),
    "POST /executions/resource/query": Call(IDENTIFIED, lambda ids: {"resourceId": ids["item_id"]}),
    "POST /settings/query": Call(IDENTIFIED, {}),
    "POST /settings/resolve": Call(IDENTIFIED, {}),
    "GET /piper-misc/naming/{kind}/{name}": Call(IDENTIFIED),
    "POST /analytics/metric": Call(IDENTIFIED),
    "POST /analytics/metric/pendo": Call(IDENTIFIED),
    "POST /analytics/query": Call(IDENTIFIED),
    "POST /serviceDrivers/query": Call(IDENTIFIED),
    "POST /compute/query": Call(IDENTIFIED),
    "POST /apps/query": Call(IDENTIFIED),
    "POST /app-registry/query": Call(IDENTIFIED),
    "GET /inbox/message/user": Call(IDENTIFIED),
    "GET /serviceDrivers/{app_id}": Call(IDENTIFIED, answer=404),
    "GET /compute/{app_id}": Call(IDENTIFIED, answer=404),
    "GET /apps/{app_id}": Call(IDENTIFIED, answer=404),
    "GET /app-registry/{app_id}": Call(IDENTIFIED, answer=404),
    "POST /outbox": Call(IDENTIFIED, answer=400),
    # the organisation: all people of the platform are in it, bots are not
    "GET /orgs": Call(IDENTIFIED),
    "GET /orgs/{org_id}": Call(PERSON),
    "GET /orgs/{org_id}/projects": Call(PERSON),
    "GET /orgs/{org_id}/groups": Call(PERSON),
    "GET /orgs/{org_id}/members": Call(PERSON),
    "POST /orgs/{org_id}/members": Call(NONE, {"emails": ["new@example.com"]}),
    "PATCH /orgs/{org_id}/members": Call(NONE, lambda ids: {"email": ids["email"], "role": "owner"}),
    "DELETE /orgs/{org_id}/members/{email}": Call(NONE),
    "PATCH /orgs/{org_id}/plan": Call(NONE, {"plan": "x"}),
    "GET /orgs/{org_id}/integrations": Call(PERSON),
    "GET /orgs/{org_id}/availableIntegrations": Call(PERSON),
    "GET /orgs/{org_id}/integrations/{integration_id}": Call(PERSON),
    "POST /orgs/{org_id}/integrations": Call(PERSON, KEY),
    "PATCH /orgs/{org_id}/integrations": Call(NONE, lambda ids: {"integrationId": ids["integration_id"]}),
    "DELETE /orgs/{org_id}/integrations/{integration_id}": Call(NONE),
    "GET /users": Call(NONE),
    "POST /users": Call(NONE, {"email": "new@example.com", "password": "a long password"}),
    "PATCH /users/{email}": Call(NONE, {"password": "a long password"}),
    "DELETE /users/{email}": Call(NONE),
    # a project, its people and its bots
    "GET /projects/{name}/name": Call(MEMBER, hidden=404),
    "GET /projects/{project_id}": Call(MEMBER),
    "PATCH /projects/{project_id}": Call(OWNER, {}),
    "DELETE /projects/{project_id}": Call(OWNER),
    "POST /projects/{project_id}/mail": Call(MEMBER, answer=400),
    "GET /projects/{project_id}/members": Call(MEMBER),
    "POST /projects/{project_id}/members/{email}": Call(OWNER, {"role": "owner"}),
    "PATCH /projects/{project_id}/members/{email}": Call(OWNER, {"role": "owner"}),
    "DELETE /projects/{project_id}/members/{email}": Call(OWNER),
    "GET /projects/{project_id}/bots": Call(MEMBER),
    "POST /projects/{project_id}/bots": Call(ENGINEER, {"name": "another"}),
    "GET /projects/{project_id}/bots/{bot_id}": Call(MEMBER),
    "DELETE /projects/{project_id}/bots/{bot_id}": Call(ENGINEER),
    "GET /commands/{command_id}": Call(MEMBER),
    "POST /commands/{command_id}/abort": Call(ENGINEER),
    "POST /settings": Call(ENGINEER, a_setting),
    "GET /settings/{setting_id}": Call(MEMBER),
    "PATCH /settings/{setting_id}": Call(ENGINEER, {"value": "y"}),
    "DELETE /settings/{setting_id}": Call(ENGINEER),
    # data: annotators look, upload and annotate
    "GET /drivers?projectId={project_id}": Call(MEMBER),
    "POST /drivers": Call(ENGINEER, a_driver),
    "GET /drivers/{driver_id}": Call(MEMBER),
    "DELETE /drivers/{driver_id}": Call(ENGINEER),
    "POST /datasets": Call(ENGINEER, lambda ids: {"name": uuid.uuid4().hex, "projects": [ids["project_id"]]}),
    "POST /datasets/merge": Call(
        ENGINEER,
        lambda ids: {"name": uuid.uuid4().hex, "datasetsIds": [ids["dataset_id"]], "projectIds": [ids["project_id"]]},
    ),
    "GET /datasets/{dataset_id}": Call(MEMBER),
    "PATCH /datasets/{dataset_id}": Call(ENGINEER, {}),
    "DELETE /datasets/{dataset_id}": Call(ENGINEER),
    "PATCH /datasets/{dataset_id}/unlock": Call(ENGINEER),
    "GET /datasets/{dataset_id}/directoryTree": Call(MEMBER),
    "POST /datasets/{dataset_id}/clone": Call(ENGINEER, lambda ids: {"name": uuid.uuid4().hex}),
    "POST /datasets/{dataset_id}/export": Call(MEMBER, {}),
    "POST /datasets/{dataset_id}/query": Call(MEMBER, {}),
    "POST /datasets/{dataset_id}/split": Call(ENGINEER, SPLIT),
    "POST /datasets/{dataset_id}/sync": Call(ENGINEER),
    "POST /datasets/{dataset_id}/imports": Call(ENGINEER, answer=400),
    "GET /datasets/{dataset_id}/items": Call(MEMBER),
    "POST /datasets/{dataset_id}/items": Call(MEMBER, a_file),
    "PUT /datasets/{dataset_id}/items/{folder_id}": Call(ENGINEER, lambda ids: []),
    "POST /datasets/{dataset_id}/items/bulk-update-metadata": Call(ENGINEER, UPDATE),
    "GET /items/{item_id}": Call(MEMBER),
    "PATCH /items/{item_id}": Call(ENGINEER, {}),
    "DELETE /items/{item_id}": Call(ENGINEER),
    "GET /items/{item_id}/stream": Call(MEMBER),
    "HEAD /items/{item_id}/stream": Call(MEMBER),
    "GET /items/{item_id}/thumbnail": Call(MEMBER),
    "POST /items/{item_id}/clone": Call(ENGINEER, lambda ids: {"remoteFileName": f"/{uuid.uuid4().hex}.png"}),
    "POST /items/{item_id}/revisions": Call(ENGINEER, a_file),
    "GET /items/{item_id}/annotations": Call(MEMBER),
    "POST /items/{item_id}/annotations": Call(MEMBER, [{"type": "class", "label": "x"}]),
    "GET /annotations/{annotation_id}": Call(MEMBER),
    "PUT /annotations/{annotation_id}": Call(MEMBER, {"label": "y"}),
    "DELETE /annotations/{annotation_id}": Call(MEMBER),
    "GET /scores/tasks/{task_id}/annotations/{annotation_id}": Call(MEMBER),
    "POST /recipes": Call(ENGINEER, lambda ids: {"projectIds": [ids["project_id"]]}),
    "GET /recipes/{recipe_id}": Call(MEMBER),
    "PATCH /recipes/{recipe_id}": Call(ENGINEER, {}),
    "DELETE /recipes/{recipe_id}?force=true": Call(ENGINEER),
    "POST /recipes/{recipe_id}/clone": Call(ENGINEER, {}),
    "POST /ontologies": Call(ENGINEER, lambda ids: {"projectIds": [ids["project_id"]]}),
    "GET /ontologies/{ontology_id}": Call(MEMBER),
    "PUT /ontologies/{ontology_id}": Call(ENGINEER, {}),
    "DELETE /ontologies/{ontology_id}": Call(ENGINEER),
    "PATCH /ontologies/{ontology_id}/labels": Call(ENGINEER, LABEL),
    "PATCH /ontologies/{ontology_id}/addLabels": Call(ENGINEER, LABEL),
    "PATCH /ontologies/{ontology_id}/attributes": Call(ENGINEER, ATTRIBUTES),
    "DELETE /ontologies/{ontology_id}/attributes": Call(ENGINEER, {"keys": []}),
    # functions: annotators look and call
    "POST /packages": Call(ENGINEER, project()),
    "GET /packages/{package_id}": Call(MEMBER),
    "PATCH /packages/{package_id}": Call(ENGINEER, {}),
    "DELETE /packages/{package_id}": Call(ENGINEER, answer=400),  # its service is there
    "GET /packages/{package_id}/revisions": Call(MEMBER),
    "POST /services": Call(ENGINEER, a_service),
    "GET /services/{service_id}": Call(MEMBER),
    "PATCH /services/{service_id}": Call(ENGINEER, {}),
    "DELETE /services/{service_id}": Call(ENGINEER),
    "GET /services/{service_id}/status": Call(MEMBER),
    "GET /services/{service_id}/revisions": Call(MEMBER),
    "POST /services/{service_id}/stop": Call(ENGINEER),
    "POST /services/{service_id}/resume": Call(ENGINEER),
    "POST /services/{service_id}/restart": Call(ENGINEER, {}),
    "POST /services/{service_id}/notify": Call(ENGINEER, {"message": "x"}),
    "POST /services/logs": Call(MEMBER, lambda ids: {"serviceId": ids["service_id"]}),
    "POST /triggers": Call(ENGINEER, a_trigger),
    "GET /triggers/{trigger_id}": Call(MEMBER),
    "GET /triggers/{trigger_id}/next": Call(MEMBER),
    "PATCH /triggers/{trigger_id}": Call(ENGINEER, {}),
    "DELETE /triggers/{trigger_id}": Call(ENGINEER),
    "POST /triggers/{trigger_id}/clone": Call(ENGINEER, project()),
    "POST /executions/rerun": Call(IDENTIFIED, {"query": {"id": "0" * 24}}),
    "POST /executions/{service_id}": Call(MEMBER, {"input": {"text": "x"}}),
    "GET /executions/{execution_id}": Call(MEMBER),
    "PATCH /executions/{execution_id}": Call(ENGINEER, {}),
    "POST /executions/{execution_id}/progress": Call(ENGINEER, {"percentComplete": 1}),
    "POST /executions/{execution_id}/rerun": Call(ENGINEER, answer=400),  # it has not ended
    "POST /executions/{execution_id}/attempts": Call(ENGINEER),
    "POST /executions/{execution_id}/terminate": Call(ENGINEER),
    # agents: a token of theirs is none that anybody here has
    "GET /agent/boot": Call(NONE, hidden=401),
    "GET /agent/bot-token": Call(NONE, hidden=401),
    "POST /agent/state": Call(NONE, {"state": "ready"}, hidden=401),
    "POST /agent/claims": Call(NONE, {"ids": []}, hidden=401),
    "POST /agent/heartbeat": Call(NONE, {}, hidden=401),
    "POST /agent/reports": Call(NONE, [], hidden=401),
    "POST /agent/logs": Call(NONE, [], hidden=401),
}
BASE = {"/healthz", "/readyz", "/metrics", "/token"}
UNDESCRIBED = {"POST /apikeys", *(name for name in TABLE if " /agent/" in name)}
LAST = {name for name in TABLE if name.startswith("DELETE") or name.endswith("/terminate")}
"""Afterwards the thing is not what it was: whoever may gets one of their own."""


@dataclass(frozen=True)
class Cast:
    """Everybody, and a project that they stand in that relation to."""

    people: dict[str, Http]
    ids: Ids


@pytest.fixture(scope="module")
def emails(admin: Http) -> dict[str, tuple[str, Http]]:
    return {who: admin.person() for who in (OUTSIDER, *ROLES)}


@pytest.fixture(scope="module")
def play(admin: Http, furnish: Furnish, emails: dict[str, tuple[str, Http]]) -> Callable[[], Cast]:
    """Makes a new project with everybody in it."""

    def make() -> Cast:
        ids = furnish()
        path = f"/projects/{ids['project_id']}"
        for role in ROLES:
            assert admin("POST", f"{path}/members/{emails[role][0]}", {"role": role}).ok
        bot = admin("POST", f"{path}/bots", {"name": "actor", "returnCredentials": True}).json()
        people = {who: caller for who, (_, caller) in emails.items()}
        return Cast(people | {NOBODY: admin.anonymous(), BOT: admin.log_in(bot["email"], bot["password"])}, ids)

    return make


@pytest.fixture(scope="module")
def cast(play: Callable[[], Cast]) -> Cast:
    return play()


@pytest.mark.parametrize("name", TABLE)
def test_everybody_may_what_they_may_and_nothing_else(name: str, cast: Cast, play: Callable[[], Cast]) -> None:
    call = TABLE[name]
    for who in EVERYBODY:
        stage = play() if who in call.who and name in LAST else cast
        answer = send(stage.people[who], name, stage.ids)
        if who in call.who:
            assert answer.status_code == call.answer if call.answer else answer.ok, (who, answer.text)
        else:
            assert answer.status_code == (401 if who == NOBODY else call.hidden), (who, answer.text)
            assert name.startswith("HEAD") or answer.json()["message"], who


@pytest.mark.parametrize("change", [{"delete": True}, {"update": {"metadata": {"user": {"x": 1}}}}])
def test_many_at_once_are_changed_by_those_who_may_change_one(change: Any, play: Callable[[], Cast]) -> None:
    cast = play()
    path, annotator = f"/datasets/{cast.ids['dataset_id']}/query", cast.people["annotator"]
    assert annotator("POST", path, {"resource": "items", "filter": {}, **change}).status_code == 403
    assert annotator("POST", path, {"resource": "annotations", "filter": {}, **change}).ok


def send(caller: Http, name: str, ids: Ids) -> requests.Response:
    method, path = name.split(" ")
    sent = TABLE[name].sent(ids) if callable(TABLE[name].sent) else TABLE[name].sent
    more = sent if isinstance(sent, dict) and "files" in sent else {"json": sent} if sent is not None else {}
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
    url = caller.url + ("" if path in BASE else "/api/v1") + path.format(**ids)
    return requests.request(method, url, headers=headers, timeout=30, **more)


def test_every_call_of_the_platform_is_in_the_table(admin: Http) -> None:
    paths = admin("GET", "/openapi.json").json()["paths"]
    described = {f"{method.upper()} {path.removeprefix('/api/v1')}" for path in paths for method in paths[path]}
    assert {name.partition("?")[0] for name in TABLE} - UNDESCRIBED == described


@pytest.mark.parametrize("who", EVERYBODY)
def test_nobody_but_an_agent_opens_its_channel(who: str, cast: Cast) -> None:
    caller = cast.people[who]
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
    url = caller.url.replace("http", "ws") + "/api/v1/agent/channel"
    with pytest.raises(InvalidStatus) as refused, connect(url, additional_headers=headers, proxy=None):
        pass
    assert refused.value.response.status_code in (401, 403)
