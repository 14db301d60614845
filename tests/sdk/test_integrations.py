"""Integrations through the real SDK: values go in and never come out (ENDPOINTS 10)."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest
from raw_http import Http
from sdk_version import CURRENT, needs

SECRET = "the-value-nobody-sees"


def create(dl: ModuleType, project: Any, name: str = "", value: str = SECRET) -> Any:
    """A key and a value."""
    options = {"key": "api-key", "value": value}
    name = name or f"secret-{uuid.uuid4().hex[:8]}"
    return project.integrations.create(integrations_type=dl.IntegrationType.KEY_VALUE, name=name, options=options)


@needs(CURRENT, "Integration.update(reload_services=...)")
def test_an_integration_is_made_found_renamed_and_deleted(dl: ModuleType, project: Any) -> None:
    made = create(dl, project)
    got = project.integrations.get(integrations_id=made.id)
    assert (got.name, got.type, got.org) == (made.name, "key_value", project.org["id"])
    assert made.id in [one["id"] for one in project.integrations.list()]
    assert made.id in [one["id"] for one in project.integrations.list(only_available=True)]
    got.update(new_name="another", reload_services=True)
    assert project.integrations.get(integrations_id=made.id).name == "another"
    assert got.delete(sure=True, really=True)
    with pytest.raises(dl.exceptions.NotFound):
        project.integrations.get(integrations_id=made.id)


def test_no_answer_and_no_log_holds_the_value(dl: ModuleType, project: Any, platform: Any, admin: Http) -> None:
    made = create(dl, project)
    org = f"/orgs/{project.org['id']}"
    sent = {"integrationId": made.id, "credentials": {"options": {"key": "k", "value": SECRET}, "type": "key_value"}}
    answers = [
        admin("PATCH", f"{org}/integrations", sent),
        admin("GET", f"{org}/integrations/{made.id}"),
        admin("GET", f"{org}/integrations"),
        admin("GET", org),
    ]
    for answer in answers:
        assert answer.ok
        assert SECRET not in answer.text
    assert SECRET not in (platform.data_dir.parent / "log").read_text()


@needs(CURRENT, "integrations.create_nfs")
def test_known_metadata_is_kept_as_names_and_values(dl: ModuleType, project: Any) -> None:
    made = project.integrations.create_nfs(name="disk", server="10.0.0.5", path="exports")
    kept = {one["name"]: one["value"] for one in project.integrations.get(integrations_id=made.id).metadata}
    assert (kept["server"], kept["path"]) == ("10.0.0.5", "/exports")
    with pytest.raises(dl.exceptions.BadRequest, match="metadata"):
        project.integrations.create(integrations_type="s3", name="x", options={}, metadata={"nonsense": 1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "magic"},
        {"type": None},
        {"name": ""},
        {"name": 5},
        {"options": None},
        {"options": SECRET},
        {"options": {"key": "k"}},
        {"options": {"key": "k", "value": {"deep": SECRET}}},
        {"metadata": 5},
        {"metadata": [SECRET]},
    ],
)
def test_bad_integrations_are_refused_without_repeating_the_secret(project: Any, admin: Http, wrong: Any) -> None:
    good = {"type": "key_value", "name": "x", "options": {"key": "k", "value": SECRET}}
    status, message = admin.refused("POST", f"/orgs/{project.org['id']}/integrations", good | wrong)
    assert status == 400
    assert SECRET not in message


def test_only_the_creator_and_owners_change_one(dl: ModuleType, project: Any, admin: Http) -> None:
    made, org = create(dl, project), f"/orgs/{project.org['id']}/integrations"
    _, somebody = admin.person()
    assert somebody("GET", f"{org}/{made.id}").ok
    assert somebody.refused("PATCH", org, {"integrationId": made.id, "name": "mine"})[0] == 403
    assert somebody.refused("DELETE", f"{org}/{made.id}")[0] == 403
    own = somebody("POST", org, {"type": "key_value", "name": "own", "options": {"key": "k", "value": "v"}}).json()
    assert somebody("PATCH", org, {"integrationId": own["id"], "name": "renamed"}).json()["name"] == "renamed"
    assert somebody("DELETE", f"{org}/{own['id']}").ok
    assert admin.anonymous().refused("GET", org)[0] == 401


def test_wrong_ids_are_refused(project: Any, admin: Http) -> None:
    org = f"/orgs/{project.org['id']}/integrations"
    assert admin.refused("GET", f"{org}/123")[0] == 400
    assert admin.refused("GET", f"{org}/{uuid.uuid4()}")[0] == 404
    assert admin.refused("PATCH", org, {})[0] == 400
    assert admin.refused("PATCH", org, {"integrationId": str(uuid.uuid4())})[0] == 404
    assert admin.refused("GET", f"/orgs/{uuid.uuid4()}/integrations")[0] == 404
