"""What goes into a function and what comes out: plain values, progress, context, logs, and every kind of end."""

from __future__ import annotations

import time
from typing import Any

import pytest

CODE = """
import asyncio, logging, sys, threading, time

from faas_agent import BaseServiceRunner
import shapes

class ServiceRunner(BaseServiceRunner):
    def __init__(self, start=10):
        print("init ran")
        self.start = start

    def add(self, a, b=1):
        return self.start + a + b

    @staticmethod
    def static(a):
        return a * 2

    @classmethod
    def of_class(cls, a):
        return [cls.__name__, a]

    async def later(self, a):
        await asyncio.sleep(0.01)
        return a

    def kinds(self, text, yes, real, whole, any_):
        return [type(x).__name__ for x in (text, yes, real, whole, any_)]

    def two(self):
        return 1, "b"

    def told(self, progress, context):
        progress.update(progress=40, message="at it", output={"so": "far"})
        return {"id": context.execution_id, "attempt": context.attempt, "function": context.function_name,
                "service": context.service["name"], "package": context.package["name"],
                "project": context.project["name"], "deadline": context.deadline > time.time()}

    def speaks(self):
        print("a line")
        print("half", end="")
        logging.getLogger("mine").warning("a warning")
        print("to stderr", file=sys.stderr)
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()
        time.sleep(2)
        print("the end")  # goes on where "half" had ended

    def fails(self):
        cause = {}
        try:
            cause["x"]
        except KeyError as error:
            raise ValueError("no good") from error

    def exits(self):
        sys.exit("goodbye")

    def large(self, size):
        return "x" * size

    def no_json(self):
        return object()

    def not_a_number(self):
        return float("nan")

    def surrogate(self):
        print("odd \\udcff text")
        return "odd \\udcff text"

    def shape(self):
        return shapes.area(3)

    def _private(self):
        return 1
"""
KINDS = {"text": "String", "yes": "Boolean", "real": "Float", "whole": "Integer", "any_": "Json"}
FUNCTIONS: dict[str, dict[str, str]] = {
    "add": {"a": "Integer", "b": "Integer"},
    "static": {"a": "Integer"},
    "of_class": {"a": "Json"},
    "later": {"a": "Json"},
    "kinds": KINDS,
    **{name: {} for name in ("two", "told", "speaks", "fails", "exits", "no_json", "not_a_number", "surrogate")},
    "large": {"size": "Integer"},
    "shape": {},
}
OUTPUTS = {
    "two": [("number", "Integer"), ("letter", "String")],
    "no_json": [("thing", "Json")],
    "not_a_number": [("n", "Json")],
}


@pytest.fixture(scope="module", params=[False, True], ids=["threads", "processes"])
def service(request: pytest.FixtureRequest, house: Any) -> Any:
    functions = house.functions(FUNCTIONS)
    for function in functions:
        named = OUTPUTS.get(function.name, [])
        function.outputs = [house.dl.FunctionIO(name=name, type=kind) for name, kind in named]
    code = {"main.py": CODE, "shapes.py": "def area(side):\n    return side ** 2\n"}
    return house.deploy(house.push(code, functions), run_execution_as_process=request.param, concurrency=4)


def test_a_function_gets_its_inputs_and_its_answer_is_kept(house: Any, service: Any) -> None:
    assert house.result(service, "add", a=5) == 16
    assert house.result(service, "add", a=5, b=-1) == 14
    assert house.result(service, "static", a=4) == 8
    assert house.result(service, "of_class", a=None) == ["ServiceRunner", None]
    assert house.result(service, "later", a={"deep": [1, None]}) == {"deep": [1, None]}
    assert house.result(service, "shape") == 9


def test_values_arrive_as_their_declared_type(house: Any, service: Any) -> None:
    given = {"text": "7", "yes": True, "real": 3, "whole": 3.0, "any_": {"a": 1}}
    assert house.result(service, "kinds", **given) == ["str", "bool", "float", "int", "dict"]


@pytest.mark.parametrize(
    ("function", "given", "text"),
    [
        ("add", {"a": "five"}, "a: Integer is needed"),
        ("add", {}, "'add' needs it (Integer)"),
        ("add", {"a": 1, "c": 2}, "no input 'c'"),
        ("kinds", {"text": 7, "yes": True, "real": 1.5, "whole": 1, "any_": 1}, "text: String is needed"),
    ],
)
def test_a_wrong_input_is_refused_by_name(
    house: Any, service: Any, function: str, given: dict[str, Any], text: str
) -> None:
    with pytest.raises(house.dl.exceptions.BadRequest) as told:  # before anything was created
        house.call(service, function, **given)
    assert text in str(told.value)


def test_a_function_that_does_not_exist_is_not_found(house: Any, service: Any) -> None:
    for name in ("nothing", "_private", "__init__"):
        with pytest.raises((house.dl.exceptions.NotFound, house.dl.exceptions.BadRequest)):
            house.call(service, name)


def test_several_outputs_are_kept_by_name(house: Any, service: Any) -> None:
    assert house.result(service, "two") == {"number": 1, "letter": "b"}


def test_progress_and_context_are_given_to_whoever_asks(house: Any, service: Any) -> None:
    execution = house.ended(house.call(service, "told"))
    found = execution.output
    assert (found["id"], found["attempt"], found["function"]) == (execution.id, 1, "told")
    assert (found["service"], found["project"]) == (service.name, house.project.name)
    assert found["package"] == house.dl.packages.get(package_id=service.package_id).name
    assert found["deadline"] is True
    said = [entry for entry in execution.status if entry.get("message") == "at it"]
    assert [(entry["percentComplete"], entry["output"]) for entry in said] == [(40, {"so": "far"})]
    assert execution.latest_status["percentComplete"] == 100


def test_what_a_function_writes_is_in_its_log_while_it_runs(house: Any, service: Any) -> None:
    execution = house.call(service, "speaks")
    house.logged(service, "from a thread", execution)
    assert house.dl.executions.get(execution_id=execution.id).latest_status["status"] == "in-progress"
    house.ended(execution)
    lines = house.logged(service, "the end", execution)
    assert {"a line", "a warning", "to stderr", "from a thread"} <= {*lines, *(line.strip() for line in lines)}, lines


def test_a_line_belongs_to_the_call_that_wrote_it(house: Any, service: Any) -> None:
    first, second = house.call(service, "speaks"), house.call(service, "speaks")
    for execution in (first, second):
        house.ended(execution)
        assert house.logged(service, "the end", execution).count("halfthe end") == 1
    assert "init ran" in house.lines(service)
    assert "init ran" not in house.lines(service, first)


def test_what_a_function_raises_is_its_answer(house: Any, service: Any) -> None:
    execution = house.ended(house.call(service, "fails"))
    last = execution.latest_status
    assert (last["status"], last["reason"], execution.attempts) == ("failed", "error", 1)
    assert last["message"] == last["error"] == "ValueError: no good"
    assert "KeyError: 'x'" in last["traceback"]
    assert "main.py" in last["traceback"]
    assert "_faas_runner" not in last["traceback"]
    assert "ValueError: no good" in house.logged(service, "ValueError: no good", execution)


def test_sys_exit_in_a_function_is_an_error_of_it_alone(house: Any, service: Any) -> None:
    assert "goodbye" in house.failure(service, "exits")["message"]
    assert house.result(service, "add", a=0) == 11


def test_an_output_over_the_limit_is_said_to_be(house: Any, service: Any) -> None:
    last = house.failure(service, "large", size=4_100_000)
    assert last["reason"] == "output-too-large"
    assert last["error"] == (
        "The function execution was successful, but the output couldn't be saved because it was larger than the "
        "maximum size allowed of 4.0MB"
    )
    assert len(house.result(service, "large", size=3_900_000)) == 3_900_000


def test_a_declared_output_that_is_not_json_is_an_error(house: Any, service: Any) -> None:
    for function in ("no_json", "not_a_number"):
        assert house.failure(service, function)["reason"] == "output-not-json"


def test_text_that_utf8_cannot_say_does_not_stop_anything(house: Any, service: Any) -> None:
    execution = house.ended(house.call(service, "surrogate"))
    assert execution.latest_status["status"] == "success", execution.latest_status
    assert any(line.startswith("odd ") for line in house.logged(service, "odd ", execution))


def test_calls_run_side_by_side_up_to_the_concurrency(house: Any, service: Any) -> None:
    began = time.monotonic()
    for execution in [house.call(service, "speaks") for _ in range(4)]:
        house.ended(execution)
    assert time.monotonic() - began < 7  # one after the other they take eight seconds


def test_executions_are_found_newest_first(house: Any, service: Any) -> None:
    made = [house.call(service, "static", a=number) for number in range(3)]
    for execution in made:
        house.ended(execution)
    found = [execution.id for execution in service.executions.list().items[:3]]
    assert found == [execution.id for execution in reversed(made)]


def test_a_rerun_keeps_id_and_history(house: Any, service: Any) -> None:
    execution = house.ended(house.call(service, "static", a=4))
    house.until(lambda: len(house.dl.executions.get(execution_id=execution.id).status) == 3)
    assert execution.rerun().id == execution.id
    house.until(lambda: len(house.dl.executions.get(execution_id=execution.id).status) == 6)
    again = house.ended(execution)
    assert [entry["status"] for entry in again.status] == ["created", "in-progress", "success"] * 2
    assert (again.output, again.attempts) == (8, 1)


def test_a_plain_class_and_a_service_without_functions_of_its_own_work(house: Any) -> None:
    code = "class Mine:\n    def run(self, a=3):\n        return a\n"
    service = house.deploy(house.push(code, {"run": {"a": "Integer"}}, class_name="Mine"))
    assert house.result(service) == 3
