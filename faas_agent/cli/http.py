"""One HTTP exchange: urllib3 below, the error tree above.

Enters: method, url, body. Leaves: a response of status < 400, or a FaasError that says what the platform said.
Called by ``login`` and ``client``. Never logs a header or a body.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import urllib3

from faas_agent import errors

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
USER_AGENT = "dlp/faas-agent"

_BY_STATUS: Mapping[int, type[errors.FaasError]] = {
    kind.status: kind
    for kind in (
        errors.BadRequest,
        errors.Unauthorized,
        errors.Forbidden,
        errors.NotFound,
        errors.Conflict,
        errors.TooLarge,
        errors.TooManyRequests,
        errors.Unavailable,
    )
} | {502: errors.Unavailable, 504: errors.Unavailable}

_RETRY_ANY = urllib3.Retry(
    connect=2, read=0, status=3, other=0, redirect=0, total=5, status_forcelist={429, 502, 503, 504},
    allowed_methods=None, backoff_factor=0.3, raise_on_status=False,
)  # fmt: skip
"""A refused connection and a "not now" have done nothing yet, so even a POST may go again; a cut answer may have."""
_RETRY_READING = _RETRY_ANY.new(read=2)
_RETRY_NEVER = urllib3.Retry(total=0, redirect=0, raise_on_status=False)


class Http:
    """A pool of connections to one platform."""

    def __init__(self, verify_ssl: bool) -> None:
        if not verify_ssl:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._pool = urllib3.PoolManager(
            maxsize=16,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            cert_reqs="CERT_REQUIRED" if verify_ssl else "CERT_NONE",
        )

    def send(
        self,
        method: str,
        url: str,
        *,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        chunks: Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """One exchange. ``body`` goes as JSON, ``form`` url-encoded, ``chunks`` as they come, and those only once."""
        given: dict[str, Any] = {}
        if form is not None:
            given = {"fields": dict(form), "encode_multipart": False}
        elif chunks is not None:
            given = {"body": chunks}
        elif body is not None:
            given = {"json": body}
        retry = _RETRY_NEVER if chunks is not None else _RETRY_READING if method == "GET" else _RETRY_ANY
        sent = {"user-agent": USER_AGENT, "accept": "application/json", **(headers or {})}
        if body is not None:
            sent["content-type"] = "application/json"
        try:
            response = self._pool.request(method, url, headers=sent, retries=retry, preload_content=not stream, **given)
        except urllib3.exceptions.HTTPError as error:
            raise _no_answer(url, error) from None
        if response.status >= 300:
            raise _refusal(response)
        return response


def _no_answer(url: str, error: Exception) -> errors.FaasError:
    host = urllib3.util.parse_url(url).netloc
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, urllib3.exceptions.SSLError):
        return errors.Unavailable(f"the certificate of {host} is not trusted: {reason.args[0]}")
    return errors.Unavailable(f"no answer from {host}: is the platform running, and is this its address?")


def _refusal(response: urllib3.BaseHTTPResponse) -> errors.FaasError:
    text = response.data.decode("utf-8", "replace").strip()
    response.release_conn()
    try:
        found = json.loads(text)
        message = str(found["message"])
    except (ValueError, KeyError, TypeError):
        message = text[:300] or f"the platform answered {response.status}"
    kind = _BY_STATUS.get(response.status) or (errors.BadRequest if response.status < 500 else errors.FaasError)
    return kind(" ".join(message.split()))
