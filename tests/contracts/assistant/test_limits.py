"""Bodies over the limits and calls over the rate, on a server with small ones."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from contracts.assistant.servers import BULK_BYTES, CALLS, FILE_BYTES, FILES, JSON_BYTES, nothing_stored
from contracts.assistant.transcripts import workbook
from contracts.assistant.wire import CHAT, LIBRARY, failed, succeeded
from serving import ServerProcess

MIB = 1024 * 1024


@pytest.fixture
def small_untouched(small: ServerProcess) -> Iterator[None]:
    with nothing_stored(small.home):
        yield


def pair_body(size: int) -> bytes:
    """A sound body of just so many bytes."""
    body = json.dumps({"tenant_code": "limits", "question": "甲？", "answer": "乙", "x": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + body[-2:]


def chat_body(size: int) -> bytes:
    body = json.dumps({"tenant_code": "limits", "user_id": "u", "question": "甲？", "stream": False, "x": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + body[-2:]


JSON = {"Content-Type": "application/json"}
BODIES = [(f"{LIBRARY}/add_qa", pair_body, JSON_BYTES), (f"{CHAT}/chat", chat_body, BULK_BYTES)]


@pytest.mark.parametrize(("path", "made", "limit"), BODIES)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_the_limit_is_taken(narrow: httpx.Client, path, made, limit: int, *, chunked: bool) -> None:
    body = made(limit)
    assert len(body) == limit
    succeeded(narrow.post(path, content=iter([body]) if chunked else body, headers=JSON))


@pytest.mark.parametrize(("path", "made", "limit"), BODIES)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.usefixtures("small_untouched")
def test_a_body_over_the_limit_is_413(narrow: httpx.Client, path, made, limit: int, *, chunked: bool) -> None:
    body = made(limit + 1)
    failed(narrow.post(path, content=iter([body]) if chunked else body, headers=JSON), 413)


def raw(small: ServerProcess, head: str, body: bytes) -> bytes:
    """What the server answers to a request that is never sent whole."""
    address = urlsplit(small.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        start = f"POST {head}Host: {address.netloc}\r\nContent-Type: application/json\r\n"
        connection.sendall(start.encode() + body)
        answer = b""
        while received := connection.recv(65536):
            answer += received
            if answer.endswith(b"}"):
                break
    return answer


def test_a_declared_body_is_judged_before_it_is_sent(small: ServerProcess) -> None:
    answer = raw(small, f"{LIBRARY}/add_qa HTTP/1.1\r\n", b"Content-Length: 999999999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == 413


def test_an_endless_body_is_judged_where_it_passes_the_limit(small: ServerProcess) -> None:
    chunk = b"800\r\n" + b" " * 0x800 + b"\r\n"
    answer = raw(small, f"{LIBRARY}/add_qa HTTP/1.1\r\n", b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3)
    assert answer.startswith(b"HTTP/1.1 413")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == "fail"


UPLOADS = [f"{LIBRARY}/add_qa_from_template", f"{CHAT}/upload", f"{CHAT}/upload_and_parse"]


@pytest.mark.parametrize("path", UPLOADS)
@pytest.mark.usefixtures("small_untouched")
def test_a_file_over_the_limit_is_413(narrow: httpx.Client, path: str) -> None:
    file = {"file": ("甲.txt", b"x" * (FILE_BYTES + 1))}
    failed(narrow.post(path, files=file), 413)
    failed(narrow.post(path, files={"file": ("甲.txt", b"x" * (FILE_BYTES * FILES + 2 * MIB))}), 413)


def test_files_of_the_limit_are_taken(narrow: httpx.Client) -> None:
    file = ("甲.txt", b"x" * FILE_BYTES)
    data = {"tenant_code": "limits"}
    succeeded(narrow.post(f"{CHAT}/upload", files={"file": file}, data=data))
    parsed = succeeded(narrow.post(f"{CHAT}/upload_and_parse", files=[("files", file)] * FILES, data=data))
    assert [item["parse_success"] for item in parsed] == [True] * FILES
    book = workbook([["问题", "答案"], ["甲？", "乙"]])
    assert len(book) <= FILE_BYTES
    succeeded(narrow.post(UPLOADS[0], files={"file": ("甲.xlsx", book)}, data=data))


@pytest.mark.parametrize("path", UPLOADS)
@pytest.mark.usefixtures("small_untouched")
def test_too_many_files_are_413(narrow: httpx.Client, path: str) -> None:
    failed(narrow.post(path, files=[("file", ("甲.txt", b"x"))] * (FILES + 1)), 413)


def test_calls_over_the_rate_are_429_for_that_tenant_alone(narrow: httpx.Client) -> None:
    body = {"tenant_code": "eager"}
    answers = [narrow.post(f"{LIBRARY}/new_collection", json=body) for _ in range(CALLS + 5)]
    assert [response.status_code for response in answers] == [200] * CALLS + [429] * 5
    failed(answers[-1], 429)
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    failed(narrow.get(f"{CHAT}/sessions", params={"user_id": "u", "tenant_code": "eager", "org_code": "o"}), 429)
    succeeded(narrow.post(f"{LIBRARY}/new_collection", json={"tenant_code": "patient"}))


def test_long_names_over_wide_lists_cost_no_memory(server: ServerProcess, client: httpx.Client) -> None:
    """Each value's path, were it kept, would be as long as its name: 50,000 times 20,000 characters."""
    body = b'{"' + b"k" * 20_000 + b'":[1e5' + b",1" * 50_000 + b"]}"
    before = peak(server)
    succeeded(client.post(f"{LIBRARY}/new_collection", content=body, headers=JSON))
    assert peak(server) - before < 100_000


def peak(server: ServerProcess) -> int:
    """The most memory that the server had at one time, KiB."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
