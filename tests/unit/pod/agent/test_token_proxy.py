"""Fresh tokens for the SDK in user code, and for nobody who does not know this replica's secret."""

from __future__ import annotations

import urllib3

from faas_agent.pod.agent.token_proxy import TokenProxy


def asked(proxy: TokenProxy, path: str = "/get_jwt", **headers: str) -> tuple[int, bytes]:
    url = f"http://127.0.0.1:{proxy.address['port']}{path}"
    answer = urllib3.request("GET", url, headers=headers, retries=False)
    return answer.status, answer.data


def test_whoever_knows_the_secret_gets_the_latest_token() -> None:
    with TokenProxy() as proxy:
        for token in ("first", "second"):
            proxy.token = token
            status, body = asked(proxy, **{"X-Get-Jwt-Secret": proxy.secret})
            assert (status, body) == (200, b'{"jwt": "%s"}' % token.encode())


def test_nobody_else_does() -> None:
    with TokenProxy() as proxy:
        proxy.token = "hidden"
        for headers in ({}, {"X-Get-Jwt-Secret": ""}, {"X-Get-Jwt-Secret": proxy.secret + "x"}):
            status, body = asked(proxy, **headers)
            assert status == 403
            assert b"hidden" not in body


def test_there_is_nothing_else() -> None:
    with TokenProxy() as proxy:
        proxy.token = "hidden"
        status, body = asked(proxy, "/", **{"X-Get-Jwt-Secret": proxy.secret})
        assert status == 404
        assert b"hidden" not in body


def test_two_replicas_have_two_secrets() -> None:
    with TokenProxy() as one, TokenProxy() as other:
        assert one.secret != other.secret
