"""Folders go up and come down again, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from tests.e2e.cli.conftest import Dlp

FILES = {
    "a.txt": b"one",
    "empty.bin": b"",
    "deep/er/b.json": b"{}",
    'we ird/\xc3\xbc "quoted" %41;.png'.encode("latin-1").decode(): b"\x89PNG" * 7,
    "big.bin": bytes(range(256)) * 8192,
}


@pytest.fixture
def dataset(dlp: Dlp, project: str) -> Path:
    """A dataset that is checked out, and the folder ``up`` with files for it."""
    dlp("datasets", "create", "-d", "data", "-c")
    for name, content in FILES.items():
        file = dlp.folder / "up" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return dlp.folder / "up"


def _files(folder: Path) -> dict[str, bytes]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


def test_a_folder_comes_back_as_it_went(dlp: Dlp, dataset: Path) -> None:
    assert dlp("items", "upload", "-l", "up").stdout == "created: 5\n"
    assert {item["filename"] for item in dlp.json("items", "ls")} == {f"/up/{name}" for name in FILES}
    assert dlp("items", "download", "-l", "down").stdout == "downloaded: 5\n"
    assert _files(dlp.folder / "down" / "items" / "up") == FILES


def test_a_second_run_sends_and_fetches_only_what_is_missing(dlp: Dlp, dataset: Path) -> None:
    dlp("items", "upload", "-l", "up/*", "-f", ".txt,.bin")
    assert dlp("items", "upload", "-l", "up/*").stdout == "created: 2, exists: 3\n"
    dlp("items", "download", "-l", "down", "-t")
    (dlp.folder / "down" / "a.txt").unlink()
    assert dlp("items", "download", "-l", "down", "-t").stdout == "downloaded: 1, exists: 4\n"
    assert _files(dlp.folder / "down") == FILES


def test_what_changed_is_replaced_only_when_told_so(dlp: Dlp, dataset: Path) -> None:
    dlp("items", "upload", "-l", "up/a.txt")
    dlp("items", "download", "-l", "down", "-t")
    (dataset / "a.txt").write_bytes(b"changed")
    assert "exists with other content" in dlp("items", "upload", "-l", "up/a.txt", code=1).stderr
    assert dlp("items", "upload", "-l", "up/a.txt", "-ow").stdout == "overwrite: 1\n"
    assert dlp("items", "download", "-l", "down", "-t").stdout == "exists: 1\n"
    assert _files(dlp.folder / "down") == {"a.txt": b"one"}
    dlp("items", "download", "-l", "down", "-t", "-ow", "-r", "/a.txt")
    assert _files(dlp.folder / "down") == {"a.txt": b"changed"}


def test_items_are_found_by_folder_and_type(dlp: Dlp, dataset: Path) -> None:
    dlp("items", "upload", "-l", "up", "-r", "/in")
    assert [item["filename"] for item in dlp.json("items", "ls", "-r", "/in/up/deep")] == ["/in/up/deep/er/b.json"]
    assert [item["name"] for item in dlp.json("items", "ls", "-t", "text/plain")] == ["a.txt"]
    assert dlp.json("items", "ls", "-o", "1") == []


def test_annotations_go_with_their_items(dlp: Dlp, dataset: Path) -> None:
    box = {"type": "box", "label": "cat", "coordinates": [{"x": 1, "y": 2, "z": 0}, {"x": 3, "y": 4, "z": 0}]}
    (dlp.folder / "notes").mkdir()
    (dlp.folder / "notes" / "a.json").write_text(json.dumps({"annotations": [box]}))
    dlp("items", "upload", "-l", "up", "-f", "txt", "-lap", "notes")
    dlp("items", "download", "-l", "down", "-ao", "json", "-wb")
    found = json.loads((dlp.folder / "down" / "json" / "up" / "a.json").read_text())
    assert [(one["type"], one["label"], one["coordinates"]) for one in found["annotations"]] == [
        ("box", "cat", box["coordinates"])
    ]
    assert not (dlp.folder / "down" / "items").exists()
    dlp("items", "download", "-l", "dogs", "-ao", "json", "-wb", "-afl", "dog")
    assert json.loads((dlp.folder / "dogs" / "json" / "up" / "a.json").read_text())["annotations"] == []
    # what was downloaded can be uploaded again: ids of the first time are left behind
    dlp("items", "upload", "-l", "up", "-r", "/again", "-f", "txt", "-lap", "down/json/up")
    dlp("items", "download", "-l", "twice", "-ao", "json", "-wb", "-r", "/again")
    assert len(json.loads((dlp.folder / "twice" / "json" / "again" / "up" / "a.json").read_text())["annotations"]) == 1


def test_annotations_are_drawn_in_the_colors_and_numbers_of_their_labels(dlp: Dlp, dataset: Path) -> None:
    Image.new("RGB", (40, 30)).save(dataset / "a.png")
    box = {"type": "box", "label": "cat", "coordinates": [{"x": 5, "y": 6}, {"x": 20, "y": 16}]}
    (dlp.folder / "notes").mkdir()
    (dlp.folder / "notes" / "a.json").write_text(json.dumps({"annotations": [box]}))
    dlp("items", "upload", "-l", "up/a.png", "-lap", "notes")
    dlp("items", "upload", "-l", "up/a.txt")
    dlp("items", "download", "-l", "down", "-ao", "mask", "-th", "-1", "-wt", "-wb")
    assert set(_files(dlp.folder / "down")) == {"mask/a.png"}
    assert Image.open(dlp.folder / "down" / "mask" / "a.png").getpixel((18, 14)) == (255, 255, 255, 255)
    unnumbered = dlp("items", "download", "-l", "down", "-ao", "json,instance", "-wb", code=1)
    assert "the label 'cat' has no number: add it to the recipe" in unnumbered.stderr
    assert "not as pdf" in dlp("items", "download", "-ao", "pdf", code=2).stderr


def test_a_file_that_fails_does_not_stop_the_others(dlp: Dlp, dataset: Path) -> None:
    (dlp.folder / "notes").mkdir()
    (dlp.folder / "notes" / "a.json").write_text("not annotations")
    done = dlp("items", "upload", "-l", "up", "-lap", "notes", code=1)
    assert done.stdout == "created: 4, failed: 1\n"
    assert "a.txt" in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[-1].startswith("dlp: 1 of 5 files failed")
