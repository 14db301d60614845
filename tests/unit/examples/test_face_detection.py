"""The example finds the faces in real photographs, and no others, in an environment built as a replica's is."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
from pathlib import Path

import pytest

from faas_agent.model.specs.package import check_modules
from faas_agent.pod.host.environment import ensure, request_for

EXAMPLES = Path(__file__).parents[3] / "examples"
DETECT = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from main import ServiceRunner
runner = ServiceRunner(**json.loads(sys.argv[3]))
print(json.dumps({path.name: runner.find_faces(str(path)) for path in sorted(pathlib.Path(sys.argv[2]).iterdir())}))
"""


def _module(example: str) -> dict[str, list[dict[str, str]]]:
    modules = json.loads((EXAMPLES / example / "package.json").read_text())["modules"]
    assert check_modules(modules) == modules
    return modules[0]


@pytest.mark.timeout(300)
def test_faces_are_found_where_there_are_faces(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("photos", EXAMPLES / "story" / "photos.py")
    assert spec and spec.loader
    photos = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(photos)
    photos.collect(tmp_path / "photos")

    example = EXAMPLES / "face_detection"
    module = _module("face_detection")
    request = request_for(example, functions=module["functions"], sdk_version="1.126.5")
    assert request.sdk == "dtlpy==1.126.5"
    environment = asyncio.run(ensure(request, tmp_path / "cache", print))
    params = json.dumps(json.loads((example / "mock.json").read_text())["init_params"])
    command = [environment.python, "-I", "-B", "-c", DETECT, example, tmp_path / "photos", params]
    answer = subprocess.run(
        command, check=True, capture_output=True, text=True, env={"DATALOOP_PATH": str(tmp_path / "sdk")}
    )
    found = json.loads(answer.stdout.splitlines()[-1])
    assert {name for name, faces in found.items() if faces} == set(photos.FACES)
    assert {name for name, faces in found.items() if not faces} == set(photos.OTHERS)
    ((left, top, width, height),) = found["astronaut.png"]
    assert left < 225 < left + width and top < 120 < top + height, "the box is not around her face"


def test_the_smallest_example_needs_nothing() -> None:
    module = _module("hello")
    request = request_for(EXAMPLES / "hello", functions=module["functions"], sdk_version="1.126.5")
    assert request.with_sdk().requirements == ()
