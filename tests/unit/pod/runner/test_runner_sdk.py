"""What the runner writes for the SDK and asks of it: the mapping, without the SDK itself."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest
from runner_house import House

from faas_agent.errors import StartFailed
from faas_agent.pod.runner import inputs, sdk

URL = "http://127.0.0.1:8484/api/v1"
GATE = {"alias": "faas", "gate_url": "http://127.0.0.1:8484", "url": "http://127.0.0.1:8484/", "verify_ssl": "false"}
CUSTOM = base64.b64encode(json.dumps({"url": URL, URL: GATE}).encode()).decode()
LOGIN = {"custom_env": CUSTOM, "token": "a.b.c", "environment": URL}


def test_the_cookie_registers_the_platform_and_holds_the_token() -> None:
    cookie = sdk.cookie(LOGIN)
    assert cookie["url"] == URL
    assert cookie["login_parameters"] == {URL: {**GATE, "verify_ssl": False, "token": "a.b.c", "refresh_token": None}}


def test_user_code_is_logged_in_before_it_is_imported_and_nobody_else_can_read_the_token(house: House) -> None:
    house.write("""
        import json, os, stat
        PATH = os.path.join(os.environ["DATALOOP_PATH"], "cookie.json")
        COOKIE = json.load(open(PATH))
        class ServiceRunner:
            def run(self):
                names = ("DTLPY_CUSTOM_ENV", "DTLPY_REFRESH_TOKEN_METHOD")
                return [COOKIE["url"], stat.S_IMODE(os.stat(PATH).st_mode), [os.environ.get(name) for name in names]]
    """)
    house.environ["AGENT_PROXY_MAIN_PORT"] = "1234"
    outcome = house.run(sdk=LOGIN)
    assert outcome.output == [URL, stat.S_IRUSR | stat.S_IWUSR, [CUSTOM, "proxy"]]
    assert not (Path(house.environ["HOME"]) / ".dataloop").exists()


def test_without_a_login_the_environment_is_left_alone(house: House) -> None:
    house.write("import os\nclass ServiceRunner:\n    def run(self): return 'DATALOOP_PATH' in os.environ")
    assert house.run().output is False


@pytest.mark.parametrize(
    ("value", "entity_id"),
    [
        ("5f4b60848ced1d50c3df114a", "5f4b60848ced1d50c3df114a"),
        ({"item_id": "5f4b60848ced1d50c3df114a", "dataset_id": "d"}, "5f4b60848ced1d50c3df114a"),
        ({"id": "5f4b60848ced1d50c3df114a"}, "5f4b60848ced1d50c3df114a"),
        ({"dataset_id": "d"}, None),
        (5, None),
        ("", None),
    ],
)
def test_an_item_comes_in_three_shapes(value: object, entity_id: str | None) -> None:
    assert sdk.id_of("Item", value) == entity_id


def test_every_entity_type_of_the_wire_has_a_repository_and_an_id() -> None:
    wire = [
        "Dataset",
        "Item",
        "Annotation",
        "Execution",
        "Task",
        "Assignment",
        "Service",
        "Package",
        "Project",
        "Recipe",
        "Model",
    ]
    assert set(wire) <= set(sdk.KINDS)
    assert all(name == f"{kind.lower()}_id" for kind, (_, name) in sdk.KINDS.items())


def test_an_entity_without_an_id_is_refused_in_a_sentence_before_the_sdk_is_needed() -> None:
    with pytest.raises(inputs.InputError, match="of type Item: give the item's id, or an object with 'item_id'"):
        inputs.read("item", "Item", {"name": "cat.jpg"})


def test_a_service_that_takes_entities_without_the_sdk_does_not_start(house: House) -> None:
    house.write("class ServiceRunner:\n    def run(self, item): pass")
    functions = [{"name": "run", "input": [{"name": "item", "type": "Item"}]}]
    with pytest.raises(StartFailed, match="needs dtlpy") as caught:
        house.run(functions=functions)
    assert caught.value.reason == "import-failed"
