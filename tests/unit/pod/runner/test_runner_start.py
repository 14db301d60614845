"""Every way in which a start can fail says whose turn it is and what to change; a good one is quick."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from runner_house import House

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host.supervise import Supervisor


async def _nothing(_: Supervisor) -> None:
    return None


def refused(house: House, **spec: object) -> StartFailed:
    with pytest.raises(StartFailed) as caught:
        house.play(_nothing, **spec)
    return caught.value


def test_an_entry_point_that_is_not_there_is_named_with_what_is_there(house: House) -> None:
    house.write("", "other.py")
    failure = refused(house)
    assert failure.reason == Reason.NO_ENTRY_POINT
    assert "'main.py'" in failure.message and "other.py" in failure.message


def test_a_failing_import_shows_the_users_traceback_and_none_of_ours(house: House) -> None:
    house.write("import a_module_that_is_not_there")
    failure = refused(house)
    assert failure.reason == Reason.IMPORT_FAILED
    assert "ModuleNotFoundError: No module named 'a_module_that_is_not_there'" in failure.message
    assert "main.py" in failure.traceback
    assert "/pod/runner/" not in failure.traceback and "importlib" not in failure.traceback


@pytest.mark.parametrize("code", ["def broken(:", "import sys; sys.exit(4)", "raise KeyboardInterrupt"])
def test_whatever_an_import_raises_is_a_failed_import(house: House, code: str) -> None:
    house.write(code)
    assert refused(house).reason == Reason.IMPORT_FAILED


def test_a_missing_class_is_named_with_the_classes_that_are_there(house: House) -> None:
    house.write("class Detector: pass")
    failure = refused(house)
    assert failure.reason == Reason.WRONG_CLASS
    assert "'ServiceRunner'" in failure.message and "Detector" in failure.message


def test_functions_that_the_class_lacks_are_named(house: House) -> None:
    house.write("class ServiceRunner:\n    def run(self): pass")
    failure = refused(house, functions=[{"name": "run"}, {"name": "train"}, {"name": "test"}])
    assert failure.reason == Reason.WRONG_CLASS
    assert "'train', 'test'" in failure.message and "'run'" not in failure.message


def test_a_missing_init_input_is_named_with_its_type(house: House) -> None:
    house.write("class ServiceRunner:\n    def __init__(self, weights): pass")
    failure = refused(house, init_inputs=[{"name": "weights", "type": "String"}])
    assert failure.reason == Reason.INIT_FAILED
    assert "'weights' (String) is missing" in failure.message


@pytest.mark.parametrize("statement", ["raise RuntimeError('no GPU')", "import sys; sys.exit('no GPU')"])
def test_a_failing_init_says_why(house: House, statement: str) -> None:
    house.write(f"class ServiceRunner:\n    def __init__(self):\n        {statement}")
    failure = refused(house)
    assert failure.reason == Reason.INIT_FAILED
    assert "no GPU" in failure.message


def test_init_params_are_read_by_type_and_only_those_that_init_takes_arrive(house: House) -> None:
    house.write("""
        class ServiceRunner:
            def __init__(self, threshold, labels, name="x", on=False):
                self.taken = [threshold, labels, name, on]
            def run(self):
                return self.taken
    """)
    types = {"threshold": "Float", "labels": "Json", "on": "Boolean", "extra": "String"}
    outcome = house.run(
        init_inputs=[{"name": name, "type": kind} for name, kind in types.items()],
        init_params={"threshold": "0.5", "labels": '["cat"]', "on": "True", "extra": "not taken", "other": 1},
    )
    assert outcome.output == [0.5, ["cat"], "x", True]


def test_a_process_that_dies_while_it_loads_is_a_failed_start(house: House) -> None:
    house.write("import os; os._exit(9)")
    failure = refused(house)
    assert failure.reason == Reason.IMPORT_FAILED
    assert "exited with code 9 during import" in failure.message


def test_a_start_that_takes_too_long_is_ended(house: House) -> None:
    house.write("import time\nclass ServiceRunner:\n    def __init__(self): time.sleep(60)")
    failure = refused(house, start_seconds=0.5)
    assert failure.reason == Reason.START_TIMEOUT
    assert "__init__ did not end within 0.5 seconds" in failure.message


def test_an_interpreter_that_cannot_run_is_a_failed_start(house: House) -> None:
    house.write("class ServiceRunner: pass")
    failure = refused(house, python=Path("/nowhere/python"))
    assert failure.reason == Reason.INSTALL_FAILED and "/nowhere/python" in failure.message


def test_code_runs_in_its_folder_and_finds_its_neighbours_but_no_module_of_ours(house: House) -> None:
    house.write("VALUE = 7", "pack/neighbour.py")
    house.write("1", "data.txt")
    house.write(
        """
        import os, pickle, sys
        import neighbour
        from pack import neighbour as again

        class Thing: pass

        class ServiceRunner:
            def run(self):
                ours = [name for name in ("wire", "load", "service", "capture", "runner") if name in sys.modules]
                pickled = type(pickle.loads(pickle.dumps(Thing()))).__name__
                return [os.listdir("."), neighbour.VALUE, again.VALUE, ours, pickled]
        """,
        "pack/entry.py",
    )
    outcome = house.run(entry_point="pack/entry.py")
    assert sorted(outcome.output[0])[:2] == ["data.txt", "pack"]
    assert outcome.output[1:] == [7, 7, [], "Thing"]


@pytest.mark.parametrize("base", ["", "(faas_agent.BaseServiceRunner)"])
def test_a_class_derives_from_ours_or_from_nothing(house: House, base: str) -> None:
    house.write(f"""
        import faas_agent
        class ServiceRunner{base}:
            def run(self):
                return "ran"
    """)
    assert house.run().output == "ran"


def test_the_runner_adds_little_to_the_start_of_an_interpreter(house: House) -> None:
    house.write("class ServiceRunner: pass")

    async def starts() -> list[float]:
        loop, seconds = asyncio.get_running_loop(), []
        for _ in range(3):
            supervisor = Supervisor(house.spec(), house.events())
            begun = loop.time()
            await supervisor.start()
            seconds.append(loop.time() - begun)
            await supervisor.close()
        return seconds

    assert min(asyncio.run(starts())) < 0.5
