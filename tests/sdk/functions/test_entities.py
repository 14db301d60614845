"""Entities in and out of functions, and the SDK inside user code: it acts as the service's bot, in every thread."""

from __future__ import annotations

import io
from typing import Any

import pytest
from calls import uploaded

CODE = """
import os, threading

import dtlpy as dl

class ServiceRunner(dl.BaseServiceRunner):
    def __init__(self, dataset: dl.Dataset):
        self.dataset = dataset

    def from_init(self):
        return [type(self.dataset).__name__, self.dataset.id]

    def one(self, item: dl.Item):
        return [type(item).__name__, item.id]

    def kinds(self, dataset, item, annotation, project, package, service, execution, recipe, items):
        found = [dataset, item, annotation, project, package, service, execution, recipe, items[0]]
        return [[type(one).__name__, one.id] for one in found] + [len(items)]

    def injected(self, item, progress, context):
        assert isinstance(progress, dl.Progress), type(progress)
        assert isinstance(context, dl.Context), type(context)
        progress.update(status="inProgress", progress=30, message="told")
        return [context.service.name, context.project.id, context.package.id, context.execution.id,
                type(context.service).__name__, self.service_entity.id]

    def entity_out(self, item):
        return item

    def entities_out(self, item):
        return [item, item]

    def works(self, item, progress):
        def work(number, found):
            seen = dl.items.get(item_id=item.id)
            builder = seen.annotations.builder()
            builder.add(annotation_definition=dl.Box(top=1, left=1, bottom=number + 5, right=5, label=f"box{number}"))
            found.append(builder.upload() is not None)
        found = []
        threads = [threading.Thread(target=work, args=(number, found)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        path = item.download(local_path="/tmp/" + item.id + ".txt")
        with open(path) as file:
            text = file.read()
        os.remove(path)
        up = item.dataset.items.upload(local_path=self.text_file(text), remote_path="/made", remote_name="up.txt")
        item.metadata.setdefault("user", {})["seen"] = True
        item.update()
        return {"found": found, "text": text, "up": up.id, "me": dl.info()["user_email"]}

    def text_file(self, text):
        path = os.path.join(os.environ["HOME"], "out.txt")
        with open(path, "w") as file:
            file.write(text.upper())
        return path

    def renews(self):
        old = dl.client_api.token
        dl.client_api.token = old[:-3] + "xyz"
        dl.client_api.renew_token()
        return [dl.client_api.token != old[:-3] + "xyz", bool(dl.projects.list())]

    def secrets(self):
        return [name for name in os.environ if name.startswith("FAAS_") or "PASSWORD" in name]

    def of_others(self, project_id):
        try:
            return dl.projects.get(project_id=project_id).name
        except (dl.exceptions.NotFound, dl.exceptions.Forbidden) as error:
            return int(error.status_code)

    def forever(self, item, progress):
        progress.update(message="running")
        while True:
            self.kill_event()
"""
KINDS = ["dataset", "item", "annotation", "project", "package", "service", "execution", "recipe"]
FUNCTIONS: dict[str, dict[str, str]] = {
    "from_init": {},
    "one": {"item": "Item"},
    "kinds": {name: name.capitalize() for name in KINDS} | {"items": "Item[]"},
    "injected": {"item": "Item"},
    "entity_out": {"item": "Item"},
    "entities_out": {"item": "Item"},
    "works": {"item": "Item"},
    "renews": {},
    "secrets": {},
    "of_others": {"project_id": "String"},
    "forever": {"item": "Item"},
}
pytestmark = pytest.mark.timeout(600)  # the first of them waits for the SDK to be installed


@pytest.fixture(scope="module")
def material(project: Any) -> Any:
    """A dataset with an item."""
    return project.datasets.create(dataset_name="material")


@pytest.fixture(scope="module")
def item(material: Any) -> Any:
    buffer = io.BytesIO(b"some text")
    buffer.name = "a.txt"
    return uploaded(material, buffer)


@pytest.fixture(scope="module", params=[False, True], ids=["threads", "processes"])
def service(request: pytest.FixtureRequest, house: Any, material: Any) -> Any:
    dl = house.dl
    functions = house.functions(FUNCTIONS)
    for function in functions:
        if function.name in ("entity_out", "entities_out"):
            kind = "Item" if function.name == "entity_out" else "Item[]"
            function.outputs = [dl.FunctionIO(name="item", type=kind)]
    inputs = [dl.FunctionIO(name="dataset", type="Dataset")]
    package = house.push(CODE, functions, init_inputs=inputs)
    made = house.deploy(
        package, init_input={"dataset": material.id}, concurrency=4, run_execution_as_process=request.param
    )
    house.until(lambda: any(one["status"] == "ready" for one in made.status()["runtimeStatus"]), 500)
    return made


def test_an_entity_may_be_an_init_input(house: Any, service: Any, material: Any) -> None:
    assert house.result(service, "from_init") == ["Dataset", material.id]


def test_an_item_comes_as_an_entity_however_it_was_named(house: Any, service: Any, item: Any) -> None:
    for given in (item.id, {"item_id": item.id, "dataset_id": item.dataset_id}):
        assert house.result(service, "one", item=given) == ["Item", item.id]
    inputs = house.dl.FunctionIO(type="Item", name="item", value={"item_id": item.id})
    execution = service.execute(execution_input=[inputs], function_name="one")
    assert house.ended(execution).output == ["Item", item.id]


def test_every_kind_of_entity_is_fetched_for_the_function(house: Any, service: Any, item: Any, material: Any) -> None:
    item.annotations.upload(house.dl.Annotation.new(annotation_definition=house.dl.Classification("x")))
    annotation = next(one for one in item.annotations.list() if one.label == "x")
    execution = house.ended(house.call(service, "one", item=item.id))
    given = {
        "dataset": material.id,
        "item": item.id,
        "annotation": annotation.id,
        "project": house.project.id,
        "package": service.package_id,
        "service": service.id,
        "execution": execution.id,
        "recipe": material.recipes.list()[0].id,
    }
    output = house.result(service, "kinds", **given, items=[item.id, item.id])
    *found, first, count = output
    assert found == [[name.capitalize(), one] for name, one in given.items()]
    assert (first, count) == (["Item", item.id], 2)


def test_progress_and_context_are_the_sdks_own_too(house: Any, service: Any, item: Any) -> None:
    execution = house.ended(house.call(service, "injected", item=item.id))
    assert execution.latest_status["status"] == "success", execution.latest_status
    ids = [service.name, house.project.id, service.package_id, execution.id, "Service", service.id]
    assert execution.output == ids
    assert any(entry.get("message") == "told" for entry in execution.status)


def test_an_entity_that_is_returned_is_kept_as_its_id(house: Any, service: Any, item: Any) -> None:
    assert house.result(service, "entity_out", item=item.id) == item.id
    assert house.result(service, "entities_out", item=item.id) == [item.id, item.id]


def test_the_sdk_in_user_code_works_as_the_bot_in_every_thread(house: Any, service: Any, item: Any) -> None:
    found = house.result(service, "works", item=item.id)
    assert (found["found"], found["text"], found["me"]) == ([True] * 3, "some text", service.bot)
    seen = house.dl.items.get(item_id=item.id)
    assert seen.metadata["user"]["seen"] is True
    assert {one.label for one in seen.annotations.list()} >= {"box0", "box1", "box2"}
    made = house.dl.items.get(item_id=found["up"])
    assert (made.filename, made.creator) == ("/made/up.txt", service.bot)


def test_a_token_is_renewed_from_the_agent(house: Any, service: Any) -> None:
    assert house.result(service, "renews") == [True, True]


def test_user_code_sees_no_secret_of_the_platform(house: Any, service: Any) -> None:
    assert house.result(service, "secrets") == []


def test_user_code_cannot_read_another_project(house: Any, service: Any) -> None:
    other = house.dl.projects.create(project_name=f"other-{service.id}")
    assert house.result(service, "of_others", project_id=other.id) in (403, 404)
    other.delete(sure=True, really=True)


def test_an_item_that_is_not_there_is_a_bad_input(house: Any, service: Any) -> None:
    last = house.failure(service, "one", item="0" * 24)
    assert last["reason"] == "bad-input"
    assert "item" in last["message"]


def test_the_sdks_kill_event_ends_its_own_execution_only(house: Any, service: Any, item: Any) -> None:
    first, second = (house.call(service, "forever", item=item.id) for _ in range(2))
    house.running(first)
    house.running(second)
    first.terminate()
    assert "termination signal" in house.ended(first).latest_status["message"]
    assert house.dl.executions.get(execution_id=second.id).latest_status["status"] == "in-progress"
    second.terminate()
    house.ended(second)
