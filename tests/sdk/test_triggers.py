"""Event triggers through the real SDK: what fires, how often, and what never does (ENDPOINTS 17)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from calls import deploy, ended, function, new_name, push, until, uploaded
from raw_http import Http
from sdk_version import CURRENT, needs

CODE = """
class ServiceRunner:
    def on_item(self, item, note='none'):
        return [item['item_id'], note]

    def on_dataset(self, dataset):
        return dataset['dataset_id']

    def on_annotation(self, annotation):
        return annotation['annotation_id']

    def alone(self):
        return 'called'

    def wants_more(self, item, other):
        return other
"""


@pytest.fixture(scope="module")
def service(dl: ModuleType, project: Any) -> Any:
    """Functions that take the event's ids as they are; ends with the project."""
    functions = [
        function(dl, "on_item", item="Json", note="String"),
        function(dl, "on_dataset", dataset="Json"),
        function(dl, "on_annotation", annotation="Json"),
        function(dl, "alone"),
        function(dl, "wants_more", item="Json", other="String"),
    ]
    return deploy(dl, push(dl, project, CODE, *functions))


@pytest.fixture
def trigger(service: Any) -> Iterator[Any]:
    """Makes triggers; they are deleted afterwards."""
    made = []

    def create(**more: Any) -> Any:
        more.setdefault("function_name", "on_item")
        made.append(service.triggers.create(name=new_name("trigger"), **more))
        return made[-1]

    yield create
    for one in made:
        service.triggers.delete(trigger_id=one.id)


def upload(dataset: Any, name: str = "a.txt", remote_path: str = "/", **more: Any) -> Any:
    """A small item."""
    buffer = io.BytesIO(b"content")
    buffer.name = name
    return uploaded(dataset, buffer, remote_path=remote_path, **more)


def fired(dl: ModuleType, service: Any, trigger: Any) -> list[Any]:
    """What a trigger made, oldest first."""
    filters = dl.Filters(resource=dl.FiltersResource.EXECUTION, field="triggerId", values=trigger.id)
    return list(service.executions.list(filters=filters).all())[::-1]


def in_dataset(dl: ModuleType, dataset: Any, **fields: Any) -> Any:
    """A filter on that dataset's items."""
    filters = dl.Filters(field="datasetId", values=dataset.id)
    for field, value in fields.items():
        filters.add(field=field.replace("__", "."), values=value)
    return filters


def settled(dl: ModuleType, service: Any, dataset: Any, trigger: Any) -> None:
    """Returns when every event so far has been dealt with: a last one, watched by a trigger of its own, has fired."""
    name = new_name("last")
    last = service.triggers.create(
        name=name, function_name="alone", filters=in_dataset(dl, dataset, name=f"{name}.txt")
    )
    upload(dataset, f"{name}.txt", remote_path="/settled")
    until(lambda: fired(dl, service, last), 15)
    service.triggers.delete(trigger_id=last.id)


# -- what fires --------------------------------------------------------------------------------------------------------


def test_an_uploaded_item_fires_with_its_ids(dl: ModuleType, service: Any, dataset: Any, trigger: Any) -> None:
    made = trigger(filters=in_dataset(dl, dataset))
    item = upload(dataset)
    execution = ended(service, until(lambda: fired(dl, service, made))[0])
    assert execution.input == {"item": {"item_id": item.id, "dataset_id": dataset.id}}
    assert execution.output == [item.id, "none"]
    assert (execution.creator, execution.trigger_id) == ("piper@dataloop.ai", made.id)
    assert item.resource_executions.list().items[0].execution_id == execution.id


def test_an_updated_and_a_deleted_item_fire(dl: ModuleType, service: Any, dataset: Any, trigger: Any) -> None:
    updated = trigger(filters=in_dataset(dl, dataset), actions=dl.TriggerAction.UPDATED, execution_mode="Always")
    deleted = trigger(filters=in_dataset(dl, dataset), actions=[dl.TriggerAction.DELETED])
    item = upload(dataset)
    item.metadata["user"] = {"n": 1}
    item = item.update()
    assert len(until(lambda: fired(dl, service, updated))) == 1
    item.delete()
    assert until(lambda: fired(dl, service, deleted))[0].input["item"]["item_id"] == item.id
    settled(dl, service, dataset, trigger)
    assert len(fired(dl, service, updated)) == len(fired(dl, service, deleted)) == 1


def test_datasets_fire(dl: ModuleType, service: Any, project: Any, trigger: Any) -> None:
    filters = {"$and": [{"name": "fires-*"}]}
    by_action = {
        action: trigger(filters=filters, resource="Dataset", actions=action, function_name="on_dataset")
        for action in ("Created", "Updated", "Deleted")
    }
    made = project.datasets.create(dataset_name=new_name("fires"))
    project.datasets.delete(
        dataset_id=project.datasets.create(dataset_name=new_name("quiet")).id, sure=True, really=True
    )
    made.metadata["user"] = {"n": 1}
    made.update()
    made.delete(sure=True, really=True)
    for action, one in by_action.items():
        executions = until(lambda one=one: fired(dl, service, one))
        assert [execution.input["dataset"] for execution in executions] == [{"dataset_id": made.id}], action


def test_annotations_fire(dl: ModuleType, service: Any, dataset: Any, trigger: Any) -> None:
    by_action = {
        action: trigger(
            filters={"$and": [{"datasetId": dataset.id}, {"label": "wanted"}]},
            resource=dl.TriggerResource.ANNOTATION,
            actions=action,
            function_name="on_annotation",
        )
        for action in ("Created", "Updated", "Deleted")
    }
    item = upload(dataset)
    made, _ = (
        item.annotations.upload(dl.Annotation.new(annotation_definition=dl.Point(1, 2, label=label)))[0]
        for label in ("wanted", "other")
    )
    made.attributes = {"1": "x"}
    made = made.update()
    made.delete()
    expected = {"annotation_id": made.id, "item_id": item.id, "dataset_id": dataset.id}
    for action, one in by_action.items():
        executions = until(lambda one=one: fired(dl, service, one))
        assert [execution.input["annotation"] for execution in executions] == [expected], action


def test_a_trigger_gives_its_own_input_too(dl: ModuleType, service: Any, dataset: Any, trigger: Any) -> None:
    made = trigger(filters=in_dataset(dl, dataset), inputs={"note": "from the trigger"})
    item = upload(dataset)
    execution = ended(service, until(lambda: fired(dl, service, made))[0])
    assert execution.output == [item.id, "from the trigger"]


def test_a_function_without_inputs_is_called_all_the_same(
    dl: ModuleType, service: Any, dataset: Any, trigger: Any
) -> None:
    made = trigger(filters=in_dataset(dl, dataset), function_name="alone")
    upload(dataset)
    assert ended(service, until(lambda: fired(dl, service, made))[0]).output == "called"


@pytest.mark.parametrize(
    ("condition", "fits", "other"),
    [
        ({"metadata__system__mimetype": "image*"}, {"name": "a.jpg"}, {"name": "a.txt"}),
        ({"metadata__system__mimetype": "*json"}, {"name": "a.json"}, {"name": "a.txt"}),
        ({"dir": "/in"}, {"remote_path": "/in"}, {"remote_path": "/out"}),
        ({"filename": "/in/**"}, {"remote_path": "/in/deep"}, {"remote_path": "/out"}),
        ({"metadata__user__kind": "x"}, {"item_metadata": {"user": {"kind": "x"}}}, {"item_metadata": {"user": {}}}),
    ],
)
def test_a_filter_decides(
    dl: ModuleType,
    service: Any,
    dataset: Any,
    trigger: Any,
    condition: dict[str, Any],
    fits: dict[str, Any],
    other: dict[str, Any],
) -> None:
    made = trigger(filters=in_dataset(dl, dataset, **condition))
    upload(dataset, **{"name": "b.txt", **other})
    wanted = upload(dataset, **fits)
    settled(dl, service, dataset, trigger)
    assert [one.input["item"]["item_id"] for one in fired(dl, service, made)] == [wanted.id]


# -- how often ---------------------------------------------------------------------------------------------------------


def test_once_is_once_for_each_item_and_always_is_each_time(
    dl: ModuleType, service: Any, dataset: Any, trigger: Any
) -> None:
    modes = {
        mode: trigger(filters=in_dataset(dl, dataset), actions="Updated", execution_mode=mode)
        for mode in ("Once", "Always")
    }
    item = upload(dataset)
    for number in range(3):
        item.metadata["user"] = {"n": number}
        item = item.update()
    settled(dl, service, dataset, trigger)
    assert {mode: len(fired(dl, service, one)) for mode, one in modes.items()} == {"Once": 1, "Always": 3}


# -- what never fires --------------------------------------------------------------------------------------------------


def test_hidden_items_fire_only_where_the_filter_says_so(
    dl: ModuleType, service: Any, dataset: Any, trigger: Any
) -> None:
    plain = trigger(filters={"$and": [{"datasetId": dataset.id}]})
    hidden = trigger(filters={"$and": [{"datasetId": dataset.id}, {"hidden": True}]})
    upload(dataset, ".dot.txt")
    until(lambda: fired(dl, service, hidden))
    settled(dl, service, dataset, trigger)
    assert [len(fired(dl, service, one)) for one in (plain, hidden)] == [1, 1]  # the one plain is of ``settled``


def test_the_binaries_dataset_and_folders_never_fire(
    dl: ModuleType, service: Any, project: Any, dataset: Any, trigger: Any
) -> None:
    made = trigger(filters={}, execution_mode="Always", actions=["Created", "Updated", "Deleted"])
    push(dl, project, CODE, function(dl, "alone"))
    dataset.items.make_dir(directory="/folder")
    settled(dl, service, dataset, trigger)
    executions = fired(dl, service, made)
    assert {one.input["item"]["dataset_id"] for one in executions} == {dataset.id}
    assert len(executions) == 1, "of the last item alone"


def test_an_inactive_trigger_and_a_paused_service_make_nothing(
    dl: ModuleType, service: Any, dataset: Any, trigger: Any
) -> None:
    off = trigger(filters=in_dataset(dl, dataset), active=False)
    upload(dataset)
    settled(dl, service, dataset, trigger)
    assert fired(dl, service, off) == []
    off.active = True
    assert off.update().active is True
    upload(dataset, "after.txt")
    until(lambda: fired(dl, service, off))


def test_an_event_that_the_function_cannot_take_is_told_in_the_log(
    dl: ModuleType, project: Any, dataset: Any, admin: Http
) -> None:
    package = push(dl, project, CODE, function(dl, "alone"), function(dl, "on_item", item="Json", note="String"))
    service = deploy(dl, package, active=False)
    name = new_name("trigger")
    service.triggers.create(name=name, function_name="on_item", filters=in_dataset(dl, dataset))
    without = push(dl, project, CODE, function(dl, "alone"), name=package.name)
    service.package_revision = without.version
    service = service.update()
    service.resume()
    upload(dataset)
    asked = {"serviceId": service.id, "start": "2000-01-01T00:00:00Z", "text": name}
    lines = until(lambda: admin("POST", "/services/logs", asked).json()["logs"])
    assert "on_item" in lines[0]["message"]
    service.delete()


# -- kept --------------------------------------------------------------------------------------------------------------


def test_triggers_are_found_updated_and_deleted(dl: ModuleType, service: Any, dataset: Any, project: Any) -> None:
    name = new_name("kept")
    made = service.triggers.create(name=name, function_name="on_item", filters=in_dataset(dl, dataset))
    assert (made.type, made.active, made.resource, made.actions) == ("Event", True, "Item", ["Created"])
    assert (made.execution_mode, made.function_name, made.service_id) == ("Once", "on_item", service.id)
    assert made.filters == in_dataset(dl, dataset).prepare(query_only=True)["filter"]
    got = project.triggers.get(trigger_id=made.id)
    assert got.to_json() == made.to_json() == project.triggers.get(trigger_name=name).to_json()
    assert made.id in [one.id for one in service.triggers.list().all()]
    got.actions, got.name = ["Updated"], new_name("renamed")
    seen = got.update()
    assert (seen.actions, seen.name, seen.updated_by) == (["Updated"], got.name, dl.info()["user_email"])
    assert project.triggers.get(trigger_id=made.id).to_json() == seen.to_json()
    assert project.triggers.get(trigger_id=made.id).delete()
    with pytest.raises(dl.exceptions.NotFound):
        project.triggers.get(trigger_id=made.id)
    assert made.id not in [one.id for one in service.triggers.list().all()]


def test_the_triggers_of_a_service_are_its_own(dl: ModuleType, service: Any, project: Any, trigger: Any) -> None:
    other = deploy(dl, service.package, active=False)
    theirs = other.triggers.create(name=new_name("theirs"), function_name="alone")
    mine = trigger(function_name="alone")
    assert [one.id for one in other.triggers.list().all()] == [theirs.id]
    assert theirs.id not in [one.id for one in service.triggers.list().all()]
    assert {mine.id, theirs.id} <= {one.id for one in project.triggers.list().all()}
    other.delete()


@needs(CURRENT, "Trigger.clone")
def test_a_cloned_trigger_is_a_trigger_of_its_own(dl: ModuleType, service: Any, project: Any, trigger: Any) -> None:
    made = trigger(function_name="alone", active=False)
    clone = made.clone(project_id=project.id, name=new_name("clone"))
    assert clone.id != made.id
    assert (clone.function_name, clone.active) == ("alone", False)
    assert clone.delete()


# -- refused -----------------------------------------------------------------------------------------------------------


def test_an_action_that_its_resource_does_not_have_is_refused(dl: ModuleType, service: Any) -> None:
    with pytest.raises(dl.exceptions.BadRequest) as refused:
        service.triggers.create(
            name=new_name("wrong"), function_name="alone", actions="statusChanged", resource="Dataset"
        )
    text = "Received an unsupported action type as input, type: statusChanged for resource type: Dataset"
    assert text in str(refused.value)


def test_two_triggers_of_one_name_are_refused(dl: ModuleType, service: Any, trigger: Any) -> None:
    made = trigger(function_name="alone")
    with pytest.raises(dl.exceptions.BadRequest, match=made.name):
        service.triggers.create(name=made.name, function_name="alone")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cron": "0 2 * * *"}, "spec.cron"),
        ({"resource": "Planet"}, "spec.resource"),
        ({"resource": ["Item"]}, "spec.resource"),
        ({"actions": {"Created": True}}, "spec.actions"),
        ({"actions": 1}, "spec.actions"),
        ({"actions": [["Created"]]}, "unsupported action type"),
        ({"executionMode": "Twice"}, "spec.executionMode"),
        ({"filter": "all"}, "filter"),
        ({"filter": {"$nor": []}}, "$nor"),
        ({"filter": {"name": {"$like": "a"}}}, "$like"),
        ({"input": "note"}, "spec.input"),
        ({"input": {"nose": "x"}}, "spec.input.nose"),
        ({"input": {"note": 1}}, "spec.input.note"),
        ({"operation": None}, "spec.operation"),
        ({"operation": {"type": "webhook", "webhookId": "1"}}, "spec.operation"),
        ({"operation": {"type": "function", "serviceId": "1"}}, "service"),
        ({"operation": {"type": "function", "serviceId": ["1"]}}, "spec.operation.serviceId"),
    ],
)
def test_what_is_wrong_is_named(service: Any, admin: Http, change: dict[str, Any], field: str) -> None:
    operation = {"type": "function", "serviceId": service.id, "functionName": "on_item"}
    spec = {"filter": {}, "resource": "Item", "executionMode": "Once", "actions": ["Created"], "operation": operation}
    body = {"type": "Event", "active": True, "projectId": service.project_id, "name": new_name("wrong")}
    status, message = admin.refused("POST", "/triggers", body | {"spec": spec | change})
    assert (status, field in message) == (400, True), message
    made = admin("POST", "/triggers", body | {"spec": spec})
    assert made.status_code == 201, "nothing was left of the refused one"
    path = f"/triggers/{made.json()['id']}"
    assert admin.refused("PATCH", path, {"spec": change})[0] == 400 or change == {"operation": None}
    assert admin("GET", path).json() == made.json()
    assert admin("DELETE", path).ok


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "Moon"}, "type"),
        ({"type": ["Event"]}, "type"),
        ({"active": "yes"}, "active"),
        ({"name": "Not A Name"}, "Invalid trigger name:"),
        ({"projectId": "1"}, "projectId"),
        ({"spec": "all"}, "spec"),
        ({"spec": None}, "spec"),
    ],
)
def test_what_is_wrong_outside_the_spec_is_named(service: Any, admin: Http, change: dict[str, Any], field: str) -> None:
    operation = {"type": "function", "serviceId": service.id, "functionName": "alone"}
    body = {
        "type": "Event",
        "projectId": service.project_id,
        "name": new_name("wrong"),
        "spec": {"operation": operation},
    }
    status, message = admin.refused("POST", "/triggers", body | change)
    assert (status, field in message) == (400, True), message


def test_a_function_that_is_not_there_is_refused(dl: ModuleType, service: Any) -> None:
    with pytest.raises(dl.exceptions.BadRequest, match="walk"):
        service.triggers.create(name=new_name("wrong"), function_name="walk", resource="Item")


@pytest.mark.parametrize(("name", "resource"), [("wants_more", "Item"), ("on_item", "Dataset")])
def test_a_trigger_may_be_made_before_its_functions_inputs_are_complete(service: Any, name: str, resource: str) -> None:
    trigger = service.triggers.create(name=new_name("early"), function_name=name, resource=resource)
    assert trigger.function_name == name
    trigger.delete()
