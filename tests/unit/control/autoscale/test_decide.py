"""How many replicas a service should have (DESIGN 8.4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.control.autoscale.decide import COOLDOWN_SECONDS, Measured, decide

COUNTS = st.none() | st.integers(0, 100_000)


def scaler(least: int = 0, most: int = 5, **more: Any) -> dict[str, Any]:
    """A runtime that scales on ten waiting executions a replica."""
    return {"autoscaler": {"type": "rabbitmq", "minReplicas": least, "maxReplicas": most, "queueLength": 10, **more}}


@pytest.mark.parametrize(("wished", "most", "found"), [(3, 10, 3), (3, 2, 2), (0, 10, 0)])
def test_without_an_autoscaler_the_runtime_says_it(wished: int, most: int, found: int) -> None:
    assert decide(0, {"numReplicas": wished, "autoscaler": None}, Measured(99, 9, 1, 0), most).replicas == found


@pytest.mark.parametrize(("waiting", "found"), [(1, 1), (10, 1), (11, 2), (45, 5), (10_000, 5)])
def test_what_waits_is_shared_out(waiting: int, found: int) -> None:
    assert decide(0, scaler(), Measured(waiting, 0, 0, 0), 100).replicas == found


def test_running_work_keeps_its_replicas() -> None:
    assert decide(0, scaler(), Measured(0, 1, 4, 0), 100).replicas == 4


def test_an_idle_service_goes_back_after_its_cooldown_and_not_before() -> None:
    idle = Measured(0, 0, 3, idle_since=1000.0)
    assert decide(1000 + COOLDOWN_SECONDS - 1, scaler(1), idle, 100).replicas == 3
    assert decide(1000 + COOLDOWN_SECONDS, scaler(1), idle, 100).replicas == 1
    assert decide(1001, scaler(0, cooldownPeriod=1), idle, 100).replicas == 0
    assert decide(1000, scaler(0, cooldownPeriod=0), idle, 100).replicas == 0


@given(COUNTS, COUNTS, st.integers(0, 20), st.floats(0, 1e6), st.integers(0, 5), st.integers(1, 9), st.integers(1, 9))
def test_the_bounds_hold_and_unknown_is_not_zero(
    waiting: int | None, running: int | None, now_there: int, idle: float, least: int, more: int, most: int
) -> None:
    runtime = scaler(least, least + more)
    decision = decide(1e6, runtime, Measured(waiting, running, now_there, idle), most)
    assert min(least, most) <= decision.replicas <= min(least + more, most)
    assert decision.reason
    if waiting is None or running is None:
        assert decision.replicas >= min(now_there, least + more, most)
    if waiting and running is not None:
        assert decision.replicas >= 1
