"""A service that cannot start says so: in its status, to all who wait, in its log; and it recovers when fixed."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from typing import Any

import pytest
from calls import uploaded
from sdk_version import CURRENT, needs

GOOD = """
class ServiceRunner:
    def run(self, a):
        return a + 1
"""
WRONG: dict[str, dict[str, Any]] = {
    "no-entry-point": {"code": GOOD, "entry_point": "other.py", "log": "the codebase, which has: main.py"},
    "import-failed": {"code": "import no_such_module_anywhere", "log": "ModuleNotFoundError: No module named"},
    "syntax-error": {"code": "def broken(:\n    pass", "reason": "import-failed", "log": "SyntaxError"},
    "exit": {"code": "import sys; sys.exit(3)", "reason": "import-failed", "log": "sys.exit(3)"},
    "wrong-class": {"code": "class Other:\n    pass", "log": "no class 'ServiceRunner'; it has: Other"},
    "no-function": {
        "code": "class ServiceRunner:\n    def other(self): pass",
        "reason": "wrong-class",
        "log": "no function 'run'",
    },
    "init-failed": {
        "code": "class ServiceRunner:\n    def __init__(self):\n        raise RuntimeError('no model')\n"
        "    def run(self, a): pass",
        "log": "RuntimeError: no model",
    },
    "no-init-input": {
        "code": "class ServiceRunner:\n    def __init__(self, weights):\n        pass\n    def run(self, a): pass",
        "reason": "init-failed",
        "log": "'weights'",
    },
    "crash": {
        "code": "import os; os._exit(9)",
        "reason": "import-failed",
        "log": "exited with code 9 during import",
    },
    "install-failed": {
        "code": {"main.py": GOOD, "requirements.txt": "numpy==0.0.0.1"},
        "log": "numpy==0.0.0.1",
    },
    "refused-requirement": {
        "code": {"main.py": GOOD, "requirements.txt": "--trusted-host x"},
        "reason": "install-failed",
        "log": "trusted-host",
    },
}


def climbing_zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("main.py", GOOD)
        archive.writestr("../../escaped.txt", "out")
    return target.getvalue()


CODEBASES = {
    "broken-zip": (b"this is no zip", "bad-codebase", "zip"),
    "dangerous-zip": (climbing_zip(), "bad-codebase", "escaped.txt"),
}


@pytest.fixture(scope="module")
def failing(house: Any) -> dict[str, Any]:
    """Every service that cannot start, deployed at once, with one call that waits for each."""
    services = {}
    for name, wrong in WRONG.items():
        package = house.push(wrong["code"], {"run": {"a": "Integer"}}, entry_point=wrong.get("entry_point", "main.py"))
        services[name] = house.deploy(package)
    binaries = house.project.datasets._get_binaries_dataset()
    for name, (content, _, _) in CODEBASES.items():
        buffer = io.BytesIO(content)
        buffer.name = "0.zip"
        item = uploaded(binaries, buffer, remote_path=f"/codebases/{name}")
        codebase = house.dl.ItemCodebase(type="item", item_id=item.id)
        services[name] = house.deploy(house.push(GOOD, {"run": {"a": "Integer"}}, codebase=codebase))
    gone = house.push(GOOD, {"run": {"a": "Integer"}}, name="gone")
    house.dl.items.get(item_id=gone.codebase.item_id).delete()
    services["deleted-item"] = house.deploy(gone)
    git = house.dl.GitCodebase(type="git", git_url="https://127.0.0.1:9/nobody/nothing.git", git_tag="main")
    services["unreachable-git"] = house.deploy(house.push(GOOD, {"run": {"a": "Integer"}}, codebase=git))
    return {name: (service, house.call(service, a=1)) for name, service in services.items()}


EXPECTED = {
    **{name: (wrong.get("reason", name), wrong["log"]) for name, wrong in WRONG.items()},
    **{name: (reason, text) for name, (_, reason, text) in CODEBASES.items()},
    "deleted-item": ("no-codebase", "cannot be read (404)"),
    "unreachable-git": ("no-codebase", "127.0.0.1"),
}


@needs(CURRENT, "Service.crashloop")
@pytest.mark.parametrize("name", EXPECTED)
def test_who_waits_for_a_service_that_cannot_start_is_told_why(house: Any, failing: Any, name: str) -> None:
    reason, text = EXPECTED[name]
    service, waiting = failing[name]
    ended = house.ended(waiting)
    last = ended.latest_status
    assert (last["status"], last["reason"], ended.attempts) == ("failed", reason, 0), last
    assert "The service cannot start" in last["message"]
    assert "update or restart the service" in last["message"]
    known = house.dl.services.get(service_id=service.id)
    assert (known.crashloop["reason"], known.crashloop["version"]) == (reason, service.version)
    assert known.status()["crashloop"]["message"]
    assert any(text in line for line in house.logged(service, text)), house.lines(service)


@needs(CURRENT, "Service.crashloop")
@pytest.mark.parametrize("name", ["import-failed", "init-failed", "wrong-class", "broken-zip"])
def test_what_cannot_pass_by_itself_is_tried_once(house: Any, failing: Any, name: str) -> None:
    service, waiting = failing[name]
    house.ended(waiting)
    later = house.failure(service, a=2)
    assert later["reason"] == EXPECTED[name][0]
    known = house.dl.services.get(service_id=service.id)
    assert known.crashloop["failures"] == 1
    assert len([line for line in house.lines(service) if line.startswith("The replica cannot start")]) == 1


def test_what_may_pass_is_tried_again_with_growing_pauses(house: Any, failing: Any) -> None:
    service, waiting = failing["install-failed"]
    told = datetime.fromisoformat(house.ended(waiting).latest_status["timestamp"])
    first, second, third = house.until(lambda: house.tries(service, 3), 60)
    assert second < told, "who waits is told after the second try"
    assert (second - first).total_seconds() >= 2
    assert (third - second).total_seconds() >= 4


def test_a_traceback_of_a_start_has_the_users_lines_only(house: Any, failing: Any) -> None:
    service, waiting = failing["init-failed"]
    house.ended(waiting)
    lines = house.logged(service, "RuntimeError: no model")
    assert any("main.py" in line and "__init__" in line for line in lines)
    assert not any("faas_agent" in line or "_faas_runner" in line for line in lines), lines


@needs(CURRENT, "Service.crashloop")
def test_a_fixed_package_recovers_the_service(house: Any) -> None:
    package = house.push("import broken_for_now", {"run": {"a": "Integer"}})
    service = house.deploy(package)
    assert house.failure(service, a=1)["reason"] == "import-failed"
    fixed = house.push(GOOD, {"run": {"a": "Integer"}})
    package.codebase = fixed.codebase
    package = house.project.packages.update(package)
    service.package_revision = package.version
    service = service.update()
    assert house.result(service, a=1) == 2
    assert house.dl.services.get(service_id=service.id).crashloop is None


def test_fixed_init_inputs_recover_the_service(house: Any) -> None:
    code = """
    class ServiceRunner:
        def __init__(self, path):
            self.model = {"weights.bin": 5}[path]
        def run(self, a):
            return self.model + a
    """
    inputs = [house.dl.FunctionIO(name="path", type="String")]
    service = house.deploy(
        house.push(code, {"run": {"a": "Integer"}}, init_inputs=inputs), init_input={"path": "weights"}
    )
    assert "KeyError" in house.failure(service, a=1)["message"]
    service.init_input = {"path": "weights.bin"}
    assert house.result(service.update(), a=1) == 6


def test_a_restart_tries_the_same_version_again(house: Any, tmp_path: Any) -> None:
    switch = tmp_path / "switch.json"
    code = f"""
    import json, pathlib
    class ServiceRunner:
        def __init__(self):
            self.model = json.loads(pathlib.Path({str(switch)!r}).read_text())
        def run(self, a):
            return self.model + a
    """
    service = house.service(code, {"run": {"a": "Integer"}})
    assert house.failure(service, a=1)["reason"] == "init-failed"
    switch.write_text(json.dumps(10))
    done, answer = house.dl.client_api.gen_request("post", f"/services/{service.id}/restart", json_req={})
    assert done, answer.text
    assert house.result(service, a=1) == 11
