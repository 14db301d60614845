"""Roles in the store: one role for each person and place, and no place touched by what happens in another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faas_agent.model.specs.user import person
from faas_agent.ports.store import people
from faas_agent.ports.store.people import OF_ORGS, OF_PROJECTS
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.store import open_store
from faas_agent.ports.store.tables import USERS

NOW = "2030-01-01T00:00:00.000Z"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A store with two people, both in two projects."""
    store = open_store(tmp_path / "faas.db")
    with store.write() as opened:
        for email in ("b@x", "a@x"):
            opened.documents(USERS).insert(person(email, NOW))
            for project in ("one", "two"):
                OF_PROJECTS.add(opened, project, email, "owner")
        yield opened
    store.close()


def test_users_come_by_e_mail_with_the_role_they_have_there(session: Session) -> None:
    OF_PROJECTS.change(session, "two", "a@x", "annotator")
    found = OF_PROJECTS.users(session, ["one", "two", "three"])
    seen = {place: [(one["email"], one["role"]) for one in users] for place, users in found.items()}
    assert seen == {
        "one": [("a@x", "owner"), ("b@x", "owner")],
        "two": [("a@x", "annotator"), ("b@x", "owner")],
        "three": [],
    }
    assert OF_PROJECTS.count(session, "two", "owner") == 1
    assert sorted(OF_PROJECTS.places(session, "a@x")) == ["one", "two"]
    assert OF_PROJECTS.places(session, "a@x", "owner") == ["one"]


def test_who_is_removed_here_stays_there(session: Session) -> None:
    OF_PROJECTS.remove(session, "one", "a@x")
    assert OF_PROJECTS.role(session, "one", "a@x") is None
    assert OF_PROJECTS.role(session, "two", "a@x") == OF_PROJECTS.role(session, "one", "b@x") == "owner"
    OF_PROJECTS.remove_place(session, "two")
    assert OF_PROJECTS.places(session, "b@x") == ["one"]
    OF_PROJECTS.remove_everywhere(session, "b@x")
    assert OF_PROJECTS.places(session, "b@x") == []


def test_projects_and_organisations_do_not_mix(session: Session) -> None:
    assert OF_ORGS.role(session, "one", "a@x") is None
    OF_ORGS.add(session, "one", "a@x", "member")
    OF_PROJECTS.remove_everywhere(session, "a@x")
    assert OF_ORGS.role(session, "one", "a@x") == "member"


def test_a_password_is_replaced_and_forgotten(session: Session) -> None:
    people.set_password_hash(session, "a@x", "first")
    people.set_password_hash(session, "a@x", "second")
    assert people.password_hash(session, "a@x") == "second"
    assert people.password_hash(session, "b@x") is None
    people.forget_password(session, "a@x")
    assert people.password_hash(session, "a@x") is None
