"""``Idempotency-Key``: who is not sure that a call arrived sends it again, and it is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from calls import deploy, function, new_name, push
from raw_http import Http

CODE = """
class ServiceRunner:
    def run(self, text):
        return text

    def on_item(self, item):
        return item.name
"""


@pytest.fixture(scope="module")
def service(dl: ModuleType, project: Any) -> Any:
    """Nothing runs it, so what was made stays to be counted."""
    functions = function(dl, "run", text="String"), function(dl, "on_item", item="Item")
    return deploy(dl, push(dl, project, CODE, *functions), runtime={"numReplicas": 0})


def send(admin: Http, service: Any, key: str, body: Any) -> tuple[int, Any]:
    answer = admin("POST", f"/executions/{service.id}", body, key=key)
    return answer.status_code, answer.json()


def count(admin: Http, service: Any) -> int:
    asked = {"resource": "executions", "filter": {"serviceId": service.id}}
    return int(admin("POST", "/query/faas", asked).json()["totalItemsCount"])


def test_the_same_call_under_one_key_is_made_once(service: Any, admin: Http) -> None:
    key, body, before = new_name("key"), {"input": {"text": "x"}}, count(admin, service)
    status, first = send(admin, service, key, body)
    again, second = send(admin, service, key, {"input": {"text": "x"}})
    assert (status, again) == (201, 200)
    assert second["id"] == first["id"]
    assert count(admin, service) == before + 1


def test_of_many_at_once_under_one_key_one_is_made(service: Any, admin: Http) -> None:
    key, before = new_name("key"), count(admin, service)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: send(admin, service, key, {"input": {"text": "x"}}), range(6)))
    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert len({made["id"] for _, made in answers}) == 1
    assert count(admin, service) == before + 1


def test_a_key_with_another_call_is_a_conflict(service: Any, admin: Http) -> None:
    key, before = new_name("key"), count(admin, service)
    send(admin, service, key, {"input": {"text": "x"}})
    for other in ({"input": {"text": "y"}}, {"input": {"text": "x"}, "functionName": "on_item"}, {"batch": {}}):
        status, told = send(admin, service, key, other)
        assert (status, "Idempotency-Key" in told["message"]) == (409, True)
    assert count(admin, service) == before + 1


def test_a_call_that_was_refused_leaves_its_key_free(service: Any, admin: Http) -> None:
    key = new_name("key")
    assert send(admin, service, key, {"input": {"text": 1}})[0] == 400
    assert send(admin, service, key, {"input": {"text": "x"}})[0] == 201


def test_a_batch_under_one_key_is_made_once(service: Any, dataset: Any, admin: Http) -> None:
    dataset.items.upload(local_path=b"bytes", remote_name="a.txt")
    key, before = new_name("key"), count(admin, service)
    body = {"functionName": "on_item", "batch": {"query": {"context": {"datasets": [dataset.id]}}}}
    (status, first), (again, second) = (send(admin, service, key, body) for _ in range(2))
    assert (status, again, second) == (201, 200, first)
    assert count(admin, service) == before + 1


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_of_no_use_is_refused(service: Any, admin: Http, key: str) -> None:
    status, told = send(admin, service, key, {"input": {"text": "x"}})
    assert (status, "Idempotency-Key" in told["message"]) == (400, True)
