"""The organisation through the real SDK (ENDPOINTS 2)."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest
from raw_http import Http


@pytest.fixture
def org(dl: ModuleType, project: Any) -> Any:
    """The one there is."""
    return dl.organizations.get(organization_id=project.org["id"])


def test_the_organisation_is_found_by_id_and_by_name(dl: ModuleType, org: Any, project: Any) -> None:
    assert [one.id for one in dl.organizations.list()] == [org.id]
    assert dl.organizations.get(organization_name=project.org["name"]).id == org.id
    assert org.members
    assert org.account["id"]


def test_members_are_added_changed_and_let_go(org: Any) -> None:
    email = f"{uuid.uuid4().hex[:8]}@example.com"
    org.add_member(email=[email], role="member")
    found = {one.email: one.role for one in org.list_members()}
    assert found[email] == "member"
    org.update_member(email=email, role="admin")
    assert {one.email: one.role for one in org.list_members()}[email] == "admin"
    org.delete_member(user_id=email, sure=True, really=True)
    assert email not in [one.email for one in org.list_members()]


def test_it_lists_its_projects_and_no_groups(org: Any, project: Any) -> None:
    assert project.id in [one.id for one in org.projects.list()]
    assert org.list_groups() == []


def test_the_last_owner_stays(org: Any, admin: Http) -> None:
    (owner,) = [one.email for one in org.list_members() if one.role == "owner"]
    path = f"/orgs/{org.id}/members"
    assert "last owner" in admin.refused("DELETE", f"{path}/{owner}")[1]
    assert "last owner" in admin.refused("PATCH", path, {"email": owner, "role": "member"})[1]


def test_members_read_and_owners_change(org: Any, admin: Http) -> None:
    email, member = admin.person()
    assert member("GET", f"/orgs/{org.id}").json()["name"] == org.name
    for method, path, body in [
        ("POST", "/members", {"emails": ["x@example.com"]}),
        ("PATCH", "/members", {"email": email, "role": "owner"}),
        ("DELETE", f"/members/{email}", None),
        ("PATCH", "/plan", {"plan": "free"}),
    ]:
        assert member.refused(method, f"/orgs/{org.id}{path}", body)[0] == 403
        assert admin.anonymous().refused(method, f"/orgs/{org.id}{path}", body)[0] == 401
    assert admin("DELETE", f"/orgs/{org.id}/members/{email}").ok
    assert member.refused("GET", f"/orgs/{org.id}")[0] == 403
    assert member("GET", "/orgs").json() == []


def test_bad_input_is_refused(org: Any, admin: Http) -> None:
    path = f"/orgs/{org.id}/members"
    for body in ({}, {"emails": ["no address"]}, {"emails": 5}, {"emails": ["a@b.c"], "role": "king"}):
        assert admin.refused("POST", path, body)[0] == 400
    assert admin.refused("PATCH", path, {"email": "stranger@example.com", "role": "member"})[0] == 404
    assert admin.refused("GET", "/orgs/123")[0] == 400
    assert admin.refused("GET", f"/orgs/{uuid.uuid4()}")[0] == 404
