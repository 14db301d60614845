"""A service with its defaults, its bounds and its updates (ENDPOINTS 15)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.errors import BadRequest
from faas_agent.model.specs.runtime import check_runtime
from faas_agent.model.specs.service import DROPPED_WHEN_EMPTY, READ_ONLY, updated, with_defaults

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
FIELDS = st.sampled_from(
    [
        *("runtime", "initParams", "versions", "active", "maxAttempts", "onReset", "drainTime", "executionTimeout"),
        *("secrets", "integrations", "mode", "metadata", "queueLengthLimit", "moduleName", "global", "type", "archive"),
    ]
)


def test_an_empty_deploy_gets_the_defaults_of_the_sdk() -> None:
    found = with_defaults({"maxAttempts": None})
    assert (found["executionTimeout"], found["drainTime"], found["maxAttempts"]) == (3600, 600, 3)
    assert (found["onReset"], found["active"], found["initParams"]) == ("failed", True, {})
    assert found["runtime"] == {"podType": "regular-s", "numReplicas": 1, "concurrency": 10, "autoscaler": None}
    assert not set(found) & DROPPED_WHEN_EMPTY


@given(FIELDS, JSON)
def test_a_value_is_kept_or_refused_by_its_name(field: str, value: Any) -> None:
    try:
        found = with_defaults({field: value})
    except BadRequest as error:
        assert error.message.startswith(field)
    else:
        assert not [key for key in DROPPED_WHEN_EMPTY if key in found and found[key] in (None, {}, [])]
        assert with_defaults(found) == found, "what is kept is taken again"


@pytest.mark.parametrize("settings", [{"maxAttempts": 1}, {"executionTimeout": 3601}])
def test_what_cannot_be_repeated_is_not_preemptible(settings: dict[str, int]) -> None:
    assert with_defaults({**settings, "runtime": {"preemptible": True}})["runtime"]["preemptible"] is False
    assert "preemptible" not in with_defaults({})["runtime"]


def test_init_params_come_as_an_object_or_as_a_list() -> None:
    listed = [{"name": "a", "type": "String", "value": "x"}, {"name": "b"}]
    assert with_defaults({"initParams": listed})["initParams"] == {"a": "x", "b": None}


def test_an_update_keeps_what_is_read_only_and_the_name_that_nobody_changed() -> None:
    before = with_defaults({}) | dict.fromkeys(READ_ONLY, "kept") | {"name": "service"}
    body = dict.fromkeys(READ_ONLY, "changed") | {"name": None, "drainTime": 5, "unknown": {"a": 1}}
    after = updated(before, body)
    assert {key: after[key] for key in READ_ONLY} == dict.fromkeys(READ_ONLY, "kept")
    assert (after["name"], after["drainTime"], after["unknown"]) == ("service", 5, {"a": 1})


@pytest.mark.parametrize("kind", ["rabbitmq", "rps"])
def test_an_autoscaler_is_complete_and_keeps_what_nobody_knows(kind: str) -> None:
    scaler = check_runtime({"autoscaler": {"type": kind, "cooldownPeriod": 5, "extra": 1}, "gpu": False})["autoscaler"]
    assert (scaler["minReplicas"], scaler["maxReplicas"], scaler["cooldownPeriod"], scaler["extra"]) == (0, 1, 5, 1)


@pytest.mark.parametrize("kind", ["cpu", None, 1, ["rps"], {"rps": 1}])
def test_an_autoscaler_that_the_sdk_cannot_read_back_is_refused(kind: Any) -> None:
    with pytest.raises(BadRequest, match=r"^runtime\.autoscaler\.type: one of rabbitmq, rps"):
        check_runtime({"autoscaler": {"type": kind}})


@given(JSON)
def test_no_runtime_breaks_the_check(raw: Any) -> None:
    for sent in (raw, {"autoscaler": raw}, {"concurrency": raw}, {"autoscaler": {"type": "rps", "threshold": raw}}):
        try:
            runtime = check_runtime(sent)
        except BadRequest as error:
            assert error.message.startswith("runtime")
        else:
            assert 1 <= runtime["concurrency"] <= 1000
