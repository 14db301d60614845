"""``dlp generate`` and ``dlp packages test``: new packages are right, and run here in the real runner."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faas_agent.cli import local, manifest
from faas_agent.cli.skeleton import CATALOGUE, files
from faas_agent.errors import FaasError, UsageError

Dlp = Callable[..., "subprocess.CompletedProcess[str]"]

FUNCTIONS = """
import logging, os, threading, time
arrived = threading.Barrier(3, timeout=20)

class ServiceRunner:
    def __init__(self, factor=1):
        self.factor = factor

    def run(self, number, progress=None):
        print("printed", number)
        logging.getLogger("mine").info("logged %s", number)
        return number * self.factor

    def fail(self, number):
        raise ValueError(f"no {number}")

    def together(self, number):
        arrived.wait()
        return number

    def crash(self, number):
        os._exit(3)
"""


@pytest.fixture
def dlp() -> Dlp:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from faas_agent.cli.dlp import main; main()", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    return call


def _package(here: Path, inputs: Any, **mock: Any) -> None:
    number = [{"name": "number", "type": "Integer"}]
    functions = [{"name": name, "input": number, "output": []} for name in ("run", "fail", "together", "crash")]
    module = {
        "name": "default_module",
        "initInputs": [{"name": "factor", "type": "Integer"}],
        "functions": functions,
    }
    (here / "main.py").write_text(FUNCTIONS)
    (here / "package.json").write_text(json.dumps({"name": "tool", "modules": [module]}))
    (here / "mock.json").write_text(json.dumps({"inputs": inputs, **mock}))


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_generated_package_is_one_that_can_be_pushed(kind: str, here: Path) -> None:
    for name, text in files(CATALOGUE[kind], "tool").items():
        (here / name).write_text(text)
    made = manifest.read(here)
    manifest.check(made)
    mock = json.loads((here / "mock.json").read_text())
    assert mock["function_name"] in {one["name"] for one in made.modules[0]["functions"]}
    assert (made.name, "triggers" in (here / "package.json").read_text()) == ("tool", "trigger" in kind)


def test_the_default_package_passes_its_test_without_a_platform(dlp: Dlp) -> None:
    assert dlp("generate", "-p", "tool").returncode == 0
    done = dlp("packages", "test")
    assert (done.returncode, done.stdout) == (0, '{"greeting": "hello world"}\n')
    assert "name: world" in done.stderr


def test_generate_writes_over_nothing(dlp: Dlp, here: Path) -> None:
    (here / "mock.json").write_text("mine")
    done = dlp("generate")
    assert done.returncode == 2
    assert "mock.json exists here already" in done.stderr
    assert [entry.name for entry in here.iterdir()] == ["mock.json"]


def test_a_function_runs_with_its_inputs_and_its_lines_are_shown(dlp: Dlp, here: Path) -> None:
    _package(here, [{"name": "number", "value": 4}], init_params={"factor": 10})
    done = dlp("packages", "test", "-f", "run")
    assert (done.returncode, done.stdout) == (0, "40\n")
    assert "printed 4" in done.stderr
    assert "logged 4" in done.stderr


def test_many_inputs_run_at_the_same_time(dlp: Dlp, here: Path) -> None:
    _package(here, [[{"name": "number", "value": n}] for n in range(3)], function_name="together")
    done = dlp("packages", "test", "-c", "3")
    assert (done.returncode, done.stdout) == (0, "0\n1\n2\n")


def test_an_error_of_user_code_is_shown_and_is_the_exit_code(dlp: Dlp, here: Path) -> None:
    _package(here, [{"name": "number", "value": 4}])
    done = dlp("packages", "test", "-f", "fail")
    assert (done.returncode, done.stdout) == (1, "")
    assert 'raise ValueError(f"no {number}")' in done.stderr
    assert done.stderr.splitlines()[-1].startswith("dlp: 1 of 1 calls failed")


def test_a_crash_of_the_runner_is_a_failure_and_not_a_hang(dlp: Dlp, here: Path) -> None:
    _package(here, [{"name": "number", "value": 4}])
    assert dlp("packages", "test", "-f", "crash").returncode == 1


def test_code_that_does_not_start_says_why(dlp: Dlp, here: Path) -> None:
    _package(here, [])
    (here / "main.py").write_text(FUNCTIONS + "\nimport nothing_of_that_name\n")
    done = dlp("packages", "test")
    assert done.returncode == 7
    assert "nothing_of_that_name" in done.stderr


def test_an_entity_without_an_id_is_asked_for_before_anything_runs(here: Path) -> None:
    for name, text in files(CATALOGUE["single_function_item"], "tool").items():
        (here / name).write_text(text)
    with pytest.raises(UsageError, match="'item' is of type Item; fill in its ids"):
        local.read(here, None, 1)


@pytest.mark.parametrize("inputs", ["x", [1], [[1]], [{"value": 1}], [{"name": "number"}, {"name": "number"}]])
def test_a_mock_of_another_shape_is_refused(here: Path, inputs: Any) -> None:
    _package(here, inputs)
    with pytest.raises(UsageError, match=r"mock\.json"):
        local.read(here, "run", 1)


def test_a_function_that_is_not_declared_is_refused_with_those_that_are(here: Path) -> None:
    _package(here, [])
    with pytest.raises(FaasError, match="no function 'walk', it has run, fail"):
        local.read(here, "walk", 1)
