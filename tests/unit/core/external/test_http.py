import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from wenshu.core.external.http import HttpNotes
from wenshu.core.external.port import NotesFailed


class Connector(ThreadingHTTPServer):
    """Answers what it is told to and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.body, self.headers = 200, b"[]", {}
        self.asked: list[tuple[str | None, Any]] = []
        self.hold = threading.Event()
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/search"


class Handler(BaseHTTPRequestHandler):
    server: Connector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.headers["Authorization"], json.loads(body)))
        self.server.hold.wait(20)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def connector() -> Iterator[Connector]:
    with Connector() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.hold.set()
        server.shutdown()
        thread.join()


async def asked(connector: Connector, *, seconds: float = 20, signed: bool = True) -> list[str]:
    notes = HttpNotes(connector.url, "t" if signed else "", timeout_seconds=seconds, max_bytes=10_000)
    try:
        return [note.text for note in await notes.search("水表", 3)]
    finally:
        await notes.close()


async def test_words_and_limit_go_out_and_notes_come_in(connector: Connector) -> None:
    connector.body = json.dumps({"data": {"items": [{"title": "甲", "content": "乙"}, "丙"]}}).encode()
    assert await asked(connector) == ["甲\n乙", "丙"]
    assert connector.asked == [("Bearer t", {"query": "水表", "limit": 3})]
    assert await asked(connector, signed=False) == ["甲\n乙", "丙"]
    assert connector.asked[-1][0] is None


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason"),
    [
        (500, {}, b"[]", "rejected"),
        (401, {}, b"[]", "rejected"),
        (302, {"Location": "http://127.0.0.1:9/"}, b"", "rejected"),
        (200, {}, b"<html>", "garbage"),
        (200, {}, b'{"ok":true}', "garbage"),
        (200, {}, b'["' + b"a" * 20_000 + b'"]', "too_large"),
        (200, {"Content-Length": "50"}, b"[]", "connect"),
    ],
)
async def test_what_is_wrong_is_told_in_one_word(
    connector: Connector, status: int, headers: dict[str, str], body: bytes, reason: str
) -> None:
    connector.status, connector.headers, connector.body = status, headers, body
    with pytest.raises(NotesFailed) as told:
        await asked(connector)
    assert told.value.reason == reason


async def test_a_slow_connector_is_left_and_a_gone_one_told(connector: Connector) -> None:
    connector.hold.clear()
    with pytest.raises(NotesFailed) as told:
        await asked(connector, seconds=0.2)
    assert told.value.reason == "timeout"
    notes = HttpNotes("http://127.0.0.1:9/", "", timeout_seconds=5, max_bytes=100)
    with pytest.raises(NotesFailed) as told:
        await notes.search("水表", 3)
    assert told.value.reason == "connect"
    await notes.close()
