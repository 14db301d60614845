"""An order to stop reaches its own call or none: threads are reused, orders come late, exceptions hang in the air."""

from __future__ import annotations

import queue
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faas_agent.pod.runner import binding
from faas_agent.pod.runner.kill import ThreadInterrupt
from faas_agent.pod.runner.pool import Pool


class OneThread:
    """Calls on a pool of one thread, each ending as ``finished`` or ``interrupted``."""

    def __init__(self) -> None:
        self.ends: dict[int, str] = {}
        self.strays: list[BaseException] = []
        self.calls: list[ThreadInterrupt] = []
        self._done: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._pool: Pool[tuple[int, int]] = Pool(1, self._serve)

    def begin(self, loops: int) -> None:
        self.calls.append(ThreadInterrupt())
        self._pool.submit((len(self.calls) - 1, loops))

    def wait(self) -> None:
        for _ in self.calls:
            self._done.get(timeout=10)

    def _serve(self, job: tuple[int, int]) -> None:
        number, loops = job
        try:
            self.ends[number] = self.calls[number].run(lambda: _spin(loops), lambda: "interrupted")
            _spin(20)  # what an exception that was still in the air would hit
        except BaseException as error:
            self.strays.append(error)
        finally:
            self._done.put(number)


def _spin(loops: int) -> str:
    for _ in range(loops):
        pass
    return "finished"


@settings(max_examples=150, deadline=None)
@given(
    calls=st.lists(st.integers(0, 3000), min_size=2, max_size=6),
    orders=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2000)), max_size=8),
)
def test_an_interrupt_never_reaches_another_call_on_the_same_thread(
    calls: list[int], orders: list[tuple[int, int]]
) -> None:
    thread = OneThread()
    told: dict[int, bool] = {}
    for loops in calls:
        thread.begin(loops)
    for number, pause in orders:
        _spin(pause)
        if number < len(calls):
            told[number] = thread.calls[number].interrupt() or told.get(number, False)
    thread.wait()
    assert thread.strays == []
    assert len(thread.ends) == len(calls)
    assert all(told.get(number, False) for number, end in thread.ends.items() if end == "interrupted")


class Gate:
    """Stands in for the lock of a call; at its n-th passage another thread interrupts the call, all the way."""

    def __init__(self, call: ThreadInterrupt, passage: int) -> None:
        self._lock = threading.Lock()
        self._passage = passage
        self._passed = 0
        self.killer = threading.Thread(target=call.interrupt)

    def __enter__(self) -> None:
        self._pass()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._pass()

    def _pass(self) -> None:
        if threading.current_thread() is self.killer:
            return
        self._passed += 1
        if self._passed == self._passage:
            self.killer.start()
            self.killer.join()


@pytest.mark.parametrize(
    ("passage", "end"),
    [(1, "finished"), (2, "interrupted"), (3, "finished"), (4, "finished")],
    ids=["before it holds the thread", "when it holds it", "when the work is done", "when it has left the thread"],
)
def test_an_interrupt_at_the_edges_of_a_call_stays_in_the_call(passage: int, end: str) -> None:
    call = ThreadInterrupt()
    gate = Gate(call, passage)
    call._lock = gate  # type: ignore[assignment]
    assert call.run(lambda: _spin(10), lambda: "interrupted") == end
    assert gate.killer.ident is not None, "the gate was passed"
    gate.killer.join()
    _spin(50)  # what an exception that was still in the air would hit


def test_an_interrupt_before_and_after_the_call_does_nothing() -> None:
    call = ThreadInterrupt()
    assert not call.interrupt()
    assert call.run(lambda: "finished", lambda: "interrupted") == "finished"
    assert not call.interrupt()


def test_an_interrupt_ends_a_loop_that_catches_every_exception() -> None:
    call = ThreadInterrupt()
    begun = threading.Event()

    def stubborn() -> str:
        while True:
            try:
                begun.set()
                time.sleep(0.001)
            except Exception:
                return "swallowed"

    killer = threading.Thread(target=lambda: begun.wait() and call.interrupt())
    killer.start()
    assert call.run(stubborn, lambda: "interrupted") == "interrupted"
    killer.join()


def test_a_checkpoint_looks_at_its_own_call_only_and_at_none_when_it_is_over() -> None:
    first, second = (binding.Call({"execution": name, "function": "run"}) for name in ("e1", "e2"))
    first.stop.give("terminated", "Execution received termination signal")
    binding.bind(second)
    try:
        binding.checkpoint()
        binding.bind(first)
        with pytest.raises(InterruptedError, match="termination signal"):
            binding.checkpoint()
        first.over = True
        binding.checkpoint()
    finally:
        binding.bind(None)


def test_the_first_order_to_stop_stands() -> None:
    call = binding.Call({"execution": "e1", "function": "run"})
    call.stop.give("timeout", "too long")
    call.stop.give("terminated", "somebody asked")
    assert (call.stop.reason, call.stop.message) == ("timeout", "too long")
