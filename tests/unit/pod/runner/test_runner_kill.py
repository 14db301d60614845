"""An order to stop reaches its own call or none: threads are reused, orders come late, exceptions hang in the air."""

from __future__ import annotations

import queue
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faas_agent.pod.runner import binding
from faas_agent.pod.runner.kill import Interrupted, ThreadInterrupt
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


def test_an_interrupt_in_the_last_instruction_hits_nothing_afterwards() -> None:
    strays = 0
    for _ in range(2000):
        call = ThreadInterrupt()
        ready = threading.Event()

        def late(call: ThreadInterrupt = call, ready: threading.Event = ready) -> None:
            ready.set()
            while not call.interrupt() and call._thread is not None:
                pass

        killer = threading.Thread(target=late)

        def work(killer: threading.Thread = killer, ready: threading.Event = ready) -> str:
            killer.start()
            ready.wait()
            return "finished"

        try:
            assert call.run(work, lambda: "interrupted") in {"finished", "interrupted"}
            _spin(50)
        except Interrupted:
            strays += 1
        killer.join()
    assert strays == 0


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
