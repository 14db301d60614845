"""Bad input to datasets and items, by hand: a 4xx that says why, and nothing left behind (DESIGN 8.7)."""

from __future__ import annotations

import http.client
import json
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from raw_http import Http

BOUNDARY = "----of-a-test"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def form(content: bytes = b"x", **fields: str) -> bytes:
    """A whole upload."""
    small = b"".join(part(name, value.encode()) for name, value in fields.items())
    return small + part("file", content, '; filename="f.txt"') + f"--{BOUNDARY}--\r\n".encode()


@dataclass(frozen=True)
class Target:
    """One empty dataset, reached by hand."""

    call: Http
    data_dir: Path
    id: str

    @property
    def items(self) -> str:
        return f"/datasets/{self.id}/items"

    def send(self, body: bytes, content_type: str = FORM, query: str = "") -> tuple[int, dict[str, Any]]:
        """POST as it is; the answer whatever it is."""
        connection = http.client.HTTPConnection(urlsplit(self.call.url).netloc, timeout=30)
        headers = {"Authorization": f"Bearer {self.call.token}", "Content-Type": content_type}
        try:
            connection.request("POST", f"/api/v1{self.items}{query}", body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def add(self, path: str, content: bytes = b"x") -> str:
        status, item = self.send(form(content, type="file", path=path))
        assert status == 200, item
        return str(item["id"])

    def everything(self) -> list[str]:
        """Paths of all that is in the dataset, folders too."""
        found = self.call("POST", f"/datasets/{self.id}/query", {"resource": "items", "filter": {}}).json()
        return sorted(item["filename"] for item in found["items"])

    def half_written(self) -> list[str]:
        """What is left of uploads that have not ended."""
        return [path.name for path in (self.data_dir / "blobs/incoming").iterdir()]


@pytest.fixture
def call(platform: Any, token: str) -> Http:
    return Http(platform.url, token)


@pytest.fixture
def target(platform: Any, project: Any, call: Http) -> Iterator[Target]:
    made = call("POST", "/datasets", {"name": f"input-{uuid.uuid4().hex}", "projects": [project.id]}).json()
    yield Target(call, platform.data_dir, made["id"])
    assert call("DELETE", f"/datasets/{made['id']}").ok


def wait_until(condition: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


# -- uploads that are not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "word"),
    [
        (form(path="/a.txt")[:-8], FORM, "boundary"),
        (form(b"y" * 3_000_000, path="/a.txt")[:2_000_000], FORM, "boundary"),
        (b"", FORM, "boundary"),
        (b"this is no form at all", FORM, "multipart"),
        (form(path="/a.txt"), "application/json", "Content-Type"),
        (form(path="/a.txt"), "multipart/form-data", "Content-Type"),
        (form(path="/a.txt"), f"multipart/form-data; boundary={'b' * 500}", "boundary"),
        (form(path="/a.txt"), "", "Content-Type"),
        (form(), FORM, "path"),
        (part("path", b"/a.txt") + f"--{BOUNDARY}--\r\n".encode(), FORM, "file"),
        (form(path="/a.txt", metadata="{not json"), FORM, "metadata"),
        (form(path="/a.txt", metadata="[1]"), FORM, "metadata"),
        (form(path="/a.txt", metadata='{"system": 1}'), FORM, "metadata.system"),
        (form(path="/a.txt", metadata='{"a": NaN}'), FORM, "metadata"),
        (form(path="/a.txt", metadata='{"a": "\\ud800"}'), FORM, "metadata"),
        (form(path="/a.txt", metadata='{"a":' * 500 + "1" + "}" * 500), FORM, "metadata"),
        (form(path="/a.txt", metadata='{"a":' * 9000 + "1" + "}" * 9000), FORM, "metadata"),
        (form(path="/a.txt", type="link"), FORM, "type"),
        (form(path="/a.txt", description="d" * 3_000_000), FORM, "fields"),
        (part("path", b"\xff\xfe") + form(), FORM, "path"),
        (part("path", b"/a") + form(path="/b"), FORM, "twice"),
        (part("file", b"1") + form(path="/b"), FORM, "several"),
        (b"".join(part(f"f{n}", b"") for n in range(60)) + form(path="/b"), FORM, "parts"),
    ],
)
def test_a_broken_upload_is_refused_and_leaves_nothing(
    target: Target, body: bytes, content_type: str, word: str
) -> None:
    status, answer = target.send(body, content_type)
    assert 400 <= status < 500
    assert answer["status"] == status
    assert word in answer["message"]
    assert target.everything() == []
    assert target.half_written() == []


@pytest.mark.parametrize(
    "path", ["", "  ", "/../a", "/a/../b", "/./a", "/a\\b", "/a\0b", "/a\nb", "/" + "n" * 300, "/d" * 70, "/é" * 2500]
)
def test_a_path_that_leads_astray_is_refused(target: Target, path: str) -> None:
    status, answer = target.send(form(path=path))
    assert (status, "path" in answer["message"]) == (400, True)
    assert target.everything() == []


def test_a_path_is_made_absolute_and_loses_empty_names(target: Target) -> None:
    target.add("a//b/c.txt")
    assert target.everything() == ["/a", "/a/b", "/a/b/c.txt"]


def test_an_unknown_mode_is_refused(target: Target) -> None:
    assert target.send(form(path="/a.txt"), query="?mode=append")[0] == 400


def test_a_connection_that_is_cut_half_way_leaves_nothing(target: Target) -> None:
    address = urlsplit(target.call.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = [
            f"POST /api/v1{target.items} HTTP/1.1",
            f"Host: {address.netloc}",
            f"Authorization: Bearer {target.call.token}",
            f"Content-Type: {FORM}",
            "Transfer-Encoding: chunked",
        ]
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        started = part("path", b"/cut/off.bin") + form(b"z" * 3_000_000)[:2_500_000]
        connection.sendall(f"{len(started):x}\r\n".encode() + started + b"\r\n")
        wait_until(target.half_written)
    wait_until(lambda: not target.half_written())
    assert target.everything() == []


def test_an_upload_in_chunks_without_a_length_is_whole(target: Target) -> None:
    body = form(b"0123456789" * 1000, path="/chunked.txt")
    connection = http.client.HTTPConnection(urlsplit(target.call.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {target.call.token}", "Content-Type": FORM}
    pieces = (body[start : start + 7] for start in range(0, len(body), 7))
    connection.request("POST", f"/api/v1{target.items}", pieces, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-item-op"]) == (200, "created")
    assert json.loads(answer.read())["metadata"]["system"]["size"] == 10_000
    connection.close()


# -- ids and owners ----------------------------------------------------------------------------------------------------


def test_malformed_unknown_and_foreign_ids_are_told_apart(target: Target) -> None:
    item_id = target.add("/a.txt")
    _, stranger = target.call.person()
    for path in ("/items/{}", "/items/{}/stream", "/datasets/{}", "/datasets/{}/directoryTree", "/datasets/{}/items"):
        own = item_id if "items/{}" in path else target.id
        statuses = [target.call("GET", path.format(one)).status_code for one in ("nonsense", "0" * 24)]
        assert [*statuses, stranger("GET", path.format(own)).status_code] == [400, 404, 403], path
        assert target.call.anonymous()("GET", path.format(own)).status_code == 401


def test_a_stranger_changes_nothing(target: Target) -> None:
    item_id = target.add("/a.txt")
    _, stranger = target.call.person()
    calls: list[tuple[str, str, Any]] = [
        ("PATCH", f"/items/{item_id}", {"filename": "/b.txt"}),
        ("DELETE", f"/items/{item_id}", None),
        ("POST", f"/items/{item_id}/clone", {"targetDatasetId": target.id, "remoteFileName": "/b.txt"}),
        ("PATCH", f"/datasets/{target.id}", {"name": "mine"}),
        ("DELETE", f"/datasets/{target.id}", None),
        ("POST", f"/datasets/{target.id}/query", {"filter": {}, "delete": True}),
        ("POST", f"/datasets/{target.id}/query", {"filter": {}, "update": {"metadata": {"user": {}}}}),
        ("POST", f"/datasets/{target.id}/export", {}),
        ("POST", f"/datasets/{target.id}/clone", {"name": "c"}),
        ("POST", "/datasets/merge", {"name": "m", "datasetsIds": [target.id]}),
    ]
    assert [stranger(*one).status_code for one in calls] == [403] * len(calls)
    assert replace(target, call=stranger).send(form(path="/c.txt"))[0] == 403
    assert target.everything() == ["/a.txt"]


def test_an_annotator_adds_items_and_changes_none(target: Target, project: Any) -> None:
    item_id = target.add("/a.txt")
    email, annotator = target.call.person()
    assert target.call("POST", f"/projects/{project.id}/members/{email}", {"role": "annotator"}).ok
    theirs = replace(target, call=annotator)
    theirs.add("/b.txt")
    assert annotator("GET", f"/items/{item_id}/stream").content == b"x"
    assert theirs.send(form(path="/a.txt"), query="?mode=overwrite")[0] == 403
    assert annotator("PATCH", f"/items/{item_id}", {"filename": "/c.txt"}).status_code == 403
    assert annotator("DELETE", f"/items/{item_id}").status_code == 403
    assert target.everything() == ["/a.txt", "/b.txt"]


def test_what_will_run_is_not_an_annotators_to_put(target: Target, project: Any) -> None:
    email, annotator = target.call.person()
    assert target.call("POST", f"/projects/{project.id}/members/{email}", {"role": "annotator"}).ok
    asked = {"filter": {"name": "Binaries"}, "systemSpace": True, "context": {"projects": [project.id]}}
    binaries = annotator("POST", "/datasets/query", asked).json()["items"][0]["id"]
    assert replace(target, id=binaries, call=annotator).send(form(path="/codebases/a/0.zip"))[0] == 403


# -- bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"filename": ""}, "filename"),
        ({"filename": "/../x"}, "filename"),
        ({"filename": 7}, "filename"),
        ({"filename": "/"}, "filename"),
        ({"metadata": "text"}, "metadata"),
        ({"metadata": {"system": 5}}, "metadata.system"),
        ({"description": {"a": 1}}, "description"),
        ([1], "dict"),
        ("text", "dict"),
        (None, ""),
    ],
)
def test_a_patch_that_cannot_be_is_refused(target: Target, body: Any, word: str) -> None:
    item_id = target.add("/a.txt")
    before = target.call("GET", f"/items/{item_id}").json()
    answer = target.call("PATCH", f"/items/{item_id}?system=true", body)
    assert answer.status_code == 400
    assert word in answer.json()["message"]
    assert target.call("GET", f"/items/{item_id}").json() == before


def test_fields_nobody_knows_are_dropped(target: Target) -> None:
    item_id = target.add("/a.txt")
    sent = {"nonsense": 1, "id": "0" * 24, "datasetId": "x", "projectId": "y", "blobKey": "z", "creator": "me"}
    before = target.call("GET", f"/items/{item_id}").json()
    assert target.call("PATCH", f"/items/{item_id}", sent).json() == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a"},
        {"name": 5, "projects": ["P"]},
        {"name": "  ", "projects": ["P"]},
        {"name": "n" * 300, "projects": ["P"]},
        {"name": "a\nb", "projects": ["P"]},
        {"name": "a", "projects": "P"},
        {"name": "a", "projects": []},
        {"name": "a", "projects": ["nonsense"]},
        {"name": "a", "projects": ["P"], "driver": "nobody"},
        {"name": "a", "projects": ["P"], "expirationOptions": {"itemMaxDays": -1}},
    ],
)
def test_a_dataset_that_cannot_be_is_refused(call: Http, project: Any, body: dict[str, Any]) -> None:
    if isinstance(body.get("projects"), list):
        body = body | {"projects": [project.id if one == "P" else one for one in body["projects"]]}
    assert call.refused("POST", "/datasets", body)[0] == 400
    assert [one["name"] for one in call("GET", f"/datasets?projects={project.id}").json()] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("query", {"resource": "services", "filter": {}}),
        ("query", {"filter": {"$nor": []}}),
        ("query", {"filter": {}, "update": "all"}),
        ("query", {"filter": {}, "update": {"metadata": 1}}),
        ("query", {"filter": {}, "references": {"operation": "create", "refs": ["task"]}}),
        ("query", {"filter": {}, "references": {"operation": "burn", "refs": []}}),
        ("clone", {"name": "c", "filter": 5}),
        ("clone", {"name": None, "filter": {}}),
        ("clone", {"name": "c", "cloneDatasetParams": []}),
        ("clone", {"name": "c", "cloneDatasetParams": {"targetDatasetId": "nonsense"}}),
        ("clone", {"name": "c", "cloneDatasetParams": {"targetDirectory": "/.."}}),
        ("export", {"exportType": "csv"}),
        ("export", {"itemsQuery": {"filter": 5}}),
        ("split", {"MLSplitList": {"train": 1}}),
        ("split", {"MLSplitList": {"train": "100"}}),
        ("items/bulk-update-metadata", {}),
        ("imports", [{"filename": "/a", "storageId": "bucket:a"}]),
    ],
)
def test_a_request_on_a_dataset_that_cannot_be_is_refused(target: Target, path: str, body: Any) -> None:
    target.add("/a.txt")
    status, message = target.call.refused("POST", f"/datasets/{target.id}/{path}", body)
    assert status == 400, message
    assert target.everything() == ["/a.txt"]


def test_a_move_with_one_wrong_id_moves_nothing(target: Target) -> None:
    item_id, folder = (
        target.add("/a.txt"),
        target.call("POST", target.items, data={"type": "dir", "path": "/in"}).json(),
    )
    assert target.call.refused("PUT", f"{target.items}/{folder['id']}", [item_id, "0" * 24])[0] == 404
    assert target.call.refused("PUT", f"{target.items}/{item_id}", [item_id])[0] == 400
    assert target.everything() == ["/a.txt", "/in"]


# -- ranges ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "status", "content", "told"),
    [
        (None, 200, b"0123456789", None),
        ("bytes=0-", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=3-5", 206, b"345", "bytes 3-5/10"),
        ("bytes=7-99", 206, b"789", "bytes 7-9/10"),
        ("bytes=-4", 206, b"6789", "bytes 6-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
        ("bytes=5-3", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_range_is_answered_as_http_says(
    target: Target, wanted: str | None, status: int, content: bytes | None, told: str | None
) -> None:
    item_id = target.add("/digits.txt", b"0123456789")
    answer = ranged(target, item_id, wanted)
    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, told)
    assert content is None or answer.content == content


def ranged(target: Target, item_id: str, wanted: str | None, method: str = "GET") -> Any:
    import requests

    headers = {"Authorization": f"Bearer {target.call.token}"} | ({"Range": wanted} if wanted else {})
    return requests.request(method, f"{target.call.url}/api/v1/items/{item_id}/stream", headers=headers, timeout=30)


def test_a_head_tells_the_size_and_sends_nothing(target: Target) -> None:
    answer = ranged(target, target.add("/page.html", b"<script>"), None, "HEAD")
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "8", b"")


def test_content_is_never_shown_as_a_page_of_the_server(target: Target) -> None:
    answer = ranged(target, target.add('/wicked "name" ü.html', b"<script>alert(1)</script>"), None)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''wicked%20%22name%22")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_media_type_that_is_none_does_not_reach_the_headers(target: Target) -> None:
    item_id = target.add("/a.txt")
    target.call("PATCH", f"/items/{item_id}?system=true", {"metadata": {"system": {"mimetype": "a/b\r\nX-Evil: 1"}}})
    answer = ranged(target, item_id, None)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "X-Evil" not in answer.headers


def test_a_folder_has_no_bytes(target: Target) -> None:
    folder = target.call("POST", target.items, data={"type": "dir", "path": "/in"}).json()
    assert target.call.refused("GET", f"/items/{folder['id']}/stream")[0] == 400


# -- bytes on the disk -------------------------------------------------------------------------------------------------


def test_bytes_go_when_nobody_has_them_any_more(target: Target) -> None:
    def kept() -> int:
        return sum(path.is_file() for path in (target.data_dir / "blobs").glob("??/*"))

    before = kept()
    item_id = target.add("/a.txt", b"one")
    clone = {"targetDatasetId": target.id, "remoteFileName": "/b.txt"}
    assert target.call("POST", f"/items/{item_id}/clone", clone).ok
    assert kept() == before + 1
    assert target.send(form(b"other", path="/a.txt"), query="?mode=overwrite")[0] == 200
    assert kept() == before + 2
    assert target.call("POST", f"/datasets/{target.id}/query", {"filter": {}, "delete": True}).json() == {"deleted": 2}
    assert kept() == before
