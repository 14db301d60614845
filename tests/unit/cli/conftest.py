"""Every test of the command line has a home, a folder and an environment of its own."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The SDK's folder of this test; the current folder is another, empty one."""
    folder = tmp_path / "home"
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("DATALOOP_PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("FAAS_URL", "DTLPY_CUSTOM_ENV"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def here(home: Path) -> Path:
    """The current folder."""
    return home.parent / "here"


@pytest.fixture
def make_token() -> Callable[..., str]:
    """A token that says whom it names and for how long; its signature is worth nothing."""

    def make(email: str = "me@example.com", seconds: float = 3600) -> str:
        claims: dict[str, Any] = {"email": email, "exp": int(time.time() + seconds)}
        parts = (json.dumps(part).encode() for part in ({"alg": "HS256"}, claims, {}))
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)

    return make
