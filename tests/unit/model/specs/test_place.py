from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.errors import BadRequest
from faas_agent.model.specs.place import ROOT, Place, below, parents, place


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a.jpg", Place("/a.jpg", "/", "a.jpg", hidden=False)),
        ("a/b.jpg", Place("/a/b.jpg", "/a", "b.jpg", hidden=False)),
        ("//a///b/", Place("/a/b", "/a", "b", hidden=False)),
        ("/.git/config", Place("/.git/config", "/.git", "config", hidden=True)),
        ("/a/.b", Place("/a/.b", "/a", ".b", hidden=True)),
        ("/ü/日本 (1).png", Place("/ü/日本 (1).png", "/ü", "日本 (1).png", hidden=False)),
        ("/...", Place("/...", "/", "...", hidden=True)),
        ("/", ROOT),
    ],
)
def test_a_path_says_folder_name_and_whether_it_is_hidden(path: str, expected: Place) -> None:
    assert place(path) == expected


@pytest.mark.parametrize(
    "path", [None, 5, "", " ", "/..", "/a/../b", "/.", "/a\\b", "/a\0", "/a\x7f", "/\ud800", "/" + "é" * 128, "/a" * 65]
)
def test_a_path_that_is_not_safe_to_join_is_refused(path: object) -> None:
    with pytest.raises(BadRequest, match="filename"):
        place(path, "filename")


@given(st.text())
def test_what_comes_out_stays_below_its_root(path: str) -> None:
    try:
        found = place(path)
    except BadRequest:
        return
    names = found.filename.split("/")[1:]
    assert found.filename.startswith("/")
    assert not {"..", "."} & set(names)
    assert place(found.filename) == found


def test_parents_are_every_folder_on_the_way() -> None:
    assert [one.filename for one in parents(place("/a/b/c.jpg"))] == ["/a", "/a/b"]
    assert parents(place("/c.jpg")) == []


def test_a_place_seen_from_a_folder() -> None:
    assert below("/to", "/a/b.txt").filename == "/to/a/b.txt"
    assert below("/", "/a.txt").filename == "/a.txt"
    with pytest.raises(BadRequest):
        below("/d" * 40, "/d" * 40)
