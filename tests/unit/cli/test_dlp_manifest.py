"""package.json and the code beside it are compared before anything is sent, and user code is never imported for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from faas_agent.cli import manifest
from faas_agent.errors import BadRequest, UsageError

CODE = """
raise SystemExit("user code must not be imported")

class Base:
    def shared(self): ...

class ServiceRunner(Base):
    limit = 3
    alias = None

    def __init__(self, model="m"): ...
    def run(self, item, progress=None, context=None): ...
    async def later(self, *, name, size=1): ...
"""


def _declare(here: Path, *functions: dict[str, Any], code: str | None = CODE, **module: Any) -> manifest.Manifest:
    declared = {"name": "default_module", "functions": list(functions), **module}
    (here / "package.json").write_text(json.dumps({"name": "tool", "modules": [declared]}))
    if code is not None:
        (here / "main.py").write_text(code)
    return manifest.read(here)


def _function(name: str, *inputs: str) -> dict[str, Any]:
    return {"name": name, "input": [{"name": one, "type": "Json"} for one in inputs], "output": []}


def test_code_that_has_what_is_declared_passes(here: Path) -> None:
    manifest.check(_declare(here, _function("run", "item"), _function("later", "name"), _function("shared")))


def test_a_name_assigned_in_the_class_may_be_a_function(here: Path) -> None:
    manifest.check(_declare(here, _function("alias", "anything")))


def test_a_missing_entry_point_is_named(here: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no main\.py"):
        manifest.check(_declare(here, _function("run"), code=None))


def test_a_missing_class_is_named(here: Path) -> None:
    with pytest.raises(UsageError, match=r"main\.py has no class Other"):
        manifest.check(_declare(here, _function("run"), className="Other"))


def test_a_missing_function_is_named(here: Path) -> None:
    with pytest.raises(UsageError, match="has no function 'walk'"):
        manifest.check(_declare(here, _function("walk")))


def test_every_mistake_is_named_at_once(here: Path) -> None:
    with pytest.raises(UsageError, match=r"'item'.*'name'"):
        manifest.check(_declare(here, _function("run"), _function("later")))


def test_an_input_of_the_constructor_has_to_be_declared(here: Path) -> None:
    code = "class ServiceRunner:\n    def __init__(self, model): ...\n    def run(self): ..."
    with pytest.raises(UsageError, match="__init__ needs 'model'"):
        manifest.check(_declare(here, _function("run"), code=code))
    declared = [{"name": "model", "type": "String"}]
    manifest.check(_declare(here, _function("run"), code=code, initInputs=declared))


def test_a_syntax_error_is_named_with_its_line(here: Path) -> None:
    with pytest.raises(UsageError, match=r"main\.py does not parse, line 2"):
        manifest.check(_declare(here, _function("run"), code="x = 1\ndef ("))


@pytest.mark.parametrize(
    "code",
    [
        "from other import ServiceRunner",
        "from other import *",
        "import other\nServiceRunner = other.Runner",
        "import other\nclass ServiceRunner(other.Base): ...",
        "@decorated\nclass ServiceRunner: ...",
        "class ServiceRunner:\n    if True:\n        def run(self): ...",
        "if True:\n    class ServiceRunner:\n        def run(self): ...",
        "class ServiceRunner(Other): ...\nclass Other(ServiceRunner): ...",
    ],
)
def test_what_only_the_runner_can_know_is_left_to_it(here: Path, code: str) -> None:
    manifest.check(_declare(here, _function("run"), code=code))


def test_without_a_package_json_the_defaults_hold(here: Path) -> None:
    (here / "main.py").write_text("class ServiceRunner:\n    def run(self): ...")
    found = manifest.read(here)
    manifest.check(found)
    assert (found.name, found.modules[0]["name"]) == ("default-package", "default_module")


def test_modules_are_kept_as_they_are_written(here: Path) -> None:
    module = {"name": "m", "entryPoint": "main.py", "initInputs": [], "functions": [_function("run")], "own": {"x": 1}}
    (here / "package.json").write_text(json.dumps({"name": "tool", "modules": [module], "slots": [{"a": 1}]}))
    found = manifest.read(here)
    assert found.modules == [module]
    assert found.extra == {"slots": [{"a": 1}]}


@pytest.mark.parametrize("text", ["[]", "{,}", "\xff"])
def test_a_package_json_that_cannot_be_read_is_refused(here: Path, text: str) -> None:
    (here / "package.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"package\.json"):
        manifest.read(here)


def test_modules_of_another_shape_are_refused(here: Path) -> None:
    (here / "package.json").write_text('{"modules": [{"name": "m", "functions": ["run"]}]}')
    with pytest.raises(BadRequest, match=r"modules\[0\]\.functions"):
        manifest.read(here)
