"""Items through the real SDK: what goes up comes down, and is found, changed and deleted (ENDPOINTS 5)."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import pytest
from calls import uploaded
from sdk_version import CURRENT, needs


def upload(dataset: Any, content: bytes, name: str, remote_path: str = "/", **more: Any) -> Any:
    """One small item."""
    buffer = io.BytesIO(content)
    buffer.name = name
    return uploaded(dataset, buffer, remote_path=remote_path, **more)


def content(dataset: Any, item_id: str) -> bytes:
    """What is there now."""
    return bytes(dataset.items.get(item_id=item_id).download(save_locally=False).read())


# -- up and down -------------------------------------------------------------------------------------------------------


def test_an_uploaded_buffer_comes_back_byte_for_byte(dataset: Any) -> None:
    sent = bytes(range(256)) * 400
    item = upload(dataset, sent, "all.bin", "/some/folder")
    assert item.filename == "/some/folder/all.bin"
    assert item.metadata["system"]["size"] == len(sent)
    assert content(dataset, item.id) == sent


def test_an_empty_file_is_an_item_too(dataset: Any) -> None:
    item = upload(dataset, b"", "nothing.txt")
    assert item.metadata["system"]["size"] == 0
    assert content(dataset, item.id) == b""


def test_a_file_of_many_chunks_is_whole(dataset: Any, tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    big.write_bytes(numpy.random.default_rng(7).bytes(9 * 1024**2 + 17))
    item = uploaded(dataset, str(big))
    fetched = item.download(local_path=str(tmp_path / "down"))
    assert Path(fetched).read_bytes() == big.read_bytes()


def test_a_folder_goes_up_and_comes_down_as_it_is(dataset: Any, tmp_path: Path) -> None:
    files = {"top.txt": b"1", "deep/er/a.txt": b"22", "deep/b.json": b"{}", "naïve name (1).txt": b"333"}
    for name, sent in files.items():
        (tmp_path / "up" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "up" / name).write_bytes(sent)
    made = list(dataset.items.upload(local_path=str(tmp_path / "up") + "/*", remote_path="/in"))
    assert sorted(item.filename for item in made) == sorted(f"/in/{name}" for name in files)
    list(dataset.items.download(local_path=str(tmp_path / "down")))
    assert {name: (tmp_path / "down/items/in" / name).read_bytes() for name in files} == files


def test_an_array_is_an_image_with_its_size(dataset: Any) -> None:
    pixels = numpy.zeros((30, 50, 3), dtype=numpy.uint8)
    for name in ("black.png", "black.jpg"):
        item = uploaded(dataset, pixels, remote_name=name)
        assert (item.width, item.height) == (50, 30)
        assert item.download(save_locally=False, to_array=True).shape == (30, 50, 3)
    assert dataset.items.get(filepath="/black.png").mimetype == "image/png"


def test_metadata_and_description_come_with_the_upload(dataset: Any) -> None:
    item = upload(dataset, b"x", "a.txt", item_metadata={"user": {"k": [1, None, "ü"]}}, item_description="of a file")
    again = dataset.items.get(item_id=item.id)
    assert again.metadata["user"] == {"k": [1, None, "ü"]}
    assert again.description == "of a file"
    assert again.metadata["system"]["originalname"] == "a.txt"


def test_a_name_without_an_ending_is_known_by_its_first_bytes(dataset: Any) -> None:
    assert upload(dataset, b"%PDF-1.7 ...", "report").mimetype == "application/pdf"
    assert upload(dataset, b"plain words", "notes").mimetype == "text/plain"
    assert upload(dataset, b"\x00\x01\x02", "blob").mimetype == "application/octet-stream"


def test_a_download_that_stopped_goes_on_where_it_was(dataset: Any, tmp_path: Path) -> None:
    item = upload(dataset, b"0123456789", "digits.txt")
    (tmp_path / "digits.txt.download").write_bytes(b"")  # what an earlier try left
    assert Path(item.download(local_path=str(tmp_path / "digits.txt"))).read_bytes() == b"0123456789"


# -- twice to the same path --------------------------------------------------------------------------------------------


def test_the_same_upload_again_is_the_same_item(dataset: Any) -> None:
    first, second = (upload(dataset, b"same", "a.txt") for _ in range(2))
    assert first.id == second.id
    assert dataset.items.list().items_count == 1


@needs(CURRENT, "upload(raise_on_error=...)")
def test_other_content_without_overwrite_leaves_what_is_there(dataset: Any, dl: ModuleType) -> None:
    first = upload(dataset, b"first", "a.txt")
    with pytest.raises(dl.exceptions.BadRequest, match="overwrite"):
        upload(dataset, b"something else", "a.txt")
    assert content(dataset, first.id) == b"first"


def test_overwrite_gives_the_same_item_other_bytes(dataset: Any) -> None:
    first = upload(dataset, b"first", "a.txt", item_metadata={"user": {"kept": True}})
    second = upload(dataset, b"second, longer", "a.txt", overwrite=True)
    assert second.id == first.id
    assert second.metadata["user"] == {"kept": True}
    assert content(dataset, first.id) == b"second, longer"


@needs(CURRENT, "upload(raise_on_error=...)")
def test_a_file_cannot_be_where_a_folder_is_nor_below_a_file(dataset: Any, dl: ModuleType) -> None:
    upload(dataset, b"x", "b.txt", "/a")
    with pytest.raises(dl.exceptions.BadRequest, match="folder"):
        upload(dataset, b"x", "a")
    with pytest.raises(dl.exceptions.BadRequest, match="is a file"):
        upload(dataset, b"x", "c.txt", "/a/b.txt")
    assert [item.filename for item in dataset.items.list().all()] == ["/a/b.txt"]


# -- change ------------------------------------------------------------------------------------------------------------


def test_user_metadata_is_added_changed_and_removed(dataset: Any) -> None:
    item = upload(dataset, b"x", "a.txt", item_metadata={"user": {"a": 1, "b": {"c": 2, "d": 3}}})
    item.metadata["user"]["a"] = 10
    del item.metadata["user"]["b"]["c"]
    item.metadata["user"]["new"] = ["list"]
    item.update()
    assert dataset.items.get(item_id=item.id).metadata["user"] == {"a": 10, "b": {"d": 3}, "new": ["list"]}


def test_system_metadata_changes_only_when_asked_to(dataset: Any) -> None:
    item = upload(dataset, b"x", "a.txt")
    item.metadata["system"]["md5"] = "of the bytes"
    item.update()
    assert "md5" not in dataset.items.get(item_id=item.id).metadata["system"]
    item.metadata["system"]["md5"] = "of the bytes, again"
    item = item.update(system_metadata=True)
    assert item.metadata["system"]["md5"] == "of the bytes, again"


def test_the_size_is_what_it_is_whatever_is_said(dataset: Any) -> None:
    item = upload(dataset, b"four", "a.txt")
    item.metadata["system"]["size"] = 4_000
    item.update(system_metadata=True)
    assert dataset.items.get(item_id=item.id).metadata["system"]["size"] == 4


def test_a_description_is_set_and_removed(dataset: Any) -> None:
    item = upload(dataset, b"x", "a.txt")
    item.set_description("words")
    assert dataset.items.get(item_id=item.id).description == "words"
    item.set_description("")
    assert dataset.items.get(item_id=item.id).description is None


def test_a_renamed_item_is_found_by_its_new_path_only(dataset: Any, dl: ModuleType) -> None:
    item = upload(dataset, b"x", "a.txt")
    assert item.move("/new/place/b.txt")
    found = dataset.items.get(filepath="/new/place/b.txt")
    assert (found.id, found.name, found.dir) == (item.id, "b.txt", "/new/place")
    with pytest.raises(dl.exceptions.NotFound):
        dataset.items.get(filepath="/a.txt")


def test_a_rename_onto_something_is_refused(dataset: Any, dl: ModuleType) -> None:
    upload(dataset, b"1", "a.txt")
    item = upload(dataset, b"2", "b.txt")
    item.filename = "/a.txt"
    with pytest.raises(dl.exceptions.Conflict, match="exists already"):
        item.update()


def test_a_renamed_folder_takes_its_content_along(dataset: Any) -> None:
    upload(dataset, b"1", "a.txt", "/old/deep")
    upload(dataset, b"2", "b.txt", "/old")
    upload(dataset, b"3", "c.txt", "/older")
    folder = dataset.items.get(filepath="/old", is_dir=True)
    folder.filename = "/fresh/name"
    folder.update()
    found = sorted(item.filename for item in dataset.items.list().all())
    assert found == ["/fresh/name/b.txt", "/fresh/name/deep/a.txt", "/older/c.txt"]
    assert dataset.items.get(filepath="/fresh/name/deep", is_dir=True).type == "dir"


def test_items_are_moved_into_a_folder_that_may_be_new(dataset: Any) -> None:
    items = [upload(dataset, b"x", name) for name in ("a.txt", "b.txt")]
    assert dataset.items.move_items(destination="/made", items=items)
    assert sorted(item.filename for item in dataset.items.list().all()) == ["/made/a.txt", "/made/b.txt"]


def test_a_deleted_item_is_gone(dataset: Any, dl: ModuleType) -> None:
    item = upload(dataset, b"x", "a.txt")
    assert item.delete()
    with pytest.raises(dl.exceptions.NotFound):
        dataset.items.get(item_id=item.id)


def test_a_deleted_folder_takes_its_content_along(dataset: Any) -> None:
    upload(dataset, b"1", "a.txt", "/gone/deep")
    upload(dataset, b"2", "b.txt", "/stays")
    assert dataset.items.get(filepath="/gone", is_dir=True).delete()
    assert [item.filename for item in dataset.items.list().all()] == ["/stays/b.txt"]


def test_a_folder_can_be_made_by_itself(dataset: Any) -> None:
    made = dataset.items.make_dir(directory="/empty/inside")
    assert (made.type, made.filename) == ("dir", "/empty/inside")
    assert dataset.items.make_dir(directory="/empty/inside").id == made.id


def test_new_bytes_by_revision_keep_the_item(dataset: Any, dl: ModuleType) -> None:
    item = upload(dataset, b"old", "a.txt")
    done, _ = dl.client_api.gen_request("post", f"/items/{item.id}/revisions", files={"file": ("a.txt", b"new bytes")})
    assert done
    assert content(dataset, item.id) == b"new bytes"


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_link_says_where_it_leads(dataset: Any, dl: ModuleType) -> None:
    link = dl.UrlLink(ref="https://example.org/picture.jpg", mimetype="image", name="far")
    item = uploaded(dataset, link)
    assert item.filename == "/far_link.json"
    assert item.metadata["system"]["shebang"]["linkInfo"]["ref"] == "https://example.org/picture.jpg"


def test_the_server_does_not_follow_a_link(dataset: Any, dl: ModuleType) -> None:
    item = uploaded(dataset, dl.UrlLink(ref="http://127.0.0.1:1/secret", name="in"))
    done, response = dl.client_api.gen_request("get", f"/items/{item.id}/stream", stream=True)
    assert done
    assert json.loads(response.content)["metadata"]["linkInfo"]["ref"] == "http://127.0.0.1:1/secret"
