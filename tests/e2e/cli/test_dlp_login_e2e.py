"""Login, platforms and checkouts, as ``dlp`` and the SDK share them."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.cli.conftest import Dlp
    from tests.e2e.conftest import Platform


def _cookie(dlp: Dlp) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((dlp.home / "cookie.json").read_text())
    return found


def test_a_login_is_stored_where_the_sdk_reads_it(dlp: Dlp, platform: Platform) -> None:
    cookie = _cookie(dlp)
    entry = cookie["login_parameters"][platform.url + "/api/v1"]
    assert cookie["url"] == platform.url + "/api/v1"
    assert entry["gate_url"] == platform.url
    assert entry["token"].count(".") == 2
    assert stat.S_IMODE((dlp.home / "cookie.json").stat().st_mode) == 0o600
    assert f"user: {platform.email}" in dlp("api", "info").stdout


def test_a_wrong_password_is_refused_and_the_login_stays(dlp: Dlp, platform: Platform) -> None:
    before = _cookie(dlp)
    assert "refused this login" in dlp("login-m2m", "-e", platform.email, "-p", "wrong", code=3).stderr
    assert _cookie(dlp) == before


def test_a_token_of_another_login_can_be_used(dlp: Dlp, platform: Platform) -> None:
    token = _cookie(dlp)["login_parameters"][platform.url + "/api/v1"]["token"]
    dlp("logout")
    assert "not logged in" in dlp("projects", "ls", code=3).stderr
    dlp("login-token", "-t", token)
    dlp("projects", "ls")
    dlp("login-token", "-t", token + "x", code=3)
    dlp("projects", "ls")


def test_a_login_that_is_over_is_renewed_without_a_word(dlp: Dlp, platform: Platform) -> None:
    cookie = _cookie(dlp)
    entry = cookie["login_parameters"][platform.url + "/api/v1"]
    entry["token"] = _expired(entry["token"])
    (dlp.home / "cookie.json").write_text(json.dumps(cookie))
    assert dlp("projects", "ls").stderr == ""
    assert _cookie(dlp)["login_parameters"][platform.url + "/api/v1"]["token"] != entry["token"]


def test_a_platform_is_registered_under_an_alias(dlp: Dlp, faas: Callable[..., str], platform: Platform) -> None:
    assert platform.url in faas("env", "--url", platform.url)
    assert platform.url in dlp("api", "setenv", "-e", "faas").stdout
    dlp("projects", "ls")
    assert "Unknown platform environment" in dlp("api", "setenv", "-e", "typo", code=2).stderr


def test_the_servers_command_offers_the_users_commands_too(dlp: Dlp, faas: Callable[..., str], project: str) -> None:
    assert json.loads(faas("projects", "ls", "--json")) == dlp.json("projects", "ls")


def test_checkouts_belong_to_the_folder(dlp: Dlp, project: str) -> None:
    dlp("datasets", "create", "-d", "data", "-c")
    found = {entry["kind"]: entry["name"] for entry in dlp.json("checkout-state")}
    assert found == {"project": project, "dataset": "data"}
    state = json.loads((dlp.folder / ".dataloop" / "state.json").read_text())
    assert state["project"]["org"]["id"]  # whole, as the SDK expects it


def test_names_that_are_taken_or_unknown_are_refused(dlp: Dlp, project: str) -> None:
    assert "taken" in dlp("projects", "create", "-p", project, code=2).stderr
    dlp("projects", "checkout", "-p", "no such project", code=4)
    dlp("datasets", "checkout", "-d", "no such dataset", code=4)
    dlp("packages", "checkout", "-p", "no-such-package", code=4)
    dlp("services", "delete", "-f", "no-such-service", code=4)


def _expired(token: str) -> str:
    head, _, signature = token.split(".")
    body = base64.urlsafe_b64encode(json.dumps({"email": "x", "exp": 1}).encode()).decode().rstrip("=")
    return f"{head}.{body}.{signature}"
