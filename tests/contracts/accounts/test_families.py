"""Each family's own rate limit and HTTP status, and browsers of other origins."""

from collections.abc import Iterator

import httpx2 as httpx
import pytest

from contracts.accounts.people import ADMIN, People, bearer
from contracts.accounts.people import refused as refused_in_code
from contracts.assistant.wire import CHAT, LIBRARY
from serving import ServerProcess, eventually

ORIGIN = "https://portal.example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("families") / "home",
        WENSHU_AUTH_OPEN_FAMILIES="token",
        WENSHU_ASSISTANT_RATE_LIMIT="3/hour",
        WENSHU_ASSISTANT_HTTP_STATUS="always_200",
        WENSHU_ACCOUNTS_HTTP_STATUS="always_200",
        WENSHU_CORS_ORIGINS=f'["{ORIGIN}"]',
        WENSHU_SERVER_TRUSTED_PROXIES='["127.0.0.0/8"]',
    )
    try:
        yield process.start()
    finally:
        process.stop()


def test_a_family_s_limit_is_its_own_and_a_tenant_s(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    people.tenant(f"{tag}-2")
    key, other = bearer(people.key(tag, "viewer")), bearer(people.key(f"{tag}-2", "viewer"))

    def code(headers: dict[str, str]) -> int:
        response = client.get(f"{CHAT}/sessions", params={"user_id": "u"}, headers=headers)
        assert response.status_code == 200
        assert (response.json()["code"] == 429) == ("Retry-After" in response.headers)
        return response.json()["code"]

    assert [code(key) for _ in range(5)] == [200] * 3 + [429] * 2
    assert code(other) == 200
    assert client.get("/api/me", headers=key).json()["tenant_id"] == tag


def test_too_often_is_said_before_the_body_is_read(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    key = bearer(people.key(tag, "editor"))
    answers = [client.post(f"{LIBRARY}/add_qa", content=b"{", headers=key).json()["code"] for _ in range(4)]
    assert answers == [415] * 3 + [429]


def test_failures_of_a_family_go_out_as_200_where_that_is_wanted(client: httpx.Client, people: People) -> None:
    for response, code in (
        (client.get(f"{CHAT}/sessions"), 401),
        (client.get(f"{CHAT}/none"), 404),
        (client.put(f"{CHAT}/chat"), 405),
        (client.post(f"{CHAT}/chat", content=b"x" * 40_000_000, headers={"Content-Type": "application/json"}), 413),
    ):
        body = response.json()
        assert (response.status_code, body["status"], body["code"], body["data"]) == (200, "fail", code, "")
        assert response.headers["X-Trace-Id"]
    login = client.post("/api/login", json={"username": "nobody", "password": "wrong"})
    assert (login.status_code, login.json()["error_code"]) == (200, 401)
    # The others mirror the code.
    refused_in_code(people.call("GET", "/tenants/none"), 404)
    assert client.get("/none").status_code == 404


def test_the_log_keeps_what_happened(client: httpx.Client, server: ServerProcess) -> None:
    client.get(f"{CHAT}/none", headers={"X-Trace-Id": "the-404"})
    lines = eventually(lambda: [line for line in server.log.read_text().splitlines() if "the-404" in line])
    assert '"status":404' in lines[0]


def test_a_browser_of_a_known_origin_may_call(client: httpx.Client) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    headers = {**asked, "Access-Control-Request-Headers": "authorization, content-type, idempotency-key, x-tenant-id"}
    preflight = client.options(f"{ADMIN}/users", headers=headers)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    answer = client.get(f"{CHAT}/sessions", headers={"Origin": ORIGIN})
    assert answer.json()["code"] == 401
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    strange = client.options(f"{ADMIN}/users", headers={**headers, "Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in strange.headers
    failed_shape = client.get(f"{CHAT}/sessions", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in failed_shape.headers
