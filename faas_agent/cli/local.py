"""A package run on this machine by the same runner and the same environment as on the platform.

Enters: a folder with ``package.json`` and ``mock.json``. Leaves: log lines as they come, and one outcome per call.
Called by ``dlp packages test``. Talks to the platform only when an input is one of its entities.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faas_agent.cli import cookie, manifest, output, session
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import FaasError, StartFailed, Unauthorized, UsageError
from faas_agent.model.specs.package import DEFAULT_CLASS, DEFAULT_ENTRY_POINT, ENTITY_TYPES, find_function, find_module
from faas_agent.pod.host.call import Call, Ending, Events, LogLine, Outcome, RunnerSpec
from faas_agent.pod.host.environment import ensure, request_for
from faas_agent.pod.host.supervise import Supervisor
from faas_agent.settings import Settings

NOT_INHERITED = frozenset({"DATALOOP_PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"})
"""What would lead the runner to this user's cookie, or to this program's packages."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be run."""

    folder: Path
    module: Json
    function: Json
    init_params: Json
    inputs: Sequence[Json]
    """One object of values by name for every call."""
    concurrency: int
    requirements: Sequence[Json] = ()
    """The package's own, beside the ``requirements.txt`` of its folder."""


def read(folder: Path, function_name: str | None, concurrency: int) -> Trial:
    """The trial that the folder describes. A name given here wins over ``mock.json``. Raises UsageError."""
    declared = manifest.read(folder)
    manifest.check(declared)
    mock = manifest.read_json(folder / "mock.json")
    module = {**find_module({"modules": declared.modules}, mock.get("module_name"))}
    module["entryPoint"] = mock.get("entry_point") or module.get("entryPoint") or DEFAULT_ENTRY_POINT
    module["className"] = mock.get("class_name") or module.get("className") or DEFAULT_CLASS
    function = find_function(module, function_name or mock.get("function_name") or "run")
    init_params = mock.get("init_params") or mock.get("config") or {}
    if not isinstance(init_params, dict):
        raise UsageError("mock.json: 'init_params' has to be an object of values by name")
    inputs = [_values(one, function) for one in _calls(mock.get("inputs", []))]
    required = manifest.read_json(folder / "package.json").get("requirements") or []
    return Trial(folder, module, function, init_params, inputs, concurrency, required)


def show(trial: Trial) -> None:
    """Carry the trial out: outputs go to stdout, the rest to stderr. Raises for the exit code when something failed."""
    try:
        outcomes = asyncio.run(run(trial))
    except StartFailed as failure:
        output.note(failure.traceback.rstrip())
        raise
    for outcome in outcomes:
        if outcome.ending is Ending.SUCCESS:
            output.say(json.dumps(outcome.output, ensure_ascii=False))
        else:
            output.note(outcome.traceback.rstrip() or outcome.message)
        output.note(f"{trial.function['name']}: {outcome.ending} in {outcome.seconds:.3f} s")
    failed = [outcome for outcome in outcomes if outcome.ending is not Ending.SUCCESS]
    if failed:
        raise FaasError(f"{len(failed)} of {len(outcomes)} calls failed: {failed[0].message}")


async def run(trial: Trial) -> list[Outcome]:
    """Start a runner, make every call, end the runner. Raises StartFailed when the code does not get that far."""
    functions, init_inputs = trial.module.get("functions") or [], trial.module.get("initInputs") or []
    request = request_for(
        trial.folder,
        functions=[trial.function],
        init_inputs=init_inputs,
        package_requirements=trial.requirements,
        sdk_version=Settings().sdk_version,
    )
    login = _login(trial) if request.sdk is not None else None
    environment = await ensure(request, _cache(), output.note)
    spec = RunnerSpec(
        python=environment.python,
        codebase=trial.folder,
        entry_point=trial.module["entryPoint"],
        class_name=trial.module["className"],
        init_params=trial.init_params,
        init_inputs=init_inputs,
        functions=functions,
        concurrency=trial.concurrency,
        environ={key: value for key, value in os.environ.items() if key not in NOT_INHERITED},
        sdk=login,
    )
    supervisor = Supervisor(spec, Events(logs=_print))
    try:
        await supervisor.start()
        return await asyncio.gather(*(supervisor.run(_call(trial, number)) for number in range(len(trial.inputs))))
    finally:
        await supervisor.close()


def needs_platform(trial: Trial) -> bool:
    """Whether an input of the function, or of the constructor, is an entity of the platform."""
    declared = [*(trial.function.get("input") or []), *(trial.module.get("initInputs") or [])]
    return any(str(one.get("type")).removesuffix("[]") in ENTITY_TYPES for one in declared)


def _calls(inputs: Any) -> list[list[Json]]:
    """``[{name, value}, ...]`` is one call, a list of such lists is one call each."""
    if isinstance(inputs, list) and all(isinstance(one, dict) for one in inputs):
        return [inputs]
    if isinstance(inputs, list) and all(
        isinstance(one, list) and all(isinstance(e, dict) for e in one) for one in inputs
    ):
        return inputs
    raise UsageError("mock.json: 'inputs' has to be a list of {name, value}, or a list of such lists")


def _values(entries: list[Json], function: Json) -> Json:
    types = {one["name"]: str(one.get("type")) for one in function.get("input") or []}
    values: Json = {}
    for entry in entries:
        name = entry.get("name")
        if name in values or not isinstance(name, str):
            raise UsageError(f"mock.json: every input needs a 'name' of its own, {name!r} is there twice or is none")
        if types.get(name, "").removesuffix("[]") in ENTITY_TYPES and not _is_filled(entry.get("value")):
            raise UsageError(f"mock.json: the input {name!r} is of type {types[name]}; fill in its ids")
        values[name] = entry.get("value")
    return {name: value for name, value in values.items() if name in types}


def _is_filled(value: Any) -> bool:
    return all(value.values()) if isinstance(value, dict) else bool(value)


def _login(trial: Trial) -> Json | None:
    """What the SDK in the runner needs; nothing when nobody is logged in and nobody has to be."""
    try:
        who = session.connect().who
    except (Unauthorized, UsageError):
        if needs_platform(trial):
            raise
        return None
    return {"custom_env": cookie.custom_env(who), "token": who.token, "environment": who.url}


def _call(trial: Trial, number: int) -> Call:
    name = trial.function["name"]
    identity = f"{number + 1:024x}"
    info = {"id": identity, "functionName": name, "input": trial.inputs[number]}
    return Call(execution=identity, function=name, input=trial.inputs[number], info=info)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "faas-agent"


def _print(lines: Sequence[LogLine]) -> None:
    for line in lines:
        output.note(f"{line.level}: {line.message.rstrip()}")
