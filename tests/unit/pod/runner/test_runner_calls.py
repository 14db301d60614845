"""A call: inputs by name and type, outputs as declared, progress and context, and a sentence for everything else."""

from __future__ import annotations

import asyncio
import time

import pytest
from runner_house import House

from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host.call import Call, Ending, Key, Outcome
from faas_agent.pod.host.supervise import Supervisor

SHAPES = """
    import asyncio

    class ServiceRunner:
        def run(self, x): return x
        @staticmethod
        def fixed(x): return x
        @classmethod
        def of_class(cls, x): return x
        async def later(self, x):
            await asyncio.sleep(0)
            return x
"""


@pytest.mark.parametrize("function", ["run", "fixed", "of_class", "later"])
@pytest.mark.parametrize("as_process", [False, True])
def test_methods_of_every_shape_are_called(house: House, function: str, as_process: bool) -> None:
    house.write(SHAPES)
    outcome = house.run(function, {"x": {"deep": [1, 2.5, None, "ü"]}}, as_process=as_process)
    assert outcome.ending is Ending.SUCCESS
    assert outcome.output == {"deep": [1, 2.5, None, "ü"]}
    assert house.started == [Key("e1", 1)]


@pytest.mark.parametrize("function", ["blocking", "waiting"])
@pytest.mark.parametrize("as_process", [False, True])
def test_calls_run_side_by_side_up_to_the_concurrency(house: House, function: str, as_process: bool) -> None:
    house.write("""
        import asyncio, time
        class ServiceRunner:
            def blocking(self): time.sleep(0.3)
            async def waiting(self): await asyncio.sleep(0.3)
    """)
    seconds: list[float] = []

    async def story(supervisor: Supervisor) -> None:
        begun = time.monotonic()
        calls = [Call(execution=f"e{number}", function=function) for number in range(6)]
        await asyncio.gather(*(supervisor.run(call) for call in calls))
        seconds.append(time.monotonic() - begun)

    house.play(story, concurrency=3, as_process=as_process)
    assert 0.6 <= seconds[0] < 1.5


def test_free_counts_the_slots_that_nobody_has(house: House) -> None:
    house.write("class ServiceRunner:\n    def run(self, file):\n        open(file).read()")
    pipe = house.codebase / "pipe"

    async def story(supervisor: Supervisor) -> None:
        assert supervisor.free == 2
        call = asyncio.create_task(supervisor.run(Call(execution="e1", input={"file": str(pipe)})))
        while not house.started:
            await asyncio.sleep(0.01)
        assert supervisor.free == 1
        pipe.open("w").close()
        await call
        assert supervisor.free == 2

    import os

    os.mkfifo(pipe)
    house.play(story)


def declared(kind: str) -> list[dict[str, object]]:
    return [{"name": "run", "input": [{"name": "x", "type": kind}], "output": []}]


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("String", "5", "5"),
        ("Integer", 5, 5),
        ("Integer", "5", 5),
        ("Float", 1, 1.0),
        ("Number", 2.5, 2.5),
        ("Boolean", "false", False),
        ("Json", "[1]", "[1]"),
        ("Json", {"a": 1}, {"a": 1}),
        ("String[]", ["a", "b"], ["a", "b"]),
        ("Integer", None, None),
    ],
)
def test_values_are_read_by_their_declared_type(house: House, kind: str, value: object, read: object) -> None:
    house.write("class ServiceRunner:\n    def run(self, x): return x")
    outcome = house.run(input={"x": value}, functions=declared(kind))
    assert outcome.output == read and type(outcome.output) is type(read)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("String", 5), ("Integer", 1.5), ("Integer", True), ("Float", "much"), ("Boolean", 1), ("String[]", "a")],
)
def test_a_value_of_the_wrong_type_is_refused_by_name(house: House, kind: str, value: object) -> None:
    house.write("class ServiceRunner:\n    def run(self, x): return x")
    outcome = house.run(input={"x": value}, functions=declared(kind))
    assert outcome.reason is Reason.BAD_INPUT
    assert "'run'" in outcome.message and "'x'" in outcome.message and kind in outcome.message


def test_a_missing_and_a_misnamed_input_are_refused_by_name(house: House) -> None:
    house.write("class ServiceRunner:\n    def run(self, x, y=2): return [x, y]")
    missing = house.run(input={}, functions=declared("String"))
    assert missing.reason is Reason.BAD_INPUT and "'x' (String) is missing" in missing.message
    misnamed = house.run(input={"x": "a", "itme": 1}, functions=declared("String"))
    assert misnamed.reason is Reason.BAD_INPUT and "'itme'" in misnamed.message
    assert house.run(input={"x": "a"}, functions=declared("String")).output == ["a", 2]


def test_a_function_that_is_not_there_is_bad_input(house: House) -> None:
    house.write("class ServiceRunner:\n    def run(self): pass\n    def _hidden(self): pass")
    for name in ("train", "_hidden", "__init__"):
        outcome = house.run(name)
        assert outcome.reason is Reason.BAD_INPUT and repr(name) in outcome.message


OUTPUTS = """
    class Item:
        id = "5f4b60848ced1d50c3df114a"
        def to_json(self): return {"id": self.id}

    class ServiceRunner:
        def nothing(self): pass
        def pair(self): return 1, Item()
        def triple(self): return 1, 2, 3
        def item(self): return Item()
        def items(self): return [Item()]
        def odd(self): return object()
        def nan(self): return float("nan")
        def large(self): return "x" * 2000
"""


def out(house: House, function: str, *names: str) -> Outcome:
    house.write(OUTPUTS)
    outputs = [{"name": name, "type": "Json"} for name in names]
    return house.run(function, functions=[{"name": function, "input": [], "output": outputs}], output_limit=1000)


def test_outputs_are_kept_as_declared(house: House) -> None:
    assert out(house, "nothing").output is None
    assert out(house, "item", "item").output == "5f4b60848ced1d50c3df114a"
    assert out(house, "items", "items").output == ["5f4b60848ced1d50c3df114a"]
    assert out(house, "pair", "count", "item").output == {"count": 1, "item": "5f4b60848ced1d50c3df114a"}


def test_an_undeclared_output_that_is_not_json_is_not_kept(house: House) -> None:
    outcome = out(house, "odd")
    assert outcome.ending is Ending.SUCCESS and outcome.output is None


@pytest.mark.parametrize(
    ("function", "names", "reason", "part"),
    [
        ("odd", ["x"], Reason.OUTPUT_NOT_JSON, "type object"),
        ("nan", ["x"], Reason.OUTPUT_NOT_JSON, "JSON"),
        ("large", ["x"], Reason.OUTPUT_TOO_LARGE, "larger than the maximum size allowed"),
        ("triple", ["a", "b"], Reason.ERROR, "2 outputs (a, b) and returned 3 values"),
    ],
)
def test_an_output_that_cannot_be_kept_says_why(
    house: House, function: str, names: list[str], reason: Reason, part: str
) -> None:
    outcome = out(house, function, *names)
    assert outcome.ending is Ending.ERROR and outcome.reason is reason
    assert part in outcome.message


def test_an_error_carries_its_sentence_and_the_users_frames_only(house: House) -> None:
    house.write("""
        class ServiceRunner:
            def run(self):
                try:
                    self.inner()
                except KeyError as error:
                    raise ValueError("no such label") from error
            def inner(self):
                {}["cat"]
    """)
    outcome = house.run()
    assert outcome.ending is Ending.ERROR and outcome.reason is Reason.ERROR
    assert outcome.message == "ValueError: no such label"
    assert "in inner" in outcome.traceback and "direct cause" in outcome.traceback
    assert "/pod/runner/" not in outcome.traceback
    assert "ValueError: no such label" in house.messages("e1")


@pytest.mark.parametrize("statement", ["sys.exit(3)", "raise KeyboardInterrupt", "raise GeneratorExit"])
def test_whatever_a_function_raises_ends_that_call_only(house: House, statement: str) -> None:
    house.write(f"""
        import sys
        class ServiceRunner:
            def run(self): {statement}
            def fine(self): return 1
    """)

    async def story(supervisor: Supervisor) -> None:
        failed = await supervisor.run(Call(execution="e1"))
        assert failed.ending is Ending.ERROR and failed.reason is Reason.ERROR
        assert (await supervisor.run(Call(execution="e2", function="fine"))).output == 1

    house.play(story)
    assert house.replaced == []


def test_progress_and_context_tell_and_are_told(house: House) -> None:
    house.write("""
        class ServiceRunner:
            def run(self, context, progress):
                progress.update(progress=50, message="half", output={"so": "far"})
                return [context.execution_id, context.trigger_id, context.attempt, context.event.resource,
                        context.service["name"], context.deadline is not None, context.stopping]
    """)
    outcomes: list[Outcome] = []

    async def story(supervisor: Supervisor) -> None:
        info = {"triggerId": "t1", "event": {"resource": "Item"}}
        outcomes.append(await supervisor.run(Call(execution="e1", attempt=2, timeout=60.0, info=info)))

    house.play(story, service={"name": "my-service"})
    assert outcomes[0].output == ["e1", "t1", 2, "Item", "my-service", True, False]
    assert house.progress == [(Key("e1", 2), {"percent": 50, "message": "half", "output": {"so": "far"}})]


def test_a_flood_of_progress_ends_with_the_last_word(house: House) -> None:
    house.write("""
        class ServiceRunner:
            def run(self, progress):
                for number in range(20000):
                    progress.update(progress=number / 200, message=str(number))
    """)
    house.run()
    assert house.progress[-1][1]["message"] == "19999"
    assert len(house.progress) < 10000


def test_progress_that_cannot_be_stored_raises_in_the_function(house: House) -> None:
    house.write("class ServiceRunner:\n    def run(self, progress): progress.update(output=object())")
    outcome = house.run()
    assert "ValueError: progress.update: what is given must be JSON" in outcome.message


def test_two_attempts_of_one_execution_are_two_calls_and_one_attempt_is_not_run_twice(house: House) -> None:
    house.write("class ServiceRunner:\n    def run(self, context): return context.attempt")

    async def story(supervisor: Supervisor) -> None:
        both = [supervisor.run(Call(execution="e1", attempt=number)) for number in (1, 2)]
        assert [outcome.output for outcome in await asyncio.gather(*both)] == [1, 2]
        first = asyncio.create_task(supervisor.run(Call(execution="e1")))
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match="running already"):
            await supervisor.run(Call(execution="e1"))
        await first

    house.play(story)


def test_do_reset_gives_the_next_call_a_fresh_process_and_lets_the_running_ones_finish(house: House) -> None:
    house.write("""
        import os
        from faas_agent import BaseServiceRunner
        class ServiceRunner(BaseServiceRunner):
            def run(self):
                self.do_reset()
                return os.getpid()
    """)

    async def story(supervisor: Supervisor) -> None:
        first = await supervisor.run(Call(execution="e1"))
        second = await supervisor.run(Call(execution="e2"))
        assert first.ending is second.ending is Ending.SUCCESS
        assert first.output != second.output

    house.play(story)
