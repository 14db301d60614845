"""A codebase is laid out in a folder, wherever its code is."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path

import pytest

from faas_agent.errors import NotFound, StartFailed
from faas_agent.model.specs.codebase import GitCodebase, ItemCodebase, SecretKey
from faas_agent.pod.host.codebase import lay_out


async def _download(item_id: str, place: Path) -> None:
    if item_id == "gone":
        raise NotFound("no such item")
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("main.py" if item_id == "good" else "../main.py", item_id)


def test_an_item_is_downloaded_and_unpacked(tmp_path: Path) -> None:
    assert asyncio.run(lay_out(ItemCodebase("good"), tmp_path / "code", _download, {})) is None
    assert (tmp_path / "code" / "main.py").read_text() == "good"
    assert [path.name for path in tmp_path.iterdir()] == ["code"]


@pytest.mark.parametrize(("item", "error"), [("bad", StartFailed), ("gone", NotFound)])
def test_what_cannot_be_downloaded_or_unpacked_leaves_nothing(
    tmp_path: Path, item: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        asyncio.run(lay_out(ItemCodebase(item), tmp_path / "code", _download, {}))
    assert list(tmp_path.iterdir()) == []


def test_credentials_that_the_service_does_not_have_are_named(tmp_path: Path) -> None:
    codebase = GitCodebase("https://example.org/a", "v1", password=SecretKey("id", "GIT_TOKEN"))
    with pytest.raises(StartFailed, match="'GIT_TOKEN'") as caught:
        asyncio.run(lay_out(codebase, tmp_path / "code", _download, {"OTHER": "x"}))
    assert caught.value.reason == "no-codebase"
