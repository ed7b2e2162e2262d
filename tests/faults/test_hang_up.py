"""Clients that hang up: nothing half stored, no answer lost, no temporary file and no process left behind."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from faults.conversation import FACTS, QUESTION, assert_answered, begin, history
from faults.material import text, whole
from faults.outside import model_server
from faults.wenshu import Wenshu
from serving import eventually

BOUNDARY = "----wenshu"
TRACE = "one-that-left"


@pytest.fixture(scope="module")
def model():
    with model_server() as server:
        yield server


@pytest.fixture(scope="module")
def lasting(tmp_path_factory, model):
    """One server for all of them: none of them may harm it."""
    server = begin(Wenshu(tmp_path_factory.mktemp("lasting")), model)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _own_page(lasting):
    lasting.turn_the_page()


def sent_and_left(wenshu, path: str, head: str, body: bytes, *, length: int | None = None) -> None:
    """Send a request with part of its body, and leave."""
    where = urlsplit(wenshu.running.url)
    declared = f"Content-Length: {length or len(body)}\r\nX-Trace-Id: {TRACE}\r\n"
    headers = f"POST {path} HTTP/1.1\r\nHost: {where.netloc}\r\n{head}{declared}\r\n"
    with socket.create_connection((where.hostname, where.port)) as wire:
        wire.sendall(headers.encode() + body)


def nothing_left(wenshu, idle) -> bool:
    return wenshu.temporary() == [] and wenshu.below() == idle


def leave_amid_uploads(wenshu) -> int:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    body = f"{part}{text('甲', 30_000)}\r\n--{BOUNDARY}--\r\n".encode()
    head = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    paths = ["/chat_service/upload", "/chat_service/upload_and_parse", "/vector_db_service/add_qa_from_template"]
    for share in (0.0, 0.5, 0.99):
        for path in paths:
            sent_and_left(wenshu, path, head, body[: int(share * len(body))], length=len(body))
    return 3 * len(paths)


def leave_amid_json(wenshu) -> int:
    head = "Content-Type: application/json\r\n"
    paths = ["/vector_db_service/add_qa", "/chat_service/chat", "/vector_db_service/add_document"]
    for path in paths:
        sent_and_left(wenshu, path, head, b'{"user_id": "u", "question": "q', length=100)
    return len(paths)


def test_leaving_amid_a_body(lasting):
    idle = lasting.below()
    before = counts(lasting)
    left = leave_amid_uploads(lasting) + leave_amid_json(lasting)
    eventually(lambda: lasting.requests(TRACE) == left)
    eventually(lambda: nothing_left(lasting, idle))
    assert not list((lasting.home / "objects").iterdir())
    assert counts(lasting) == before
    lasting.check()


def counts(wenshu) -> list:
    tables = ("files", "qa_pairs", "documents", "chat_sessions", "chat_turns")
    with closing(wenshu.store()) as store:
        return [store.rows(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 (names of ours)


def test_leaving_is_no_error_of_the_server(lasting):
    left = leave_amid_json(lasting)
    eventually(lambda: lasting.requests(TRACE) == left)
    assert not lasting.faults()


@pytest.mark.parametrize("piece", [pytest.param(-1, marks=pytest.mark.slow), 1])
def test_leaving_amid_an_answer(lasting, model, piece):
    """The answer is finished and stored, streamed or not, and the stream can be taken up again."""
    gate, asked = model.stop_at(piece), model.asked
    user = f"leaves-at-{piece}"
    sessions = [f"{user}-1", f"{user}-2"]
    for name, stream in zip(sessions, (True, False), strict=True):
        body = json.dumps({"user_id": user, "session_id": name, "question": QUESTION, "stream": stream}).encode()
        sent_and_left(lasting, "/chat_service/chat", "Content-Type: application/json\r\n", body)
    gate.wait_until_reached()
    with lasting.client() as client:
        eventually(lambda: model.asked == asked + 2)
        assert history(client, sessions[0]) == [("user", QUESTION)]
        model.go_on()
        assert_answered(client, sessions, user)
    lasting.check()
    assert not lasting.faults()


def test_taking_a_broken_stream_up_again(lasting, model):
    gate = model.stop_at(2)
    body = {"user_id": "u-1", "session_id": "s-1", "question": QUESTION}
    with lasting.client() as client:
        with client.stream("POST", "/chat_service/chat", json=body) as response:
            first = next(numbered for numbered in numbered_events(response.iter_lines()) if numbered[1]["content"])
        gate.wait_until_reached()
        model.go_on()
        address = f"/chat_service/stream/{first[1]['stream_id']}"
        resumed = client.get(address, headers={"Last-Event-ID": first[0]})
        told = [event for _, event in numbered_events(iter(resumed.text.splitlines()))]
        assert told[-1]["done"]
        pieces = [first[1]["content"], *(event["content"] for event in told[:-1])]
        assert "".join(pieces) == told[-1]["content"] == history(client)[1][1]
        assert FACTS[0].rstrip("。") in first[1]["content"]


def numbered_events(lines):
    """(number, event) of each event in a stream's lines."""
    for line in lines:
        if line.startswith("id: "):
            yield line.removeprefix("id: "), json.loads(next(lines).removeprefix("data: "))


def test_leaving_amid_an_ingest(lasting, docs):
    """The call was whole, so it is carried out, though nobody waits for its answer."""
    idle = lasting.below()
    gate_url = docs.put("a.txt", text("甲", 3_000))
    gate = docs.stop_at("a.txt", 0.5)
    body = json.dumps({"tenant_code": "t", "doc_url": gate_url, "doc_name": "a.txt"}).encode()
    sent_and_left(lasting, "/vector_db_service/add_document", "Content-Type: application/json\r\n", body)
    gate.wait_until_reached()
    assert lasting.temporary() != []
    gate.open()
    eventually(lambda: lasting.requests(TRACE) == 1)
    eventually(lambda: nothing_left(lasting, idle))
    with closing(lasting.store()) as store:
        assert store.document("t", "a.txt") == whole("甲", 3_000)
    lasting.check()
    assert not lasting.faults()


@pytest.mark.slow
def test_two_hundred_that_leave(lasting, docs):
    """Whatever they left behind would add up."""
    idle = lasting.below()
    url = docs.put("a.txt", text("甲", 200))
    bodies = {
        "/vector_db_service/add_document": {"doc_url": url, "doc_name": "a.txt"},
        "/vector_db_service/add_qa": {"question": "问？", "answer": "答。"},
        "/chat_service/chat": {"user_id": "u", "question": "第3号仓库何时盘点？"},
        "/vector_db_service/search_from_vector_db": {"query": "盘点", "collection_type": "DOC"},
    }

    def leave(number: int) -> None:
        path = list(bodies)[number % len(bodies)]
        body = json.dumps(bodies[path]).encode()
        sent = body if number % 3 else body[:-5]
        sent_and_left(lasting, path, "Content-Type: application/json\r\n", sent, length=len(body))

    def descriptors() -> int:
        return len(list(lasting.proc().iterdir()))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(leave, range(50)))
        eventually(lambda: lasting.requests(TRACE) == 50)
        settled = descriptors()
        list(pool.map(leave, range(200)))
    eventually(lambda: lasting.requests(TRACE) == 250)
    eventually(lambda: nothing_left(lasting, idle))
    eventually(lambda: descriptors() <= settled + 8)
    lasting.check()
