"""Who gets in: tokens that are none, foreign hosts and origins, proxies, servers that want a token; trace ids."""

from collections.abc import Iterator

import httpx2 as httpx
import pytest

from contracts.accounts.people import People
from contracts.assistant.wire import CHAT, LIBRARY, failed, objection, succeeded
from serving import ServerProcess

UPLOADS = (f"{LIBRARY}/add_qa_from_template", f"{CHAT}/upload", f"{CHAT}/upload_and_parse")
EVERYTHING = {
    "user_id": "u",
    "question": ["甲？"],
    "answer": ["乙"],
    "query": "甲",
    "collection_type": "QA",
    "title": "题",
    "doc_url": "http://127.0.0.1:9/x",
    "doc_name": ["甲"],
    "multi_doc_urls": ["http://127.0.0.1:9/x"],
    "doc_names": ["甲"],
}
UNSIGNED = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."


@pytest.fixture(scope="module")
def wary_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that wants tokens, and trusts the network that it stands in."""
    server = ServerProcess(
        tmp_path_factory.mktemp("wary") / "home",
        WENSHU_AUTH_OPEN_FAMILIES="token",
        WENSHU_SERVER_TRUST_NETWORK="true",
        WENSHU_SERVER_PUBLIC_URL="https://wenshu.example.com/base",
    )
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def wary(wary_server: ServerProcess) -> Iterator[httpx.Client]:
    with wary_server.client() as client:
        yield client


@pytest.fixture(scope="module")
def wary_people(wary: httpx.Client, wary_server: ServerProcess) -> People:
    """Makes tenants and keys on it."""
    return People(wary, wary_server.home)


def family(routes: list[str]) -> list[str]:
    """The routes of the assistant."""
    return [route for route in routes if "_service/" in route]


def call(client: httpx.Client, route: str, headers: dict[str, str]) -> httpx.Response:
    """A call that would be sound but for its headers."""
    method, path = route.split(" ")
    path = path.replace("{session_id}", "none").replace("{stream_id}", "0" * 32)
    if path in UPLOADS:
        return client.post(path, files={"file": ("a.txt", b"hello")}, headers=headers)
    if method in {"POST", "PUT"} and "restore" not in path:
        body = {**EVERYTHING, "doc_name": "甲"} if path.endswith("add_document") else EVERYTHING
        body = {**body, "question": "甲？"} if path.endswith("/chat") else body
        return client.request(method, path, json=body, headers=headers)
    return client.request(method, path, params={"user_id": "u"}, headers=headers)


@pytest.mark.parametrize("value", ["Bearer x", "Bearer", "", "x", "Basic dTpw", UNSIGNED, "bearer " + "a" * 4000])
@pytest.mark.usefixtures("untouched")
def test_a_token_that_is_none_is_401_everywhere(client: httpx.Client, routes: list[str], value: str) -> None:
    answers = {route: objection(call(client, route, {"Authorization": value}), 401) for route in family(routes)}
    assert {route: fault for route, fault in answers.items() if fault} == {}


def test_where_a_token_is_wanted_nothing_goes_without(wary: httpx.Client, routes: list[str]) -> None:
    faults: dict[str, str] = {}
    for headers in ({}, {"Authorization": "Bearer x"}, {"Host": "elsewhere.example"}, {"X-Forwarded-For": "10.0.0.1"}):
        for route in family(routes):
            fault = objection(call(wary, route, headers), 401)
            faults |= {f"{route} {headers}": fault} if fault else {}
    assert faults == {}


def test_an_upload_is_not_read_before_the_token(wary: httpx.Client) -> None:
    for path in UPLOADS:
        headers = {"Content-Type": "multipart/form-data; boundary=xx"}
        failed(wary.post(path, content=b"garbage", headers=headers), 401)


STRANGE: list[dict[str, str]] = [
    {"Host": "evil.example"},
    {"Host": "evil.example:80"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "127.0.0.1@evil.example"},
    {"Host": "evil.example#@127.0.0.1"},
    {"Host": "10.0.0.1"},
    {"Host": "0.0.0.0"},  # noqa: S104 (sent, not bound)
    {"Host": "[::1"},
    {"Host": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": "file://"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Host": "localhost"},
    {"X-Forwarded-Proto": "https"},
    {"x-forwarded-anything": "1"},
    {"Forwarded": "for=127.0.0.1"},
]


@pytest.mark.parametrize("headers", STRANGE, ids=str)
@pytest.mark.usefixtures("untouched")
def test_strange_hosts_origins_and_proxies_are_403_everywhere(
    client: httpx.Client, routes: list[str], headers: dict[str, str]
) -> None:
    answers = {route: objection(call(client, route, headers), 403) for route in [*family(routes), f"GET {CHAT}/none"]}
    assert {route: fault for route, fault in answers.items() if fault} == {}


@pytest.mark.parametrize(
    "headers", [{"Host": "localhost:1"}, {"Host": "[::1]:1"}, {"Origin": "http://localhost:3000"}], ids=str
)
def test_this_machine_is_no_stranger(client: httpx.Client, headers: dict[str, str]) -> None:
    succeeded(client.post(f"{LIBRARY}/new_collection", json={}, headers=headers))


@pytest.mark.parametrize("trace_id", ["a", "trace-123", "x" * 128, "两" * 3, "a b", "~!@#"])
def test_a_trace_id_is_kept_or_made(client: httpx.Client, trace_id: str) -> None:
    for response in (
        client.post(f"{LIBRARY}/new_collection", json={}, headers={"X-Trace-Id": trace_id.encode()}),
        client.get(f"{CHAT}/none", headers={"X-Trace-Id": trace_id.encode()}),
        client.get(f"{CHAT}/none", headers={"X-Trace-Id": trace_id.encode(), "Host": "evil.example"}),
        client.get(f"{LIBRARY}/download_qa_template", headers={"X-Trace-Id": trace_id.encode()}),
    ):
        given = response.headers["X-Trace-Id"]
        assert given == trace_id if trace_id.isascii() else len(given) == 32


@pytest.mark.parametrize("trace_id", [b"", b"x" * 129, b"a\tb", b"\xff"])
def test_a_trace_id_that_is_none_is_made_anew(client: httpx.Client, trace_id: bytes) -> None:
    made = client.post(f"{LIBRARY}/new_collection", json={}, headers={"X-Trace-Id": trace_id}).headers["X-Trace-Id"]
    assert len(made) == 32
    assert made.encode() != trace_id


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/chat_servicex", {"error"}),
        ("/vector_db_service2/add_qa", {"error"}),
        ("/task/none", {"error"}),
        ("/connectx", {"error"}),
        ("/api/v1/none", {"code", "message", "data"}),
        ("/api/none", {"message", "error_code"}),
        ("/v1/none", {"error"}),
        ("/files/none", {"error"}),
    ],
)
def test_other_families_paths_fail_in_their_own_words(client: httpx.Client, path: str, keys: set[str]) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == keys


def test_where_every_call_has_a_token_a_tenant_s_ids_are_its_own(wary: httpx.Client, wary_people: People) -> None:
    """That another tenant has such a session is not to be learned, neither by making one nor by asking in one."""
    answers: dict[str, list[object]] = {}
    for tenant in ("甲", "乙"):
        wary_people.tenant(tenant)
        key = {"Authorization": f"Bearer {wary_people.key(tenant, 'member')}"}
        body = {"user_id": "u", "session_id": "the-same", "title": tenant}
        made, again = (wary.post(f"{CHAT}/session", json=body, headers=key) for _ in range(2))
        asked = {"user_id": "u", "session_id": "asked-in", "question": "在吗？", "stream": False}
        said = wary.post(f"{CHAT}/chat", json=asked, headers=key)
        own = wary.get(f"{CHAT}/session/the-same", headers=key)
        answers[tenant] = [made.json(), again.json(), said.status_code, succeeded(own)["title"] == tenant]
    assert answers["甲"] == answers["乙"]
    assert answers["甲"][0]["code"] == 200
    assert answers["甲"][1] == {"status": "fail", "code": 409, "msg": "会话已存在", "data": ""}
