"""Which platform the commands talk to, and the login there: ``$DATALOOP_PATH/cookie.json``, shared with the SDK.

Enters: a url, an alias, tokens. Leaves: a ``Login``. ``FAAS_URL`` in the environment wins over what the file says.
Called by ``login``, ``client`` and the ``api`` commands. Never prints a token.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from faas_agent.cli import jsonfile
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import UsageError

API = "/api/v1"
PUBLIC_CLOUD = "https://gate.dataloop.ai"
"""What the SDK knows by itself under the alias ``prod``; it stays known beside a platform of one's own."""


@dataclass(frozen=True, slots=True)
class Login:
    """One platform and who is logged in there."""

    url: str
    """With ``/api/v1``: the key in the SDK's file."""
    gate_url: str
    alias: str
    verify_ssl: bool
    token: str | None
    refresh_token: str | None


def path() -> Path:
    """The SDK's file of this user."""
    return Path(os.environ.get("DATALOOP_PATH") or Path.home() / ".dataloop") / "cookie.json"


def current() -> Login:
    """The platform in use. Raises UsageError when none is."""
    cookie = jsonfile.read(path())
    url = api_url(os.environ["FAAS_URL"]) if os.environ.get("FAAS_URL") else cookie.get("url")
    if not url:
        raise UsageError("no platform is set: run 'dlp api setenv -e http://HOST:PORT', or set FAAS_URL")
    known = _platforms(cookie).get(url) or {}
    return Login(
        url=url,
        gate_url=known.get("gate_url") or url.removesuffix(API),
        alias=known.get("alias") or _default_alias(url),
        verify_ssl=known.get("verify_ssl") is not False,
        token=known.get("token") or None,
        refresh_token=known.get("refresh_token") or None,
    )


def use(environment: str) -> str:
    """Switch to an alias, a url or ``custom``; a new url is registered. Returns the url in use from now on."""
    if environment.startswith(("http://", "https://")):
        url, entry = api_url(environment), None
    elif environment == "custom":
        url, entry = _custom()
    else:
        url, entry = _by_alias(environment), None

    def change(cookie: Json) -> None:
        platforms = _platforms(cookie)
        known = platforms.get(url) or _entry(url, _default_alias(url))
        platforms[url] = {**known, **(entry or {})}
        cookie["login_parameters"], cookie["url"] = platforms, url

    jsonfile.update(path(), change)
    return url


def register(base: str, alias: str, verify_ssl: bool = True) -> str:
    """Make a platform known under an alias, taken from whoever had it, and switch to it. Returns the url."""
    url = api_url(base)

    def change(cookie: Json) -> None:
        others = {other: entry for other, entry in _platforms(cookie).items() if entry.get("alias") != alias}
        known = others.get(url) or _platforms(cookie).get(url) or {}
        kept = {key: value for key, value in known.items() if value is not None}
        others[url] = {**_entry(url, alias), **kept, "alias": alias, "verify_ssl": verify_ssl}
        cookie["login_parameters"], cookie["url"] = others, url

    jsonfile.update(path(), change)
    return url


def remember(login: Login, token: str | None, refresh_token: str | None) -> None:
    """Store the tokens of a login, or None for both to forget them."""

    def change(cookie: Json) -> None:
        platforms = _platforms(cookie)
        known = platforms.get(login.url) or _entry(login.url, login.alias)
        platforms[login.url] = {**known, "token": token, "refresh_token": refresh_token}
        cookie["login_parameters"] = platforms
        cookie.setdefault("url", login.url)

    jsonfile.update(path(), change)


def api_url(base: str) -> str:
    """A base url, with or without ``/api/v1``, as the SDK registers it. Raises UsageError."""
    parts = urlsplit(base.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{base!r} is not the url of a platform: it looks like http://HOST:PORT")
    plain = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/").removesuffix(API)
    return plain + API


def custom_env(login: Login) -> str:
    """This platform as ``DTLPY_CUSTOM_ENV`` describes one, without its tokens."""
    entry = {
        "alias": login.alias,
        "gate_url": login.gate_url,
        "url": login.gate_url + "/",
        "verify_ssl": login.verify_ssl,
    }
    return base64.b64encode(json.dumps({"url": login.url, login.url: entry}).encode()).decode()


def _platforms(cookie: Json) -> dict[str, Json]:
    found = cookie.get("login_parameters")
    if isinstance(found, dict):
        return {url: dict(entry) for url, entry in found.items() if isinstance(entry, dict)}
    return {PUBLIC_CLOUD + API: {**_entry(PUBLIC_CLOUD + API, "prod"), "url": "https://console.dataloop.ai/"}}


def _entry(url: str, alias: str) -> Json:
    base = url.removesuffix(API)
    return {
        "audience": None,
        "client_id": None,
        "auth0_url": None,
        "alias": alias,
        "token": None,
        "gate_url": base,
        "refresh_token": None,
        "verify_ssl": True,
        "use_ssl_context": False,
        "url": base + "/",
        "login_domain": None,
    }


def _default_alias(url: str) -> str:
    # the SDK joins all aliases into one message: each has to be a text
    return urlsplit(url).netloc


def _by_alias(alias: str) -> str:
    known = {entry.get("alias"): url for url, entry in _platforms(jsonfile.read(path())).items()}
    if alias not in known:
        names = ", ".join(sorted(str(name) for name in known))
        raise UsageError(f"Unknown platform environment: {alias!r}. Known: {names}; or give the url of a platform")
    return known[alias]


def _custom() -> tuple[str, Json]:
    """What ``DTLPY_CUSTOM_ENV`` describes: base64 of ``{"url": gate, gate: {...}}``."""
    try:
        found = json.loads(base64.b64decode(os.environ["DTLPY_CUSTOM_ENV"]))
        url = found.pop("url")
        entry = dict(found.get(url, found))
    except (KeyError, ValueError, TypeError, AttributeError, binascii.Error):
        raise UsageError("DTLPY_CUSTOM_ENV has to hold base64 of JSON with the key 'url'") from None
    entry["verify_ssl"] = str(entry.get("verify_ssl", True)).lower() != "false"
    return url, entry
