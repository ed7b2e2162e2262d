"""``/api/v1/admin/jobs``: each caller's own jobs, the operator's all; what a state does not allow changes nothing."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest

from serving import BIN, ServerProcess, run_command

JOBS = "/api/v1/admin/jobs"
UNKNOWN = "0" * 32
T, U, ORG = {"tenant_code": "t"}, {"tenant_code": "u"}, {"tenant_code": "t", "org_code": "o"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Takes jobs on and runs none."""
    process = ServerProcess(tmp_path_factory.mktemp("operations") / "home", WENSHU_JOBS_WORKER="false")
    try:
        yield process.start()
    finally:
        process.stop()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def ids(client: httpx.Client) -> dict[str, str]:
    """A queued job in each of four scopes."""
    items = [{"doc_url": "http://127.0.0.1:9/x", "doc_name": "甲.txt"}]
    made = {}
    for label, codes in {"global": {}, "t": T, "u": U, "t/o": ORG}.items():
        answer = client.post("/vector_db_service/imports", json={**codes, "items": items, "import_key": "k"})
        made[label] = answer.json()["data"]["import_id"]
    return made


@pytest.fixture(scope="module")
def operator(server: ServerProcess) -> dict[str, str]:
    path = server.home / "server.json"
    assert path.stat().st_mode & 0o777 == 0o600
    return {"Authorization": f"Bearer {json.loads(path.read_text())['credential']}"}


def said(response: httpx.Response, status: int = 200) -> Any:
    body = response.json()
    assert (response.status_code, body["code"]) == (status, status), response.text
    assert {"code", "message", "data"} <= set(body) <= {"code", "message", "data", "errors"}
    assert body["message"]
    assert status == 200 or body["data"] is None
    return body["data"] if status == 200 else body["message"]


def faulty(response: httpx.Response) -> set[str]:
    """The fields that a 400 names."""
    said(response, 400)
    return {fault["field"] for fault in response.json()["errors"]}


def listed(client: httpx.Client, query: dict[str, Any], headers: dict[str, str] | None = None) -> set[str]:
    data = said(client.get(JOBS, params=query, headers=headers))
    assert data["total"] == len(data["items"])
    return {job["id"] for job in data["items"]}


def test_everybody_sees_their_own_and_the_operator_all(
    client: httpx.Client, ids: dict[str, str], operator: dict[str, str]
) -> None:
    assert listed(client, {}) == {ids["global"]}
    assert listed(client, T) == {ids["t"], ids["t/o"]}
    assert listed(client, ORG) == {ids["t/o"]}
    assert listed(client, {}, operator) == set(ids.values())
    assert listed(client, U, operator) == {ids["u"]}
    for codes in ({}, U, ORG):
        for method, path in (("GET", ""), ("POST", "/retry"), ("POST", "/cancel"), ("GET", "/progress")):
            theirs = client.request(method, f"{JOBS}/{ids['t']}{path}", params=codes)
            unknown = client.request(method, f"{JOBS}/{UNKNOWN}{path}", params=codes)
            assert said(theirs, 404) == said(unknown, 404) == "任务不存在"


@pytest.mark.parametrize("key", ["", "x", "0" * 43])
def test_a_key_that_is_not_the_operator_s_opens_nothing(client: httpx.Client, key: str) -> None:
    said(client.get(JOBS, headers={"Authorization": f"Bearer wsl_{key}"}), 401)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "done"},
        {"page": "0"},
        {"size": "101"},
        {"size": "x"},
        {"kind": "x" * 65},
        {"org_code": "a"},
        {"tenant_code": "%"},
    ],
)
def test_wrong_queries_are_refused_by_name(client: httpx.Client, query: dict[str, str]) -> None:
    (field,) = query
    assert faulty(client.get(JOBS, params=query)) == {field}


def test_a_job_is_shown_with_what_happened(client: httpx.Client, ids: dict[str, str]) -> None:
    job = said(client.get(f"{JOBS}/{ids['t']}", params=T))
    assert (job["kind"], job["state"], job["attempts"], job["key"]) == ("library.import", "queued", 0, "k")
    assert (job["payload"]["total"], job["result"], job["error"]) == (1, None, None)
    assert [event["data"]["state"] for event in job["events"]] == ["queued"]
    assert job["created_at"][10] == "T"
    assert len(job["created_at"]) == 19


def test_pages_and_filters(client: httpx.Client, ids: dict[str, str], operator: dict[str, str]) -> None:
    pages = [said(client.get(JOBS, params={"page": n, "size": 3}, headers=operator)) for n in (1, 2, 3)]
    assert [len(page["items"]) for page in pages] == [3, 1, 0]
    assert {page["total"] for page in pages} == {4}
    assert {job["id"] for page in pages for job in page["items"]} == set(ids.values())
    assert listed(client, {"kind": "none"}, operator) == set()
    assert listed(client, {"kind": "library.import", "state": "queued"}, operator) == set(ids.values())
    assert listed(client, {"state": "running"}, operator) == set()


def test_states_allow_what_they_allow(client: httpx.Client) -> None:
    items = [{"doc_url": "http://127.0.0.1:9/x", "doc_name": "甲.txt"}]
    codes = {"tenant_code": "states"}
    answer = client.post("/vector_db_service/imports", json={**codes, "items": items})
    job = f"{JOBS}/{answer.json()['data']['import_id']}"
    assert "queued" in said(client.post(f"{job}/retry", params=codes), 409)
    assert said(client.post(f"{job}/cancel", params=codes))["state"] == "cancelled"
    assert "cancelled" in said(client.post(f"{job}/cancel", params=codes), 409)
    told = client.get(f"{job}/progress", params=codes)
    assert told.headers["content-type"].startswith("text/event-stream")
    assert [json.loads(line[6:])["state"] for line in told.text.splitlines() if line.startswith("data: ")] == [
        "queued",
        "cancelled",
    ]
    assert said(client.post(f"{job}/retry", params=codes))["state"] == "queued"


def test_other_paths_and_methods_fail_in_the_family_s_words(client: httpx.Client) -> None:
    said(client.get("/api/v1/admin/nothing"), 404)
    said(client.delete(JOBS), 405)
    said(client.get(JOBS, headers={"Authorization": "Bearer x"}), 401)


def test_the_command_line_looks_after_all_tenants(server: ServerProcess, ids: dict[str, str]) -> None:
    def wenshu(*arguments: str, status: int = 0) -> str:
        done = run_command([BIN, "jobs", *arguments, "--home", server.home])
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    everything = json.loads(wenshu("list", "--json", "--size", "100", "--state", "queued", "--kind", "library.import"))
    assert set(ids.values()) <= {job["id"] for job in everything["items"]}
    table = wenshu("list", "--tenant", "u")
    assert ids["u"] in table
    assert ids["t"] not in table
    assert "任务不存在" in wenshu("show", ids["u"], "--tenant", "t", status=1)
    assert "已取消" in wenshu("cancel", ids["u"])
    assert "library.import" in wenshu("show", ids["u"])
    assert "已重新排队" in wenshu("retry", ids["u"])
    assert json.loads(wenshu("show", ids["u"], "--json"))["state"] == "queued"
