"""A runner may die in any way: its calls are lost and counted, the next ones run, nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest
from runner_house import House, until

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host.call import Call, Ending
from faas_agent.pod.host.supervise import Supervisor

DEADLY = """
    import ctypes, os, signal, time

    class ServiceRunner:
        def exits(self):
            os._exit(7)
        def faults(self):
            ctypes.string_at(0)
        def is_killed(self):
            os.kill(os.getpid(), signal.SIGKILL)
        def brief(self):
            return "brief"
        def sibling(self):
            time.sleep(1.0)
            return "finished"
        def says_and_dies(self):
            print("the last word")
            time.sleep(0.06)
            os._exit(1)
"""
DEATHS = [("exits", "exited with code 7"), ("faults", "signal SIGSEGV"), ("is_killed", "signal SIGKILL")]


@pytest.mark.parametrize(("function", "how"), DEATHS)
def test_a_dead_runner_loses_its_calls_and_is_replaced(house: House, function: str, how: str) -> None:
    house.write(DEADLY)

    async def story(supervisor: Supervisor) -> None:
        sibling = asyncio.create_task(supervisor.run(Call(execution="e2", function="sibling")))
        await until(lambda: bool(house.started))
        lost = await supervisor.run(Call(execution="e1", function=function))
        for outcome in (lost, await sibling):
            assert outcome.ending is Ending.LOST and outcome.reason is Reason.RUNNER_CRASH and outcome.charged
            assert how in outcome.message
        assert (await supervisor.run(Call(execution="e3", function="brief"))).output == "brief"

    house.play(story)
    assert len(house.replaced) == 1


@pytest.mark.parametrize(("function", "how"), DEATHS)
def test_a_dead_child_loses_its_own_call_only(house: House, function: str, how: str) -> None:
    house.write(DEADLY)

    async def story(supervisor: Supervisor) -> None:
        sibling = asyncio.create_task(supervisor.run(Call(execution="e2", function="sibling")))
        lost = await supervisor.run(Call(execution="e1", function=function))
        assert lost.ending is Ending.LOST and lost.reason is Reason.RUNNER_CRASH and lost.charged
        assert how in lost.message
        assert (await sibling).output == "finished"

    house.play(story, as_process=True)
    assert house.replaced == []


@pytest.mark.parametrize("as_process", [False, True])
def test_what_was_printed_before_a_crash_is_not_lost(house: House, as_process: bool) -> None:
    house.write(DEADLY)
    house.run("says_and_dies", as_process=as_process)
    assert house.messages("e1") == ["the last word"]


def test_a_call_that_had_not_begun_when_its_runner_died_is_run_by_the_next_one(house: House) -> None:
    house.write(DEADLY)

    async def story(supervisor: Supervisor) -> None:
        first = asyncio.create_task(supervisor.run(Call(execution="e1", function="exits")))
        second = asyncio.create_task(supervisor.run(Call(execution="e2", function="brief")))
        assert (await first).ending is Ending.LOST
        assert (await second).output == "brief"

    house.play(story, concurrency=1)


def test_a_runner_that_cannot_start_again_is_said_so_after_three_tries(house: House) -> None:
    house.write("""
        import os
        if os.path.exists("broken"):
            raise RuntimeError("broken")
        class ServiceRunner:
            def run(self):
                open("broken", "w").close()
                os._exit(1)
    """)

    async def story(supervisor: Supervisor) -> None:
        assert (await supervisor.run(Call(execution="e1"))).ending is Ending.LOST
        with pytest.raises(StartFailed, match="broken"):
            await supervisor.run(Call(execution="e2"))
        assert supervisor.failure is not None and supervisor.free == 0
        with pytest.raises(StartFailed):
            await supervisor.run(Call(execution="e3"))

    house.play(story)


def test_what_a_function_started_ends_with_its_runner(house: House) -> None:
    house.write("""
        import subprocess
        class ServiceRunner:
            def run(self):
                subprocess.Popen(["sleep", "600"])
    """)
    house.run()  # and House.play sees that nothing is left


@pytest.mark.parametrize("as_process", [False, True])
def test_what_was_registered_for_the_end_runs_when_a_runner_is_closed(house: House, as_process: bool) -> None:
    house.write("""
        import atexit
        class ServiceRunner:
            def __init__(self):
                atexit.register(print, "goodbye")
            def run(self):
                pass
    """)
    house.run(as_process=as_process)
    assert house.messages(None) == ["goodbye"]


def test_children_inherit_what_init_loaded(house: House) -> None:
    house.write("""
        import os
        class ServiceRunner:
            def __init__(self):
                self.loaded_by = os.getpid()
            def run(self):
                return [self.loaded_by == os.getppid(), self.loaded_by == os.getpid()]
    """)
    assert house.run(as_process=True).output == [True, False]
