"""Spans: one id from the request to its job's steps, in answers, log and collector; nothing of what people write."""

import json
import secrets
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2 as httpx
import pytest

from collector import Collector
from serving import ServerProcess, eventually

QUESTION = "云澜水表的电池寿命是几年？"
TEXT = "云澜水表的电池寿命为 8 年，防护等级为 IP68。"


class Upstream(BaseHTTPRequestHandler):
    """A model with one answer."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        said = {"message": {"content": "云澜水表的电池寿命为 8 年[1]。"}, "finish_reason": "stop"}
        self.wfile.write(json.dumps({"choices": [said]}).encode())

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
def collector() -> Iterator[Collector]:
    with Collector() as opened:
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, collector: Collector, upstream: str) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("traces") / "home",
        WENSHU_TRACING_URL=collector.url,
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
def document(client: httpx.Client) -> str:
    """The address of a document that is in the library."""
    files = {"file": ("机密手册.txt", TEXT.encode())}
    link = client.post("/chat_service/upload", files=files).json()["data"]["file_url"]
    body = {"doc_name": "机密手册.txt", "doc_url": link}
    assert client.post("/vector_db_service/add_document", json=body).status_code == 200
    return link


def logged(server: ServerProcess, trace_id: str) -> list[dict]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in lines if line.get("trace_id") == trace_id]


@pytest.mark.usefixtures("document")
def test_one_id_in_answer_log_and_spans(server: ServerProcess, client: httpx.Client, collector: Collector) -> None:
    trace_id = secrets.token_hex(16)
    ask = {"user_id": "u", "question": QUESTION, "use_vector_db": True, "stream": False}
    response = client.post("/chat_service/chat", json=ask, headers={"X-Trace-Id": trace_id})
    assert response.headers["X-Trace-Id"] == trace_id
    assert response.json()["data"]["answer"].startswith("云澜水表")
    expected = {"POST /chat_service/chat", "database read", "database write", "index search", "model chat"}
    found = eventually(lambda: (spans := collector.of(trace_id)) and expected <= set(spans) and spans)
    (request,) = found["POST /chat_service/chat"]
    assert request.attributes["http.route"] == "/chat_service/chat"
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["wenshu.trace_id"] == trace_id
    assert request.parent_id == ""
    assert request.service["service.name"] == "wenshu"
    assert {span.parent_id for span in found["model chat"]} == {request.span_id}
    assert {span.parent_id for span in found["index search"]} == {request.span_id}
    searches = {span.span_id for span in found["index search"]}
    assert searches & {span.parent_id for span in found["database read"]}
    assert any(line["event"] == "request" for line in logged(server, trace_id))


def test_a_job_has_the_id_of_the_call_that_asked_for_it(
    client: httpx.Client, collector: Collector, document: str
) -> None:
    trace_id = secrets.token_hex(16)
    items = [{"doc_url": document, "doc_name": "另一份.txt"}]
    accepted = client.post("/vector_db_service/imports", json={"items": items}, headers={"X-Trace-Id": trace_id})
    assert accepted.status_code == 200
    found = eventually(lambda: (spans := collector.of(trace_id)) and "job run" in spans and spans)
    (run,) = found["job run"]
    assert run.attributes["wenshu.job.outcome"] == "succeeded"
    assert {span.parent_id for span in found["job step"]} == {run.span_id}
    assert {span.parent_id for span in found["document parse"]} <= {span.span_id for span in found["job step"]}


def test_a_caller_s_trace_goes_on(client: httpx.Client, collector: Collector) -> None:
    trace_id, above = secrets.token_hex(16), secrets.token_hex(8)
    response = client.get("/chat_service/none", headers={"traceparent": f"00-{trace_id}-{above}-01"})
    assert response.headers["X-Trace-Id"] == trace_id
    (span,) = eventually(lambda: collector.of(trace_id).get("GET unmatched"))
    assert (span.parent_id, span.failed) == (above, False)


@pytest.mark.parametrize(
    "carrier",
    [
        "",
        "00-0",
        f"00-{'0' * 32}-{'1' * 16}-01",
        f"ff-{'1' * 32}-{'1' * 16}-01",
        f"00-{'G' * 32}-{'1' * 16}-01",
        "00-é",
    ],
)
def test_a_broken_traceparent_is_none(client: httpx.Client, carrier: str) -> None:
    given = client.get("/livez", headers={"traceparent": carrier.encode()}).headers["X-Trace-Id"]
    assert len(given) == 32
    assert given not in carrier


def test_an_id_of_another_form_is_kept_beside_its_digest(client: httpx.Client, collector: Collector) -> None:
    response = client.get("/livez", headers={"X-Trace-Id": "order-4711/甲".encode("ascii", "ignore")})
    assert response.headers["X-Trace-Id"] == "order-4711/"
    digest = sha256(b"order-4711/").hexdigest()[:32]
    (span,) = eventually(lambda: collector.of(digest).get("GET /livez"))
    assert span.attributes["wenshu.trace_id"] == "order-4711/"


@pytest.mark.usefixtures("document")
def test_nothing_that_people_write_is_sent(client: httpx.Client, collector: Collector) -> None:
    trace_id = secrets.token_hex(16)
    client.get(f"/chat_service/session/private-id?user_id=private-user&access_token={'x' * 30}")
    client.post("/api/login", json={"username": "private-name", "password": "private-password"})
    client.get("/livez", headers={"X-Trace-Id": trace_id})
    eventually(lambda: collector.of(trace_id))
    sent = b"".join(collector.raw)
    assert b"/chat_service/session/{session_id}" in sent
    for word in (QUESTION, TEXT, "机密手册", "private-", "access_token", "SELECT", "sqlite"):
        assert word.encode() not in sent, word


def test_a_collector_that_is_away_changes_nothing(tmp_path) -> None:
    server = ServerProcess(tmp_path / "home", WENSHU_TRACING_URL="http://127.0.0.1:9")
    try:
        with server.start().client() as client:
            assert client.get("/livez").status_code == 200
    finally:
        assert server.stop() == 0
