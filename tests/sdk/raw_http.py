"""The API by hand, for what the SDK cannot send: other people's tokens, none at all, and bad input."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True)
class Http:
    """One caller of one platform."""

    url: str
    token: str | None

    def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any
    ) -> requests.Response:
        """``path`` below the gate. ``key``: the call's ``Idempotency-Key``."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {} if key is None else {"Idempotency-Key": key}
        if body is not None:
            more["json"] = body
        if isinstance(more.get("data"), str | bytes | Iterator):  # JSON, right or wrong; a dict is a form
            headers["Content-Type"] = "application/json"
        return requests.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=30, **more)

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and message of a call that has to fail with an answer of the one shape."""
        answer = self(method, path, body, **more)
        assert answer.status_code >= 400, answer.text
        told = answer.json()
        assert told["status"] == answer.status_code
        assert told["message"]
        return answer.status_code, told["message"]

    def anonymous(self) -> Http:
        """The same platform without a token."""
        return Http(self.url, None)

    def person(self) -> tuple[str, Http]:
        """A new user who is a member of nothing; made by this caller, an admin."""
        email, password = f"person-{uuid.uuid4().hex[:10]}@example.com", uuid.uuid4().hex
        made = self("POST", "/users", {"email": email, "password": password})
        assert made.status_code == 201, made.text
        return email, self.log_in(email, password)

    def log_in(self, email: str, password: str) -> Http:
        """Somebody else on the same platform."""
        credentials = {"username": email, "password": password, "type": "user_credentials"}
        answer = requests.post(f"{self.url}/token?default", json=credentials, timeout=30)
        assert answer.ok, answer.text
        return Http(self.url, answer.json()["id_token"])
