"""Users, integrations and settings: what may be kept (ENDPOINTS 1, 10, 20)."""

from __future__ import annotations

from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs import integration, setting, user

NOW = "2030-01-01T00:00:00.000Z"


@pytest.mark.parametrize("email", ["a@b", "first.last+tag@sub.example.com", "ünï@example.com"])
def test_an_address_in_the_form_of_one_passes(email: str) -> None:
    assert user.check_email(email) == email


@pytest.mark.parametrize(
    "email", ["", "a", "a@", "@b", "a@b@c", "a b@c", "a/b@c", "a@b\x00", "x" * 250 + "@b.de", None, 5]
)
def test_other_texts_are_no_address(email: object) -> None:
    with pytest.raises(BadRequest):
        user.check_email(email)


def test_a_bot_is_no_admin_and_belongs_to_its_project() -> None:
    bot = user.bot("bot-1@bot.faas.local", "name", "project", "org", NOW)
    assert (bot["type"], bot["projectId"], bot["id"]) == ("bot", "project", bot["email"])
    assert not bot.get("admin")
    assert user.person("a@b", NOW)["admin"] is False


def test_metadata_is_kept_as_a_list_however_it_was_sent() -> None:
    pairs = [{"name": "server", "value": "x"}, {"name": "path", "value": "/y"}]
    assert integration.check_metadata({"server": "x", "path": "/y"}) == pairs
    assert integration.check_metadata(pairs) == pairs
    assert integration.check_metadata(None) == []


@pytest.mark.parametrize("metadata", [{"nonsense": 1}, [{"name": "server"}], [{"value": 1}], "text", [5]])
def test_unknown_metadata_is_refused(metadata: object) -> None:
    with pytest.raises(BadRequest, match="metadata"):
        integration.check_metadata(metadata)


def test_a_wrong_secret_is_not_repeated() -> None:
    with pytest.raises(BadRequest) as caught:
        integration.check_options("key_value", {"key": "k", "value": ["hush"]})
    assert "hush" not in caught.value.message


def a_setting(kind: str, value: Any) -> dict[str, Any]:
    """A setting of that type and value."""
    return {"name": "n", "valueType": kind, "value": value, "scope": {"type": "project", "id": "p"}}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("boolean", True), ("number", 1.5), ("number", None), ("string", "x"), ("multi-select", []), ("object", {})],
)
def test_a_value_of_its_type_is_kept_and_unknown_fields_are_not(kind: str, value: object) -> None:
    assert setting.check_setting(a_setting(kind, value) | {"nonsense": 1}) == a_setting(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"), [("boolean", 1), ("number", True), ("string", 5), ("array", {}), ("odd", 1)]
)
def test_a_value_of_another_type_is_refused(kind: str, value: object) -> None:
    with pytest.raises(BadRequest):
        setting.check_setting(a_setting(kind, value))
