"""What user code finds around it: what it needs, and nothing of the platform's."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from faas_agent.pod.agent.boot import login, runner_environment

PROXY = "4321/word"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in ("FAAS_ADMIN_PASSWORD", "FAAS_DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "DATALOOP_PATH"):
        monkeypatch.setenv(name, "the platform's own")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("https_proxy", "http://proxy")
    return runner_environment(Path("/env/bin/python"), tmp_path, {"MY_KEY": "mine"}, PROXY)


def test_nothing_of_the_platform_is_in_it(environ: dict[str, str]) -> None:
    assert not [name for name in environ if name.startswith(("FAAS_", "AWS_"))]
    assert "the platform's own" not in environ.values()


def test_it_has_a_home_of_its_own(environ: dict[str, str], tmp_path: Path) -> None:
    assert environ["HOME"] == str(tmp_path / "home")
    assert Path(environ["DATALOOP_PATH"]).is_relative_to(tmp_path)
    assert environ["PATH"].startswith("/env/bin:")


def test_the_functions_secrets_and_the_way_out_are_in_it(environ: dict[str, str]) -> None:
    assert (environ["MY_KEY"], environ["TZ"], environ["https_proxy"]) == ("mine", "Europe/Berlin", "http://proxy")
    assert (environ["AGENT_PROXY_MAIN_PORT"], environ["DTLPY_REFRESH_TOKEN_METHOD"]) == ("4321/word", "proxy")


@pytest.mark.parametrize("gate", ["http://h:1/api/v1", "https://h/api/v1"])
def test_the_sdk_finds_this_platform(gate: str) -> None:
    boot: dict[str, Any] = {"gateUrl": gate, "botToken": "token"}
    found = login(boot)
    known = json.loads(base64.b64decode(found["custom_env"]))
    assert (found["token"], found["environment"], known["url"]) == ("token", gate, gate)
    assert known[gate]["gate_url"] == gate.removesuffix("/api/v1")
    assert known[gate]["verify_ssl"] is True
