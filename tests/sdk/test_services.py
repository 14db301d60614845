"""Services through the real SDK: deployed in every way, updated, paused, resumed, refused (ENDPOINTS 15)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from calls import call, deploy, ended, function, module, new_name, push, source, until
from raw_http import Http
from sdk_version import CURRENT, needs

CODE = """
import os

class ServiceRunner:
    def __init__(self, greeting='hello'):
        self.greeting = greeting

    def run(self, name):
        return f'{self.greeting} {name}'

    def variable(self, name):
        return os.environ.get(name)
"""
MAX_WAIT = 30


@pytest.fixture(scope="module")
def package(dl: ModuleType, project: Any) -> Any:
    """What every test deploys; an init input and two functions."""
    functions = [function(dl, "run", name="String"), function(dl, "variable", name="String")]
    greeting = dl.FunctionIO(name="greeting", type="String", value="hello")
    run = module(dl, *functions, init_inputs=[greeting])
    return project.packages.push(package_name=new_name("package"), src_path=source(CODE), modules=[run])


@pytest.fixture
def service(dl: ModuleType, package: Any) -> Iterator[Any]:
    """A deployed service, deleted afterwards."""
    made = deploy(dl, package)
    yield made
    made.delete(force=True)


def replicas(service: Any) -> list[dict[str, Any]]:
    """Its ready replicas."""
    return [one for one in service.status()["runtimeStatus"] if one["status"] == "ready"]


# -- deploy ------------------------------------------------------------------------------------------------------------


def test_a_package_is_deployed_and_serves(dl: ModuleType, service: Any, project: Any) -> None:
    assert service.version == "1.0.0"
    execution = ended(service, call(service, name="you"))
    assert (execution.output, execution.latest_status["status"]) == ("hello you", "success")
    assert project.services.get(service_name=service.name).id == service.id
    assert service.id in [one.id for one in project.services.list().all()]


@needs(CURRENT, "deploy(active=...)")
def test_the_services_of_a_package_are_deployed_and_listed_by_it(dl: ModuleType, package: Any) -> None:
    name = new_name("listed")
    service = package.services.deploy(service_name=name, init_input={"greeting": "bye"}, active=False)
    try:
        assert [one.id for one in package.services.list().all() if one.name == name] == [service.id]
        assert (service.init_input, service.active) == ({"greeting": "bye"}, False)
        assert package.services.get(service_name=name).package_revision == package.version
    finally:
        service.delete()


def test_a_function_alone_is_deployed(project: Any) -> None:
    def double(text):  # type: ignore[no-untyped-def]
        return text * 2

    service = project.services.deploy(service_name=new_name("alone"), func=double)
    try:
        assert ended(service, call(service, "double", text="ab")).output == "abab"
    finally:
        service.delete()


def test_init_inputs_reach_the_constructor(dl: ModuleType, package: Any) -> None:
    service = deploy(dl, package, init_input=[dl.FunctionIO(name="greeting", type="String", value="servus")])
    try:
        assert ended(service, call(service, name="du")).output == "servus du"
    finally:
        service.delete()


def test_deploying_again_under_the_same_name_updates(dl: ModuleType, project: Any) -> None:
    name = new_name("twice")
    package = push(dl, project, CODE, function(dl, "run", name="String"))
    first = package.services.deploy(service_name=name)
    try:
        assert ended(first, call(first, name="a")).output == "hello a"
        folder = source(CODE.replace("greeting='hello'", "greeting='moin'"))
        run = module(dl, function(dl, "run", name="String"))
        newer = project.packages.push(package_name=package.name, src_path=folder, modules=[run])
        second = newer.services.deploy(service_name=name, revision=newer.version)
        assert (second.id, second.version, second.package_revision) == (first.id, "1.0.1", "1.0.1")
        until(lambda: [one["version"] for one in replicas(second)] == ["1.0.1"], MAX_WAIT)
        assert ended(second, call(second, name="a")).output == "moin a"
    finally:
        first.delete()


def test_a_push_with_service_update_moves_the_service(dl: ModuleType, project: Any) -> None:
    package = push(dl, project, CODE, function(dl, "run", name="String"))
    service = package.services.deploy(service_name=package.name, active=False)
    run = module(dl, function(dl, "run", name="String"))
    project.packages.push(package_name=package.name, src_path=source(CODE), modules=[run], service_update=True)
    assert project.services.get(service_id=service.id).package_revision == "1.0.1"
    service.delete()


def test_revisions_grow_by_one_with_every_update(service: Any) -> None:
    assert [one["version"] for one in service.revisions] == ["1.0.0"]
    for number in range(1, 4):
        service.init_input = {"greeting": str(number)}
        service = service.update()
        assert service.version == f"1.0.{number}"
        revisions = service.services.revisions(service=service)
        assert len(revisions) == number + 1
        assert revisions[0]["initParams"] == {"greeting": str(number)}


def test_the_package_of_a_service_is_found(service: Any, package: Any, project: Any) -> None:
    fetched = project.services.get(service_id=service.id)
    assert fetched.package.id == package.id


# -- what is answered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"runtime": {"podType": "regular-xs", "numReplicas": 1, "concurrency": 3, "runnerImage": "python:3.11"}},
        {"max_attempts": 1, "on_reset": "rerun", "drain_time": 5, "run_execution_as_process": True},
        {"execution_timeout": 7200, "agent_versions": {"dtlpy": "1.126.5"}},
    ],
)
def test_the_entity_is_the_raw_answer(dl: ModuleType, package: Any, admin: Http, settings: dict[str, Any]) -> None:
    made = deploy(dl, package, active=False, **{"runtime": None, **settings})
    raw = admin("GET", f"/services/{made.id}").json()
    query = {"resource": "services", "filter": {"$and": [{"name": made.name}, {"projectId": made.project_id}]}}
    assert made.to_json() == raw == admin("POST", "/query/faas", query).json()["items"][0]
    assert raw["orgId"]
    assert made.update().to_json() == admin("GET", f"/services/{made.id}").json()
    made.delete()


def test_defaults_are_those_of_the_sdk(dl: ModuleType, package: Any) -> None:
    made = package.services.deploy(service_name=new_name("plain"), active=False)
    runtime = made.runtime
    assert (runtime.pod_type, runtime.num_replicas, runtime.concurrency) == ("regular-s", 1, 10)
    assert (made.execution_timeout, made.drain_time, made.on_reset, made.max_attempts) == (3600, 600, "failed", 3)
    assert (made.module_name, made.package_revision, made.bot) == ("default_module", "1.0.0", made.bot)
    assert "@" in made.bot
    made.delete()


@pytest.mark.parametrize(
    ("make", "sent"),
    [
        ("KubernetesRabbitmqAutoscaler", {"min_replicas": 0, "max_replicas": 2, "queue_length": 5}),
        ("KubernetesRPSAutoscaler", {"min_replicas": 0, "max_replicas": 3, "threshold": 4, "rate_seconds": 7}),
        ("KubernetesRabbitmqAutoscaler", {"max_replicas": 2, "cooldown_period": 30, "polling_interval": 10}),
    ],
)
def test_autoscalers_come_back(dl: ModuleType, package: Any, admin: Http, make: str, sent: dict[str, int]) -> None:
    runtime = dl.KubernetesRuntime(concurrency=1, autoscaler=getattr(dl, make)(**sent))
    made = deploy(dl, package, runtime=runtime, active=False)
    got = made.project.services.get(service_id=made.id)
    assert {name: getattr(got.runtime.autoscaler, name) for name in sent} == sent
    assert got.to_json() == admin("GET", f"/services/{made.id}").json()
    made.delete()


def test_unknown_keys_of_a_runtime_are_taken(dl: ModuleType, package: Any, admin: Http) -> None:
    made = deploy(dl, package, runtime={"gpu": False, "replicas": 1, "concurrency": 4}, active=False)
    assert admin("GET", f"/services/{made.id}").json()["runtime"]["gpu"] is False
    assert made.runtime.concurrency == 4
    made.delete()


@pytest.mark.parametrize("settings", [{"max_attempts": 1}, {"execution_timeout": 3 * 3600}])
def test_what_cannot_be_repeated_is_not_preemptible(dl: ModuleType, package: Any, settings: dict[str, int]) -> None:
    made = deploy(dl, package, active=False, **settings)
    assert made.runtime.preemptible is False
    made.delete()


# -- control -----------------------------------------------------------------------------------------------------------


def test_a_paused_service_has_no_replica_until_it_is_resumed(dl: ModuleType, service: Any) -> None:
    until(lambda: replicas(service), MAX_WAIT)
    assert service.pause()
    until(lambda: not service.status()["runtimeStatus"], MAX_WAIT)
    with pytest.raises(dl.exceptions.BadRequest, match="paused"):
        call(service, name="nobody")
    assert service.resume()["active"] is True
    assert ended(service, call(service, name="again")).output == "hello again"


def test_status_counts_replicas_and_what_waits(dl: ModuleType, package: Any) -> None:
    service = deploy(dl, package, runtime={"numReplicas": 2, "concurrency": 1})
    try:
        until(lambda: len(replicas(service)) == 2, MAX_WAIT)
        status = service.status()
        assert (len(status["runtimeStatus"]), status["numMessagesInQueue"]) == (2, 0)
    finally:
        service.delete()


@needs(CURRENT, "Service.restart")
def test_a_restart_replaces_the_replicas(service: Any) -> None:
    before = until(lambda: replicas(service), MAX_WAIT)[0]["replicaId"]
    assert service.restart()
    after = until(lambda: [one["replicaId"] for one in replicas(service) if one["replicaId"] != before], MAX_WAIT)
    assert after != [before]


def test_a_restart_of_an_unknown_replica_is_refused(service: Any, admin: Http) -> None:
    status, message = admin.refused("POST", f"/services/{service.id}/restart", {"replicaName": "nobody"})
    assert (status, "nobody" in message) == (404, True)
    assert admin.refused("POST", f"/services/{service.id}/restart", {"replicaName": ["x"]})[0] in (400, 404)


def test_deleting_takes_triggers_along(dl: ModuleType, package: Any) -> None:
    service = deploy(dl, package, active=False)
    trigger = service.triggers.create(name=new_name("trigger"), function_name="run", inputs={"name": "x"})
    assert service.delete()
    for look in (lambda: dl.services.get(service_id=service.id), lambda: dl.triggers.get(trigger_id=trigger.id)):
        with pytest.raises(dl.exceptions.NotFound):
            look()
    again = deploy(dl, package, name=service.name, active=False)
    assert again.id != service.id
    assert again.delete(force=True)


def test_a_package_in_use_is_not_deleted(dl: ModuleType, service: Any, package: Any, admin: Http) -> None:
    status, message = admin.refused("DELETE", f"/packages/{package.id}")
    assert (status, service.name in message) == (400, True)


def test_slots_are_activated(dl: ModuleType, project: Any, admin: Http) -> None:
    pushed = push(dl, project, CODE, function(dl, "run", name="String"))
    slot = {"moduleName": "default_module", "functionName": "run", "displayName": "Run", "displayScopes": []}
    slot |= {"postAction": {"type": "noAction"}}  # a PackageSlot of the SDK's own making cannot be sent by it
    assert admin("PATCH", f"/packages/{pushed.id}", {"slots": [slot]}).ok
    package = project.packages.get(package_id=pushed.id)
    service = deploy(dl, package, active=False)
    made = service.activate_slots(project_id=project.id)
    assert made[0].metadata["serviceId"] == service.id
    again = service.activate_slots(project_id=project.id)
    assert [one.id for one in again] == [one.id for one in made]
    service.delete()


def test_secrets_are_variables_of_the_function(dl: ModuleType, project: Any, package: Any) -> None:
    kind = dl.IntegrationType.KEY_VALUE
    plain, named = (
        project.integrations.create(
            integrations_type=kind, name=new_name("secret"), options={"key": key, "value": value}
        )
        for key, value in (("FROM_SECRETS", "one"), ("whatever", "two"))
    )
    entry = {"type": "key_value", "key": "whatever", "value": named.id, "env": "FROM_INTEGRATIONS"}
    service = deploy(dl, package, secrets=[plain.id], integrations=[entry])
    try:
        assert (service.secrets, service.integrations) == ([plain.id], [entry])
        assert ended(service, call(service, "variable", name="FROM_SECRETS")).output == "one"
        assert ended(service, call(service, "variable", name="FROM_INTEGRATIONS")).output == "two"
        assert ended(service, call(service, "variable", name="FAAS_ADMIN_PASSWORD")).output is None
    finally:
        service.delete()


def test_deploy_from_file_makes_package_service_and_trigger(dl: ModuleType, project: Any) -> None:
    name = new_name("file")
    run = {"name": "run", "description": "", "input": [{"name": "name", "type": "Json"}], "output": []}
    greeting = [{"name": "greeting", "type": "String"}]
    modules = [{"name": "default_module", "entryPoint": "main.py", "initInputs": greeting, "functions": [run]}]
    spec = {"filter": {}, "resource": "Item", "actions": ["Created"], "executionMode": "Once", "input": {"name": "x"}}
    spec["operation"] = {"type": "function", "functionName": "run"}
    trigger = {"name": name, "active": False, "type": "Event", "spec": spec}
    wanted = {"name": name, "packageRevision": "latest", "runtime": {"concurrency": 3}, "initParams": {}}
    data = {"name": name, "modules": modules, "services": [{**wanted, "triggers": []}]}
    file = Path(source(CODE)) / "deploy.json"
    file.write_text(json.dumps(data))
    services, package = project.packages.deploy_from_file(project=project, json_filepath=str(file))
    assert (services[0].name, services[0].runtime.concurrency, package.name) == (name, 3, name)
    assert services[0].package_revision == package.version
    assert trigger["spec"] == spec
    services[0].delete()


# -- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Not A Name"}, "Invalid service name:"),
        ({"name": "a" * 36}, "Name must be at most 35 characters"),
        ({"packageId": "1"}, "package"),
        ({"packageId": None}, "package"),
        ({"packageRevision": "9.9.9"}, "packageRevision"),
        ({"packageRevision": ["1.0.0"]}, "packageRevision"),
        ({"moduleName": "another"}, "moduleName"),
        ({"moduleName": 1}, "moduleName"),
        ({"runtime": "large"}, "runtime"),
        ({"runtime": {"concurrency": 0}}, "runtime.concurrency"),
        ({"runtime": {"concurrency": "ten"}}, "runtime.concurrency"),
        ({"runtime": {"concurrency": 1.5}}, "runtime.concurrency"),
        ({"runtime": {"numReplicas": -1}}, "runtime.numReplicas"),
        ({"runtime": {"podType": 1}}, "runtime.podType"),
        ({"runtime": {"autoscaler": {"type": "cpu"}}}, "runtime.autoscaler.type"),
        ({"runtime": {"autoscaler": {}}}, "runtime.autoscaler.type"),
        ({"runtime": {"autoscaler": {"type": ["rabbitmq"]}}}, "runtime.autoscaler.type"),
        ({"runtime": {"autoscaler": {"type": "rabbitmq", "minReplicas": 3, "maxReplicas": 2}}}, "minReplicas"),
        ({"runtime": {"autoscaler": {"type": "rabbitmq", "queueLength": "x"}}}, "runtime.autoscaler.queueLength"),
        ({"runtime": {"autoscaler": {"type": "rps", "cooldownPeriod": -1}}}, "runtime.autoscaler.cooldownPeriod"),
        ({"executionTimeout": 0}, "executionTimeout"),
        ({"executionTimeout": "long"}, "executionTimeout"),
        ({"drainTime": -1}, "drainTime"),
        ({"onReset": "again"}, "onReset"),
        ({"onReset": {}}, "onReset"),
        ({"maxAttempts": 0}, "maxAttempts"),
        ({"active": "yes"}, "active"),
        ({"initParams": "greeting"}, "initParams"),
        ({"initParams": [1]}, "initParams"),
        ({"versions": ["1.126.5"]}, "versions"),
        ({"versions": {"dtlpy": "1.0; rm"}}, "versions.dtlpy"),
        ({"versions": {"dtlpy": 1}}, "versions.dtlpy"),
        ({"secrets": "id"}, "secrets"),
        ({"secrets": ["no-such-integration"]}, "secrets"),
        ({"integrations": [{"value": "no-such-integration", "env": "X"}]}, "integrations"),
        ({"integrations": ["id"]}, "integrations[0]"),
        ({"queueLengthLimit": "many"}, "queueLengthLimit"),
        ({"metadata": "text"}, "metadata"),
        ({"projectId": "1"}, "projectId"),
    ],
)
def test_what_is_wrong_is_named(project: Any, package: Any, admin: Http, change: dict[str, Any], field: str) -> None:
    body = {"name": new_name("wrong"), "projectId": project.id, "packageId": package.id, "active": False}
    status, message = admin.refused("POST", "/services", body | change)
    assert (status, field in message) == (400, True), message
    made = admin("POST", "/services", body)
    assert made.status_code == 201, "nothing was left of the refused one"
    path = f"/services/{made.json()['id']}"
    if not set(change) & {"projectId", "packageId"}:
        assert field in admin.refused("PATCH", path, change)[1]
        assert admin("GET", path).json() == made.json()
    assert admin("DELETE", path).ok


def test_a_taken_name_is_refused(dl: ModuleType, project: Any, service: Any, package: Any, admin: Http) -> None:
    body = {"name": service.name, "projectId": project.id, "packageId": package.id}
    status, message = admin.refused("POST", "/services", body)
    assert (status, service.name in message) == (400, True)


def test_a_package_of_another_project_is_not_deployed_here(dl: ModuleType, package: Any, admin: Http) -> None:
    other = dl.projects.create(project_name=new_name("stranger-project"))
    try:
        body = {"name": new_name("stranger"), "projectId": other.id, "packageId": package.id}
        status, message = admin.refused("POST", "/services", body)
        assert (status, "another project" in message) == (400, True)
    finally:
        other.delete(sure=True, really=True)


def test_a_shared_package_runs_in_another_project(dl: ModuleType, project: Any) -> None:
    package = push(dl, project, CODE, function(dl, "run", name="String"), is_global=True)
    other = dl.projects.create(project_name=new_name("guest-project"))
    try:
        service = other.services.deploy(service_name=new_name("guest"), package=package)
        assert service.project_id == other.id
        assert ended(service, call(service, name="guest")).output == "hello guest"
    finally:
        other.delete(sure=True, really=True)
