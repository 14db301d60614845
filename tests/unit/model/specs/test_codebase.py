"""A codebase is accepted at push time or refused by the name of its field."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.errors import BadRequest
from faas_agent.model.specs.codebase import (
    GitCodebase,
    ItemCodebase,
    SecretKey,
    check_git_ref,
    check_git_url,
    git_remote,
    parse_codebase,
    with_type,
)

ITEM = "0123456789abcdef01234567"


def test_an_item_codebase_is_its_item() -> None:
    assert parse_codebase({"type": "item", "itemId": ITEM}) == ItemCodebase(ITEM)


def test_a_git_codebase_has_a_url_a_ref_and_the_names_of_its_secrets() -> None:
    credentials = {"username": {"id": "i1", "key": "USER"}, "password": {"id": "i2", "key": "PASS"}}
    json = {"type": "git", "gitUrl": "https://host.org/a/b.git", "gitTag": "v1", "credentials": credentials}
    parsed = GitCodebase("https://host.org/a/b.git", "v1", SecretKey("i1", "USER"), SecretKey("i2", "PASS"))
    assert parse_codebase(json) == parsed


@pytest.mark.parametrize("tag", [{}, {"gitTag": None}, {"gitTag": ""}])
def test_without_a_tag_it_is_the_default_branch(tag: dict[str, str | None]) -> None:
    assert parse_codebase({"type": "git", "gitUrl": "https://host.org/a", **tag}) == GitCodebase("https://host.org/a")


@pytest.mark.parametrize(
    ("json", "field"),
    [
        (None, "codebase must be an object"),
        ([], "codebase must be an object"),
        ({}, "codebase.type"),
        ({"type": "zip"}, "codebase.type"),
        ({"type": ["item"]}, "codebase.type"),
        ({"type": "filesystem", "hostPath": "/etc"}, "folder that the replicas cannot see"),
        ({"type": "local", "localPath": "."}, "folder that the replicas cannot see"),
        ({"type": "item"}, "codebase.itemId"),
        ({"type": "item", "itemId": "../x"}, "codebase.itemId"),
        ({"type": "item", "itemId": ITEM, "gitUrl": "x"}, "codebase.gitUrl is not known"),
        ({"type": "git"}, "codebase.gitUrl"),
        ({"type": "git", "gitUrl": 7}, "codebase.gitUrl"),
        ({"type": "git", "gitUrl": "https://h.org/a", "gitTag": 7}, "codebase.gitTag"),
        ({"type": "git", "gitUrl": "https://h.org/a", "gitTag": "--upload-pack=x"}, "codebase.gitTag"),
        ({"type": "git", "gitUrl": "https://h.org/a", "tag": "v1"}, "codebase.tag is not known"),
        ({"type": "git", "gitUrl": "https://h.org/a", "credentials": "me:pw"}, "codebase.credentials"),
        ({"type": "git", "gitUrl": "https://h.org/a", "credentials": {"token": {}}}, "codebase.credentials.token"),
        ({"type": "git", "gitUrl": "https://h.org/a", "credentials": {"password": {"id": "1"}}}, "password"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(json: object, field: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(field)):
        parse_codebase(json)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/team/repository.git",
        "https://git.example.org:8443/team/repository",
        "ssh://git@git.example.org/team/repository.git",
        "git@github.com:team/repository.git",
        "github.com/team/repository",
        "https://[2001:db8::1]/team/repository",
    ],
)
def test_the_ways_people_write_a_repository_are_accepted(url: str) -> None:
    check_git_url(url)


def test_a_url_without_a_scheme_is_https() -> None:
    assert git_remote("github.com/team/repository") == "https://github.com/team/repository"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "-oProxyCommand=id",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c id",
        "ext::sh",
        "fd::17",
        "transport::https://host.org/a",
        "file:///etc",
        "/etc",
        "../other",
        "~/repository",
        "http://host.org/a",
        "git://host.org/a",
        "ftp://host.org/a",
        "git+ssh://host.org/a",
        "https://host.org",
        "https:///a",
        "https://-host.org/a",
        "https://host.org:port/a",
        "https://host.org/a b",
        "https://host.org/a\nb",
        "https://host.org/a%0ab",
        "https://host.org/a#main",
        "https://host.org/a?token=1",
        "https://me:secret@host.org/a",
        "https://token@host.org/a",
        "ssh://me:secret@host.org/a",
        "ssh://-oProxyCommand=id/a",
        "git@-host:a",
        "git@host:-a",
        "git@host:/-x::a",
        "c:\\repository",
        "https://host.org/" + "a" * 3000,
    ],
)
def test_a_url_that_could_run_or_read_something_here_is_refused(url: str) -> None:
    with pytest.raises(BadRequest, match=re.escape("codebase.gitUrl")):
        check_git_url(url)


def test_a_refused_url_with_a_password_is_not_repeated() -> None:
    with pytest.raises(BadRequest) as caught:
        check_git_url("https://me:hunter2@host.org/a")
    assert "hunter2" not in caught.value.message


@given(st.text(max_size=40))
def test_any_text_is_a_url_or_a_bad_request(url: str) -> None:
    try:
        remote = git_remote(url)
    except BadRequest:
        return
    assert not remote.startswith("-")
    assert "::" not in remote.partition("/")[0]
    assert remote.isprintable()


@pytest.mark.parametrize("ref", ["main", "v1.2.0", "feature/a-b", "0123456789abcdef0123456789abcdef01234567", "HEAD"])
def test_names_and_commits_are_refs(ref: str) -> None:
    check_git_ref(ref)


@pytest.mark.parametrize("ref", ["", "-x", "a..b", "a b", "a:b", "a^", "a~1", "a*", "a.lock", "/a", "a/", "@{1}", "\n"])
def test_what_git_would_read_as_an_option_or_an_expression_is_no_ref(ref: str) -> None:
    with pytest.raises(BadRequest, match=re.escape("codebase.gitTag")):
        check_git_ref(ref)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [({"gitUrl": "https://example.com/a.git"}, "git"), ({"itemId": "5f" * 12}, "item"), ({"type": "git"}, "git")],
)
def test_a_codebase_without_a_type_gets_the_one_its_keys_mean(sent: dict[str, str], kind: str) -> None:
    typed = with_type(sent)
    assert isinstance(typed, dict)
    assert typed == {**sent, "type": kind}


def test_what_has_no_key_of_a_codebase_stays_as_it_is() -> None:
    assert with_type({"x": 1}) == {"x": 1}
    assert with_type("text") == "text"
