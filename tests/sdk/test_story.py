"""The main story, as a user's script goes through it: a bot, a package, a service, a trigger, an item, its log.

What the function imports is what its service asks for, whichever SDK deployed it.
"""

from __future__ import annotations

import io
from types import ModuleType
from typing import Any

import pytest
from calls import END_SECONDS, function, new_name, push, until, uploaded
from sdk_version import CURRENT, SDK

CODE = """
import dtlpy as dl

class ServiceRunner(dl.BaseServiceRunner):
    def look(self, item: dl.Item):
        print('looks at', item.name)
        content = item.download(save_locally=False).read().decode()
        item.metadata.setdefault('user', {})['content'] = content
        item.update()
        seen = {'sdk': dl.__version__, 'is': type(item).__name__, 'me': dl.info()['user_email']}
        return seen | {'renewed': dl.client_api.renew_token() and bool(dl.projects.list())}
"""
pytestmark = pytest.mark.timeout(600)  # it waits for the SDK to be installed


def bot_of(project: Any) -> str:
    """A bot of its own where the SDK can make one; the one the project was born with where it cannot."""
    if SDK < CURRENT:
        return str(project.bots.create(name=new_name("bot")).email)
    return str(project.bots.list()[0].email)


@pytest.mark.parametrize("inside", ["1.99.12", "1.126.5"])
def test_a_function_runs_because_an_item_was_uploaded(dl: ModuleType, project: Any, dataset: Any, inside: str) -> None:
    bot = bot_of(project)
    package = push(dl, project, CODE, function(dl, "look", item="Item"))
    service = package.deploy(service_name=new_name("story"), bot=bot, sdk_version=inside)
    assert service.bot == bot
    filters = dl.Filters(field="datasetId", values=dataset.id)
    service.triggers.create(name=new_name("story"), function_name="look", filters=filters)
    buffer = io.BytesIO(b"some text")
    buffer.name = "seen.txt"
    item = uploaded(dataset, buffer)
    execution = until(lambda: next(iter(service.executions.list().all()), None))
    ended = dl.executions.wait(execution_id=execution.id, timeout=500)
    assert ended.latest_status["status"] == "success", ended.latest_status
    assert ended.output == {"sdk": inside, "is": "Item", "me": bot, "renewed": True}
    assert dl.items.get(item_id=item.id).metadata["user"]["content"] == "some text"
    until(lambda: "looks at seen.txt" in "".join(service.log(view=False, execution_id=execution.id)), END_SECONDS)
    assert service.delete()
