"""Settings, names and the oddities of the wire (ENDPOINTS 14, 20, 21)."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest
from raw_http import Http

# -- settings ----------------------------------------------------------------------------------------------------------


def test_a_setting_is_made_found_changed_and_deleted(dl: ModuleType, project: Any) -> None:
    name = f"setting-{uuid.uuid4().hex[:8]}"
    made = project.settings.create(
        setting_name=name, setting_value=True, setting_value_type=dl.SettingsValueTypes.BOOLEAN
    )
    assert (made.name, made.value) == (name, True)
    assert project.settings.get(setting_name=name).id == made.id
    assert [one.id for one in project.settings.list().items] == [made.id]
    made.value = False
    assert project.settings.update(setting=made).value is False
    resolved = project.settings.resolve(user_email="admin@faas.local", project_id=project.id)
    assert [one.id for one in resolved] == [made.id]
    assert project.settings.delete(setting_id=made.id)
    with pytest.raises(dl.exceptions.NotFound):
        project.settings.get(setting_id=made.id)


def setting(project: Any, **more: Any) -> dict[str, Any]:
    """A good one, on the wire."""
    scope = {"type": "project", "id": project.id, "role": "*", "preventOverride": False, "visible": True}
    return {"name": f"s-{uuid.uuid4().hex[:8]}", "value": 1, "valueType": "number", "scope": scope} | more


def test_a_setting_is_there_once_in_a_scope(project: Any, admin: Http) -> None:
    body = setting(project)
    made = admin("POST", "/settings", body).json()
    status, message = admin.refused("POST", "/settings", body)
    assert status == 400
    assert message.startswith("settings already exist")
    assert admin("DELETE", f"/settings/{made['id']}").ok


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "text"},
        {"value": True},
        {"defaultValue": []},
        {"valueType": "colour"},
        {"valueType": None},
        {"name": ""},
        {"scope": None},
        {"scope": {"type": "project"}},
        {"scope": {"type": "galaxy", "id": "x"}},
        {"scope": {"type": "project", "id": "x"}},
    ],
)
def test_a_bad_setting_is_refused(project: Any, admin: Http, wrong: Any) -> None:
    assert admin.refused("POST", "/settings", setting(project, **wrong))[0] == 400


def test_settings_of_others_are_not_seen(project: Any, admin: Http) -> None:
    _, somebody = admin.person()
    made = admin("POST", "/settings", setting(project)).json()
    for method in ("GET", "PATCH", "DELETE"):
        assert somebody.refused(method, f"/settings/{made['id']}", {})[0] == 403
    assert somebody("POST", "/settings/resolve", {"projectId": project.id}).json() == []
    assert somebody("POST", "/settings/query", {"resource": "setting"}).json()["items"] == []
    mine = setting(project, scope={"type": "user", "id": "admin@faas.local"})
    assert somebody.refused("POST", "/settings", mine)[0] == 403
    assert admin("DELETE", f"/settings/{made['id']}").ok


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["packages", "services", "triggers"])
def test_good_names_pass_and_bad_ones_say_why(admin: Http, kind: str) -> None:
    path, one = f"/piper-misc/naming/{kind}", kind.removesuffix("s")
    for name in ("a", "a1", "my-name-2", "x" * 35):
        assert admin("GET", f"{path}/{name}").json() is True
    for name in ("A", "1a", "-a", "a-", "a_b", "a b", "a.b", "ä", "a/b", "a%2Fb"):
        status, message = admin.refused("GET", f"{path}/{name}")
        assert status == 400
        assert f"Invalid {one} name:" in message
    assert "Name must be at most 35 characters" in admin.refused("GET", f"{path}/{'x' * 36}")[1]
    assert admin.anonymous().refused("GET", f"{path}/a")[0] == 401


def test_names_of_other_kinds_are_not_checked(admin: Http) -> None:
    assert admin.refused("GET", "/piper-misc/naming/planets/a")[0] == 400


# -- oddities ----------------------------------------------------------------------------------------------------------


def test_what_a_client_reports_about_itself_is_taken(admin: Http) -> None:
    for path in ("query", "metric", "metric/pendo"):
        assert admin("POST", f"/analytics/{path}", {"any": "thing"}).ok


def test_there_are_no_messages(dl: ModuleType, project: Any) -> None:
    assert dl.messages._list(context={"project": project.id}) == []


def test_an_unknown_app_is_a_404_so_that_the_client_goes_on(admin: Http) -> None:
    assert admin.refused("GET", f"/app-registry/{uuid.uuid4()}")[0] == 404
    assert admin("POST", "/compute/query", {}).json()["items"] == []


def test_an_unknown_path_is_a_404_in_json(admin: Http) -> None:
    assert admin.refused("GET", "/no/such/thing")[0] == 404
