"""The API's description is true: whatever it lets a caller send is answered as it says, and never with a 5xx."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from raw_http import Http
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

if TYPE_CHECKING:
    from tests.e2e.api.conftest import Furnish, Ids

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    derandomize=True,
    database=None,
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(300)  # half a minute, on a machine that has nothing else to do
def test_every_call_answers_as_the_description_says(admin: Http, furnish: Furnish) -> None:
    ids = furnish()
    described = schemathesis.openapi.from_url(f"{admin.url}/api/v1/openapi.json")
    found = [one.ok() for one in described.get_all_operations()]
    for operation in sorted(found, key=lambda one: one.method.upper() == "DELETE"):  # what is there stays to the end
        _try(operation, GenerationMode.POSITIVE, admin, ids)
        with suppress(Unsatisfiable):  # a call without parameters and body cannot be asked wrongly
            _try(operation, GenerationMode.NEGATIVE, admin, ids)
    assert len(found) > 100


def _try(operation: Any, mode: GenerationMode, admin: Http, ids: Ids) -> None:
    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
    def check(case: Any, there: bool) -> None:
        if there and isinstance(case.path_parameters, dict):
            case.path_parameters.update({name: ids[name] for name in case.path_parameters if name in ids})
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {admin.token}"}
        case.call_and_validate(checks=CHECKS, timeout=30)

    check()


def test_every_call_that_needs_a_token_says_so(admin: Http) -> None:
    document = requests.get(f"{admin.url}/api/v1/openapi.json", timeout=30).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert bool(operation.get("security")) == path.startswith("/api/v1/"), (method, path)
            assert "422" not in operation["responses"], (method, path)


def test_the_page_of_the_calls_lists_each_and_asks_no_other_host(admin: Http) -> None:
    page = requests.get(f"{admin.url}/docs", timeout=30)
    assert page.headers["content-type"].startswith("text/html")
    for path in requests.get(f"{admin.url}/api/v1/openapi.json", timeout=30).json()["paths"]:
        assert f"<code>{path}</code>" in page.text
    assert re.findall(r"(?:https?:)?//[\w.]+|<script", page.text) == []
