"""``GET /get_jwt`` on loopback: where the SDK in user code renews its token (ENDPOINTS 1).

Enters: the bot's latest token. Leaves: that token, to whoever knows this replica's own secret and to nobody else.
The secret is a part of the path: older SDKs (1.99) send no header, and all of them put what they are told is the port
in front of ``/get_jwt`` as it is.
"""

from __future__ import annotations

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class TokenProxy:
    """A server on a free port while the ``with`` block lasts. Set ``token`` whenever there is a fresher one."""

    def __init__(self) -> None:
        self.token = ""
        self._secret = secrets.token_urlsafe(24)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, f"/{self._secret}/get_jwt"))

    @property
    def port(self) -> str:
        """The port and the secret, as ``AGENT_PROXY_MAIN_PORT`` has to hold them."""
        return f"{self._server.server_port}/{self._secret}"

    def __enter__(self) -> TokenProxy:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(proxy: TokenProxy, path: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not secrets.compare_digest(self.path.encode(), path.encode()):
                self.send_error(403)
                return
            body = json.dumps({"jwt": proxy.token}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:  # the request line is nobody's news
            return

    return Handler
