"""The functions chapters of the SDK's manual, as scripts: what it generates, tests and deploys, and what logs show."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from calls import call, deploy, ended, function, push, source, until

CODE = """
class ServiceRunner:
    def __init__(self):
        print("made once")

    def run(self, text):
        print("said", text)
        return text
"""


@pytest.fixture
def generated(dl: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ``dl.packages.generate`` leaves in an empty folder."""
    folder = Path(source(""))
    (folder / "main.py").unlink()
    monkeypatch.chdir(folder)
    dl.packages.generate(name=folder.name)
    monkeypatch.chdir(folder.parent)
    return folder


def test_what_the_sdk_generates_is_tested_here_and_deployed_as_it_is(
    dl: ModuleType, project: Any, dataset: Any, generated: Path, tmp_path: Path
) -> None:
    (tmp_path / "item.txt").write_text("x")
    item = dataset.items.upload(local_path=str(tmp_path / "item.txt"))
    mock = {"init_params": {}, "inputs": [{"name": "item", "value": {"item_id": item.id, "dataset_id": dataset.id}}]}
    (generated / "mock.json").write_text(json.dumps(mock))
    dl.packages.test_local_package(cwd=str(generated), mock_file_path=str(generated / "mock.json"))
    assert [one.label for one in item.annotations.list()] == ["from_function"]

    for _ in range(2):  # the second time updates what the first has made
        services, package = project.packages.deploy_from_file(
            project=project, json_filepath=str(generated / "package.json")
        )
    assert [one.name for one in services] == ["default-service"]
    assert package.name == generated.name
    service = services[0]
    assert [one.function_name for one in service.triggers.list().all()] == ["run"]
    done = ended(service, call(service, "hello"))
    assert done.latest_status["status"] == "success", done.latest_status


def test_a_log_is_what_the_function_says(dl: ModuleType, project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of ours, nor of the SDK in the runner, comes before it."""
    service = deploy(dl, push(dl, project, CODE, function(dl, "run", text="String")))
    ended(service, call(service, text="hello"))
    capsys.readouterr()

    def shown() -> list[str]:
        service.log()
        said = [line.partition("Z: ")[2] for line in capsys.readouterr().out.splitlines()]
        return said if said and said[-1].startswith("[Done]") else []

    said = until(shown)
    assert said[0] == "made once"
    assert said[1].startswith("[Start] Executing function. run")
    assert said[2] == "said hello"
    assert said[3].startswith("[Done] Executing function. run: success")
