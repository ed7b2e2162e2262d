"""``GET /metrics``: who may read it, every route by its template, and nothing of what callers write."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2 as httpx
import pytest

from contracts.accounts.people import People, bearer
from serving import ServerProcess, eventually

TOKEN = "a-token-of-the-scraper"
MATRIX = json.loads((Path(__file__).parents[1] / "matrix.json").read_text("utf-8"))
ROUTES = [re.sub(r"\{(\w+):\w+\}", r"{\1}", route) for route in MATRIX]
"""As the API reference spells them."""
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)$")
COUNT = "wenshu_http_request_duration_seconds_count"


class Upstream(BaseHTTPRequestHandler):
    """A model that says what it is told to, and what it took."""

    said = "云澜 WS-200 智能水表的电池寿命为 8 年[1]。"
    gate = threading.Event()
    gate.set()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).gate.wait(30)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        choice = {"message": {"content": type(self).said}, "finish_reason": "stop"}
        self.wfile.write(
            json.dumps({"choices": [choice], "usage": {"prompt_tokens": 70, "completion_tokens": 11}}).encode()
        )

    def log_message(self, *args):
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: str) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("metrics") / "home",
        WENSHU_METRICS_TOKEN=TOKEN,
        WENSHU_LLM_URL=upstream,
        WENSHU_LLM_MODEL="m",
    )
    try:
        yield process.start()
    finally:
        process.stop()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def people(client: httpx.Client, server: ServerProcess) -> People:
    return People(client, server.home)


def samples(client: httpx.Client) -> dict[tuple[str, str], float]:
    """``(name, labels)`` → value, as they stand in the text."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert response.headers["cache-control"] == "no-store"
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    found = {}
    for line in lines:
        match = SAMPLE.match(line)
        assert match, line
        found[match[1], match[2] or ""] = float(match[3])
    return found


def counted(client: httpx.Client, name: str, **labels: str) -> float:
    """The sum over the series that have these labels."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(
        value
        for (found, told), value in samples(client).items()
        if found == name and all(one in told for one in wanted)
    )


def test_every_route_is_told_by_its_template(client: httpx.Client, people: People) -> None:
    for route in ROUTES:
        method, template = route.split(" ")
        client.request(method, re.sub(r"\{\w+\}", "k7Q-secret", template), headers=people.headers, json={})
    told = [labels for name, labels in samples(client) if name == COUNT]
    for route in ROUTES:
        method, template = route.split(" ")
        assert any(f'method="{method}"' in one and f'route="{template}"' in one for one in told), route
    assert "k7Q-secret" not in client.get("/metrics").text


def test_what_strangers_write_makes_no_series(client: httpx.Client) -> None:
    def tries(word: str) -> None:
        for path in (
            f"/{word}",
            f"/api/{word}",
            f"/chat_service/{word}",
            f"/api/v1/admin/users/{word}/x",
            "//",
            "/%ff",
        ):
            client.get(path)
            client.request("PURGE", path)
            client.request(word.upper(), path)
        client.request("PATCH", "/chat_service/chat")
        client.post("/chat_service/chat", content=b"x" * 40_000_000, headers={"Content-Type": "application/json"})

    tries("first")
    before = set(samples(client))
    for number in range(5):
        tries(f"word{number}")
    assert set(samples(client)) == before
    assert counted(client, COUNT, route="unmatched", family="assistant") >= 6


def test_status_and_family_are_the_real_ones(client: httpx.Client) -> None:
    labels = {"method": "GET", "route": "/api/v1/admin/users/{userId}", "status": "401", "family": "admin"}
    before = counted(client, COUNT, **labels)
    assert client.get("/api/v1/admin/users/1").status_code == 401
    assert counted(client, COUNT, **labels) == before + 1


def test_answers_models_documents_and_searches_are_counted(client: httpx.Client) -> None:
    text = "云澜 WS-200 智能水表的电池寿命为 8 年，防护等级为 IP68。"
    files = {"file": ("手册.txt", text.encode())}
    uploaded = client.post("/chat_service/upload_and_parse", files={"files": files["file"]})
    assert uploaded.status_code in {200, 400}
    link = client.post("/chat_service/upload", files=files).json()["data"]["file_url"]
    document = {"doc_name": "手册.txt", "doc_url": link}
    assert client.post("/vector_db_service/add_document", json=document).status_code == 200
    ask = {"user_id": "u", "question": "WS-200 的电池寿命是几年？", "use_vector_db": True, "stream": False}
    assert client.post("/chat_service/chat", json=ask).json()["data"]["answer"].startswith("云澜 WS-200")
    Upstream.said = "太阳围着月亮转了九千圈[1]。"
    assert client.post("/chat_service/chat", json=ask).status_code == 200
    nothing = {**ask, "question": "火星上的午餐肉多少钱？"}
    assert client.post("/chat_service/chat", json=nothing).status_code == 200
    count = "wenshu_answer_duration_seconds_count"
    assert counted(client, count, mode="general", outcome="model") == 1
    assert counted(client, count, mode="general", outcome="material") == 1
    assert counted(client, count, mode="general", outcome="refused") == 1
    assert counted(client, "wenshu_answer_first_words_seconds_count", mode="general") == 3
    assert counted(client, "wenshu_answer_model_fallbacks_total", reason="unsupported") >= 1
    assert counted(client, "wenshu_answer_sentences_cut_total") >= 1
    calls = counted(client, "wenshu_model_request_duration_seconds_count", kind="chat", model="m", outcome="ok")
    assert calls >= 2
    assert counted(client, "wenshu_model_tokens_total", direction="in") == 70 * calls
    assert counted(client, "wenshu_model_tokens_total", direction="out") == 11 * calls
    assert counted(client, "wenshu_parse_duration_seconds_count", outcome="ok") >= 1
    assert counted(client, "wenshu_index_search_duration_seconds_count", collection="DOC") >= 3
    assert counted(client, "wenshu_database_wait_seconds_count", access="read") > 0
    assert counted(client, "wenshu_database_transaction_seconds_count", access="write") > 0
    assert counted(client, "wenshu_database_connections_most") == 8
    assert counted(client, "wenshu_database_transactions_open") == 0


def test_jobs_are_counted_with_what_they_came_to(client: httpx.Client) -> None:
    items = [{"doc_url": "http://127.0.0.1:9/x", "doc_name": "甲.txt"}]
    assert client.post("/vector_db_service/imports", json={"items": items, "import_key": "k"}).status_code == 200
    name = "wenshu_job_run_duration_seconds_count"
    eventually(lambda: counted(client, name, outcome="succeeded") >= 1)
    assert counted(client, "wenshu_jobs", state="running") == 0


def test_streams_and_calls_are_counted_while_they_are_open(client: httpx.Client, server: ServerProcess) -> None:
    assert counted(client, "wenshu_http_open_streams") == 0
    assert counted(client, "wenshu_http_requests_in_flight") == 1
    Upstream.gate.clear()
    ask = {"user_id": "u", "question": "WS-200 的电池寿命是几年？", "use_vector_db": True}
    with server.client() as other, other.stream("POST", "/chat_service/chat", json=ask) as stream:
        pieces = stream.iter_lines()
        assert next(pieces).startswith("id: ")
        assert counted(client, "wenshu_http_open_streams") == 1
        assert counted(client, "wenshu_http_requests_in_flight") == 2
        Upstream.gate.set()
        assert list(pieces)
    eventually(lambda: counted(client, "wenshu_http_open_streams") == 0)
    eventually(lambda: counted(client, "wenshu_http_requests_in_flight") == 1)


def test_who_may_read_it(client: httpx.Client, people: People) -> None:
    def status(**headers: str) -> int:
        return client.get("/metrics", headers=headers).status_code

    tenant = people.tenant("metrics-t")
    assert status() == 200
    assert status(**bearer(TOKEN)) == 200
    assert status(**people.headers) == 200
    assert status(**people.session("default", "metrics-operator", "viewer", operator=True).headers) == 200
    assert status(**people.session(tenant, "metrics-admin", "admin").headers) == 403
    assert status(**bearer(people.key(tenant, "admin", families=["admin"]))) == 403
    assert status(**bearer(TOKEN[:-1])) == 401
    assert status(Authorization="Basic " + TOKEN) == 401
    twice = client.get("/metrics", headers=[("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")])
    assert twice.status_code == 401
    # Its token opens nothing else.
    assert client.get("/api/me", headers=bearer(TOKEN)).status_code == 401


@pytest.mark.parametrize("access", ["loopback", "token"])
def test_without_a_token(tmp_path: Path, access: str) -> None:
    server = ServerProcess(tmp_path / "home", WENSHU_METRICS_ACCESS=access, WENSHU_AUTH_OPEN_FAMILIES="token")
    try:
        with server.start().client() as client:
            plain = client.get("/metrics")
            assert plain.status_code == (401 if access == "token" else 200)
            # What a proxy on this machine brings, and what a page of a rebound name asks, comes from elsewhere.
            for headers in (
                {"X-Forwarded-For": "203.0.113.9"},
                {"Forwarded": "for=203.0.113.9"},
                {"Host": "evil.example"},
            ):
                brought = client.get("/metrics", headers=headers)
                assert brought.status_code == 401, headers
                assert access == "open" or set(brought.json()) == {"error"}
    finally:
        server.stop()
