"""The cookie is the SDK's: what one writes the other reads (ENDPOINTS 0 and 1)."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from faas_agent.cli import cookie, jsonfile
from faas_agent.errors import UsageError

URL = "http://platform.test:8484/api/v1"


def test_a_registered_platform_has_all_that_the_sdk_reads(home: Path) -> None:
    assert cookie.register("http://platform.test:8484", "faas") == URL
    stored = json.loads((home / "cookie.json").read_text())
    entry = stored["login_parameters"][URL]
    assert stored["url"] == URL
    assert entry["alias"] == "faas"
    assert entry["gate_url"] == "http://platform.test:8484"  # the SDK concatenates it
    assert entry["url"] == "http://platform.test:8484/"  # the SDK appends to it
    assert {"token", "refresh_token", "verify_ssl", "audience", "client_id"} <= set(entry)


def test_the_public_cloud_stays_known_beside_it() -> None:
    cookie.register("http://platform.test:8484", "faas")
    assert cookie.use("prod") == "https://gate.dataloop.ai/api/v1"
    assert cookie.use("faas") == URL


def test_what_the_sdk_has_stored_besides_is_kept(home: Path) -> None:
    jsonfile.update(home / "cookie.json", lambda value: value.update(verbose={"logging_level": "warning"}))
    cookie.register("http://platform.test:8484", "faas")
    assert jsonfile.read(home / "cookie.json")["verbose"] == {"logging_level": "warning"}


def test_an_alias_moves_to_the_platform_registered_last(home: Path) -> None:
    cookie.register("http://old.test", "faas")
    cookie.register("http://new.test", "faas")
    aliases = [entry["alias"] for entry in jsonfile.read(home / "cookie.json")["login_parameters"].values()]
    assert aliases.count("faas") == 1
    assert cookie.use("faas") == "http://new.test/api/v1"


def test_registering_again_keeps_the_login() -> None:
    cookie.register("http://platform.test:8484", "faas")
    cookie.remember(cookie.current(), "token", "refresh")
    cookie.register("http://platform.test:8484", "other")
    assert (cookie.current().token, cookie.current().refresh_token) == ("token", "refresh")


def test_an_entry_that_the_sdk_made_without_a_gate_url_is_mended(home: Path) -> None:
    broken = {URL: {"alias": "faas", "gate_url": None, "token": "t", "verify_ssl": True}}
    jsonfile.update(home / "cookie.json", lambda value: value.update(url=URL, login_parameters=broken))
    assert cookie.current().gate_url == "http://platform.test:8484"
    cookie.register("http://platform.test:8484", "faas")
    assert jsonfile.read(home / "cookie.json")["login_parameters"][URL]["gate_url"] == "http://platform.test:8484"


@pytest.mark.parametrize(
    "given", ["http://platform.test:8484", "http://platform.test:8484/", "http://platform.test:8484/api/v1/"]
)
def test_a_url_that_is_not_known_is_registered(given: str) -> None:
    assert cookie.use(given) == URL
    assert cookie.current().url == URL
    assert cookie.use("platform.test:8484") == URL  # its alias from now on


def test_an_unknown_alias_is_refused_with_those_that_are_known() -> None:
    cookie.register("http://platform.test:8484", "faas")
    with pytest.raises(UsageError, match=r"Unknown platform environment: 'typo'\. Known: faas, prod"):
        cookie.use("typo")


@pytest.mark.parametrize("given", ["http://", "https:///api/v1"])
def test_a_url_without_a_host_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="not the url of a platform"):
        cookie.use(given)


def test_faas_url_wins_and_changes_nothing_for_others(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    cookie.register("http://platform.test:8484", "faas")
    monkeypatch.setenv("FAAS_URL", "http://other.test")
    assert cookie.current().url == "http://other.test/api/v1"
    cookie.remember(cookie.current(), "token", None)
    assert cookie.current().token == "token"
    assert jsonfile.read(home / "cookie.json")["url"] == URL
    monkeypatch.delenv("FAAS_URL")
    assert cookie.current().token is None


def test_without_any_platform_the_next_step_is_named() -> None:
    with pytest.raises(UsageError, match=r"dlp api setenv .* FAAS_URL"):
        cookie.current()


def test_a_custom_environment_is_read_as_the_sdk_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"alias": "mine", "gate_url": "http://platform.test:8484", "url": "http://console/", "verify_ssl": "False"}
    text = json.dumps({"url": URL, URL: entry})
    monkeypatch.setenv("DTLPY_CUSTOM_ENV", base64.b64encode(text.encode()).decode())
    assert cookie.use("custom") == URL
    assert (cookie.current().alias, cookie.current().verify_ssl) == ("mine", False)


@pytest.mark.parametrize("text", ["", "!!!", base64.b64encode(b"[]").decode(), base64.b64encode(b"{}").decode()])
def test_a_custom_environment_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DTLPY_CUSTOM_ENV", text)
    with pytest.raises(UsageError, match="DTLPY_CUSTOM_ENV"):
        cookie.use("custom")


def test_what_the_runner_is_told_holds_no_token() -> None:
    cookie.register("http://platform.test:8484", "faas")
    cookie.remember(cookie.current(), "secret-token", "secret-refresh")
    told = base64.b64decode(cookie.custom_env(cookie.current())).decode()
    assert "secret" not in told
    assert json.loads(told)["url"] == URL
