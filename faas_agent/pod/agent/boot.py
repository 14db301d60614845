"""From a replica's id to everything its runner needs: specs, code, environment, login (DESIGN 5).

Enters: the platform's answer to ``boot``. Leaves: a RunnerSpec. Each step is timed, and a step that fails says which
one it was. The runner's environment is built from nothing: the agent's own never reaches user code.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faas_agent.errors import BadRequest, StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.specs.codebase import parse_codebase
from faas_agent.model.specs.package import DEFAULT_CLASS, DEFAULT_ENTRY_POINT, find_module
from faas_agent.pod.agent.api import Api
from faas_agent.pod.host import environment
from faas_agent.pod.host.call import RunnerSpec
from faas_agent.pod.host.codebase import lay_out
from faas_agent.pod.host.staging import Limits

Json = dict[str, Any]
KEPT = ("LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(slots=True)
class Phases:
    """How long each step of the start took, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Any:
        """Time the block."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - began, 4)


async def prepare(
    api: Api, boot: Json, folder: Path, cache: Path, phases: Phases, on_line: Callable[[str], None], proxy: str
) -> RunnerSpec:
    """The spec of this replica's runner. Raises StartFailed."""
    package, service = boot["package"], boot["service"]
    module = find_module(package, service["moduleName"])
    code = folder / "code"
    with phases.timed("fetch"):
        await _fetch(api, boot, code)
    with phases.timed("install"):
        wanted = environment.request_for(
            code,
            functions=module.get("functions") or [],
            init_inputs=module.get("initInputs") or [],
            package_requirements=package.get("requirements") or [],
            sdk_version=boot["sdkVersion"],
        )
        made = await environment.ensure(wanted, cache, on_line)
    return RunnerSpec(
        python=made.python,
        codebase=code,
        entry_point=module.get("entryPoint") or DEFAULT_ENTRY_POINT,
        class_name=module.get("className") or DEFAULT_CLASS,
        init_params=_with_secrets(service["initParams"], boot["environment"]),
        init_inputs=module.get("initInputs") or [],
        functions=module.get("functions") or [],
        concurrency=service["runtime"]["concurrency"],
        as_process=service["runExecutionAsProcess"],
        output_limit=boot["outputLimit"],
        environ=runner_environment(made.python, folder, boot["environment"], proxy),
        sdk=login(boot),
        service=service,
        package=package,
        project=boot["project"],
    )


async def _fetch(api: Api, boot: Json, code: Path) -> None:
    raw = boot["package"].get("codebase")
    if raw is None:
        raise StartFailed(Reason.NO_CODEBASE, "the package has no codebase: push its code.")
    try:
        codebase = parse_codebase(raw)
    except BadRequest as error:
        raise StartFailed(Reason.BAD_CODEBASE, error.message) from None

    async def download(item_id: str, target: Path) -> None:
        await api.download(item_id, target, boot["codebaseToken"])

    await lay_out(codebase, code, download, boot["environment"], Limits(total_bytes=boot["codebaseLimit"]))


def runner_environment(python: Path, folder: Path, secrets: Mapping[str, str], proxy: str) -> dict[str, str]:
    """All that user code finds in ``os.environ``: a home of its own, the way to the network, its service's secrets."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in (*KEPT, *PROXIES, *map(str.lower, PROXIES)) if name in os.environ}
    return {
        **kept,
        "PATH": f"{python.parent}:{os.environ.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(python.parent.parent),
        "HOME": str(home),
        "MPLCONFIGDIR": str(home / ".matplotlib"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "DATALOOP_PATH": str(home / ".dataloop"),
        "AGENT_PROXY_MAIN_PORT": proxy,
        "DTLPY_REFRESH_TOKEN_METHOD": "proxy",
        **secrets,
    }


def login(boot: Json) -> Json:
    """What makes ``import dtlpy`` in user code find this platform, logged in as the bot (ENDPOINTS 0)."""
    gate = boot["gateUrl"]
    base = gate.removesuffix("/api/v1")
    known = {
        "alias": "faas",
        "gate_url": base,
        "url": base + "/",
        "audience": gate,
        "client_id": "",
        "auth0_url": base,
        "verify_ssl": True,  # also for http: the SDK would begin the function's log with a warning
    }
    custom = base64.b64encode(json.dumps({"url": gate, gate: known}).encode()).decode()
    return {"custom_env": custom, "token": boot["botToken"], "environment": gate}


def _with_secrets(params: Mapping[str, Any], secrets: Mapping[str, str]) -> Json:
    """``$env(NAME)`` in an init parameter is the secret of that name (ENDPOINTS 10)."""
    found: Json = {}
    for key, value in params.items():
        named = isinstance(value, str) and value.startswith("$env(") and value.endswith(")")
        found[key] = secrets.get(value[5:-1], value) if named else value
    return found
