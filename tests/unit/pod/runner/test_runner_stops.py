"""The ladder on real code: every call ends soon after it has to, and nothing else is touched."""

from __future__ import annotations

import asyncio
import time

import pytest
from runner_house import House, until

from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host.call import Call, Ending, Outcome
from faas_agent.pod.host.supervise import Supervisor

STUBBORN = """
    import asyncio, re, time
    from faas_agent import BaseServiceRunner

    class ServiceRunner(BaseServiceRunner):
        def polite(self):
            while True:
                self.kill_event()
                time.sleep(0.01)
        def watching(self, context):
            while not context.stopping:
                time.sleep(0.01)
            return "saved what there was"
        def busy(self):
            while True:
                pass
        def catching(self):
            while True:
                try:
                    time.sleep(0.01)
                except Exception:
                    pass
        def catching_all(self):
            while True:
                try:
                    time.sleep(0.01)
                except BaseException:
                    pass
        def asleep(self):
            time.sleep(60)
        def in_c(self):
            re.match(r"(a+)+b", "a" * 40)
        async def awaiting(self):
            await asyncio.sleep(60)
        async def blocking_the_loop(self):
            time.sleep(60)
        def brief(self):
            return "brief"
        def sibling(self, seconds):
            time.sleep(seconds)
            return "finished"
"""
IN_TIME = 2.0
"""Seconds from the limit to the end, whatever the function does."""


@pytest.mark.parametrize("function", ["polite", "watching", "busy", "catching", "awaiting"])
def test_a_timeout_ends_a_function_and_keeps_its_process(house: House, function: str) -> None:
    house.write(STUBBORN)

    async def story(supervisor: Supervisor) -> None:
        begun = time.monotonic()
        outcome = await supervisor.run(Call(execution="e1", function=function, timeout=0.2))
        assert time.monotonic() - begun < 0.2 + IN_TIME
        assert outcome.ending is Ending.STOPPED and outcome.reason is Reason.TIMEOUT and outcome.charged
        assert outcome.message == "Execution stopped due to runner timeout"
        assert (await supervisor.run(Call(execution="e2", function="brief"))).output == "brief"

    house.play(story)
    assert house.replaced == []


@pytest.mark.parametrize("function", ["catching_all", "asleep", "in_c", "blocking_the_loop"])
def test_a_timeout_ends_what_cannot_be_interrupted_by_replacing_its_process(house: House, function: str) -> None:
    house.write(STUBBORN)

    async def story(supervisor: Supervisor) -> None:
        begun = time.monotonic()
        outcome = await supervisor.run(Call(execution="e1", function=function, timeout=0.2))
        assert time.monotonic() - begun < 0.2 + IN_TIME
        assert outcome.ending is Ending.STOPPED and outcome.reason is Reason.TIMEOUT
        assert (await supervisor.run(Call(execution="e2", function="brief"))).output == "brief"

    house.play(story)
    assert len(house.replaced) == 1


@pytest.mark.parametrize("function", ["polite", "busy", "catching_all", "asleep", "in_c", "awaiting"])
def test_as_a_process_every_function_ends_without_touching_its_siblings(house: House, function: str) -> None:
    house.write(STUBBORN)

    async def story(supervisor: Supervisor) -> None:
        sibling = asyncio.create_task(supervisor.run(Call(execution="e2", function="sibling", input={"seconds": 2.5})))
        begun = time.monotonic()
        outcome = await supervisor.run(Call(execution="e1", function=function, timeout=0.2))
        assert time.monotonic() - begun < 0.2 + IN_TIME
        assert outcome.reason is Reason.TIMEOUT
        assert (await sibling).output == "finished"

    house.play(story, as_process=True)
    assert house.replaced == []


@pytest.mark.parametrize(("as_process", "word"), [(False, "termination signal"), (True, "killed")])
@pytest.mark.parametrize("function", ["polite", "asleep"])
def test_terminate_says_what_callers_look_for(house: House, function: str, as_process: bool, word: str) -> None:
    house.write(STUBBORN)
    outcomes: list[Outcome] = []

    async def story(supervisor: Supervisor) -> None:
        call = asyncio.create_task(supervisor.run(Call(execution="e1", function=function)))
        await until(lambda: bool(house.started))
        assert supervisor.stop("e1", 1)
        outcomes.append(await call)
        assert not supervisor.stop("e1", 1), "an ended call is not here any more"

    house.play(story, as_process=as_process)
    assert outcomes[0].ending is Ending.STOPPED and outcomes[0].reason is Reason.TERMINATED
    assert word in outcomes[0].message


@pytest.mark.parametrize("as_process", [False, True])
def test_terminate_may_come_before_the_function_has_begun(house: House, as_process: bool) -> None:
    house.write(STUBBORN)

    async def story(supervisor: Supervisor) -> None:
        for number in range(5):
            call = asyncio.create_task(supervisor.run(Call(execution=f"e{number}", function="polite")))
            await asyncio.sleep(0)
            assert supervisor.stop(f"e{number}", 1)
            assert (await call).reason is Reason.TERMINATED
        assert (await supervisor.run(Call(execution="last", function="brief"))).output == "brief"

    house.play(story, as_process=as_process)
    assert house.replaced == []


def test_cancelling_the_wait_for_a_call_terminates_it(house: House) -> None:
    house.write("""
        from faas_agent import BaseServiceRunner
        class ServiceRunner(BaseServiceRunner):
            def run(self):
                try:
                    while True:
                        self.kill_event()
                finally:
                    print("ended")
    """)

    async def story(supervisor: Supervisor) -> None:
        call = asyncio.create_task(supervisor.run(Call(execution="e1")))
        await until(lambda: bool(house.started))
        call.cancel()
        await until(lambda: "ended" in house.messages("e1") and supervisor.free == 2)

    house.play(story)


def test_terminate_of_another_attempt_has_no_effect(house: House) -> None:
    house.write(STUBBORN)

    async def story(supervisor: Supervisor) -> None:
        call = asyncio.create_task(
            supervisor.run(Call(execution="e1", attempt=2, function="sibling", input={"seconds": 0.3}))
        )
        await until(lambda: bool(house.started))
        assert not supervisor.stop("e1", 1)
        assert (await call).output == "finished"

    house.play(story)


def test_a_call_that_waits_for_a_slot_is_terminated_at_once_and_uncharged(house: House) -> None:
    house.write(STUBBORN)

    async def story(supervisor: Supervisor) -> None:
        first = asyncio.create_task(supervisor.run(Call(execution="e1", function="sibling", input={"seconds": 0.3})))
        second = asyncio.create_task(supervisor.run(Call(execution="e2", function="brief")))
        await asyncio.sleep(0)
        supervisor.stop("e2", 1)
        outcome = await second
        assert outcome.ending is Ending.STOPPED and not outcome.charged and outcome.started_at is None
        assert (await first).output == "finished"

    house.play(story, concurrency=1)
    assert [key.execution for key in house.started] == ["e1"]


def test_siblings_of_a_stuck_call_finish_or_are_lost_uncharged_while_new_calls_run(house: House) -> None:
    house.write(STUBBORN)

    async def story(supervisor: Supervisor) -> None:
        quick = asyncio.create_task(supervisor.run(Call(execution="quick", function="sibling", input={"seconds": 2.0})))
        slow = asyncio.create_task(supervisor.run(Call(execution="slow", function="sibling", input={"seconds": 60})))
        stuck = await supervisor.run(Call(execution="stuck", function="asleep", timeout=0.1))
        assert stuck.reason is Reason.TIMEOUT
        assert (await supervisor.run(Call(execution="new", function="brief"))).output == "brief"
        assert (await quick).output == "finished"
        lost = await slow
        assert lost.ending is Ending.LOST and not lost.charged
        assert "another execution" in lost.message

    house.play(story, concurrency=3)


def test_drain_waits_then_ends_the_rest(house: House) -> None:
    house.write(STUBBORN)

    async def story(supervisor: Supervisor) -> None:
        brief = asyncio.create_task(supervisor.run(Call(execution="e1", function="sibling", input={"seconds": 0.3})))
        endless = asyncio.create_task(supervisor.run(Call(execution="e2", function="busy")))
        await until(lambda: len(house.started) == 2)
        await supervisor.drain(0.8)
        assert (await brief).output == "finished"
        assert (await endless).reason is Reason.DRAINED

    house.play(story)


def test_close_ends_everything_now_and_uncharged(house: House) -> None:
    house.write(STUBBORN)
    outcomes: list[Outcome] = []

    async def story(supervisor: Supervisor) -> None:
        calls = [asyncio.create_task(supervisor.run(Call(execution=f"e{n}", function="asleep"))) for n in range(3)]
        await until(lambda: len(house.started) == 2)
        await supervisor.close()
        outcomes.extend([await call for call in calls])

    house.play(story)
    assert {outcome.reason for outcome in outcomes} == {Reason.DRAINED}
    assert not any(outcome.charged for outcome in outcomes)


def test_a_thread_that_a_function_starts_hears_its_kill_event(house: House) -> None:
    house.write("""
        import threading
        from concurrent.futures import ThreadPoolExecutor
        from faas_agent import BaseServiceRunner

        class ServiceRunner(BaseServiceRunner):
            def __init__(self):
                self.pool = ThreadPoolExecutor(1)
                self.heard = []
            def run(self, context):
                self.pool.submit(int).result()
                while not context.stopping:
                    pass
                def listen():
                    try:
                        self.kill_event()
                    except InterruptedError as error:
                        self.heard.append(str(error))
                thread = threading.Thread(target=listen)
                thread.start()
                thread.join()
                self.pool.submit(listen).result()
            def after(self):
                self.pool.submit(self.kill_event).result()
                return self.heard
    """)

    async def story(supervisor: Supervisor) -> None:
        await supervisor.run(Call(execution="e1", timeout=0.1))
        after = await supervisor.run(Call(execution="e2", function="after"))
        assert after.output == ["Execution stopped due to runner timeout"] * 2

    house.play(story)
