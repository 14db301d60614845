"""A folder of code becomes a service that runs, is called, fires on events and goes away again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.cli.conftest import Dlp

Package = Callable[[str, str], Path]


def _push_and_deploy(dlp: Dlp, folder: Path) -> None:
    dlp("packages", "push", "-src", folder.name, "-c")
    dlp("packages", "deploy", "-c")


def test_generated_code_is_pushed_deployed_and_called(dlp: Dlp, project: str) -> None:
    dlp("generate", "-p", "greet")
    dlp("packages", "push", "-c")
    dlp("packages", "deploy", "-c")
    done = dlp("services", "execute", "-in", '{"name": "you"}', "--wait")
    assert json.loads(done.stdout) == {"greeting": "hello you"}
    assert [(one["name"], one["packageRevision"]) for one in dlp.json("services", "ls")] == [("greet", "1.0.0")]
    assert "name: you" in dlp("services", "log").stdout


def test_the_same_code_is_stored_once_and_new_code_beside_it(dlp: Dlp, project: str, package: Package) -> None:
    folder = package("tool", "return value")
    dlp("packages", "push", "-src", "tool")
    dlp("packages", "push", "-src", "tool")
    first = dlp.json("packages", "ls")[0]
    package("tool", "return [value]")
    dlp("packages", "push", "-src", "tool")
    second = dlp.json("packages", "ls")[0]
    package("tool", "return value")
    dlp("packages", "push", "-src", str(folder))
    third = dlp.json("packages", "ls")[0]
    assert [one["version"] for one in (first, second, third)] == ["1.0.1", "1.0.2", "1.0.3"]
    assert first["codebase"] == third["codebase"] != second["codebase"]


def test_a_new_revision_runs_after_the_next_deploy(dlp: Dlp, project: str, package: Package) -> None:
    _push_and_deploy(dlp, package("tool", "return 'old'"))
    assert dlp("services", "execute", "-in", '{"value": 1}', "-as").stdout == '"old"\n'
    _push_and_deploy(dlp, package("tool", "return 'new'"))
    assert dlp("services", "execute", "-in", '{"value": 1}', "-as").stdout == '"new"\n'


def test_a_function_that_fails_is_the_exit_code(dlp: Dlp, project: str, package: Package) -> None:
    _push_and_deploy(dlp, package("tool", "raise ValueError('not today')"))
    done = dlp("services", "execute", "-in", '{"value": 1}', "--wait", code=1)
    assert "not today" in done.stderr.splitlines()[-1]


def test_a_name_that_is_not_allowed_is_refused_and_leaves_no_code(dlp: Dlp, project: str, package: Package) -> None:
    package("tool", "return value")
    assert "Invalid package name" in dlp("packages", "push", "-src", "tool", "-p", "Not Allowed", code=2).stderr
    assert dlp.json("packages", "ls") == []


def test_a_module_that_is_not_there_is_refused_with_those_that_are(dlp: Dlp, project: str, package: Package) -> None:
    package("tool", "return value")
    dlp("packages", "push", "-src", "tool", "-c")
    assert "default_module" in dlp("packages", "deploy", "--module-name", "other", code=2).stderr
    assert dlp.json("services", "ls") == []


def test_a_trigger_is_made_listed_and_deleted(dlp: Dlp, project: str, package: Package) -> None:
    _push_and_deploy(dlp, package("tool", "return value"))
    only_in = "{'$and': [{'dir': '/in'}]}"
    dlp("triggers", "create", "-r", "Item", "-a", "Created,Updated", "-n", "on-item", "-fl", only_in)
    found = dlp.json("triggers", "ls", "-s", "tool")[0]
    assert (found["name"], found["spec"]["actions"]) == ("on-item", ["Created", "Updated"])
    assert found["spec"]["filter"] == {"$and": [{"dir": "/in"}]}
    assert dlp.json("triggers", "ls", "-pkg", "tool") == [found]
    assert "unsupported action" in dlp("triggers", "create", "-r", "Item", "-a", "Eaten", code=2).stderr
    dlp("triggers", "delete", "-t", "on-item", "-f", "tool")
    assert dlp.json("triggers", "ls") == []


def test_a_cron_trigger_is_made_and_says_when_it_comes_next(dlp: Dlp, project: str, package: Package) -> None:
    _push_and_deploy(dlp, package("tool", "return value"))
    times = ["--timezone", "Europe/Berlin", "--start-at", "2090-06-01T00:00:00Z", "--end-at", "2090-06-02T12:00:00Z"]
    policies = ["--catchup", "all(3)", "--overlap", "skip"]
    dlp("triggers", "create", "--cron", "30 8 * * *", "-n", "daily", "-in", '{"value": 1}', *times, *policies)
    spec = dlp.json("triggers", "ls")[0]["spec"]
    assert [spec[key] for key in ("cron", "timezone", "catchup", "overlap", "input")] == [
        "30 8 * * *", "Europe/Berlin", "all(3)", "skip", {"value": 1},
    ]  # fmt: skip
    done = dlp("triggers", "next", "daily", "-n", "5", "-p", project)
    assert done.stdout.splitlines() == [
        "2090-06-01T06:30:00.000Z\t2090-06-01T08:30:00+02:00",
        "2090-06-02T06:30:00.000Z\t2090-06-02T08:30:00+02:00",
    ]
    assert len(dlp.json("triggers", "next", "daily", "-n", "1")) == 1
    refused = dlp("triggers", "create", "--cron", "30 25 * * *", "-n", "never", code=2).stderr
    assert "spec.cron: the hour field cannot be '25'" in refused
    dlp("triggers", "create", "-r", "Item", "-a", "Created", "-n", "on-item")
    assert "only a cron trigger has next times" in dlp("triggers", "next", "on-item", code=2).stderr


def test_a_file_deploys_services_and_triggers_and_says_so_again(dlp: Dlp, project: str, package: Package) -> None:
    folder = package("tool", "return value")
    operation = {"type": "function", "functionName": "run"}
    cron = {"name": "nightly", "type": "Cron", "spec": {"cron": "0 3 * * *", "operation": operation}}
    event = {"name": "on-item", "type": "Event"}
    event |= {"spec": {"resource": "Item", "actions": ["Created"], "filter": {}, "operation": operation}}
    declared = json.loads((folder / "package.json").read_text())
    service = {"name": "tool-one", "runtime": {"concurrency": 3}, "triggers": [cron, event]}
    declared["services"] = [service | {"artifacts": ["weights.bin"]}]
    (folder / "deploy.json").write_text(json.dumps(declared))
    assert "no file weights.bin" in dlp("deploy", "-f", "tool/deploy.json", "-p", project, code=2).stderr
    (dlp.folder / "weights.bin").write_bytes(b"w")
    dlp("deploy", "-f", "tool/deploy.json", "-p", project)
    before = dlp.json("triggers", "ls")
    declared["services"][0]["runtime"]["concurrency"] = 5
    (folder / "deploy.json").write_text(json.dumps(declared))
    dlp("deploy", "-f", "tool/deploy.json", "-p", project)
    assert [one["runtime"]["concurrency"] for one in dlp.json("services", "ls")] == [5]
    assert {one["name"] for one in before} == {"nightly", "on-item"}
    assert dlp.json("triggers", "ls") == before
    (folder / "service.json").write_text('{"name": "tool-one"}')
    dlp("services", "tear-down", "-l", "tool")
    assert dlp.json("services", "ls") == dlp.json("triggers", "ls") == []
    dlp("packages", "delete", "-pkg", "tool")
    assert dlp.json("packages", "ls") == []


def test_a_service_of_another_package_is_not_taken_over(dlp: Dlp, project: str, package: Package) -> None:
    _push_and_deploy(dlp, package("first", "return value"))
    folder = package("second", "return value")
    declared = json.loads((folder / "package.json").read_text())
    (folder / "deploy.json").write_text(json.dumps({**declared, "services": [{"name": "first"}]}))
    assert "runs another package" in dlp("deploy", "-f", "second/deploy.json", code=5).stderr


def test_a_package_in_use_is_not_deleted(dlp: Dlp, project: str, package: Package) -> None:
    _push_and_deploy(dlp, package("tool", "return value"))
    assert "tool" in dlp("packages", "delete", code=2).stderr
    dlp("services", "delete")
    dlp("packages", "delete")
    assert "is gone" in dlp("packages", "deploy", code=4).stderr
