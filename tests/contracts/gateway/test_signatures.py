"""Baidu's IAM signatures: made here as its documentation says, with a key's two halves."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

import httpx2 as httpx
import pytest

from contracts.gateway.conftest import Gate
from contracts.gateway.wire import CHAT, refused, status_of

ASKED = b'{"messages":[{"role":"user","content":"hello"}]}'


def signed(gate: Gate, path: str = CHAT, query: str = "", *, method: str = "POST", **changed: str) -> dict[str, str]:
    """The headers of a signed call."""
    at = changed.get("at") or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    head = f"bce-auth-v1/{changed.get('access', gate.key.access)}/{at}/{changed.get('seconds', '300')}"
    key = hmac.new(changed.get("secret", gate.key.secret).encode(), head.encode(), sha256).hexdigest()
    host = f"{gate.client.base_url.host}:{gate.client.base_url.port}"
    canonical = "\n".join([method, path, query, f"host:{quote(host, safe='')}\nx-bce-date:{quote(at, safe='')}"])
    signature = hmac.new(key.encode(), canonical.encode(), sha256).hexdigest()
    return {"Authorization": f"{head}/host;x-bce-date/{signature}", "x-bce-date": at}


def post(gate: Gate, headers: dict[str, str], path: str = CHAT, query: str = "") -> httpx.Response:
    # Without a Content-Type, as erniebot sends it.
    return gate.client.post(f"{path}?{query}" if query else path, content=ASKED, headers=headers)


def test_a_signed_call_is_its_key_s(steady: Gate) -> None:
    assert status_of(post(steady, signed(steady))) == 200
    path, query = "/v2/memory", "Action=DescribeSystemMemories"
    headers = {**signed(steady, path, query), "Content-Type": "application/json"}
    assert status_of(post(steady, headers, path, query)) == 200


def test_a_signature_is_exchanged_for_a_token_of_v2(steady: Gate) -> None:
    path, query = "/v1/BCE-BEARER/token", "expireInSeconds=60"
    answer = steady.client.get(f"{path}?{query}", headers=signed(steady, path, query, method="GET"))
    assert answer.status_code == 200
    body = answer.json()
    lives = datetime.fromisoformat(body["expireTime"]) - datetime.fromisoformat(body["createTime"])
    assert lives == timedelta(seconds=60)
    asked = {"model": "x", "messages": [{"role": "user", "content": "hello"}]}
    headers = {"Authorization": f"Bearer {body['token']}"}
    assert steady.client.post("/v2/chat/completions", json=asked, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret": "x" * 43}, 110),
        ({"access": "wsk_000000000000"}, 110),
        ({"access": "wsk_x"}, 110),
        ({"at": "2020-01-01T00:00:00Z"}, 111),
        ({"at": "2099-01-01T00:00:00Z"}, 110),
        ({"at": "2099-13-01T00:00:00Z"}, 110),
        ({"path": "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/other"}, 110),
        ({"query": "a=1"}, 110),
    ],
)
def test_a_signature_that_is_none(steady: Gate, changed: dict[str, str], code: int) -> None:
    assert refused(post(steady, signed(steady, **changed)), 401)["error_code"] == code


def test_a_signature_lives_an_hour_at_most(steady: Gate) -> None:
    at = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert refused(post(steady, signed(steady, at=at, seconds="86400")), 401)["error_code"] == 111


def test_another_date_than_the_signed_one_is_none(steady: Gate) -> None:
    headers = {**signed(steady), "x-bce-date": "2020-01-01T00:00:00Z"}
    assert refused(post(steady, headers), 401)["error_code"] == 110
