"""The platform as a logged-in user sees it: calls, pages and streams below ``/api/v1``.

Enters: paths and JSON. Leaves: JSON, or a FaasError. A token near its end is renewed before a call, one that is refused
once after it. Called by ``lookup`` and the commands, from several threads during transfers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import urllib3

from faas_agent.cli import cookie, login
from faas_agent.cli.http import Http
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import FaasError, NotFound, Unauthorized

PAGE_SIZE = 1000


class Client:
    """One logged-in user of one platform."""

    def __init__(self, who: cookie.Login) -> None:
        self.who = who
        self._http = Http(who.verify_ssl)
        self._renewal = threading.Lock()

    @classmethod
    def connect(cls) -> Client:
        """The platform in use, with a login that holds. Raises UsageError or Unauthorized before anything is sent."""
        return cls(login.usable(cookie.current()))

    def get(self, path: str) -> Any:
        """GET, as JSON."""
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """POST JSON, answered by JSON."""
        return self.call("POST", path, body=body)

    def patch(self, path: str, body: Json) -> Any:
        """PATCH JSON, answered by JSON."""
        return self.call("PATCH", path, body=body)

    def delete(self, path: str) -> None:
        """DELETE; one that is gone already is an error, so that a wrong name does not look like a success."""
        self.call("DELETE", path)

    def call(self, method: str, path: str, *, body: Any = None, form: Mapping[str, str] | None = None) -> Any:
        """One call. An answer without a body is None."""
        response = self._authorised(
            lambda headers: self._http.send(method, self.who.url + path, body=body, form=form, headers=headers)
        )
        if not response.data:
            return None
        try:
            return response.json()
        except ValueError:
            raise FaasError(f"{self.who.gate_url} answered with something that is not JSON") from None

    def upload(self, path: str, content: Callable[[], Iterable[bytes]], content_type: str) -> tuple[Json, str]:
        """Send bytes as they come; ``content`` makes them anew when they have to be sent again. The item, its fate."""
        response = self._authorised(
            lambda headers: self._http.send(
                "POST", self.who.url + path, chunks=content(), headers={**headers, "content-type": content_type}
            )
        )
        return response.json(), response.headers.get("x-item-op", "na")

    def stream(self, path: str, start: int) -> urllib3.BaseHTTPResponse:
        """The bytes from ``start`` on; the caller releases the connection."""
        extra = {"x-dl-sanitize": "0", "accept": "*/*"} | ({"range": f"bytes={start}-"} if start else {})
        return self._authorised(
            lambda headers: self._http.send("GET", self.who.url + path, headers={**headers, **extra}, stream=True)
        )

    def pages(self, path: str, query: Json) -> Iterator[Json]:
        """Everything that a query finds, page by page."""
        page, more = 0, True
        while more:
            answer = self.post(path, {"pageSize": PAGE_SIZE, **query, "page": page})
            yield from answer["items"]
            more, page = bool(answer.get("hasNextPage")) and bool(answer["items"]), page + 1

    def by_id(self, path: str, query: Json) -> Iterator[Json]:
        """Everything that a query finds, in the order of ids: what comes or goes meanwhile moves no page."""
        last, conditions = "", list(query["filter"].get("$and", []))
        while True:
            beyond = [*conditions, {"id": {"$gt": last}}] if last else conditions
            body = {**query, "filter": {**query["filter"], "$and": beyond}, "sort": {"id": "ascending"}}
            answer = self.post(path, {**body, "page": 0, "pageSize": PAGE_SIZE})
            yield from answer["items"]
            if not answer["items"] or not answer.get("hasNextPage"):
                return
            last = answer["items"][-1]["id"]

    def find(self, resource: str, *conditions: Json) -> list[Json]:
        """Packages, services, executions or triggers that meet all conditions."""
        page_size = 100 if resource == "executions" else PAGE_SIZE
        query = {"resource": resource, "filter": {"$and": list(conditions)}, "pageSize": page_size}
        return list(self.pages("/query/faas", query))

    def one(self, what: str, name: str, found: list[Json]) -> Json:
        """The only one found. Raises NotFound, or FaasError when the name is not enough to tell."""
        if not found:
            raise NotFound(f"there is no {what} named {name!r}: see what there is with 'dlp {what}s ls'")
        if len(found) > 1:
            raise FaasError(f"there are {len(found)} {what}s named {name!r}: name the project too")
        return found[0]

    def _authorised(self, send: Callable[[dict[str, str]], urllib3.BaseHTTPResponse]) -> urllib3.BaseHTTPResponse:
        token = self._token()
        try:
            return send({"authorization": f"Bearer {token}"})
        except Unauthorized as refusal:
            try:
                renewed = self._renew(instead_of=token)
            except Unauthorized as over:
                raise Unauthorized(f"{refusal.message} ({over.message})") from None
            return send({"authorization": f"Bearer {renewed}"})

    def _token(self) -> str:
        token = self.who.token or ""
        near = login.ends_at(token) - login.now() < login.MARGIN_SECONDS
        return self._renew(instead_of=token) if near else token

    def _renew(self, instead_of: str) -> str:
        """A fresh token; of several threads that ask at once, one renews and the others take its result."""
        with self._renewal:
            if self.who.token == instead_of:
                self.who = login.renewed(self.who)
            return self.who.token or ""


def quoted(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")
