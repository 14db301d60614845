"""Executions through the real SDK: called in every way, watched, ended, run again (ENDPOINTS 16)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from calls import call, deploy, ended, function, new_name, push, until, uploaded, with_status
from raw_http import Http

CODE = """
import time

class ServiceRunner:
    def run(self, text, times=1):
        return text * times

    def fail(self, text):
        raise ValueError(text)

    def sleep(self, progress=None):
        progress.update(message='asleep')
        for _ in range(1200):
            time.sleep(0.05)
"""
ENTITIES = """
class ServiceRunner:
    def on_item(self, item, text='none'):
        return [item.name, text]

    def on_dataset(self, dataset):
        return dataset.name

    def on_annotation(self, annotation):
        return annotation.label
"""


@pytest.fixture(scope="module")
def service(dl: ModuleType, project: Any) -> Any:
    """Functions of plain values; ends with the project."""
    functions = [
        function(dl, "run", text="String", times="Integer"),
        function(dl, "fail", text="String"),
        function(dl, "sleep"),
    ]
    return deploy(dl, push(dl, project, CODE, *functions))


@pytest.fixture(scope="module")
def entities(dl: ModuleType, project: Any) -> Any:
    """Functions of entities; their environment has the SDK."""
    functions = [
        function(dl, "on_item", item="Item", text="String"),
        function(dl, "on_dataset", dataset="Dataset"),
        function(dl, "on_annotation", annotation="Annotation"),
    ]
    return deploy(dl, push(dl, project, ENTITIES, *functions))


@pytest.fixture
def sleeper(service: Any) -> Iterator[Any]:
    """A running execution that would run for a minute; ended afterwards."""
    made = with_status(service, call(service, "sleep"), "in-progress")
    yield made
    if service.executions.get(execution_id=made.id).in_progress():
        made.terminate()
    ended(service, made)


@pytest.fixture
def paused(dl: ModuleType, project: Any) -> Iterator[Any]:
    """A service without any replica: what is created waits."""
    runtime = dl.KubernetesRuntime(num_replicas=0)
    made = deploy(dl, push(dl, project, CODE, function(dl, "run", text="String", times="Integer")), runtime=runtime)
    yield made
    made.delete(force=True)


def upload(dataset: Any, name: str) -> Any:
    """A small item."""
    buffer = io.BytesIO(b"content")
    buffer.name = name
    return uploaded(dataset, buffer)


# -- create ------------------------------------------------------------------------------------------------------------


def test_an_execution_has_all_that_the_sdk_reads(dl: ModuleType, service: Any, project: Any) -> None:
    execution = ended(service, call(service, text="ab", times=2))
    assert (execution.output, execution.function_name) == ("abab", "run")
    assert execution.input == {"text": "ab", "times": 2}
    assert (execution.service_id, execution.project_id) == (service.id, project.id)
    assert (execution.package_id, execution.package_revision) == (service.package_id, service.package_revision)
    assert execution.service_version == service.version
    assert (execution.creator, execution.attempts, execution.max_attempts) == (dl.info()["user_email"], 1, 3)
    assert execution.latest_status["status"] == "success"
    assert execution.latest_status["percentComplete"] == 100
    assert [one["status"] for one in execution.status] == ["created", "in-progress", "success"]
    assert execution.status_log == execution.status
    assert execution.to_terminate is False
    assert execution.created_at < execution.updated_at
    assert execution.trigger_id is None
    assert execution.service.id == service.id


def test_inputs_come_as_dict_or_as_function_inputs(dl: ModuleType, service: Any, project: Any) -> None:
    text, times = (
        dl.FunctionIO(type="String", name="text", value="x"),
        dl.FunctionIO(type="Integer", name="times", value=3),
    )
    first = service.execute(execution_input=[text, times], function_name="run", project_id=project.id)
    second = service.execute(execution_input={"text": "y"}, function_name="run", project_id=project.id)
    third = project.executions.create(
        service_id=service.id, execution_input=dl.FunctionIO(type="String", name="text", value="z")
    )
    assert [ended(service, one).output for one in (first, second, third)] == ["xxx", "y", "z"]


def test_a_text_that_looks_like_a_number_stays_a_text(service: Any) -> None:
    sent = "6500397081943346e28"
    execution = ended(service, call(service, text=sent))
    assert (execution.input["text"], execution.output) == (sent, sent)


def test_sync_waits_and_return_output_gives_the_output(service: Any, project: Any) -> None:
    given = {"execution_input": {"text": "s"}, "function_name": "run", "project_id": project.id}
    execution = service.executions.create(sync=True, **given)
    assert (execution.latest_status["status"], execution.output) == ("success", "s")
    assert service.executions.create(sync=True, return_output=True, **given) == "s"


def test_wait_returns_the_ended_execution(service: Any, sleeper: Any) -> None:
    execution = call(service, text="w")
    assert service.executions.wait(execution_id=execution.id).latest_status["status"] == "success"
    assert execution.wait().output == "w"
    with pytest.raises(TimeoutError):
        service.executions.wait(execution=sleeper, timeout=1)


def test_ids_of_entities_arrive_as_entities(dl: ModuleType, entities: Any, dataset: Any, project: Any) -> None:
    item = upload(dataset, "given.txt")
    annotation = item.annotations.upload(dl.Annotation.new(annotation_definition=dl.Point(1, 2, label="spot")))[0]
    create = entities.executions.create
    made = [
        create(item_id=item.id, dataset_id=dataset.id, function_name="on_item"),
        create(execution_input={"item": item.id, "text": "t"}, function_name="on_item"),
        create(execution_input={"item": {"item_id": item.id}}, function_name="on_item", project_id=project.id),
        create(dataset_id=dataset.id, function_name="on_dataset"),
        create(annotation_id=annotation.id, item_id=item.id, dataset_id=dataset.id, function_name="on_annotation"),
    ]
    outputs = [ended(entities, one).output for one in made]
    assert outputs == [["given.txt", "none"], ["given.txt", "t"], ["given.txt", "none"], dataset.name, "spot"]
    assert ended(entities, made[0]).input == {"item": {"item_id": item.id, "dataset_id": dataset.id}}


# -- find --------------------------------------------------------------------------------------------------------------


def test_executions_are_listed_newest_first_and_by_filter(dl: ModuleType, service: Any, project: Any) -> None:
    good, bad = call(service, text="good"), call(service, "fail", text="bad")
    for one in (good, bad):
        ended(service, one)
    pages = service.executions.list()
    assert [one.id for one in pages.items[:2]] == [bad.id, good.id]
    assert pages.items_count == len({one.id for one in pages.all()})

    def found(**fields: Any) -> set[str]:
        filters = dl.Filters(resource=dl.FiltersResource.EXECUTION)
        for field, value in fields.items():
            filters.add(field=field.replace("__", "."), values=value)
        return {one.id for one in project.executions.list(filters=filters).all()}

    assert bad.id in found(latestStatus__status="failed")
    assert good.id not in found(latestStatus__status="failed")
    assert found(id=good.id, functionName="run") == {good.id}
    assert found(id=good.id, functionName="fail") == set()
    assert good.id in found(input__text="good")
    assert found(serviceId=service.id, latestStatus__status="success", creator="nobody") == set()


def test_executions_are_found_by_what_they_are_about(dl: ModuleType, entities: Any, dataset: Any, project: Any) -> None:
    item, other = upload(dataset, "about.txt"), upload(dataset, "another.txt")
    execution = entities.executions.create(item_id=item.id, dataset_id=dataset.id, function_name="on_item")
    entities.executions.create(item_id=other.id, dataset_id=dataset.id, function_name="on_item")
    filters = dl.Filters(resource=dl.FiltersResource.EXECUTION, field="resources.id", values=item.id)
    assert [one.id for one in project.executions.list(filters=filters).all()] == [execution.id]
    ended(entities, execution)
    about = item.resource_executions.list()
    assert about.items_count == 1
    found = about.items[0]
    assert (found.execution_id, found.resource_id, found.resource_type) == (execution.id, item.id, "Item")
    assert (found.status, found.service_name, found.function_name) == ("success", entities.name, "on_item")
    assert dataset.items.get(item_id=other.id).resource_executions.list().items[0].execution_id != execution.id


# -- fail, progress, update --------------------------------------------------------------------------------------------


def test_an_error_of_the_function_is_final_and_told(service: Any) -> None:
    execution = ended(service, call(service, "fail", text="too hot"))
    latest = execution.latest_status
    assert (latest["status"], latest["reason"], execution.attempts) == ("failed", "error", 1)
    assert "too hot" in latest["message"]
    assert "ValueError" in latest["traceback"]
    assert execution.output is None


def test_progress_is_appended_and_mirrored(service: Any, sleeper: Any) -> None:
    execution = sleeper
    seen = execution.progress_update(status="inProgress", percent_complete=40, message="by hand")
    assert (seen.latest_status["status"], seen.latest_status["percentComplete"]) == ("in-progress", 40)
    assert seen.latest_status["message"] == "by hand"
    assert seen.status[-1] == seen.latest_status
    done = execution.progress_update(status="completed", output="enough")
    assert (done.latest_status["status"], done.output) == ("success", "enough")
    assert service.executions.get(execution_id=execution.id).output == "enough"


def test_progress_of_a_waiting_execution_leaves_it_waiting(paused: Any) -> None:
    execution = call(paused, text="x")
    seen = execution.progress_update(percent_complete=10, message="soon")
    assert (seen.latest_status["status"], seen.latest_status["message"]) == ("created", "soon")


def test_an_ended_execution_takes_no_progress(dl: ModuleType, service: Any) -> None:
    execution = ended(service, call(service, text="x"))
    with pytest.raises(dl.exceptions.Conflict, match="has ended"):
        execution.progress_update(percent_complete=10)
    assert service.executions.get(execution_id=execution.id).latest_status == execution.latest_status


def test_an_update_with_the_whole_entity_changes_nothing(service: Any) -> None:
    execution = ended(service, call(service, text="x"))
    execution.output, execution.attempts = "another", 7
    execution.update()
    seen = service.executions.get(execution_id=execution.id)
    assert (seen.output, seen.attempts) == ("x", 1)


def test_increment_counts_an_attempt(service: Any) -> None:
    execution = ended(service, call(service, text="x"))
    execution.increment()
    assert execution.attempts == 2
    assert service.executions.get(execution_id=execution.id).attempts == 2


# -- terminate ---------------------------------------------------------------------------------------------------------


def test_a_waiting_execution_is_terminated_at_once(paused: Any) -> None:
    execution = call(paused, text="x").terminate()
    assert execution.to_terminate is True
    assert execution.latest_status["status"] == "failed"
    assert "termination signal" in execution.latest_status["message"]


def test_a_running_execution_is_terminated(dl: ModuleType, service: Any, sleeper: Any) -> None:
    assert sleeper.terminate().to_terminate is True
    execution = ended(service, sleeper)
    latest = execution.latest_status
    assert (latest["status"], latest["reason"]) == ("failed", "terminated")
    assert "termination signal" in latest["message"]
    with pytest.raises(dl.exceptions.BadRequest, match="ended already"):
        execution.terminate()


def test_an_update_can_ask_for_the_end(paused: Any) -> None:
    execution = call(paused, text="x")
    execution.to_terminate = True
    assert execution.update().latest_status["status"] == "failed"


# -- rerun -------------------------------------------------------------------------------------------------------------


def test_a_rerun_keeps_the_id_and_the_history(dl: ModuleType, service: Any, sleeper: Any) -> None:
    first = ended(service, call(service, "fail", text="again"))
    again = first.rerun()
    assert (again.id, again.latest_status["status"], again.output) == (first.id, "created", None)
    second = ended(service, first)
    statuses = [one["status"] for one in second.status]
    assert statuses == ["created", "in-progress", "failed"] * 2
    assert second.attempts == 1
    with pytest.raises(dl.exceptions.BadRequest, match="has not ended"):
        sleeper.rerun()


def test_a_rerun_runs_the_latest_revision(dl: ModuleType, project: Any) -> None:
    package = push(dl, project, CODE, function(dl, "run", text="String", times="Integer"))
    service = deploy(dl, package)
    execution = ended(service, call(service, text="r"))
    newer = push(
        dl, project, CODE.replace("text * times", "'new'"), function(dl, "run", text="String"), name=package.name
    )
    service.package_revision = newer.version
    service = service.update()
    again = execution.rerun(sync=True)
    assert (again.output, again.package_revision, again.service_version) == ("new", "1.0.1", "1.0.1")
    service.delete()


def test_a_rerun_of_many_starts_those_that_ended(dl: ModuleType, service: Any) -> None:
    made = [ended(service, call(service, "fail", text=str(number))) for number in range(3)]
    filters = dl.Filters(
        resource=dl.FiltersResource.EXECUTION,
        field="id",
        values=[one.id for one in made],
        operator=dl.FiltersOperations.IN,
    )
    command = service.executions.rerun_batch(filters=filters, service_id=service.id)
    assert command.status == "success"
    assert len(command.spec["inputs"]) == 3
    for one in made:
        until(lambda one=one: len(service.executions.get(execution_id=one.id).status) == 6)


# -- batch -------------------------------------------------------------------------------------------------------------


def test_a_batch_is_one_execution_for_each_item(dl: ModuleType, entities: Any, dataset: Any) -> None:
    items = [upload(dataset, f"{number}.txt") for number in range(3)]
    upload(dataset, "other.bin")
    filters = dl.Filters(field="name", values="*.txt")
    filters.add(field="datasetId", values=dataset.id)
    text = dl.FunctionIO(type=dl.PackageInputType.STRING, name="text", value="batch")
    command = entities.executions.create_batch(
        service_id=entities.id, filters=filters, function_name="on_item", execution_inputs=text
    )
    assert command.status == "success"
    given = {one["item"]["item_id"]: one["text"] for one in command.spec["inputs"]}
    assert given == {item.id: "batch" for item in items}
    for execution_id in command.spec["executions"]:
        assert ended(entities, entities.executions.get(execution_id=execution_id)).output[1] == "batch"


def test_a_batch_of_nothing_is_a_success_too(dl: ModuleType, entities: Any) -> None:
    filters = dl.Filters(field="name", values=new_name("nothing"))
    command = entities.executions.create_batch(service_id=entities.id, filters=filters, function_name="on_item")
    assert (command.status, command.spec["inputs"]) == ("success", [])


def test_a_batch_never_takes_the_items_of_binaries(dl: ModuleType, entities: Any, dataset: Any, project: Any) -> None:
    item = upload(dataset, "only.txt")
    filters = dl.Filters(use_defaults=False, custom_filter={"$and": [{"type": "file"}]})
    command = entities.executions.create_batch(service_id=entities.id, filters=filters, function_name="on_item")
    assert [one["item"]["item_id"] for one in command.spec["inputs"]] == [item.id]


# -- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"input": {}}, "input.text"),
        ({"input": None}, "input.text"),
        ({"input": {"text": 1}}, "input.text"),
        ({"input": {"text": "x", "times": "three"}}, "input.times"),
        ({"input": {"text": "x", "times": 1.5}}, "input.times"),
        ({"input": {"text": "x", "tmes": 1}}, "input.tmes"),
        ({"input": "text"}, "input"),
        ({"input": ["text"]}, "input"),
        ({"functionName": "walk"}, "functionName"),
        ({"functionName": 1}, "functionName"),
        ({"projectId": "00000000-0000-0000-0000-000000000000"}, "projectId"),
        ({"projectId": {}}, "projectId"),
    ],
)
def test_a_wrong_call_is_refused_by_field(service: Any, admin: Http, change: dict[str, Any], field: str) -> None:
    before = service.executions.list().items_count
    body = {"input": {"text": "x"}, "functionName": "run", "projectId": service.project_id}
    status, message = admin.refused("POST", f"/executions/{service.id}", body | change)
    assert (status, field in message) == (400, True), message
    assert service.executions.list().items_count == before


@pytest.mark.parametrize(
    ("given", "field"),
    [({"item": 1}, "input.item"), ({"item": {}}, "input.item"), ({"item": {"item_id": None}}, "input.item")],
)
def test_an_entity_without_an_id_is_refused(entities: Any, admin: Http, given: dict[str, Any], field: str) -> None:
    status, message = admin.refused("POST", f"/executions/{entities.id}", {"input": given, "functionName": "on_item"})
    assert (status, field in message) == (400, True), message


def test_an_entity_that_is_not_there_fails_with_its_name(entities: Any, project: Any) -> None:
    given = {"execution_input": {"item": "0" * 24}, "function_name": "on_item", "project_id": project.id}
    execution = ended(entities, entities.executions.create(**given))
    assert execution.latest_status["reason"] == "bad-input"
    assert "item" in execution.latest_status["message"]


def test_a_full_queue_says_try_again(dl: ModuleType, paused: Any, admin: Http) -> None:
    assert admin("PATCH", f"/services/{paused.id}", {"queueLengthLimit": 1}).ok
    body = {"input": {"text": "x"}, "functionName": "run"}
    assert admin("POST", f"/executions/{paused.id}", body).status_code == 201
    assert admin.refused("POST", f"/executions/{paused.id}", body)[0] == 429
    assert int(admin("POST", f"/executions/{paused.id}", body).headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "finished"}, "status"),
        ({"status": ["success"]}, "status"),
        ({"percentComplete": "half"}, "percentComplete"),
        ({"percentComplete": 101}, "percentComplete"),
        ({"message": {}}, "message"),
    ],
)
def test_wrong_progress_is_refused(paused: Any, admin: Http, body: dict[str, Any], field: str) -> None:
    execution = call(paused, text="x")
    status, message = admin.refused("POST", f"/executions/{execution.id}/progress", body)
    assert (status, field in message) == (400, True)
    assert len(paused.executions.get(execution_id=execution.id).status) == 1
