"""Bodies and filters that are nearly right: never a 5xx, each refusal in one shape and with nothing of ours in it.

Afterwards everything can still be read: what was taken was fit to be kept.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from raw_http import Http

if TYPE_CHECKING:
    from tests.e2e.api.conftest import Furnish, Ids
    from tests.e2e.conftest import Platform

pytestmark = pytest.mark.xdist_group("fuzz")
BOUNDED = settings(
    derandomize=True,
    database=None,
    max_examples=30,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
OURS = re.compile(
    r"Traceback|site-packages|line \d+, in|sqlite|psycopg|sqlalchemy|\bSELECT\b|\bINSERT\b|\bWHERE\b|/tmp/|/usr/"
)

NEW = "a-name-that-is-new"
"""In a body: another one each time."""
WORDS = [
    *(
        "",
        "a",
        "*",
        "/",
        "..",
        "/a/../b",
        "a" * 300,
        "%",
        "_",
        "\0",
        "\ud800",
        "1",
        "-1",
        "null",
        "2026-01-01T00:00:00Z",
    ),
    *("0" * 24, "00000000-0000-4000-8000-000000000000", "items", "annotations", "executions", "Item", "Item[]", "run"),
    *("$and", "$gt", "metadata.user.x", "created", "success", "rabbitmq", "Once", "0 0 31 2 *", "admin@faas.local"),
]
NUMBERS = [0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.5, 1e308, -1e-308, float("nan"), float("inf")]
LEAVES = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(WORDS) | st.text(max_size=5)
JUNK = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
"""JSON of any kind, with what is known to hurt."""

# -- bodies ------------------------------------------------------------------------------------------------------------


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*above, key)
        yield from places(one, (*above, key))


@st.composite
def nearly(draw: st.DrawFn, good: Any) -> Any:
    """The body with junk in one to three places of it, or something left out."""
    body = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        where = list(places(body))
        if not where:
            return draw(JUNK)
        *above, last = draw(st.sampled_from(where))
        inside = body
        for key in above:
            inside = inside[key]
        if draw(st.booleans()) or isinstance(inside, list):
            inside[last] = draw(JUNK)
        else:
            del inside[last]
    return body


def created(ids: Ids) -> dict[str, Any]:
    """Calls that make or do something, with a body that would be taken."""
    project, dataset, item, service = (ids[f"{kind}_id"] for kind in ("project", "dataset", "item", "service"))
    function = {"name": "run", "input": [{"name": "x", "type": "Item", "value": None}], "output": [], "description": ""}
    module = {"name": "m", "entryPoint": "main.py", "className": "R", "initInputs": [], "functions": [function]}
    scaler = {"type": "rabbitmq", "minReplicas": 0, "maxReplicas": 1, "queueLength": 10, "cooldownPeriod": 300}
    runtime = {"numReplicas": 0, "concurrency": 1, "podType": "regular-s", "autoscaler": scaler}
    operation = {"type": "function", "serviceId": service, "functionName": "run"}
    event = {
        "filter": {"$and": [{"hidden": False}]},
        "resource": "Item",
        "actions": ["Created"],
        "executionMode": "Once",
    }
    cron = {
        "cron": "0 0 * * *",
        "startAt": "2026-01-01T00:00:00Z",
        "endAt": None,
        "timezone": "UTC",
        "input": {"text": "x"},
    }
    query = {"filter": {"$and": [{"name": "x"}]}, "page": 0, "pageSize": 10, "sort": {"name": "ascending"}}
    asked = {
        "resource": "items",
        **query,
        "join": {"on": {"resource": "annotations", "local": "itemId", "forigen": "id"}},
    }
    box = {"type": "box", "label": "x", "coordinates": [{"x": 1, "y": 1, "z": 0}, {"x": 2, "y": 2, "z": 0}]}
    made = {"metadata": {"system": {}, "user": {}}, "attributes": {}}
    codebase = {"type": "git", "gitUrl": "https://git.example.com/x.git", "gitTag": "main"}
    package = {"codebase": codebase, "slots": [], "requirements": [{"name": "x", "version": "1", "operator": "=="}]}
    scope = {"type": "project", "id": project, "role": "annotator"}
    root = {"value": {"tag": "a", "color": "#ff0000", "attributes": []}, "children": []}
    tag = {"tag": "a", "color": "#ff0000", "children": [{"tag": "b"}]}
    attribute = {"key": "k", "title": "k", "type": "options", "values": ["a"], "scope": ["all"], "optional": True}
    return {
        "POST /packages": {"name": NEW, "projectId": project, "modules": [module], "version": "1.0.0", **package},
        "POST /services": {"name": NEW, "projectId": project, "packageId": ids["package_id"], "runtime": runtime}
        | {
            "initParams": {},
            "maxAttempts": 3,
            "drainTime": 1,
            "executionTimeout": 60,
            "onReset": "rerun",
            "active": False,
        }
        | {"secrets": [], "integrations": [], "versions": {"dtlpy": "1.0"}, "moduleName": "default_module"},
        "POST /triggers": {
            "name": NEW,
            "projectId": project,
            "type": "Event",
            "spec": {**event, "operation": operation},
        },
        "POST /triggers ": {
            "name": NEW,
            "projectId": project,
            "type": "Cron",
            "spec": {**cron, "operation": operation},
        },
        f"POST /executions/{service}": {"input": {"text": "x"}, "functionName": "run", "syncReplyTo": None},
        f"POST /executions/{service} ": {"functionName": "run", "batch": {"query": query, "args": {"text": "x"}}},
        f"POST /executions/{ids['execution_id']}/progress": {
            "status": "inProgress",
            "percentComplete": 5,
            "message": "x",
        },
        "POST /executions/resource/query": {"resourceId": item, "resourceType": "Item", **query},
        "POST /executions/rerun": {"query": {"$and": [{"id": "0" * 24}]}},
        "POST /query/faas": {**query, "resource": "executions", "context": {"projects": [project]}},
        "POST /services/logs": {"serviceId": service, "start": "2026-01-01T00:00:00", "size": 5, "executionId": ["x"]}
        | {"checkpoint": {"after": 0, "left": None, "start": 0.0, "end": None, "executions": [], "level": "INFO"}},
        f"POST /services/{service}/notify": {"message": "x", "action": "a", "notificationName": "n"},
        f"POST /services/{service}/restart": {"replicaName": None},
        "POST /datasets": {"name": NEW, "projects": [project], "expirationOptions": {"itemMaxDays": 1}},
        "POST /datasets/query": {**query, "context": {"projects": [project]}, "systemSpace": False},
        "POST /datasets/merge": {
            "name": NEW,
            "datasetsIds": [dataset],
            "projectIds": [project],
            "mergeDatasetParams": {},
        },
        f"POST /datasets/{dataset}/query": asked,
        f"POST /datasets/{dataset}/query ": {**asked, "update": {"metadata": {"user": {"x": 1}}}, "systemSpace": True}
        | {"references": {"operation": "create", "refs": [{"type": "task", "id": "x"}]}},
        f"POST /datasets/{dataset}/clone": {"name": NEW, "filter": query, "cloneDatasetParams": {"withMetadata": True}},
        f"POST /datasets/{dataset}/export": {
            "exportType": "json",
            "itemsQuery": query,
            "annotations": {"include": True},
        },
        f"POST /datasets/{dataset}/split": {
            "MLSplitList": {"train": 100, "validation": 0, "test": 0},
            "itemsQuery": {},
        },
        f"POST /datasets/{dataset}/items/bulk-update-metadata": {"query": query, "updateQuery": {"update": {}}},
        f"PUT /datasets/{dataset}/items/{ids['folder_id']}": [item],
        f"POST /items/{item}/annotations": [{**box, **made}],
        f"POST /items/{item}/clone": {"targetDatasetId": dataset, "remoteFileName": f"/{NEW}", "metadata": {}},
        "POST /recipes": {"title": "r", "projectIds": [project], "ontologyIds": [ids["ontology_id"]], "uiSettings": {}},
        f"POST /recipes/{ids['recipe_id']}/clone": {"shallow": True},
        "POST /ontologies": {"title": "o", "projectIds": [project], "roots": [root], "attributes": [attribute]},
        f"PATCH /ontologies/{ids['ontology_id']}/labels": {"labelsNode": [tag], "upsert": True},
        f"PATCH /ontologies/{ids['ontology_id']}/attributes": {"items": [attribute], "upsert": True},
        f"DELETE /ontologies/{ids['ontology_id']}/attributes": {"keys": ["x"]},
        "POST /settings": {"name": NEW, "scope": scope, "valueType": "number", "value": 1, "metadata": {}},
        "POST /settings/query": {**query, "resource": "setting"},
        "POST /settings/resolve": {"userId": "x", "projectId": project},
        "POST /drivers": {
            "name": NEW,
            "type": "s3",
            "metadata": {"system": {"projectId": project}},
            "payload": {"path": "x"},
        },
        f"POST /orgs/{ids['org_id']}/integrations": {
            "type": "key_value",
            "name": "i",
            "options": {"key": "k", "value": "v"},
        },
        f"PATCH /orgs/{ids['org_id']}/integrations": {"integrationId": ids["integration_id"], "name": "x"}
        | {"credentials": {"options": {"key": "k", "value": "v"}, "type": "key_value"}},
        f"POST /orgs/{ids['org_id']}/members": {"emails": ["fuzz@example.com"], "role": "member"},
        f"POST /projects/{project}/members/fuzz@example.com": {"role": "annotator"},
        f"POST /projects/{project}/bots": {"name": "b", "returnCredentials": False},
        "POST /projects": {"name": NEW},
        "POST /users": {"email": "fuzz@example.com", "password": "a long password"},
        "POST /apiKeys": {"userId": "", "description": ""},
        f"POST /triggers/{ids['trigger_id']}/clone": {"projectId": project, "name": NEW},
    }


ENTITIES = {
    "packages": "package_id",
    "services": "service_id",
    "triggers": "trigger_id",
    "executions": "execution_id",
    "datasets": "dataset_id",
    "items": "item_id",
    "annotations": "annotation_id",
    "recipes": "recipe_id",
    "ontologies": "ontology_id",
    "settings": "setting_id",
    "projects": "project_id",
}


def test_no_body_that_is_nearly_right_breaks_anything(platform: Platform, admin: Http, furnish: Furnish) -> None:
    ids = furnish()
    for call, good in created(ids).items():
        method, path = call.split()
        taken = admin(method, path, data=_text(good))
        assert taken.ok, (call, taken.text)
        _throw(platform, admin, method, path, nearly(good))
    _read_all(admin, ids)


def test_no_update_that_is_nearly_right_breaks_anything(platform: Platform, admin: Http, furnish: Furnish) -> None:
    ids = furnish()
    for kind, name in ENTITIES.items():
        path = f"/{kind}/{ids[name]}"
        method = "PUT" if kind in ("annotations", "ontologies") else "PATCH"
        _throw(platform, admin, method, f"{path}?system=true", nearly(admin("GET", path).json()))
    _read_all(admin, ids)


# -- filters -----------------------------------------------------------------------------------------------------------

OPERATORS = st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$match", "$near"])
FIELDS = st.sampled_from(
    [
        *("id", "name", "filename", "dir", "type", "hidden", "createdAt", "metadata", "metadata.user.x", "annotated"),
        *("metadata.system.size", "metadata.system.mimetype", "projectId", "serviceId", "latestStatus.status", "spec"),
        *("spec.operation.serviceId", "resources.id", "attempts", "global", "itemId", "label", "coordinates", "a.0.b"),
        *(
            "a'b",
            'a"b',
            "a[0]",
            "$",
            "a..b",
            "",
            "toTerminate",
            "output",
            "duration",
            "scope.id",
            "version",
            "input.text",
        ),
    ]
)
CONDITION = st.dictionaries(FIELDS, LEAVES | st.dictionaries(OPERATORS, JUNK, max_size=2), max_size=2)
FILTER = st.recursive(
    CONDITION,
    lambda inner: st.dictionaries(st.sampled_from(["$and", "$or"]), st.lists(inner, max_size=3), max_size=2),
    max_leaves=5,
)
JOIN = st.fixed_dictionaries(
    {
        "on": st.just({"resource": "annotations", "local": "itemId", "forigen": "id"}),
        "filter": FILTER,
    }
)
QUERY = st.fixed_dictionaries(
    {"filter": FILTER},
    optional={
        "sort": st.dictionaries(FIELDS, st.sampled_from(["ascending", "descending"]), max_size=2),
        "page": st.sampled_from([0, 1, 10**6, 2**70]),
        "pageSize": st.sampled_from([1, 10, 10**9]),
        "join": JOIN,
    },
)
LISTS = {
    "/query/faas": ("packages", "services", "triggers", "executions"),
    "/datasets/{dataset_id}/query": ("items", "annotations"),
    "/datasets/query": ("datasets",),
    "/settings/query": ("setting",),
    "/executions/resource/query": ("resourceExecution",),
}


def test_no_filter_breaks_a_list(platform: Platform, admin: Http, furnish: Furnish) -> None:
    ids = furnish()
    for path, resources in LISTS.items():
        for resource in resources:
            named = {"resource": resource, "resourceId": ids["item_id"]}
            _throw(platform, admin, "POST", path.format(**ids), QUERY.map(lambda asked, named=named: asked | named))


# -- what was found ----------------------------------------------------------------------------------------------------


def test_a_recipe_whose_title_is_null_gets_one(admin: Http, furnish: Furnish) -> None:
    made = admin("POST", "/recipes", {"projectIds": [furnish()["project_id"]], "title": None})
    assert (made.status_code, made.json()["title"]) == (200, "Default Recipe")


def test_a_body_that_was_not_sent_as_json_is_told_so(admin: Http) -> None:
    answer = admin("POST", "/query/faas", data={"resource": "services"})
    assert (answer.status_code, "Content-Type: application/json" in answer.json()["message"]) == (400, True)


# -- how they are judged -----------------------------------------------------------------------------------------------


def _throw(platform: Platform, admin: Http, method: str, path: str, bodies: st.SearchStrategy[Any]) -> None:
    @BOUNDED
    @given(body=bodies)
    def throw(body: Any) -> None:
        answer = admin(method, path, data=_text(body))
        _judge(platform, admin, answer, f"{method} {path} {json.dumps(body)}")

    throw()


def _text(body: Any) -> str:
    return json.dumps(body).replace(NEW, f"new-{uuid.uuid4().hex[:12]}")


def _judge(platform: Platform, admin: Http, answer: requests.Response, what: str) -> None:
    assert answer.status_code < 500, (what, answer.text)
    if answer.ok:
        return
    told = answer.json()
    assert told.keys() == {"status", "message"}, (what, told)
    assert told["status"] == answer.status_code, (what, told)
    message = told["message"]
    assert message, what
    secrets = (platform.password, str(admin.token), str(platform.data_dir))
    assert not OURS.search(message) and not any(secret in message for secret in secrets), (what, message)


def _read_all(admin: Http, ids: Ids) -> None:
    """Everything by itself, and every list of everything."""
    for kind, name in ENTITIES.items():
        answer = admin("GET", f"/{kind}/{ids[name]}")
        assert answer.ok, (kind, answer.text)
    for path, resources in LISTS.items():
        for resource in resources:
            answer = admin("POST", path.format(**ids), {"resource": resource, "resourceId": ids["item_id"]})
            assert answer.ok, (resource, answer.text)
    for path in ("/projects", "/datasets", "/commands", "/users", "/orgs", "/recipes", "/ontologies"):
        assert admin("GET", path).ok, path
    for path in ("directoryTree", "items"):
        assert admin("GET", f"/datasets/{ids['dataset_id']}/{path}").ok, path
