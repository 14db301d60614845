"""Calls, renewals, retries and broken transfers, against a stub that answers what the test scripts (``dlp_stub``)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from dlp_stub import Answer, Asked, Stub, serving

from faas_agent.cli import cookie, login
from faas_agent.cli.client import Client
from faas_agent.cli.download import Wish, fetch
from faas_agent.cli.parallel import each
from faas_agent.cli.servicelog import lines
from faas_agent.cli.upload import Plan, plan, send
from faas_agent.errors import (
    BadRequest,
    Conflict,
    FaasError,
    Forbidden,
    NotFound,
    TooLarge,
    Unauthorized,
    Unavailable,
    UsageError,
)

MakeToken = Callable[..., str]


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as made:
        cookie.use(made.url)
        yield made


@pytest.fixture
def client(stub: Stub, make_token: MakeToken) -> Client:
    cookie.remember(cookie.current(), make_token(), "refresh")
    return Client.connect()


def test_a_login_stores_both_tokens_and_asks_as_the_sdk_does(stub: Stub, make_token: MakeToken) -> None:
    token = make_token()
    stub.script = lambda _: Answer(body={"id_token": token, "refresh_token": "refresh"})
    login.with_password(cookie.current(), "me@example.com", "pw")
    assert (stub.asked[0].method, stub.asked[0].path) == ("POST", "/token?default")
    assert stub.asked[0].json == {"type": "user_credentials", "username": "me@example.com", "password": "pw"}
    assert (cookie.current().token, cookie.current().refresh_token) == (token, "refresh")


def test_a_refused_login_leaves_the_one_before(stub: Stub, client: Client) -> None:
    stub.script = lambda _: Answer(401, {"message": "wrong password"})
    with pytest.raises(Unauthorized, match="wrong password"):
        login.with_password(cookie.current(), "me@example.com", "pw")
    assert cookie.current().token == client.who.token


def test_a_token_that_is_refused_is_not_kept(stub: Stub, client: Client, make_token: MakeToken) -> None:
    stub.script = lambda _: Answer(401, {"message": "revoked"})
    with pytest.raises(Unauthorized):
        login.with_token(cookie.current(), make_token("other@example.com"))
    assert cookie.current().token == client.who.token


def test_a_token_near_its_end_is_renewed_before_the_call(stub: Stub, make_token: MakeToken) -> None:
    fresh = make_token(seconds=7200)
    cookie.remember(cookie.current(), make_token(seconds=30), "refresh")
    stub.script = lambda asked: Answer(body={"id_token": fresh} if "/token" in asked.path else [])
    Client.connect().get("/projects")
    assert [asked.path for asked in stub.asked] == ["/token?default", "/api/v1/projects"]
    assert stub.asked[1].headers["authorization"] == f"Bearer {fresh}"
    assert (cookie.current().token, cookie.current().refresh_token) == (fresh, "refresh")


def test_without_a_way_to_renew_the_user_is_told_to_log_in(stub: Stub, make_token: MakeToken) -> None:
    cookie.remember(cookie.current(), make_token(seconds=30), None)
    with pytest.raises(Unauthorized, match="log in again: dlp login-m2m -e"):
        Client.connect()
    assert stub.asked == []


def test_a_token_refused_on_the_way_is_renewed_once_by_all_threads(
    stub: Stub, client: Client, make_token: MakeToken
) -> None:
    fresh = make_token(seconds=7200)

    def script(asked: Asked) -> Answer:
        if "/token" in asked.path:
            return Answer(body={"id_token": fresh, "refresh_token": "next"})
        good = asked.headers["authorization"] == f"Bearer {fresh}"
        return Answer(body=[]) if good else Answer(401, {"message": "revoked"})

    stub.script = script
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(client.get, ["/projects"] * 8)) == [[]] * 8
    assert [asked.path for asked in stub.asked].count("/token?default") == 1
    assert cookie.current().refresh_token == "next"


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, BadRequest, 2), (403, Forbidden, 3), (404, NotFound, 4), (409, Conflict, 5), (413, TooLarge, 2),
        (418, BadRequest, 2), (500, FaasError, 1),
    ],
)  # fmt: skip
def test_a_refusal_becomes_its_class_and_keeps_its_words(
    stub: Stub, client: Client, status: int, error: type[FaasError], code: int
) -> None:
    stub.script = lambda _: Answer(status, {"message": "what\nis wrong"})
    with pytest.raises(FaasError, match="what is wrong") as caught:
        client.post("/packages", {})
    assert (type(caught.value), caught.value.exit_code) == (error, code)
    assert len(stub.asked) == 1


def test_an_error_page_of_a_proxy_is_shown_as_text(stub: Stub, client: Client) -> None:
    stub.script = lambda _: Answer(404, b"<h1>no such host</h1>")
    with pytest.raises(NotFound, match="no such host"):
        client.get("/projects")


def test_a_not_now_is_tried_again(stub: Stub, client: Client) -> None:
    stub.script = lambda _: Answer(503, {"message": "busy"}) if len(stub.asked) < 3 else Answer(body={"id": "1"})
    assert client.post("/packages", {}) == {"id": "1"}
    assert len(stub.asked) == 3


def test_no_answer_at_all_says_what_to_check(make_token: MakeToken) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        cookie.use(f"http://{address}")
        cookie.remember(cookie.current(), make_token(), None)
        with pytest.raises(Unavailable, match=f"no answer from {address}: is the platform running"):
            Client.connect().get("/projects")


def test_pages_are_asked_until_there_are_no_more(stub: Stub, client: Client) -> None:
    def script(asked: Asked) -> Answer:
        page = asked.json["page"]
        return Answer(body={"items": [{"id": page}], "hasNextPage": page < 2})

    stub.script = script
    assert client.find("packages", {"projectId": "p"}) == [{"id": 0}, {"id": 1}, {"id": 2}]


def test_items_are_paged_by_their_ids(stub: Stub, client: Client) -> None:
    def script(asked: Asked) -> Answer:
        last = [one["id"]["$gt"] for one in asked.json["filter"]["$and"] if "id" in one]
        return Answer(body={"items": [] if last == ["2"] else [{"id": "1" if not last else "2"}], "hasNextPage": True})

    stub.script = script
    assert [item["id"] for item in client.by_id("/q", {"filter": {"$and": [{"type": "file"}]}})] == ["1", "2"]
    assert all(asked.json["page"] == 0 and asked.json["sort"] == {"id": "ascending"} for asked in stub.asked)


def _item(size: int, name: str = "/a/b.bin") -> dict[str, Any]:
    return {"id": "f" * 24, "filename": name, "datasetId": "d", "metadata": {"system": {"size": size}}}


def _wish(folder: Path, overwrite: bool = False) -> Wish:
    return Wish(folder, items_folder=True, binaries=True, overwrite=overwrite)


def test_a_download_that_breaks_goes_on_where_it_broke(stub: Stub, client: Client, tmp_path: Path) -> None:
    data = bytes(range(256)) * 40

    def script(asked: Asked) -> Answer:
        start = int(asked.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        rest = data[start : start + 4000]
        return Answer(206 if start else 200, rest, cut=len(data) - start - len(rest))

    stub.script = script
    assert fetch(client, _item(len(data)), _wish(tmp_path)) == "downloaded"
    assert (tmp_path / "items" / "a" / "b.bin").read_bytes() == data
    assert [asked.headers.get("range") for asked in stub.asked] == [None, "bytes=4000-", "bytes=8000-"]


def test_a_download_that_does_not_move_ends_and_leaves_nothing(stub: Stub, client: Client, tmp_path: Path) -> None:
    stub.script = lambda _: Answer(200, b"", cut=10)
    with pytest.raises(FaasError, match="stopped at 0 of 10 bytes"):
        fetch(client, _item(10), _wish(tmp_path))
    assert list((tmp_path / "items" / "a").iterdir()) == []


def test_a_server_that_knows_no_ranges_is_read_from_the_start(stub: Stub, client: Client, tmp_path: Path) -> None:
    stub.script = lambda _: Answer(200, b"01234", cut=5) if len(stub.asked) == 1 else Answer(200, b"0123456789")
    fetch(client, _item(10), _wish(tmp_path))
    assert (tmp_path / "items" / "a" / "b.bin").read_bytes() == b"0123456789"


def test_an_empty_item_is_an_empty_file(stub: Stub, client: Client, tmp_path: Path) -> None:
    fetch(client, _item(0), _wish(tmp_path))
    assert (tmp_path / "items" / "a" / "b.bin").read_bytes() == b""
    assert stub.asked == []


def test_a_file_that_is_here_is_kept_unless_told_otherwise(stub: Stub, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "items" / "a" / "b.bin"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"mine")
    stub.script = lambda _: Answer(200, b"theirs")
    assert fetch(client, _item(6), _wish(tmp_path)) == "exists"
    assert file.read_bytes() == b"mine"
    assert fetch(client, _item(6), _wish(tmp_path, overwrite=True)) == "downloaded"
    assert file.read_bytes() == b"theirs"


@pytest.mark.parametrize("name", ["/../evil", "/a/../../evil", "/..", "/", "", "/a\\..\\evil", "/a\0b"])
def test_an_item_cannot_choose_a_place_outside(client: Client, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "target"
    with pytest.raises(FaasError, match="does not fit into a folder"):
        fetch(client, _item(3, name), _wish(folder))
    assert not folder.exists()


def test_a_file_is_sent_in_chunks_as_the_sdk_sends_it(stub: Stub, client: Client, tmp_path: Path) -> None:
    file = tmp_path / 'na"me.txt'
    file.write_bytes(b"hello" * 100_000)
    stub.script = lambda _: Answer(body=_item(500_000), headers={"x-item-op": "created"})
    assert send(client, "d1", Plan(file, '/in/na"me.txt'), overwrite=True) == "created"
    asked = stub.asked[0]
    assert (asked.path, asked.headers["transfer-encoding"]) == ("/api/v1/datasets/d1/items?mode=overwrite", "chunked")
    assert "content-length" not in asked.headers
    assert b'name="path"\r\n\r\n/in/na"me.txt\r\n' in asked.body
    assert b'name="file"; filename="na%22me.txt"' in asked.body
    assert b"\r\n\r\n" + file.read_bytes() + b"\r\n--" in asked.body


def test_an_item_of_the_wrong_size_is_removed_again(stub: Stub, client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    stub.script = lambda _: Answer(body=_item(3), headers={"x-item-op": "created"})
    with pytest.raises(FaasError, match="5 bytes were sent and 3 arrived"):
        send(client, "d1", Plan(tmp_path / "a.txt", "/a.txt"), overwrite=False)
    assert stub.asked[-1].method == "DELETE"


def test_an_upload_meets_a_busy_platform_and_is_sent_again(stub: Stub, client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    answers = iter([Answer(503, {"message": "busy"}), Answer(body=_item(5))])
    stub.script = lambda _: next(answers)
    send(client, "d1", Plan(tmp_path / "a.txt", "/a.txt"), overwrite=False)
    assert [b"hello" in asked.body for asked in stub.asked] == [True, True]


def test_a_folder_keeps_its_name_unless_a_star_says_otherwise(here: Path) -> None:
    for name in ("photos/a.jpg", "photos/deep/b.PNG", "photos/c.txt"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).touch()
    assert [one.remote for one in plan("photos", None, None, None)] == [
        "/photos/a.jpg", "/photos/c.txt", "/photos/deep/b.PNG",
    ]  # fmt: skip
    assert [one.remote for one in plan("photos/*", "in", ".jpg,png", None)] == ["/in/a.jpg", "/in/deep/b.PNG"]
    assert [one.remote for one in plan("photos/a.jpg", "/in/", None, None)] == ["/in/a.jpg"]
    with_annotations = plan("photos", None, None, "notes")
    assert with_annotations[2].annotations == here / "notes" / "deep" / "b.json"


def test_a_path_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no file or folder nowhere"):
        plan("nowhere", None, None, None)


def _log_page(*messages: str, stop: bool = False) -> Answer:
    return Answer(body={"logs": [{"message": one} for one in messages], "checkpoint": messages[-1:], "stop": stop})


def test_a_log_is_read_page_by_page_until_an_empty_one(stub: Stub, client: Client) -> None:
    pages = iter([_log_page("a", "b"), _log_page("c"), _log_page()])
    stub.script = lambda _: next(pages)
    found = list(lines(client, {"id": "s", "projectId": "p"}, "2026-01-31T18:00:00Z", follow=False))
    assert [line["message"] for line in found] == ["a", "b", "c"]
    assert [asked.json.get("checkpoint") for asked in stub.asked] == [None, ["b"], ["c"]]
    assert all(asked.json["start"] == "2026-01-31T18:00:00Z" for asked in stub.asked)


def test_a_log_that_is_followed_goes_on_after_silence(stub: Stub, client: Client) -> None:
    pages = iter([_log_page("a"), _log_page(), _log_page("b"), _log_page(stop=True)])
    stub.script = lambda _: next(pages)
    found = list(lines(client, {"id": "s", "projectId": "p"}, None, follow=True))
    assert [line["message"] for line in found] == ["a", "b"]


def test_a_start_that_is_no_time_is_refused(stub: Stub, client: Client) -> None:
    with pytest.raises(UsageError, match="-t has to be a time"):
        list(lines(client, {"id": "s", "projectId": "p"}, "yesterday", follow=False))
    assert stub.asked == []


def test_a_refusal_that_all_would_meet_ends_the_run() -> None:
    called: list[int] = []

    def work(number: int) -> str:
        called.append(number)
        raise Forbidden("not yours")

    with pytest.raises(Forbidden):
        list(each(work, range(1000)))
    assert len(called) < 100


def test_a_failure_of_one_leaves_the_others_alone() -> None:
    def work(number: int) -> str:
        if number % 2:
            raise NotFound(f"no {number}")
        return "done"

    ended = list(each(work, range(50)))
    assert sorted(one.thing for one in ended) == list(range(50))
    assert {one.thing: one.failure for one in ended if one.failure} == {n: f"no {n}" for n in range(1, 50, 2)}
