"""print, logging and tracebacks become lines of the execution that wrote them, however much it writes."""

from __future__ import annotations

import asyncio

import pytest
from runner_house import House

from faas_agent.pod.host.call import Call, Key
from faas_agent.pod.host.supervise import Supervisor


@pytest.mark.parametrize("as_process", [False, True])
def test_lines_bear_their_execution_their_function_and_their_level(house: House, as_process: bool) -> None:
    house.write("""
        import logging, sys
        print("while importing")
        class ServiceRunner:
            def __init__(self):
                print("in init")
            def run(self):
                print("one\\ntwo")
                print("to stderr", file=sys.stderr)
                logging.getLogger("mine").warning("careful %d", 3)
                logging.debug("not kept")
                sys.stdout.buffer.write("bytes ü\\n".encode())
                print("no end", end="")
    """)
    house.run(as_process=as_process)
    assert house.messages(None) == ["while importing", "in init"]
    mine = [(line.level, line.message) for line in house.lines if line.execution == "e1"]
    assert mine == [
        ("INFO", "one"),
        ("INFO", "two"),
        ("WARNING", "to stderr"),
        ("WARNING", "careful 3"),
        ("INFO", "bytes ü"),
        ("INFO", "no end"),
    ]
    assert {line.function for line in house.lines if line.execution} == {"run"}


def test_lines_of_calls_side_by_side_and_of_their_threads_are_not_mixed_up(house: House) -> None:
    house.write("""
        import asyncio, threading, time
        from concurrent.futures import ThreadPoolExecutor
        class ServiceRunner:
            def __init__(self):
                self.pool = ThreadPoolExecutor(2)
            def run(self, name):
                for number in range(20):
                    print(name, end=" ")
                    time.sleep(0.001)
                    print(number)
                thread = threading.Thread(target=print, args=(name, "thread"))
                thread.start()
                thread.join()
                self.pool.submit(print, name, "pool").result()
            async def later(self, name):
                for number in range(20):
                    await asyncio.sleep(0.001)
                    print(name, number)
    """)

    async def story(supervisor: Supervisor) -> None:
        for round_ in ("x", "y"):
            calls = [
                Call(execution=round_ + name, function=function, input={"name": round_ + name})
                for name, function in [("a", "run"), ("b", "run"), ("c", "later"), ("d", "later")]
            ]
            await asyncio.gather(*(supervisor.run(call) for call in calls))

    house.play(story, concurrency=4)
    for name in ("xa", "xb", "ya", "yb"):
        expected = [f"{name} {number}" for number in range(20)] + [f"{name} thread", f"{name} pool"]
        assert house.messages(name) == expected
    for name in ("xc", "xd", "yc", "yd"):
        assert house.messages(name) == [f"{name} {number}" for number in range(20)]
    assert house.messages(None) == []


def test_a_record_that_its_logger_shows_by_itself_is_one_line(house: House) -> None:
    house.write("""
        import logging
        log = logging.getLogger("talkative")
        log.addHandler(logging.StreamHandler())
        class ServiceRunner:
            def run(self):
                log.warning("once")
    """)
    house.run()
    assert house.messages("e1") == ["once"]


def test_a_flood_of_prints_arrives_whole_and_in_order_and_slows_only_its_writer(house: House) -> None:
    house.write("""
        class ServiceRunner:
            def run(self, lines):
                for number in range(lines):
                    print(number, "x" * 1000)
            def brief(self):
                return "brief"
    """)

    async def story(supervisor: Supervisor) -> None:
        flood = asyncio.create_task(supervisor.run(Call(execution="e1", input={"lines": 20000})))
        brief = await supervisor.run(Call(execution="e2", function="brief"))
        assert brief.output == "brief"
        await flood

    house.play(story)
    numbers = [int(message.split()[0]) for message in house.messages("e1")]
    assert numbers == list(range(20000))


def test_a_progress_bar_is_one_line_and_a_long_line_comes_in_pieces(house: House) -> None:
    house.write("""
        import sys
        class ServiceRunner:
            def run(self):
                for percent in range(0, 101, 10):
                    print(f"\\r{percent} %", end="", flush=True)
                print()
                print("y" * 100_000)
                print("half a line", end="", flush=True)
                print(" and its end \\ud800")
    """)
    house.run()
    messages = house.messages("e1")
    assert messages[0] == "100 %"
    assert "".join(messages[1:-2]) == "y" * 100_000
    assert messages[-2:] == ["half a line", " and its end ?"]


def test_programs_that_a_function_starts_write_to_the_replica(house: House) -> None:
    house.write("""
        import subprocess
        class ServiceRunner:
            def run(self):
                subprocess.run(["echo", "from a program"], check=True)
    """)
    house.run()
    assert house.messages(None) == ["from a program"]
    assert house.started == [Key("e1", 1)]
