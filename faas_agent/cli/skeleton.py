"""The files of a new package, for every kind of the SDK's catalogue: code, package.json, mock.json, .gitignore.

Enters: a kind and a name. Leaves: file name -> text. Pure: ``dlp generate`` writes them.
What it makes without any entity among its inputs passes ``dlp packages test`` as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from faas_agent.cli.jsonfile import Json

DEFAULT_KIND = "default_package_type"
IGNORED = ".git/\n.dataloop/\n__pycache__/\n*.pyc\n.venv/\nvenv/\n.idea/\n.vscode/\n"
MODULE = "default_module"

_INPUTS = {
    "item": "Item",
    "dataset": "Dataset",
    "annotation": "Annotation",
    "config": "Json",
    "query": "Json",
    "name": "String",
}
_MOCKS: dict[str, Any] = {
    "item": {"item_id": "", "dataset_id": ""},
    "dataset": {"dataset_id": ""},
    "annotation": {"annotation_id": "", "item_id": "", "dataset_id": ""},
    "config": {"greeting": "hello"},
    "query": {"filter": {}},
    "name": "world",
}
_BODIES = {
    "item": '        logger.info("item %s is %s", item.id, item.filename)\n',
    "dataset": '        logger.info("dataset %s is %s", dataset.id, dataset.name)\n',
    "annotation": '        logger.info("annotation %s is a %s", annotation.id, annotation.type)\n',
    "config": '        logger.info("config: %s", config)\n',
    "query": '        logger.info("query: %s", query)\n',
    "name": '        logger.info("name: %s", name)\n',
}
_CODE = '''\
import logging

{sdk}logger = logging.getLogger(__name__)


class ServiceRunner{base}:
    """Made once per replica; its functions are called many times, in several threads at once."""

    def __init__(self):
        # load here what every call needs: models, connections
        logger.info("ready")

{methods}'''


@dataclass(frozen=True, slots=True)
class Kind:
    """What a package of the catalogue looks like."""

    inputs: tuple[str, ...]
    functions: tuple[str, ...] = ("run",)
    modules: tuple[tuple[str, str], ...] = ((MODULE, "main.py"),)
    trigger: str | None = None
    """The resource whose creation calls the functions."""


_ONE = ("run",)
_TWO = ("first_method", "second_method")
_MODULES = (("first_module", "first_module_class.py"), ("second_module", "second_module_class.py"))

CATALOGUE: dict[str, Kind] = {
    DEFAULT_KIND: Kind(("name",)),
    "single_function_no_input": Kind(()),
    "single_function_json": Kind(("config",)),
    "single_function_item": Kind(("item",)),
    "single_function_dataset": Kind(("dataset",)),
    "single_function_annotation": Kind(("annotation",)),
    "single_function_multi_input": Kind(("item", "dataset", "config", "annotation")),
    "multi_function_no_input": Kind((), _TWO),
    "multi_function_json": Kind(("config",), _TWO),
    "multi_function_item": Kind(("item",), _TWO),
    "multi_function_dataset": Kind(("dataset",), _TWO),
    "multi_function_annotation": Kind(("annotation",), _TWO),
    "multi_module": Kind(("item",), _ONE, _MODULES),
    "single_function_item_with_trigger": Kind(("item",), trigger="Item"),
    "single_function_dataset_with_trigger": Kind(("dataset",), trigger="Dataset"),
    "single_function_annotation_with_trigger": Kind(("annotation",), trigger="Annotation"),
    "multi_function_item_with_triggers": Kind(("item",), _TWO, trigger="Item"),
    "multi_function_dataset_with_triggers": Kind(("dataset",), _TWO, trigger="Dataset"),
    "multi_function_annotation_with_triggers": Kind(("annotation",), _TWO, trigger="Annotation"),
    "multi_module_with_trigger": Kind(("item",), _ONE, _MODULES, "Item"),
    "converter": Kind(("dataset", "query")),
}


def files(kind: Kind, name: str) -> dict[str, str]:
    """Every file of the package."""
    code = {entry_point: _code(kind) for _, entry_point in kind.modules}
    return {**code, "package.json": _text(_package(kind, name)), "mock.json": _text(_mock(kind)), ".gitignore": IGNORED}


def _package(kind: Kind, name: str) -> Json:
    inputs = [{"name": one, "type": _INPUTS[one]} for one in kind.inputs]
    output = [{"name": "result", "type": "Json"}]
    functions = [
        {"name": function, "description": f"What {function} does", "input": inputs, "output": output}
        for function in kind.functions
    ]
    modules = [
        {
            "name": module,
            "entryPoint": entry_point,
            "className": "ServiceRunner",
            "initInputs": [],
            "functions": functions,
        }
        for module, entry_point in kind.modules
    ]
    services = {"services": [_service(kind, name, module) for module, _ in kind.modules]} if kind.trigger else {}
    return {"name": name, "modules": modules, **services}


def _service(kind: Kind, name: str, module: str) -> Json:
    service = name if len(kind.modules) == 1 else f"{name}-{module.partition('_')[0]}"
    triggers = [
        {
            "name": f"{service}-{function.replace('_', '-')}",
            "type": "Event",
            "active": True,
            "spec": {
                "filter": {},
                "resource": kind.trigger,
                "actions": ["Created"],
                "executionMode": "Once",
                "operation": {"type": "function", "functionName": function},
            },
        }
        for function in kind.functions
    ]
    return {
        "name": service,
        "moduleName": module,
        "runtime": {"concurrency": 10},
        "initParams": {},
        "triggers": triggers,
    }


def _mock(kind: Kind) -> Json:
    return {
        "module_name": kind.modules[0][0],
        "function_name": kind.functions[0],
        "init_params": {},
        "inputs": [{"name": one, "value": _MOCKS[one]} for one in kind.inputs],
    }


def _code(kind: Kind) -> str:
    meets_sdk = bool(set(kind.inputs) & {"item", "dataset", "annotation"})
    methods = "\n".join(_method(function, kind.inputs) for function in kind.functions)
    return _CODE.format(
        sdk="import dtlpy as dl\n\n" if meets_sdk else "",
        base="(dl.BaseServiceRunner)" if meets_sdk else "",
        methods=methods,
    )


def _method(name: str, inputs: tuple[str, ...]) -> str:
    parameters = ", ".join(["self", *inputs, "progress=None"])
    lines = "".join(_BODIES[one] for one in inputs) or '        logger.info("called")\n'
    result = '{"greeting": f"hello {name}"}' if inputs == ("name",) else '{"done": True}'
    return f"    def {name}({parameters}):\n{lines}        return {result}\n"


def _text(value: Json) -> str:
    return json.dumps(value, indent=2) + "\n"
