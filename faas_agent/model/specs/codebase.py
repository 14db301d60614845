"""Where a revision's code is: a zip uploaded as an item, or a git URL and a tag, branch or commit (ENDPOINTS 12). Pure.

Enters: the ``codebase`` of a package, from the wire. Leaves: ``ItemCodebase`` or ``GitCodebase``, or BadRequest that
names the field. The API asks at push time; ``pod.host.codebase`` asks again before it runs git, because what is stored
may be older than the rules. It never opens a connection: whether the item or the commit exists shows at the start.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from faas_agent.errors import BadRequest
from faas_agent.model.ids import is_object_id

GIT_TRANSPORTS = frozenset({"https", "ssh"})
"""Encrypted, and without a way to name a command. Plain http and git:// can be changed on the way."""

_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*"
_SCP = re.compile(rf"(?P<user>[A-Za-z0-9][\w.-]*)@(?P<host>{_HOST}):(?P<path>[^-/:][^:]*|/[^:]+)")
_BARE = re.compile(rf"{_HOST}\.[A-Za-z]{{2,}}/[^:]+")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|[/.]$|\.lock$")


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One value of an integration: its id, and the environment variable that holds it in the runner."""

    integration_id: str
    key: str


@dataclass(frozen=True, slots=True)
class ItemCodebase:
    """A zip in the project's Binaries dataset."""

    item_id: str


@dataclass(frozen=True, slots=True)
class GitCodebase:
    """A repository. ``ref`` is a tag, branch or commit; None is the repository's own default branch."""

    url: str
    ref: str | None = None
    username: SecretKey | None = None
    password: SecretKey | None = None


Codebase = ItemCodebase | GitCodebase


def with_type(json: object) -> object:
    """The codebase with its ``type``, which the SDK's own ``GitCodebase(git_url=...)`` leaves out and needs back."""
    if not isinstance(json, Mapping) or json.get("type") is not None:
        return json
    kinds = [kind for key, kind in (("gitUrl", "git"), ("itemId", "item")) if json.get(key)]
    return {**json, "type": kinds[0]} if kinds else json


def parse_codebase(json: object) -> Codebase:
    """The codebase of a package. Raises BadRequest that names the field."""
    if not isinstance(json, Mapping):
        raise BadRequest('codebase must be an object with a "type" of "item" or "git"')
    match json.get("type"):
        case "item":
            return _parse_item(json)
        case "git":
            return _parse_git(json)
        case "filesystem" | "local" as kind:
            raise BadRequest(
                f'codebase.type "{kind}" names a folder that the replicas cannot see: push it with src_path, '
                "so that it is uploaded as an item, or use a git codebase"
            )
        case other:
            raise BadRequest(f'codebase.type must be "item" or "git", not {other!r}')


def check_git_url(url: str, transports: Collection[str] = GIT_TRANSPORTS) -> None:
    """Raises BadRequest unless git may be given this URL. ``transports``: the schemes that are allowed."""
    git_remote(url, transports)


def git_remote(url: str, transports: Collection[str] = GIT_TRANSPORTS) -> str:
    """The URL that git is given: ``host/path`` without a scheme means https, as in the SDK. Raises BadRequest."""
    if not url or len(url) > 2048:
        raise BadRequest("codebase.gitUrl must be the URL of a repository, at most 2048 characters long")
    if any(not c.isprintable() or c.isspace() for c in unquote(url)) or "\\" in url:
        raise BadRequest("codebase.gitUrl must not contain blanks, backslashes or control characters")
    if url.startswith("-"):
        raise BadRequest("codebase.gitUrl must not start with a dash: git would take it for an option")
    if "::" in url.partition("/")[0]:
        raise BadRequest("codebase.gitUrl must not name a remote helper (helper::address): use an https URL")
    if "://" not in url:
        return _without_scheme(url, transports)
    _check_parts(_split(url), transports)
    return url


def check_git_ref(ref: str) -> None:
    """Raises BadRequest unless the text can be the name of a tag or branch, or a commit."""
    if not ref or len(ref) > 250 or not ref.isprintable() or _BAD_REF.search(ref):
        raise BadRequest("codebase.gitTag must be the name of a tag or branch, or a commit, such as v1.2.0")


def _without_scheme(url: str, transports: Collection[str]) -> str:
    if _BARE.fullmatch(url):
        return git_remote("https://" + url, transports)
    if _SCP.fullmatch(url) and "ssh" in transports:
        return url
    raise BadRequest(
        "codebase.gitUrl must be a URL such as https://host/team/repository.git or git@host:team/repository.git"
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # is parsed, and may fail, only here
    except ValueError:
        raise BadRequest("codebase.gitUrl is not a URL: its host or port is malformed") from None
    return parts


def _check_parts(parts: SplitResult, transports: Collection[str]) -> None:
    if parts.scheme not in transports:
        allowed = " or ".join(f"{name}://" for name in sorted(transports))
        raise BadRequest(f"codebase.gitUrl must start with {allowed}, not {parts.scheme}://")
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        raise BadRequest(
            "codebase.gitUrl holds a user name or password, which everybody could read: "
            "put them into an integration and name it in codebase.credentials"
        )
    if parts.query or parts.fragment:
        raise BadRequest("codebase.gitUrl must end with the repository's path: a tag, branch or commit goes in gitTag")
    if parts.scheme != "file" and not re.fullmatch(rf"{_HOST}|[0-9a-f:.]+", parts.hostname or ""):
        raise BadRequest("codebase.gitUrl has no valid host name")
    if parts.username and parts.username.startswith("-"):
        raise BadRequest("codebase.gitUrl has no valid user name")
    if not parts.path.strip("/"):
        raise BadRequest("codebase.gitUrl names a host, but no repository on it")


def _parse_item(json: Mapping[str, Any]) -> ItemCodebase:
    _check_keys(json, {"type", "itemId", "item"})
    item_id = json.get("itemId")
    if not isinstance(item_id, str) or not is_object_id(item_id):
        raise BadRequest("codebase.itemId must be the id of the item that holds the zip, 24 hex digits")
    return ItemCodebase(item_id)


def _parse_git(json: Mapping[str, Any]) -> GitCodebase:
    _check_keys(json, {"type", "gitUrl", "gitTag", "credentials"})
    url, ref = json.get("gitUrl"), json.get("gitTag")
    if not isinstance(url, str):
        raise BadRequest("codebase.gitUrl must be the URL of a repository")
    check_git_url(url)
    if ref is not None and not isinstance(ref, str):
        raise BadRequest("codebase.gitTag must be the name of a tag or branch, or a commit")
    if ref:
        check_git_ref(ref)
    credentials = json.get("credentials") or {}
    if not isinstance(credentials, Mapping):
        raise BadRequest('codebase.credentials must be an object with "username" and "password"')
    _check_keys(credentials, {"username", "password"}, "codebase.credentials")
    username, password = (_parse_secret(credentials, name) for name in ("username", "password"))
    return GitCodebase(url, ref or None, username, password)


def _parse_secret(credentials: Mapping[str, Any], name: str) -> SecretKey | None:
    secret = credentials.get(name)
    if secret is None:
        return None
    if not isinstance(secret, Mapping) or not isinstance(secret.get("key"), str) or not secret["key"]:
        raise BadRequest(f'codebase.credentials.{name} must be an object with the "id" and "key" of an integration')
    if not isinstance(secret.get("id"), str):
        raise BadRequest(f"codebase.credentials.{name}.id must be the id of an integration")
    return SecretKey(secret["id"], secret["key"])


def _check_keys(json: Mapping[str, Any], known: set[str], where: str = "codebase") -> None:
    for key in json:
        if key not in known:
            raise BadRequest(f"{where}.{key} is not known: a codebase of this type has {', '.join(sorted(known))}")
