"""Fresh tokens for the SDK in user code, and for nobody who does not know this replica's secret."""

from __future__ import annotations

import pytest
import urllib3

from faas_agent.pod.agent.token_proxy import TokenProxy


def asked(port: str, path: str = "/get_jwt") -> tuple[int, bytes]:
    """As the SDK asks: the port goes into the URL as it is."""
    answer = urllib3.request("GET", f"http://localhost:{port}{path}", retries=False)
    return answer.status, answer.data


def test_whoever_knows_the_secret_gets_the_latest_token() -> None:
    with TokenProxy() as proxy:
        for token in ("first", "second"):
            proxy.token = token
            assert asked(proxy.port) == (200, b'{"jwt": "%s"}' % token.encode())


@pytest.mark.parametrize("path", ["/get_jwt", "//get_jwt", "/word/get_jwt", "/", "/%C3%A9/get_jwt"])
def test_nobody_else_does(path: str) -> None:
    with TokenProxy() as proxy:
        proxy.token = "hidden"
        status, body = asked(proxy.port.partition("/")[0], path)
        assert status == 403
        assert b"hidden" not in body


def test_there_is_nothing_else() -> None:
    with TokenProxy() as proxy:
        proxy.token = "hidden"
        status, body = asked(proxy.port, "/")
        assert status == 403
        assert b"hidden" not in body


def test_two_replicas_have_two_secrets() -> None:
    with TokenProxy() as one, TokenProxy() as other:
        assert one.port.partition("/")[2] != other.port.partition("/")[2]
